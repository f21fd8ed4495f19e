package blksh.prompt.command;

import blksh.BlkshException;
import blksh.dsl.Job;
import blksh.io.PartFile;
import blksh.io.WholeFile;
import blksh.script.Members;
import blksh.script.ScriptCompilationException;
import blksh.script.ScriptSource;
import blksh.script.kotlin.Repl;
import blksh.session.Console;
import blksh.session.Failures;
import blksh.session.Session;
import blksh.session.Settings;
import blksh.view.Field;
import blksh.view.Json;
import blksh.view.View;
import blksh.view.Views;
import java.io.IOException;
import java.lang.reflect.ParameterizedType;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Stream;

/** The commands of the prompt: lines that begin with a colon. */
public final class Commands {

  /** The prompt, as its commands see it. */
  public interface Sitting {

    /** Whether any entry had a result. */
    boolean hasResult();

    /** The result of the last entry that had one, or null. */
    Object last();

    /** Draws something as Ctrl-C allows, and shows it; false when that failed, which is told. */
    boolean show(Supplier<View> view) throws InterruptedException;

    /** Why the last entry failed, or null when that was told in full or nothing failed yet. */
    Throwable lastFailure();

    /** The entries that ended well so far, oldest first. */
    List<Entry> entries();

    /** The entries that ended well so far as a script. */
    Repl.Saved saved() throws InterruptedException;

    /** The value of a variable declared at the prompt; null when there is none. Never waits. */
    Object variable(String name);

    /**
     * Evaluates a text as though it were typed.
     *
     * @param print whether to print what it comes to; why it fails is told anyway
     * @return false when it failed
     */
    boolean evaluate(String text, boolean print) throws InterruptedException;

    /**
     * The type of an expression in the words of Kotlin; the expression is compiled and not run.
     *
     * @throws blksh.BlkshException when it does not compile
     */
    String typeOf(String expression) throws InterruptedException;

    /**
     * Reads a line of the person at the terminal; null when there is none, or that person has
     * pressed Ctrl-C or Ctrl-D.
     */
    String ask(String prompt);
  }

  /**
   * An entry.
   *
   * @param result the name its result got, such as {@code res1}; null when it has none
   */
  public record Entry(String text, String result) {}

  /** How a command ended. */
  public enum Ending {
    DONE,
    FAILED,
    /** The person wishes to leave the prompt. */
    LEAVE
  }

  /** Something that may stand where the cursor is, with a few words about it. */
  public record Completion(String text, String description) {}

  /** Does what a command says; what follows its name comes stripped. */
  private interface Action {
    public Ending obey(String argument) throws InterruptedException, IOException;
  }

  /** What may stand after a command's name, given what stands there already. */
  private interface Arguments {
    List<Completion> of(String typed);
  }

  /**
   * One command.
   *
   * @param argument how its argument is written; empty when it takes none, in brackets when it may
   *     be left out
   */
  private record Command(
      String name, String argument, String help, Action action, Arguments arguments) {

    boolean needsArgument() {
      return !argument.isEmpty() && !argument.startsWith("[");
    }
  }

  private static final Map<String, String> SHORT =
      Map.of("q", "quit", "exit", "quit", "h", "help", "?", "help");

  private static final String HELP_END =
      """
      Anything else is Kotlin, with the words of blksh in scope. TAB completes; lines continue while
      they are incomplete; Ctrl-C stops what is running, a second one gives it up; Ctrl-D leaves.
      """;

  private final Session session;
  private final Console console;
  private final Sitting sitting;
  private final Map<String, Command> commands = new LinkedHashMap<>();

  public Commands(Session session, Sitting sitting) {
    this.session = session;
    this.console = session.console();
    this.sitting = sitting;
    add(
        "help",
        "[NAME]",
        "what there is, or all about a word: :help stores",
        this::help,
        this::words);
    add(
        "doc",
        "NAME",
        "what a word does, with an example: :doc store.capture",
        this::doc,
        this::words);
    add("tour", "", "a walk through blksh on the sample disk, in three minutes", this::tour);
    add("type", "EXPR", "the type of an expression, which is not run", this::type);
    add("table", "[EXPR]", "the last result as a table", value -> show(value, Views::table));
    add("tree", "[EXPR]", "the last result as a tree", value -> show(value, Views::tree));
    add("card", "[EXPR]", "the last result as cards", value -> show(value, Views::cards));
    add("json", "[EXPR]", "the last result as JSON", value -> show(value, Commands::json));
    add("jobs", "", "what runs in the background", this::jobs);
    add("why", "", "where the last failure came from", this::why);
    add("load", "FILE", "enter what a file holds", this::load, Commands::files);
    add("save", "FILE", "what was entered, as a script for blksh run", this::save, Commands::files);
    add("edit", "", "the last entry in $EDITOR, entered when you leave that", this::edit);
    add("set", "[NAME [VALUE]]", "what can be set, and how it is", this::set, this::settings);
    add("quit", "", "leave (or Ctrl-D)", none -> Ending.LEAVE);
  }

  private void add(String name, String argument, String help, Action action) {
    add(name, argument, help, action, typed -> List.of());
  }

  private void add(String name, String argument, String help, Action action, Arguments arguments) {
    commands.put(name, new Command(name, argument, help, action, arguments));
  }

  /** Whether a line is a command. */
  public static boolean isCommand(String text) {
    String line = text.stripLeading();
    // Two colons refer to a function.
    return line.startsWith(":") && !line.startsWith("::");
  }

  /** The part of a command before the cursor that completion replaces: its last word. */
  public static String word(String before) {
    String line = before.stripLeading();
    int space = Math.max(line.lastIndexOf(' '), line.lastIndexOf('\t'));
    return line.substring(space + 1);
  }

  /**
   * What the last word of a command may become; quick enough to ask at every TAB.
   *
   * @param before the command up to the cursor, colon included
   */
  public List<Completion> complete(String before) {
    String line = before.stripLeading();
    int space = line.indexOf(' ');
    if (space < 0) {
      return commands.values().stream()
          .map(command -> new Completion(":" + command.name(), command.help()))
          .toList();
    }
    Command command = find(line.substring(1, space));
    String typed = line.substring(space + 1).stripLeading();
    return command == null ? List.of() : command.arguments().of(typed);
  }

  private Command find(String name) {
    return commands.get(SHORT.getOrDefault(name, name));
  }

  /** Obeys a command; what goes wrong with it is told on standard error. */
  public Ending obey(String text) throws InterruptedException {
    String[] parts = text.strip().substring(1).strip().split("\\s+", 2);
    Command command = find(parts[0]);
    String argument = parts.length < 2 ? "" : parts[1].strip();
    if (command == null) {
      return wrong("unknown command :" + parts[0] + "; try :help");
    }
    if (command.needsArgument() && argument.isEmpty()) {
      return wrong("say :" + command.name() + " " + command.argument());
    }
    if (command.argument().isEmpty() && !argument.isEmpty()) {
      return wrong(":" + command.name() + " takes nothing after it");
    }
    try {
      return command.action().obey(argument);
    } catch (ScriptCompilationException refused) {
      console.err().println(refused.getMessage());
      return Ending.FAILED;
    } catch (IOException | RuntimeException | StackOverflowError | OutOfMemoryError failure) {
      return wrong(Failures.message(failure));
    }
  }

  private Ending wrong(String message) {
    console.err().println("blksh: " + message);
    return Ending.FAILED;
  }

  private Ending say(View view) {
    console.present(view, false);
    return Ending.DONE;
  }

  // Help.

  private Ending help(String name) {
    if (!name.isEmpty()) {
      return explain(name, true);
    }
    List<View.Card.Line> lines = new ArrayList<>();
    for (Command command : commands.values()) {
      String head = (":" + command.name() + " " + command.argument()).strip();
      lines.add(new View.Card.Line(head, command.help()));
    }
    return say(
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
    Command command = name.startsWith(":") ? find(name.substring(1)) : null;
    if (command != null) {
      String head = ":" + command.name() + " " + command.argument();
      return say(new View.Prose(head.strip(), List.of(command.help())));
    }
    List<Reference.Word> words = find(List.of(name.split("\\.")));
    if (words.isEmpty()) {
      words = anywhere(name);
    }
    if (words.isEmpty()) {
      return wrong("there is no " + name + "; :help names what there is");
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
        if (!members(owner).isEmpty()) {
          String title = owner.equals(element) && !owner.equals(type) ? "each of them" : owner;
          views.add(members(title, owner));
        }
      }
    }
    return say(new View.Stack(views));
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
    Class<?> known = known(type);
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
    Class<?> known = known(type);
    while (known != null && (known = known.getSuperclass()) != null) {
      if (Members.ours(known)) {
        names.add(known.getSimpleName());
      }
    }
    return names;
  }

  private static Class<?> known(String type) {
    return Members.type(type);
  }

  private List<Reference.Word> members(String type) {
    return Reference.get().members(type);
  }

  private View members(String title, String type) {
    Map<String, String> lines = new LinkedHashMap<>();
    for (Reference.Word word : members(type)) {
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
    Object variable = sitting.variable(first);
    Reference.Word type = null;
    List<Reference.Word> here = reference.members("", first);
    if (variable != null) {
      type = reference.type(variable.getClass().getSimpleName());
      here = type == null ? List.of() : List.of(type);
    } else if (here.isEmpty() || Character.isUpperCase(first.charAt(0))) {
      type = reference.type(first);
      here = type == null ? here : List.of(type);
    }
    for (String name : path.subList(1, path.size())) {
      if (here.isEmpty()) {
        return here;
      }
      here =
          lineage(here.get(0).simpleType()).stream()
              .map(owner -> reference.members(owner, name))
              .filter(found -> !found.isEmpty())
              .findFirst()
              .orElse(List.of());
    }
    return here;
  }

  private List<Completion> words(String typed) {
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
        .map(word -> new Completion(before + word.name(), word.brief()))
        .toList();
  }

  private Ending tour(String none) throws InterruptedException {
    return new Tour(console, sitting).walk() ? Ending.DONE : Ending.FAILED;
  }

  private Ending type(String expression) throws InterruptedException {
    String type = sitting.typeOf(expression);
    console
        .out()
        .println(type.replaceAll("\\b(kotlin(\\.collections)?|blksh\\.(dsl|view))\\.", ""));
    return Ending.DONE;
  }

  // Results.

  private interface Look {
    View at(Views views, Object result);
  }

  private Ending show(String expression, Look look) throws InterruptedException {
    if (!expression.isEmpty() && !sitting.evaluate(expression, false)) {
      return Ending.FAILED;
    }
    if (!sitting.hasResult()) {
      return wrong("there is no result yet");
    }
    Object result = sitting.last();
    boolean shown = sitting.show(() -> look.at(console.views(), result));
    return shown ? Ending.DONE : Ending.FAILED;
  }

  private static View json(Views views, Object result) {
    return new View.Text(Json.indented(result));
  }

  private Ending jobs(String none) throws InterruptedException {
    List<Job> jobs = session.jobs().stream().map(Job::new).toList();
    // What a job came to may take its time to say what it is, or refer to itself.
    return sitting.show(() -> Views.of(jobs)) ? Ending.DONE : Ending.FAILED;
  }

  private Ending why(String none) {
    Throwable failure = sitting.lastFailure();
    if (failure == null) {
      console.out().println("nothing failed");
    } else {
      console.out().print(Failures.trace(failure));
    }
    return Ending.DONE;
  }

  // Files.

  private Ending load(String name) throws InterruptedException, IOException {
    Path file = path(name);
    String text;
    try {
      text = Files.readString(file);
    } catch (NoSuchFileException missing) {
      throw new BlkshException("load " + file, "there is no such file");
    } catch (java.nio.charset.CharacterCodingException binary) {
      throw new BlkshException("load " + file, "it is no text", binary);
    }
    // A first line for the operating system is no Kotlin.
    String kotlin = text.startsWith("#!") ? "//" + text : text;
    return kotlin.isBlank() || sitting.evaluate(kotlin, true) ? Ending.DONE : Ending.FAILED;
  }

  private Ending edit(String none) throws InterruptedException, IOException {
    if (console.screen() == null) {
      return wrong("there is no terminal to edit at");
    }
    List<Entry> entries = sitting.entries();
    String before = entries.isEmpty() ? "" : entries.get(entries.size() - 1).text() + "\n";
    Path file = Files.createTempFile(session.options().home(), "entry", ".kts");
    try {
      WholeFile.replace(file, PartFile.Durability.WHOLE, before.getBytes(StandardCharsets.UTF_8));
      String editor = editor();
      // The editor may come with options, so a shell reads it.
      int status =
          new ProcessBuilder("sh", "-c", editor + " \"$1\"", "sh", file.toString())
              .inheritIO()
              .start()
              .waitFor();
      if (status != 0) {
        return wrong("cannot edit: " + editor + " ended with status " + status);
      }
      String text = Files.readString(file).strip();
      if (text.isEmpty()) {
        return Ending.DONE;
      }
      console.screen().remember(text);
      console.out().println(text);
      return sitting.evaluate(text, true) ? Ending.DONE : Ending.FAILED;
    } finally {
      Files.deleteIfExists(file);
    }
  }

  private static String editor() {
    return Stream.of("VISUAL", "EDITOR")
        .map(System::getenv)
        .filter(editor -> editor != null && !editor.isBlank())
        .findFirst()
        .orElse("vi");
  }

  private Ending save(String name) throws IOException, InterruptedException {
    if (sitting.entries().isEmpty()) {
      return wrong("nothing was entered yet");
    }
    Path named = path(name);
    Path file =
        named.getFileName().toString().contains(".")
            ? named
            : named.resolveSibling(named.getFileName() + ".kts");
    Repl.Saved saved = sitting.saved();
    try {
      WholeFile.create(
          file, PartFile.Durability.DURABLE, saved.getScript().getBytes(StandardCharsets.UTF_8));
    } catch (FileAlreadyExistsException there) {
      throw new BlkshException("save " + file, "it exists").suggest("name another file");
    } catch (NoSuchFileException missing) {
      throw new BlkshException("save " + file, "its directory does not exist")
          .suggest("make it first");
    }
    if (saved.getProblems().isEmpty()) {
      console.out().println("saved; run it with: blksh run " + shown(file));
      return Ending.DONE;
    }
    ScriptSource source = new ScriptSource(shown(file), saved.getScript());
    console.err().println("blksh: saved, but as a script it does not compile yet:");
    saved.getProblems().forEach(problem -> console.err().println(problem.render(source)));
    return Ending.FAILED;
  }

  /** As {@code blksh run} takes it for a file. */
  private static String shown(Path file) {
    String text = file.toString();
    return text.contains("/") ? text : "./" + text;
  }

  private static Path path(String name) {
    String bare = name.replaceAll("^\"(.*)\"$", "$1");
    String home = System.getProperty("user.home");
    try {
      return Path.of(bare.startsWith("~/") ? home + bare.substring(1) : bare);
    } catch (InvalidPathException wrong) {
      throw new BlkshException("use " + bare, "it is no name of a file", wrong);
    }
  }

  private static List<Completion> files(String typed) {
    int slash = typed.lastIndexOf('/');
    String before = typed.substring(0, slash + 1);
    List<Completion> found = new ArrayList<>();
    try (Stream<Path> entries = Files.list(path(before.isEmpty() ? "." : before))) {
      entries
          .sorted()
          .forEach(
              entry -> {
                String name = entry.getFileName().toString();
                boolean directory = Files.isDirectory(entry);
                if (directory || name.endsWith(".kts")) {
                  found.add(new Completion(before + name + (directory ? "/" : ""), null));
                }
              });
    } catch (IOException | BlkshException unreadable) {
      return List.of();
    }
    return found;
  }

  // Settings.

  private Ending set(String words) {
    String[] parts = words.strip().split("[\\s=]+", 2);
    if (words.isEmpty()) {
      return say(console.views().table(Stream.of(Settings.Name.values()).map(this::row).toList()));
    }
    Settings.Name name = Settings.Name.of(parts[0]);
    if (name == null) {
      return wrong("there is no setting " + parts[0] + "; :set names what there is");
    }
    if (parts.length > 1) {
      session.settings().set(name, parts[1]);
      if (console.screen() != null) {
        console.screen().apply(session.settings());
      }
    }
    console.out().println(name.word() + " = " + session.settings().get(name));
    return Ending.DONE;
  }

  private blksh.view.Described row(Settings.Name name) {
    return new SettingRow(name, session.settings().get(name));
  }

  /** A setting as it is now. */
  private record SettingRow(Settings.Name name, String value) implements blksh.view.Described {
    @Override
    public String title() {
      return name.word();
    }

    @Override
    public List<Field> fields() {
      return List.of(
          Field.of("name", name.word()),
          Field.of("value", value),
          Field.of("values", String.join(" | ", name.choices())),
          Field.of("what", name.help()));
    }
  }

  private List<Completion> settings(String typed) {
    int space = typed.indexOf(' ');
    if (space < 0) {
      return Stream.of(Settings.Name.values())
          .map(name -> new Completion(name.word(), name.help()))
          .toList();
    }
    Settings.Name name = Settings.Name.of(typed.substring(0, space));
    return name == null
        ? List.of()
        : name.choices().stream().map(value -> new Completion(value, null)).toList();
  }
}
