package blksh.prompt.command;

import blksh.Nearest;
import blksh.script.Members;
import blksh.view.View;
import java.lang.reflect.ParameterizedType;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** What says what there is: {@code :help}, {@code :doc} and {@code :tour}. */
final class HelpCommands {

  private static final String HELP_END =
      """
      Anything else is Kotlin, with the words of blksh in scope. TAB completes; lines continue while
      they are incomplete; Ctrl-C stops what is running, a second one gives it up; Ctrl-D leaves.
      !LINE runs a line by the shell of the system; help, ?NAME, exit and the like do what they say.
      """;

  private final Commands commands;
  private final CommandContext context;
  private final Answers answers;

  HelpCommands(Commands commands, CommandContext context, Answers answers) {
    this.commands = commands;
    this.context = context;
    this.answers = answers;
  }

  List<Command> all() {
    return List.of(
        new Command(
            "help",
            "[NAME]",
            "what there is, or all about a word: :help stores",
            this::help,
            this::words),
        new Command(
            "doc",
            "NAME",
            "what a word does, with an example: :doc store.capture",
            this::doc,
            this::words),
        new Command(
            "tour", "", "a walk through blksh on the sample disk, in three minutes", this::tour));
  }

  private Ending help(String name) {
    if (!name.isEmpty()) {
      return explain(name, true);
    }
    List<View.Card.Line> lines = new ArrayList<>();
    for (Command command : commands.all()) {
      lines.add(new View.Card.Line(command.usage(), command.help()));
    }
    return answers.show(
        new View.Stack(
            List.of(
                new View.Card("commands", lines),
                members("at hand", ""),
                new View.Text(HELP_END.strip()))));
  }

  private Ending doc(String name) {
    return explain(name, false);
  }

  private Ending explain(String path, boolean all) {
    String name = path.replaceAll("\\(.*", "").strip();
    Command command = name.startsWith(":") ? commands.find(name.substring(1)) : null;
    if (command != null) {
      return answers.show(new View.Prose(command.usage(), List.of(command.help())));
    }
    List<Reference.Word> words = find(List.of(name.split("\\.")));
    if (words.isEmpty()) {
      words = anywhere(name);
    }
    if (words.isEmpty()) {
      String question = Nearest.question(name, near(name));
      return answers.wrong(
          "there is no "
              + name
              + "; "
              + (question.isEmpty() ? ":help names what there is" : question));
    }
    List<View> views = new ArrayList<>();
    for (Reference.Word word : words) {
      views.add(text(word));
    }
    String type = words.get(0).simpleType();
    if (all && !words.get(0).kind().equals("function")) {
      String element = element(type);
      Set<String> shown = new LinkedHashSet<>(lineage(type));
      shown.addAll(lineage(element));
      for (String owner : shown) {
        if (!Reference.get().members(owner).isEmpty()) {
          String title = owner.equals(element) && !owner.equals(type) ? "each of them" : owner;
          views.add(members(title, owner));
        }
      }
    }
    return answers.show(new View.Stack(views));
  }

  /** The words that may be meant by one that is none. */
  private List<String> near(String name) {
    List<String> near = new ArrayList<>();
    commands.all().forEach(command -> near.add(":" + command.name()));
    for (Reference.Word word : Reference.get().words()) {
      near.add(name.contains(".") ? word.path() : word.name());
    }
    return near;
  }

  /** The members of any type that have a name: who asks may not know whose it is. */
  private static List<Reference.Word> anywhere(String name) {
    return Reference.get().words().stream()
        .filter(word -> word.name().equals(name) && !word.owner().isEmpty())
        .filter(word -> !word.doc().isEmpty())
        .toList();
  }

  /** What a collection holds; of anything else itself. */
  private static String element(String type) {
    Class<?> known = Members.type(type);
    return known != null
            && List.class.isAssignableFrom(known)
            && known.getGenericSuperclass() instanceof ParameterizedType list
            && list.getActualTypeArguments()[0] instanceof Class<?> element
        ? element.getSimpleName()
        : type;
  }

  /** A type and those it inherits from: a manifest is a source too. */
  private static List<String> lineage(String type) {
    List<String> names = new ArrayList<>(List.of(type));
    Class<?> known = Members.type(type);
    while (known != null && (known = known.getSuperclass()) != null) {
      if (Members.ours(known)) {
        names.add(known.getSimpleName());
      }
    }
    return names;
  }

  private View members(String title, String type) {
    Map<String, String> lines = new LinkedHashMap<>();
    for (Reference.Word word : Reference.get().members(type)) {
      String name = word.name() + (word.kind().equals("function") ? "(…)" : "");
      if (!word.doc().isEmpty()) {
        lines.putIfAbsent(name, word.brief());
      }
    }
    return new View.Card(
        title,
        lines.entrySet().stream()
            .map(line -> new View.Card.Line(line.getKey(), line.getValue()))
            .toList());
  }

  private static View text(Reference.Word word) {
    List<String> paragraphs = new ArrayList<>();
    if (!word.doc().isEmpty()) {
      paragraphs.addAll(List.of(word.prose().split("\n\n")));
    }
    for (String tag : word.tags()) {
      paragraphs.add(tag.replaceFirst("^(param|property) (\\S+)", "$2:"));
    }
    if (word.example() != null) {
      paragraphs.add("Try:  " + word.example());
    }
    boolean member = !word.owner().isEmpty() && !word.kind().equals("type");
    return new View.Prose(
        member
            ? word.signature().replaceFirst("^(fun|val) ", "$1 " + word.owner() + ".")
            : word.signature(),
        paragraphs);
  }

  /** The words a path leads to: through variables of the prompt, words at hand, and types. */
  private List<Reference.Word> find(List<String> path) {
    Reference reference = Reference.get();
    String first = path.get(0);
    Object variable = context.variable(first);
    Reference.Word type = null;
    List<Reference.Word> here = reference.members("", first);
    if (variable != null) {
      type = reference.type(variable.getClass().getSimpleName());
      here = type == null ? List.of() : List.of(type);
    } else if (here.isEmpty() || Character.isUpperCase(first.charAt(0))) {
      type = reference.type(first);
      here = type == null ? here : List.of(type);
    }
    if (here.isEmpty() && path.size() > 1) {
      here = anywhere(first);
    }
    for (String name : path.subList(1, path.size())) {
      here =
          here.stream()
              .map(Reference.Word::simpleType)
              .distinct()
              .flatMap(owner -> member(owner, name).stream())
              .distinct()
              .toList();
    }
    return here;
  }

  /** The members of a type that have a name, or of the nearest that it inherits from. */
  private static List<Reference.Word> member(String type, String name) {
    return lineage(type).stream()
        .map(owner -> Reference.get().members(owner, name))
        .filter(found -> !found.isEmpty())
        .findFirst()
        .orElse(List.of());
  }

  private List<Suggestion> words(String typed) {
    Reference reference = Reference.get();
    int dot = typed.lastIndexOf('.');
    String before = typed.substring(0, dot + 1);
    List<Reference.Word> found = new ArrayList<>();
    if (dot < 0) {
      found.addAll(reference.members(""));
      reference.words().stream().filter(word -> word.kind().equals("type")).forEach(found::add);
    } else {
      List<Reference.Word> owner = find(List.of(typed.substring(0, dot).split("\\.")));
      if (!owner.isEmpty()) {
        found.addAll(reference.members(owner.get(0).simpleType()));
      }
    }
    Set<String> seen = new LinkedHashSet<>();
    return found.stream()
        .filter(word -> seen.add(word.name()))
        .map(word -> new Suggestion(before + word.name(), word.brief()))
        .toList();
  }

  private Ending tour(String none) throws InterruptedException {
    boolean whole = new Tour(answers.console(), context).walk();
    return whole ? Ending.DONE : Ending.FAILED;
  }
}
