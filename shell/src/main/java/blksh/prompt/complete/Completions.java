package blksh.prompt.complete;

import blksh.dsl.Vocabulary;
import blksh.prompt.command.Reference;
import blksh.prompt.line.Brackets;
import blksh.prompt.line.Place;
import blksh.prompt.line.Quoted;
import blksh.script.FastLane;
import blksh.script.Members;
import blksh.script.Scope;
import blksh.script.Sitting;
import blksh.view.Columns;
import blksh.view.Described;
import blksh.view.Keyed;
import blksh.view.Percent;
import blksh.view.Size;
import blksh.view.Words;
import java.io.IOException;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.temporal.TemporalAccessor;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * What may stand at the cursor, from the values that are there and from what is declared, joined.
 * Properties and keys are read; no function is called, except those that only look something up.
 */
public final class Completions {

  /**
   * One of them.
   *
   * @param text what takes the place of the word before the cursor
   * @param shown what the menu shows
   * @param type its type or its value in a few words, possibly none
   * @param doc what it is, in a sentence; possibly empty
   */
  public record Completion(String text, String shown, String type, String doc, Standing standing) {}

  /** How much a completion belongs to its place, what belongs most first. */
  enum Standing {
    /** What the call around the place takes. */
    ARGUMENT,
    /** What is at home there. */
    HOME,
    /** What may stand in many places. */
    COMMON
  }

  private static final int MOST_FILES = 500;

  /** As much of a string as describes it. */
  private static final int LONGEST = 40;

  private static final Map<String, List<String>> OWNERS = new ConcurrentHashMap<>();

  /** Functions whose strings are paths of files. */
  private static final Set<String> TAKE_PATHS =
      Set.of("drive", "store", "existingStore", "source", "image", "of", "File", "Path", "restore");

  /** Names of parameters that are paths of files. */
  private static final String PATHS = ".*(path|file|dir|directory|image|folder)";

  private static final Set<String> TAKE_REFERENCES =
      Set.of("manifest", "restore", "diff", "delete", "keepLast");

  private static final List<String> KEYWORDS =
      List.of(
          "val",
          "var",
          "fun",
          "class",
          "object",
          "interface",
          "data",
          "enum",
          "if",
          "else",
          "when",
          "for",
          "while",
          "do",
          "try",
          "catch",
          "finally",
          "throw",
          "return",
          "break",
          "continue",
          "null",
          "true",
          "false",
          "import",
          "is",
          "in",
          "as");

  private final Vocabulary vocabulary;
  private final FastLane fastLane;
  private final Function<String, Object> variable;
  private final Foresight foresight;
  private final Function<String, List<String>> importable;

  /**
   * @param variable the value of a variable declared at the prompt, or null; runs nothing
   * @param importable the functions and properties a package of Kotlin declares
   */
  public Completions(
      Vocabulary vocabulary,
      FastLane fastLane,
      Function<String, Object> variable,
      Foresight foresight,
      Function<String, List<String>> importable) {
    this.vocabulary = vocabulary;
    this.fastLane = fastLane;
    this.variable = variable;
    this.foresight = foresight;
    this.importable = importable;
  }

  /** Gathers what may stand at the end of a text; better ones first. */
  List<Completion> gather(String before, Scope scope) {
    Place place = Place.at(before);
    Map<String, Completion> all = new LinkedHashMap<>();
    String line = before.substring(before.lastIndexOf('\n') + 1).stripLeading();
    if (line.startsWith("import ")) {
      imports(line.substring("import ".length()).strip(), all);
    } else {
      switch (place.kind()) {
        case NAME -> names(before, scope, all);
        case MEMBER -> members(before, place.receiver(), scope, all);
        case KEY -> keys(value(place.receiver()), all);
        case STRING -> strings(place, scope, all);
        case NOTHING -> {}
      }
    }
    List<Completion> sorted = new ArrayList<>(all.values());
    if (place.kind() == Place.Kind.NAME || place.kind() == Place.Kind.MEMBER) {
      sorted.sort(ORDER);
    }
    return Match.best(place.word(), sorted, Completion::shown);
  }

  /** Arguments stay as they are declared; the rest goes by the alphabet. */
  private static final Comparator<Completion> ORDER =
      Comparator.comparing(Completion::standing)
          .thenComparing(
              it -> it.standing() == Standing.ARGUMENT ? "" : it.shown(),
              String.CASE_INSENSITIVE_ORDER);

  /**
   * The text up to the place that the compiler is to be asked about; null when it has nothing to
   * say there.
   */
  public static String asked(String before) {
    Place place = Place.at(before);
    String line = before.substring(before.lastIndexOf('\n') + 1).stripLeading();
    return switch (place.kind()) {
      case NAME, MEMBER ->
          line.startsWith("import ")
              ? null
              : before.substring(0, before.length() - place.word().length());
      case STRING -> place.receiver();
      case KEY, NOTHING -> null;
    };
  }

  private void imports(String path, Map<String, Completion> all) {
    String parent = path.contains(".") ? path.substring(0, path.lastIndexOf('.')) : "";
    Packages packages = Packages.get();
    for (String name : packages.inside(parent)) {
      add(all, name, name, "package");
    }
    for (String name : packages.classes(parent)) {
      add(all, name, name, "class");
    }
    for (String name : importable.apply(parent)) {
      add(all, name, name, null);
    }
  }

  // Names.

  private void names(String before, Scope scope, Map<String, Completion> all) {
    arguments(Call.around(before), scope, all);
    for (String name : Sitting.names()) {
      Object value = variable.apply(name);
      if (value != null) {
        add(all, name, name, describe(value));
      }
    }
    for (int i = Sitting.getCount(); i > Math.max(0, Sitting.getCount() - 9); i--) {
      Sitting.Result result = Sitting.find("res" + i);
      add(all, result.getName(), result.getName(), describe(result.getValue()));
    }
    boolean block = scope.getNames().stream().anyMatch(name -> name.getText().equals("it"));
    if (Sitting.getLast() != null && !block) {
      add(all, "it", "it", describe(Sitting.getLast().getValue()));
    }
    declared(Vocabulary.class, all);
    if (!Place.at(before).word().isEmpty()) {
      scope.getNames().forEach(name -> add(all, name, type(name)));
      KEYWORDS.forEach(
          word -> add(all, new Completion(word, word, "", "keyword", Standing.COMMON)));
    }
    Sitting.names().forEach(name -> add(all, name, name, null));
  }

  /** What the call around the place takes: values of few, and names of parameters. */
  private void arguments(Call call, Scope scope, Map<String, Completion> all) {
    if (call == null || !call.atArgument()) {
      return;
    }
    for (Scope.Parameter parameter : scope.getParameters()) {
      if (parameter.getHere()) {
        String doc = parameter(parameter.getFunction(), parameter.getName());
        for (String constant : parameter.getConstants()) {
          String type = parameter.getName();
          add(all, new Completion(constant, constant, type, doc, Standing.ARGUMENT));
        }
      }
    }
    for (Scope.Parameter parameter : scope.getParameters()) {
      argument(parameter.getFunction(), parameter.getName(), parameter.getType(), all);
    }
    for (Members.Member member : functions(call)) {
      for (String parameter : parameters(member)) {
        String name = parameter.substring(0, parameter.indexOf(':'));
        String type = parameter.substring(name.length() + 2);
        String owner = member.getOwner();
        String function = owner.equals("Vocabulary") ? "" : owner + ".";
        argument(function + member.getName(), name, type, all);
      }
    }
  }

  private static void argument(
      String function, String name, String type, Map<String, Completion> all) {
    String doc = parameter(function, name);
    add(all, new Completion(name + " = ", name + " =", type, doc, Standing.ARGUMENT));
  }

  // Members.

  private void members(String before, String receiver, Scope scope, Map<String, Completion> all) {
    for (Scope.Name name : scope.getNames()) {
      add(all, name, brief(scope.getReceiver(), name.getText()));
    }
    if (scope.getNames().isEmpty() && !inBlock(before)) {
      FastLane.Plain plain = receiver.isEmpty() ? null : fastLane.read(receiver);
      Object value = plain == null ? value(receiver) : null;
      if (plain != null) {
        declared(FastLane.raw(plain.type()), all);
      } else if (value != null) {
        declared(value.getClass(), all);
      }
    }
  }

  /** Whether the end of a text is in braces: there {@code it} and other names may be new ones. */
  private static boolean inBlock(String text) {
    return text.indexOf('{') >= 0 && Brackets.of(text).open() > 0;
  }

  /**
   * What may stand at the end of a text, if that is certain without the compiler: members that the
   * vocabulary declares for a plain path.
   */
  List<Completion> certain(String before) {
    Place place = Place.at(before);
    boolean plain =
        place.kind() == Place.Kind.MEMBER
            && !place.receiver().isEmpty()
            && !inBlock(before)
            && fastLane.read(place.receiver()) != null;
    return plain ? gather(before, Scope.EMPTY) : List.of();
  }

  /** What a class of the vocabulary declares. */
  private static void declared(Class<?> type, Map<String, Completion> all) {
    for (boolean properties : new boolean[] {true, false}) {
      for (Method method : type.getMethods()) {
        Members.Member member = Members.find(method);
        if (member != null
            && member.getProperty() == properties
            && (properties || !Members.PLUMBING.contains(member.getName()))) {
          String name = member.getName();
          String signature = member.getSignature();
          Scope.Kind kind =
              properties
                  ? Scope.Kind.VALUE
                  : signature.startsWith(name + "()") ? Scope.Kind.CALL : Scope.Kind.FUNCTION;
          String gives = gives(signature);
          Scope.Name found = new Scope.Name(name, kind, gives, gives, false);
          add(all, found, brief(member.getOwner(), name));
        }
      }
    }
  }

  /** What a member gives, of its signature. */
  private static String gives(String signature) {
    return signature.substring(signature.lastIndexOf("): ") + 1).replaceFirst("^.*?: ", "");
  }

  /** The first sentence about a member of a type of the vocabulary; empty for others. */
  private static String brief(String type, String name) {
    for (String owner : owners(type.replaceFirst("[<?].*", ""))) {
      for (Reference.Word word : Reference.get().members(owner, name)) {
        if (!word.brief().isEmpty()) {
          return word.brief().replace("`", "");
        }
      }
    }
    return "";
  }

  /** A type and those it inherits from, as the reference calls them. */
  private static List<String> owners(String type) {
    return OWNERS.computeIfAbsent(
        type,
        name -> {
          Class<?> loaded = Members.type(name);
          return loaded == null
              ? List.of(name)
              : kinds(loaded)
                  .map(kind -> kind == Vocabulary.class ? "" : kind.getSimpleName())
                  .distinct()
                  .toList();
        });
  }

  private static Stream<Class<?>> kinds(Class<?> type) {
    Stream<Class<?>> above =
        Stream.concat(Stream.ofNullable(type.getSuperclass()), Stream.of(type.getInterfaces()));
    return Stream.concat(Stream.of(type), above.flatMap(Completions::kinds));
  }

  /** The first sentence about a type of the vocabulary; empty for other names. */
  private static String type(Scope.Name name) {
    Reference.Word type =
        name.getKind() == Scope.Kind.TYPE && !name.getCommon()
            ? Reference.get().type(name.getText())
            : null;
    return type == null ? "" : type.brief().replace("`", "");
  }

  /** What is said about a parameter of a function of the vocabulary; empty for others. */
  private static String parameter(String function, String name) {
    return Reference.get().find(function).stream()
        .map(word -> word.parameter(name).replace("`", ""))
        .filter(said -> !said.isEmpty())
        .findFirst()
        .orElse("");
  }

  // Keys and strings.

  private Object value(String receiver) {
    LivePath path = LivePath.before(receiver + ".");
    if (path.steps() == null || path.steps().isEmpty()) {
      return null;
    }
    Object value = null;
    for (int i = 0; i < path.steps().size(); i++) {
      LivePath.Step step = path.steps().get(i);
      value =
          switch (step.kind()) {
            case MEMBER -> i == 0 ? root(step.text()) : property(value, step.text());
            case KEY -> keyed(value, Quoted.read(step.text()));
            case INDEX -> indexed(value, Integer.parseInt(step.text()));
          };
      if (value == null) {
        return null;
      }
    }
    return value;
  }

  private Object root(String name) {
    if (Sitting.declares(name)) {
      return variable.apply(name);
    }
    Sitting.Result result = Sitting.find(name);
    return result != null ? result.getValue() : property(vocabulary, name);
  }

  private static Object keyed(Object value, String key) {
    if (value instanceof Keyed keyed) {
      return keyed.find(key);
    }
    return value instanceof Map<?, ?> map ? map.get(key) : null;
  }

  private static Object indexed(Object value, int index) {
    return value instanceof List<?> list && index < list.size() ? list.get(index) : null;
  }

  /** A property's value; of what others declared only what is stored, their getters may do much. */
  private static Object property(Object value, String name) {
    try {
      if (!value.getClass().getName().startsWith("blksh.")) {
        return stored(value, name);
      }
      String getter = "get" + Character.toUpperCase(name.charAt(0)) + name.substring(1);
      for (Method method : value.getClass().getMethods()) {
        boolean reads =
            method.getName().equals(getter)
                || value.getClass().isRecord() && method.getName().equals(name);
        if (reads
            && method.getParameterCount() == 0
            && Modifier.isPublic(method.getDeclaringClass().getModifiers())) {
          return method.invoke(value);
        }
      }
    } catch (ReflectiveOperationException | RuntimeException unreadable) {
      return null;
    }
    return null;
  }

  private static Object stored(Object value, String name) throws ReflectiveOperationException {
    for (Class<?> type = value.getClass(); type != null; type = type.getSuperclass()) {
      for (Field field : type.getDeclaredFields()) {
        if (field.getName().equals(name)) {
          return field.trySetAccessible() ? field.get(value) : null;
        }
      }
    }
    return null;
  }

  private static void keys(Object value, Map<String, Completion> all) {
    if (value instanceof Keyed keyed) {
      boolean few = keyed.getKeys().size() <= 50;
      for (String key : keyed.getKeys()) {
        quoted(all, key, "\"]", few ? describe(keyed.find(key)) : null);
      }
    } else if (value instanceof Map<?, ?> map) {
      map.forEach((key, item) -> quoted(all, String.valueOf(key), "\"]", describe(item)));
    }
  }

  /** Adds what goes into a string that is open; it is shown as it will stand there. */
  private static void quoted(Map<String, Completion> all, String text, String end, String type) {
    String inside = Quoted.of(text);
    add(all, inside + end, inside, type);
  }

  private void strings(Place place, Scope scope, Map<String, Completion> all) {
    Call call = Call.around(place.receiver());
    if (call == null) {
      return;
    }
    boolean target = call.label() != null && Set.of("to", "path").contains(call.label());
    if (TAKE_REFERENCES.contains(call.function()) && !target) {
      Object store = value(call.receiver());
      if (store instanceof blksh.dsl.Store known) {
        for (var manifest : known.getManifests()) {
          quoted(all, manifest.getName(), "\"", "the newest");
          quoted(all, manifest.getReference(), "\"", describe(manifest));
        }
      }
    }
    boolean path =
        scope.getParameters().stream()
            .anyMatch(it -> it.getHere() && it.getName().toLowerCase(Locale.ROOT).matches(PATHS));
    if (target || path || TAKE_PATHS.contains(call.function())) {
      files(place.word(), call.function().equals("drive"), all);
    }
  }

  private static void files(String word, boolean drives, Map<String, Completion> all) {
    if (drives && (word.isEmpty() || word.startsWith("/dev"))) {
      try (Stream<Path> blocks = Files.list(Path.of("/sys/block"))) {
        for (Path block : blocks.sorted().toList()) {
          String name = "/dev/" + block.getFileName();
          quoted(all, name, "\"", size(block));
        }
      } catch (IOException none) {
        // A system without them has other drives to offer: files.
      }
    }
    int slash = word.lastIndexOf('/');
    String head = word.substring(0, slash + 1);
    try (Stream<Path> files = Files.list(Path.of(head.isEmpty() ? "." : Quoted.read(head)))) {
      for (Path file : files.limit(MOST_FILES).sorted().toList()) {
        String name = head + Quoted.of(file.getFileName().toString());
        boolean inside = Files.isDirectory(file);
        add(all, inside ? name + "/" : name + "\"", inside ? name + "/" : name, about(file));
      }
    } catch (IOException | RuntimeException unreadable) {
      return;
    }
  }

  private static String size(Path block) {
    try {
      return Words.size(Long.parseLong(Files.readString(block.resolve("size")).trim()) * 512);
    } catch (IOException | NumberFormatException unknown) {
      return null;
    }
  }

  private static String about(Path file) {
    try {
      return Files.isRegularFile(file) ? Words.size(Files.size(file)) : null;
    } catch (IOException unknown) {
      return null;
    }
  }

  // Calls.

  /** What the call around the cursor takes, if it is one of the vocabulary; one line each. */
  public List<String> signatures(String before) {
    Call call = Call.around(before);
    if (call == null) {
      return List.of();
    }
    List<String> ours =
        functions(call).stream().map(Members.Member::getSignature).distinct().limit(3).toList();
    String asked = asked(before);
    Scope scope = ours.isEmpty() && asked != null ? foresight.known(asked) : null;
    return scope == null ? ours : scope.getSignatures().stream().limit(3).toList();
  }

  private List<Members.Member> functions(Call call) {
    Class<?> owner = Vocabulary.class;
    if (!call.receiver().isEmpty()) {
      FastLane.Plain plain = fastLane.read(call.receiver());
      Object value = plain == null ? value(call.receiver()) : null;
      owner = plain != null ? FastLane.raw(plain.type()) : value == null ? null : value.getClass();
    } else if (Sitting.declares(call.function())) {
      return List.of();
    }
    List<Members.Member> functions = new ArrayList<>();
    if (owner != null) {
      for (Method method : owner.getMethods()) {
        Members.Member member = Members.find(method);
        if (member != null && !member.getProperty() && member.getName().equals(call.function())) {
          functions.add(member);
        }
      }
    }
    return functions;
  }

  private static List<String> parameters(Members.Member member) {
    String signature = member.getSignature();
    int open = signature.indexOf('(');
    int close = signature.lastIndexOf(')');
    if (open < 0 || close <= open + 1) {
      return List.of();
    }
    return Stream.of(signature.substring(open + 1, close).split(", (?=\\w+: )")).toList();
  }

  private static void add(Map<String, Completion> all, Scope.Name name, String doc) {
    String text = name.getText();
    // With a sentence beside it there is no room for what it takes, which the call will show.
    String type = doc.isEmpty() ? name.getAbout() : name.getGives();
    boolean common = name.getCommon() || name.getKind() == Scope.Kind.TYPE;
    Standing standing = common ? Standing.COMMON : Standing.HOME;
    switch (name.getKind()) {
      case VALUE, TYPE -> add(all, new Completion(text, text, type, doc, standing));
      case CALL -> add(all, new Completion(text + "()", text + "()", type, doc, standing));
      case FUNCTION -> add(all, new Completion(text + "(", text + "(…)", type, doc, standing));
      case BLOCK -> add(all, new Completion(text + " { ", text + " {…}", type, doc, standing));
    }
  }

  private static void add(Map<String, Completion> all, String text, String shown, String type) {
    add(all, new Completion(text, shown, type == null ? "" : type, "", Standing.HOME));
  }

  private static void add(Map<String, Completion> all, Completion completion) {
    // Titles and labels come from disks nobody vouches for.
    String shown = Columns.tame(completion.shown(), false);
    String type = Columns.tame(completion.type(), false);
    String doc = Columns.tame(completion.doc(), false);
    all.putIfAbsent(
        shown, new Completion(completion.text(), shown, type, doc, completion.standing()));
  }

  /** A value in a few words, found without reading through it. */
  private static String describe(Object value) {
    try {
      if (value instanceof Described thing) {
        return firstLine(thing.title());
      }
      if (value instanceof Collection<?> items) {
        return value.getClass().getPackageName().equals("blksh.dsl")
            ? value.getClass().getSimpleName() + " of " + items.size()
            : "List of " + items.size();
      }
      if (value instanceof Map<?, ?> map) {
        return "Map of " + map.size();
      }
      if (value instanceof CharSequence text) {
        return '"'
            + firstLine(text.subSequence(0, Math.min(text.length(), LONGEST)).toString())
            + '"';
      }
      boolean plain =
          value instanceof Number
              || value instanceof Boolean
              || value instanceof Enum<?>
              || value instanceof Path
              || value instanceof TemporalAccessor
              || value instanceof Duration
              || value instanceof Size
              || value instanceof Percent;
      return plain ? Words.of(value) : value == null ? "" : value.getClass().getSimpleName();
    } catch (RuntimeException indescribable) {
      return "";
    }
  }

  private static String firstLine(String text) {
    return text.lines().findFirst().orElse("");
  }

  /**
   * The call whose arguments the cursor is in.
   *
   * @param receiver what stands before the function's dot, possibly nothing
   * @param label the name of the argument, when it is given
   * @param atArgument whether an argument may begin here
   */
  private record Call(String receiver, String function, String label, boolean atArgument) {

    static Call around(String before) {
      int depth = 0;
      boolean quoted = false;
      int comma = -1;
      for (int at = before.length() - 1; at >= 0; at--) {
        char c = before.charAt(at);
        if (c == '"' && !Quoted.isEscaped(before, at)) {
          quoted = !quoted;
        } else if (quoted) {
          continue;
        } else if (c == ')' || c == ']' || c == '}') {
          depth++;
        } else if (c == ',' && depth == 0 && comma < 0) {
          comma = at;
        } else if (c == '\n' || c == ';' || c == '{' && depth == 0) {
          return null;
        } else if ((c == '(' || c == '[' || c == '{') && depth-- == 0) {
          return c == '(' ? of(before, at, Math.max(comma, at)) : null;
        }
      }
      return null;
    }

    private static Call of(String before, int open, int argument) {
      Place place = Place.at(before.substring(0, open));
      if (place.word().isEmpty()) {
        return null;
      }
      String begun = before.substring(argument + 1).strip();
      int equals = begun.indexOf('=');
      String label = equals > 0 ? begun.substring(0, equals).strip() : null;
      boolean fresh = begun.matches("\\w*");
      return new Call(place.receiver(), place.word(), label, fresh);
    }
  }
}
