package blksh.prompt.complete;

import blksh.dsl.Vocabulary;
import blksh.prompt.complete.Completion.Standing;
import blksh.prompt.line.Caret;
import blksh.prompt.line.EntryText;
import blksh.prompt.line.OpenCall;
import blksh.script.FastLane;
import blksh.script.Members;
import blksh.script.Scope;
import blksh.script.Sitting;
import java.util.List;
import java.util.function.Function;

/**
 * What may stand at the cursor, from the values that are there and from what is declared, joined.
 * Properties and keys are read; no function is called, except those that only look something up.
 */
public final class Completions {

  private static final String IMPORT = "import ";

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

  private final Sitting sitting;
  private final FastLane fastLane;
  private final Foresight foresight;
  private final Function<String, List<String>> importable;
  private final LiveValues values;
  private final Declared declared = new Declared();
  private final CalledFunctions called;
  private final StringContents strings;

  /**
   * @param variable the value of a variable declared at the prompt, or null; runs nothing
   * @param importable the functions and properties a package of Kotlin declares
   */
  public Completions(
      Vocabulary vocabulary,
      Sitting sitting,
      FastLane fastLane,
      Function<String, Object> variable,
      Foresight foresight,
      Function<String, List<String>> importable) {
    this.sitting = sitting;
    this.fastLane = fastLane;
    this.foresight = foresight;
    this.importable = importable;
    this.values = new LiveValues(vocabulary, sitting, variable);
    this.called = new CalledFunctions(fastLane, sitting, values);
    this.strings = new StringContents(values);
  }

  /** Gathers what may stand at the end of a text; better ones first. */
  List<Completion> gather(EntryText before, Scope scope) {
    Caret caret = before.caret();
    Choices all = new Choices();
    String line = lastLine(before);
    if (line.startsWith(IMPORT)) {
      imports(line.substring(IMPORT.length()).strip(), all);
    } else {
      switch (caret.kind()) {
        case NAME -> names(before, scope, all);
        case MEMBER -> members(before, caret.receiver(), scope, all);
        case KEY -> strings.keys(values.of(caret.receiver()), all);
        case STRING -> strings.strings(caret, scope, all);
        case NOTHING -> {}
      }
    }
    boolean named = caret.kind() == Caret.Kind.NAME || caret.kind() == Caret.Kind.MEMBER;
    List<Completion> found = named ? all.sorted() : all.asGathered();
    return Match.best(caret.word(), found, Completion::shown);
  }

  private static String lastLine(EntryText before) {
    String text = before.text();
    return text.substring(text.lastIndexOf('\n') + 1).stripLeading();
  }

  /**
   * The text up to the place that the compiler is to be asked about; null when it has nothing to
   * say there.
   */
  public static String asked(EntryText before) {
    Caret caret = before.caret();
    String text = before.text();
    return switch (caret.kind()) {
      case NAME, MEMBER ->
          lastLine(before).startsWith(IMPORT)
              ? null
              : text.substring(0, text.length() - caret.word().length());
      case STRING -> caret.receiver();
      case KEY, NOTHING -> null;
    };
  }

  private void imports(String path, Choices all) {
    String parent = path.contains(".") ? path.substring(0, path.lastIndexOf('.')) : "";
    Packages packages = Packages.get();
    for (String name : packages.inside(parent)) {
      all.add(name, name, "package");
    }
    for (String name : packages.classes(parent)) {
      all.add(name, name, "class");
    }
    for (String name : importable.apply(parent)) {
      all.add(name, name, null);
    }
  }

  private void names(EntryText before, Scope scope, Choices all) {
    arguments(before.call(), scope, all);
    for (String name : sitting.names()) {
      Object value = values.variable(name);
      if (value != null) {
        all.add(name, name, Glimpse.of(value));
      }
    }
    for (int i = sitting.getCount(); i > Math.max(0, sitting.getCount() - 9); i--) {
      Sitting.Result result = sitting.find("res" + i);
      all.add(result.getName(), result.getName(), Glimpse.of(result.getValue()));
    }
    boolean block = scope.getNames().stream().anyMatch(name -> name.getText().equals("it"));
    if (sitting.getLast() != null && !block) {
      all.add("it", "it", Glimpse.of(sitting.getLast().getValue()));
    }
    declared.offer(Vocabulary.class, all);
    if (!before.caret().word().isEmpty()) {
      scope.getNames().forEach(name -> all.add(name, Declared.type(name)));
      KEYWORDS.forEach(word -> all.add(new Completion(word, word, "", "keyword", Standing.COMMON)));
    }
    sitting.names().forEach(name -> all.add(name, name, null));
  }

  /** What the call around the place takes: values of few, and names of parameters. */
  private void arguments(OpenCall call, Scope scope, Choices all) {
    if (call == null || !call.atArgument()) {
      return;
    }
    for (Scope.Parameter parameter : scope.getParameters()) {
      if (parameter.getHere()) {
        String doc = Declared.parameter(parameter.getFunction(), parameter.getName());
        for (String constant : parameter.getConstants()) {
          String type = parameter.getName();
          all.add(new Completion(constant, constant, type, doc, Standing.ARGUMENT));
        }
      }
    }
    for (Scope.Parameter parameter : scope.getParameters()) {
      argument(parameter.getFunction(), parameter.getName(), parameter.getType(), all);
    }
    for (Members.Member member : called.functions(call)) {
      for (String parameter : CalledFunctions.parameters(member)) {
        String name = parameter.substring(0, parameter.indexOf(':'));
        String type = parameter.substring(name.length() + 2);
        String owner = member.getOwner();
        String function = owner.equals("Vocabulary") ? "" : owner + ".";
        argument(function + member.getName(), name, type, all);
      }
    }
  }

  private static void argument(String function, String name, String type, Choices all) {
    String doc = Declared.parameter(function, name);
    all.add(new Completion(name + " = ", name + " =", type, doc, Standing.ARGUMENT));
  }

  // Members.

  private void members(EntryText before, String receiver, Scope scope, Choices all) {
    for (Scope.Name name : scope.getNames()) {
      all.add(name, declared.brief(scope.getReceiver(), name.getText()));
    }
    if (scope.getNames().isEmpty() && !inBlock(before)) {
      FastLane.Plain plain = receiver.isEmpty() ? null : fastLane.read(receiver);
      Object value = plain == null ? values.of(receiver) : null;
      if (plain != null) {
        declared.offer(FastLane.raw(plain.type()), all);
      } else if (value != null) {
        declared.offer(value.getClass(), all);
      }
    }
  }

  /** Whether the end of a text is in braces: there {@code it} and other names may be new ones. */
  private static boolean inBlock(EntryText entry) {
    return entry.text().indexOf('{') >= 0 && entry.open() > 0;
  }

  /**
   * What may stand at the end of a text, if that is certain without the compiler: members that the
   * vocabulary declares for a plain path.
   */
  List<Completion> certain(EntryText before) {
    Caret caret = before.caret();
    boolean plain =
        caret.kind() == Caret.Kind.MEMBER
            && !caret.receiver().isEmpty()
            && !inBlock(before)
            && fastLane.read(caret.receiver()) != null;
    return plain ? gather(before, Scope.EMPTY) : List.of();
  }

  /** What the call around the cursor takes, if it is one of the vocabulary; one line each. */
  public List<String> signatures(EntryText before) {
    OpenCall call = before.call();
    if (call == null) {
      return List.of();
    }
    List<String> ours =
        called.functions(call).stream()
            .map(Members.Member::getSignature)
            .distinct()
            .limit(3)
            .toList();
    String asked = asked(before);
    Scope scope = ours.isEmpty() && asked != null ? foresight.known(asked) : null;
    return scope == null ? ours : scope.getSignatures().stream().limit(3).toList();
  }
}
