package blksh.shell;

import blksh.dsl.Keyed;
import blksh.dsl.Vocabulary;
import blksh.script.Members;
import blksh.script.Sitting;
import blksh.shell.view.Described;
import blksh.shell.view.Words;
import java.io.IOException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * What may stand at the cursor, from the values that are there and from what is declared, joined.
 * Properties and keys are read; no function is called, except those that only look something up.
 */
final class Completions {

  /**
   * One of them.
   *
   * @param text what takes the place of the word before the cursor
   * @param shown what the menu shows
   * @param description a few words more, or null
   */
  record Completion(String text, String shown, String description) {}

  /** How a text before the cursor ends: what the word is that a completion replaces. */
  record Place(Kind kind, String receiver, String word) {}

  /** What may stand at a place. */
  enum Kind {
    NAME,
    MEMBER,
    KEY,
    STRING,
    NOTHING
  }

  private static final int LONGEST_DESCRIPTION = 60;
  private static final int MOST_FILES = 500;

  private static final Set<String> HIDDEN =
      Set.of("fields", "title", "appendix", "row", "declared", "find", "figures", "declare");

  /** Functions whose strings are paths of files. */
  private static final Set<String> TAKE_PATHS =
      Set.of("drive", "store", "existingStore", "source", "image", "of", "File", "Path");

  private static final Set<String> TAKE_REFERENCES =
      Set.of("manifest", "restore", "diff", "delete", "keepLast");

  private static final List<String> WORDS =
      List.of(
          "listOf(",
          "mapOf(",
          "setOf(",
          "println(",
          "print(",
          "require(",
          "check(",
          "error(",
          "repeat(",
          "run",
          "with(",
          "sequenceOf(",
          "generateSequence(",
          "mutableListOf(",
          "mutableMapOf(",
          "maxOf(",
          "minOf(",
          "lazy",
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
          "Verify",
          "Size",
          "Percent",
          "String",
          "Int",
          "Long",
          "Boolean",
          "Double",
          "List",
          "Map",
          "Path",
          "is",
          "in",
          "as");

  private static final List<String> UNITS = List.of("B", "KiB", "MiB", "GiB", "TiB", "percent");

  private final Vocabulary vocabulary;
  private final FastLane fastLane;
  private final Function<String, Object> variable;
  private final Function<String, String> typeOf;

  /**
   * @param variable the value of a variable declared at the prompt, or null
   * @param typeOf the type of an expression in the words of Kotlin, or null when that is not known
   *     or would take too long
   */
  Completions(
      Vocabulary vocabulary,
      FastLane fastLane,
      Function<String, Object> variable,
      Function<String, String> typeOf) {
    this.vocabulary = vocabulary;
    this.fastLane = fastLane;
    this.variable = variable;
    this.typeOf = typeOf;
  }

  /** Tells how a text ends. */
  static Place place(String before) {
    int quote = openQuote(before);
    if (quote >= 0) {
      String word = before.substring(quote + 1);
      boolean key = quote > 0 && before.charAt(quote - 1) == '[';
      String head = before.substring(0, key ? quote - 1 : quote);
      return new Place(key ? Kind.KEY : Kind.STRING, key ? receiver(head) : head, word);
    }
    int start = before.length();
    while (start > 0 && Character.isJavaIdentifierPart(before.charAt(start - 1))) {
      start--;
    }
    String word = before.substring(start);
    if (start > 0 && before.charAt(start - 1) == '.') {
      int end = start > 1 && before.charAt(start - 2) == '?' ? start - 2 : start - 1;
      return new Place(Kind.MEMBER, receiver(before.substring(0, end)), word);
    }
    boolean number = !word.isEmpty() && Character.isDigit(word.charAt(0));
    return new Place(number ? Kind.NOTHING : Kind.NAME, "", word);
  }

  /** Where the string begins that is open at the end of a text; -1 when none is. */
  private static int openQuote(String text) {
    int open = -1;
    for (int i = Math.max(0, text.lastIndexOf('\n')); i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '\\' && open >= 0) {
        i++;
      } else if (c == '"') {
        open = open >= 0 ? -1 : i;
      }
    }
    return open;
  }

  /** The expression that ends a text: names, calls, indexes and strings, joined by dots. */
  private static String receiver(String text) {
    int at = text.length();
    while (at > 0) {
      char c = text.charAt(at - 1);
      if (c == ')' || c == ']' || c == '}') {
        int open = Brackets.of(text.substring(0, at), at - 1).match();
        if (open < 0) {
          break;
        }
        at = open;
      } else if (c == '"') {
        int open = text.lastIndexOf('"', at - 2);
        if (open < 0) {
          break;
        }
        at = open;
      } else if (Character.isJavaIdentifierPart(c) || c == '.' || c == '?' || c == '!') {
        at--;
      } else if (c == ' ' && at < text.length() && text.charAt(at) == '{') {
        at--;
      } else {
        break;
      }
    }
    return text.substring(at).strip();
  }

  /** Gathers what may stand at the end of a text; better ones first. */
  void gather(String before, Collection<Completion> found) {
    Place place = place(before);
    Map<String, Completion> all = new LinkedHashMap<>();
    switch (place.kind()) {
      case NAME -> names(before, all);
      case MEMBER -> members(place.receiver(), all);
      case KEY -> keys(value(place.receiver()), all);
      case STRING -> strings(place, all);
      case NOTHING -> {}
    }
    for (int rank = 0; rank < Match.RANKS && found.isEmpty(); rank++) {
      for (Completion completion : all.values()) {
        if (Match.rank(place.word(), completion.shown()) == rank) {
          found.add(completion);
        }
      }
    }
  }

  // Names.

  private void names(String before, Map<String, Completion> all) {
    Call call = Call.around(before);
    if (call != null && call.atArgument()) {
      for (Members.Member member : functions(call)) {
        for (String parameter : parameters(member)) {
          String name = parameter.substring(0, parameter.indexOf(':'));
          add(all, name + " = ", name + " =", parameter.substring(name.length() + 2));
          constants(parameter, all);
        }
      }
    }
    for (String name : Sitting.names()) {
      add(all, name, name, describe(variable.apply(name)));
    }
    for (int i = Sitting.getCount(); i > Math.max(0, Sitting.getCount() - 9); i--) {
      Sitting.Result result = Sitting.find("res" + i);
      add(all, result.getName(), result.getName(), describe(result.getValue()));
    }
    if (Sitting.getLast() != null) {
      add(all, "it", "it", describe(Sitting.getLast().getValue()));
    }
    declared(Vocabulary.class, all);
    for (String word : WORDS) {
      add(all, word, word.replace("(", "(…)"), null);
    }
  }

  /** The constants of an enum that a parameter takes. */
  private static void constants(String parameter, Map<String, Completion> all) {
    if (parameter.contains("Mode") || parameter.contains("Verify")) {
      for (Enum<?> mode : blksh.store.VerifyOptions.Mode.values()) {
        add(all, "Verify." + mode.name(), "Verify." + mode.name(), "how thoroughly to verify");
      }
    }
  }

  // Members.

  private void members(String receiver, Map<String, Completion> all) {
    if (receiver.matches("[0-9]+")) {
      UNITS.forEach(unit -> add(all, unit, unit, "of Int"));
      return;
    }
    if (receiver.equals("Verify")) {
      for (Enum<?> mode : blksh.store.VerifyOptions.Mode.values()) {
        add(all, mode.name(), mode.name(), "how thoroughly to verify");
      }
      return;
    }
    Class<?> type = null;
    FastLane.Plain plain = receiver.isEmpty() ? null : fastLane.read(receiver);
    if (plain != null) {
      type = FastLane.raw(plain.type());
    } else {
      Object value = value(receiver);
      if (value != null) {
        type = value.getClass();
      } else if (receiver.matches("\"[^\"]*\"")) {
        type = String.class;
      } else {
        type = KotlinTypes.named(typeOf.apply(receiver));
      }
    }
    if (type != null) {
      declared(type, all);
      KotlinTypes.members(type).forEach((name, about) -> add(all, text(name), name, about));
    }
  }

  private static String text(String shown) {
    return shown.replace("(…)", "(").replace(" {…}", " { ");
  }

  /** What a class of the vocabulary declares. */
  private static void declared(Class<?> type, Map<String, Completion> all) {
    for (boolean properties : new boolean[] {true, false}) {
      for (Method method : type.getMethods()) {
        Members.Member member = Members.find(method);
        if (member != null
            && member.getProperty() == properties
            && !HIDDEN.contains(member.getName())) {
          String signature = member.getSignature();
          String name = member.getName();
          String about = signature.substring(name.length()).replaceFirst("^: ", "");
          if (properties) {
            add(all, name, name, about);
          } else {
            boolean empty = signature.startsWith(name + "()");
            add(all, empty ? name + "()" : name + "(", name + (empty ? "()" : "(…)"), about);
          }
        }
      }
    }
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
            case KEY -> keyed(value, step.text());
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

  private static Object property(Object value, String name) {
    for (Method method : value.getClass().getMethods()) {
      if (method.getParameterCount() == 0
          && (method
                  .getName()
                  .equals("get" + Character.toUpperCase(name.charAt(0)) + name.substring(1))
              || value.getClass().isRecord() && method.getName().equals(name))
          && Modifier.isPublic(method.getDeclaringClass().getModifiers())) {
        try {
          return method.invoke(value);
        } catch (ReflectiveOperationException | RuntimeException unreadable) {
          return null;
        }
      }
    }
    return null;
  }

  private static void keys(Object value, Map<String, Completion> all) {
    if (value instanceof Keyed keyed) {
      boolean few = keyed.getKeys().size() <= 50;
      for (String key : keyed.getKeys()) {
        add(all, key + "\"]", key, few ? describe(keyed.find(key)) : null);
      }
    } else if (value instanceof Map<?, ?> map) {
      map.forEach((key, item) -> add(all, key + "\"]", String.valueOf(key), describe(item)));
    }
  }

  private void strings(Place place, Map<String, Completion> all) {
    Call call = Call.around(place.receiver());
    if (call == null) {
      return;
    }
    boolean target = call.label() != null && Set.of("to", "path").contains(call.label());
    if (TAKE_REFERENCES.contains(call.function()) && !target) {
      Object store = value(call.receiver());
      if (store instanceof blksh.dsl.Store known) {
        for (var manifest : known.getManifests()) {
          add(all, manifest.getName() + "\"", manifest.getName(), "the newest");
          String reference = manifest.getReference();
          add(all, reference + "\"", reference, describe(manifest));
        }
      }
    }
    if (target || TAKE_PATHS.contains(call.function()) || call.function().equals("restore")) {
      files(place.word(), call.function().equals("drive"), all);
    }
  }

  private static void files(String word, boolean drives, Map<String, Completion> all) {
    if (drives && (word.isEmpty() || word.startsWith("/dev"))) {
      try (Stream<Path> blocks = Files.list(Path.of("/sys/block"))) {
        for (Path block : blocks.sorted().toList()) {
          String name = "/dev/" + block.getFileName();
          add(all, name + "\"", name, size(block));
        }
      } catch (IOException none) {
        // A system without them has other drives to offer: files.
      }
    }
    int slash = word.lastIndexOf('/');
    String head = word.substring(0, slash + 1);
    Path directory = Path.of(head.isEmpty() ? "." : head);
    try (Stream<Path> files = Files.list(directory)) {
      for (Path file : files.limit(MOST_FILES).sorted().toList()) {
        String name = head + file.getFileName();
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
  List<String> signatures(String before) {
    Call call = Call.around(before);
    return call == null
        ? List.of()
        : functions(call).stream().map(Members.Member::getSignature).distinct().limit(3).toList();
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

  private static void add(Map<String, Completion> all, String text, String shown, String about) {
    all.putIfAbsent(shown, new Completion(text, shown, about));
  }

  private static String describe(Object value) {
    if (value == null) {
      return null;
    }
    String text;
    try {
      text = value instanceof Described thing ? thing.title() : Words.of(value);
    } catch (RuntimeException indescribable) {
      return null;
    }
    text = text.lines().findFirst().orElse("");
    return text.length() <= LONGEST_DESCRIPTION
        ? text
        : text.substring(0, LONGEST_DESCRIPTION - 1) + "…";
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
        if (c == '"') {
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
      Place place = place(before.substring(0, open));
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
