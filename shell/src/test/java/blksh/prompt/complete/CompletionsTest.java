package blksh.prompt.complete;

import static org.assertj.core.api.Assertions.assertThat;

import blksh.dsl.Arguments;
import blksh.dsl.Vocabulary;
import blksh.prompt.line.EntryText;
import blksh.prompt.line.Quoted;
import blksh.script.FastLane;
import blksh.script.Scope;
import blksh.script.Sitting;
import blksh.script.kotlin.Repl;
import blksh.session.Console;
import blksh.session.Evaluation;
import blksh.session.Options;
import blksh.session.Session;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What TAB finds in what was declared, and what it leaves alone. */
class CompletionsTest {

  @TempDir static Path home;
  private static Session session;
  private static Repl repl;
  private static Completions completions;

  @BeforeAll
  static void start() {
    Options options = new Options();
    options.home(home);
    session = new Session(Console.ofProcess(), options, List.of());
    Arguments none = new Arguments("", "", List.of(), options);
    Vocabulary vocabulary = new Vocabulary(session, none);
    Sitting sitting = new Sitting();
    repl = new Repl(vocabulary, sitting, false);
    completions =
        new Completions(
            vocabulary,
            sitting,
            new FastLane(vocabulary, sitting),
            repl::variable,
            new Foresight(before -> Scope.EMPTY),
            name -> List.of());
  }

  @AfterAll
  static void end() {
    session.close();
  }

  private static Object enter(String text) {
    Repl.Compilation compilation = repl.compile(text);
    assertThat(compilation).as(text).isInstanceOf(Repl.Compilation.Done.class);
    Repl.Entry entry = ((Repl.Compilation.Done) compilation).getEntry();
    Repl.Outcome outcome = repl.run(entry, new Evaluation());
    repl.settle(entry, true);
    assertThat(outcome).as(text).isInstanceOf(Repl.Outcome.Value.class);
    return ((Repl.Outcome.Value) outcome).getValue();
  }

  private static List<String> shown(String before) {
    return completions.gather(EntryText.of(before), Scope.EMPTY).stream()
        .map(Completion::shown)
        .toList();
  }

  private static List<String> written(String before) {
    return completions.gather(EntryText.of(before), Scope.EMPTY).stream()
        .map(Completion::text)
        .toList();
  }

  @Test
  void runsNothingThatWasDeclared() {
    enter("var ranTimes = 0");
    enter("fun getRanFun() = mapOf(\"k\" to ++ranTimes)");
    enter("val ranDelegate by lazy { mapOf(\"k\" to ++ranTimes) }");
    enter("val ranGetter get() = mapOf(\"k\" to ++ranTimes)");
    enter(
        "class Ran(val kept: Map<String, Int>) { val member get() = mapOf(\"k\" to ++ranTimes) }");
    enter("val ranObject = Ran(mapOf(\"kept key\" to 1))");
    enter("val ranLazy = lazy { mapOf(\"k\" to ++ranTimes) }");
    assertThat(shown("")).contains("ranTimes", "ranFun", "ranDelegate", "ranGetter", "ranObject");
    for (String name :
        List.of("ranFun", "ranDelegate", "ranGetter", "ranObject.member", "ranLazy.value")) {
      assertThat(shown(name + "[\"")).as(name).isEmpty();
      completions.signatures(EntryText.of(name + ".getValue("));
    }
    assertThat(shown("ranObject.kept[\"")).containsExactly("kept key");
    assertThat(enter("ranTimes")).isEqualTo(0);
  }

  @Test
  void waitsForNoEntry() throws Exception {
    enter("val plainValue = mapOf(\"some key\" to 1)");
    synchronized (repl) {
      assertThat(
              CompletableFuture.supplyAsync(() -> shown("plainValue[\"")).get(10, TimeUnit.SECONDS))
          .containsExactly("some key");
    }
  }

  @Test
  void writesKeysSoThatTheyAreFoundAndNothingElse() {
    List<String> names =
        List.of("$MFT", "${println()}", "a \"b\"", "c:\\d", "e\033[2Jf\u009bg\nh", "plain");
    for (String name : names) {
      enter("val quotedKeys = mapOf(\"" + Quoted.of(name) + "\" to \"the\\u001b value\")");
      List<String> written = written("quotedKeys[\"");
      assertThat(written).hasSize(1);
      assertThat(enter("quotedKeys[\"" + written.get(0))).isEqualTo("the\033 value");
      assertThat(enter("quotedKeys.keys.single()")).isEqualTo(name);
      Completion found = completions.gather(EntryText.of("quotedKeys[\""), Scope.EMPTY).get(0);
      assertThat(found.shown() + found.type()).doesNotContainPattern("\\p{Cntrl}|\u009b");
      for (int typed = 1; typed < found.shown().length(); typed++) {
        assertThat(shown("quotedKeys[\"" + found.shown().substring(0, typed)))
            .containsExactly(found.shown());
      }
    }
    enter("val deepKeys = mapOf(\"\\$MFT\" to mapOf(\"inner\" to 1))");
    assertThat(written("deepKeys[\"\\$MFT\"][\"in")).containsExactly("inner\"]");
    assertThat(shown("\"$quotedK")).containsExactly("quotedKeys");
  }

  @Test
  void writesPathsSoThatTheyAreFound() throws Exception {
    Path odd = Files.createDirectories(home.resolve("odd ${1 + 1}"));
    Files.createFile(odd.resolve("$a\"b\\c"));
    List<String> inside = written("drive(\"" + home + "/odd");
    assertThat(inside).containsExactly(home + "/odd \\${1 + 1}/");
    List<String> file = written("drive(\"" + inside.get(0));
    assertThat(file).containsExactly(inside.get(0) + "\\$a\\\"b\\\\c\"");
    assertThat(enter("\"" + file.get(0))).isEqualTo(odd.resolve("$a\"b\\c").toString());
  }
}
