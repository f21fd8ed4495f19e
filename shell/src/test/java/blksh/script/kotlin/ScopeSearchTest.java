package blksh.script.kotlin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import blksh.dsl.Arguments;
import blksh.dsl.Vocabulary;
import blksh.script.Scope;
import blksh.script.Sitting;
import blksh.session.Console;
import blksh.session.Evaluation;
import blksh.session.Options;
import blksh.session.Session;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What may be named at the end of an unfinished entry. */
class ScopeSearchTest {

  @TempDir static Path home;
  private static Session session;
  private static Repl repl;

  @BeforeAll
  static void start() {
    Options options = new Options();
    options.home(home);
    session = new Session(Console.ofProcess(), options, List.of());
    Arguments none = new Arguments("", "", List.of(), options);
    repl = new Repl(new Vocabulary(session, none), new Sitting(), false);
    enter("val lengths = listOf(1, 2)");
    enter("class Kept(val seen: Int) { private val hidden = 1; companion object { val ONE = 1 } }");
  }

  @AfterAll
  static void end() {
    session.close();
  }

  private static void enter(String text) {
    Repl.Entry entry = ((Repl.Compilation.Done) repl.compile(text)).getEntry();
    repl.run(entry, new Evaluation());
    repl.settle(entry, true);
  }

  private static Map<String, Scope.Name> names(String before) {
    return repl.scope(before).getNames().stream()
        .collect(Collectors.toMap(Scope.Name::getText, Function.identity(), (one, other) -> one));
  }

  @Test
  void membersAreThoseOfTheTypeBeforeTheDot() {
    Scope scope = repl.scope("lengths.");
    assertThat(scope.getReceiver()).isEqualTo("List<Int>");
    Map<String, Scope.Name> names = names("lengths.");
    assertThat(names.get("size").getKind()).isEqualTo(Scope.Kind.VALUE);
    assertThat(names.get("size").getGives()).isEqualTo("Int");
    assertThat(names.get("isEmpty").getKind()).isEqualTo(Scope.Kind.CALL);
    assertThat(names.get("contains").getKind()).isEqualTo(Scope.Kind.FUNCTION);
    assertThat(names.get("contains").getAbout()).isEqualTo("element: Int → Boolean");
    assertThat(names).doesNotContainKeys("hashCode", "equals", "wait", ScopeSearch.MARK);
  }

  @Test
  void whatIsPrivateIsNotNamed() {
    assertThat(names("Kept(1).")).containsKey("seen").doesNotContainKey("hidden");
    assertThat(names("Kept.")).containsKey("ONE").doesNotContainKey("seen");
  }

  @Test
  void theItOfABlockIsWhatTheCallGivesIt() {
    assertThat(repl.scope("lengths.map { it.").getReceiver()).isEqualTo("Int");
    assertThat(repl.scope("stores.map { it.").getReceiver()).isEqualTo("Store");
  }

  @Test
  void localsComeBeforeWhatEarlierEntriesDeclared() {
    List<String> names =
        repl.scope("fun half(count: Int): Int { val part = count / 2; return ").getNames().stream()
            .map(Scope.Name::getText)
            .toList();
    assertThat(names).contains("part", "count", "lengths");
    assertThat(names.indexOf("part")).isLessThan(names.indexOf("lengths"));
    assertThat(names.indexOf("count")).isLessThan(names.indexOf("lengths"));
  }

  @Test
  void aLocalIsNotNamedBeforeItIsThere() {
    assertThat(names("run { val early = 1; ")).containsKey("early");
    assertThat(names("run { ")).doesNotContainKey("early");
  }

  @Test
  void anArgumentMayBeNamedUntilItIsGiven() {
    Scope first = repl.scope("store(\"/s\").capture(");
    assertThat(first.getSignatures())
        .containsExactly(
            "capture(source: Input, name: String = …, skipFree: Boolean = …,"
                + " allowEmpty: Boolean = …): Captured");
    assertThat(first.getParameters())
        .extracting(Scope.Parameter::getFunction, Scope.Parameter::getName)
        .contains(tuple("Store.capture", "source"));
    assertThat(first.getParameters())
        .filteredOn(Scope.Parameter::getHere)
        .extracting(Scope.Parameter::getName)
        .containsExactly("source");
    assertThat(repl.scope("store(\"/s\").capture(stdin, name = \"a\", ").getParameters())
        .extracting(Scope.Parameter::getName)
        .containsExactly("skipFree", "allowEmpty");
  }

  @Test
  void constantsAreWhatAParameterCanBe() {
    assertThat(repl.scope("store(\"/s\").capture(stdin, \"a\", ").getParameters())
        .filteredOn(Scope.Parameter::getHere)
        .singleElement()
        .extracting(Scope.Parameter::getConstants)
        .isEqualTo(List.of("true", "false"));
  }

  @Test
  void aNamedArgumentIsWhatItsNameSays() {
    for (String given : List.of("stdin, skipFree = ", "stdin, name = \"a\", skipFree = ")) {
      assertThat(repl.scope("store(\"/s\").capture(" + given).getParameters())
          .filteredOn(Scope.Parameter::getHere)
          .extracting(Scope.Parameter::getName)
          .containsExactly("skipFree");
    }
  }

  @Test
  void lookingRunsAndDeclaresNothing() {
    repl.scope("val looked = System.setProperty(\"blksh.looked\", \"yes\"); looked.");
    assertThat(System.getProperty("blksh.looked")).isNull();
    assertThat(names("")).doesNotContainKey("looked").containsKey("lengths");
  }

  @Test
  void nothingIsFoundAfterWhatIsUnknown() {
    assertThat(repl.scope("nosuch.").getNames()).isEmpty();
  }
}
