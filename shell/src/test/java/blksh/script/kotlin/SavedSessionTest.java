package blksh.script.kotlin;

import static org.assertj.core.api.Assertions.assertThat;

import blksh.dsl.Arguments;
import blksh.dsl.Vocabulary;
import blksh.script.Sitting;
import blksh.session.Console;
import blksh.session.Options;
import blksh.session.Session;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Entries as a script; an entry with a result is written {@code res1: text}. */
class SavedSessionTest {

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
  }

  @AfterAll
  static void end() {
    session.close();
  }

  private static String script(String... entries) {
    List<String> texts =
        Arrays.stream(entries).map(entry -> entry.replaceFirst("^res\\d+: ", "")).toList();
    List<String> results =
        Arrays.stream(entries)
            .map(entry -> entry.matches("(?s)res\\d+: .*") ? entry.split(":")[0] : null)
            .toList();
    Repl.Saved saved = repl.saved(texts, results);
    assertThat(saved.getProblems()).as(saved.getScript()).isEmpty();
    return saved.getScript().replaceFirst("^// .*\n", "");
  }

  @Test
  void movesImportsUp() {
    assertThat(
            script("val a = 1", "import java.io.File\nval b = File(\"x\")", "import java.io.File"))
        .isEqualTo("import java.io.File\nval a = 1\nval b = File(\"x\")\n");
  }

  @Test
  void dropsWhatWasDeclaredAgainUnused() {
    assertThat(script("val a = 1", "val b = 2", "val a = 3", "a + b"))
        .isEqualTo("val b = 2\nval a = 3\na + b\n");
    assertThat(script("fun f() = 1", "fun f() = 2", "f()")).isEqualTo("fun f() = 2\nf()\n");
    assertThat(script("fun f(n: Int): Int = if (n < 1) 0 else f(n - 1)", "fun f(n: Int) = n"))
        .isEqualTo("fun f(n: Int) = n\n");
  }

  @Test
  void keepsWhatRanThoughItsNameWasDeclaredAgain() {
    assertThat(script("val r = listOf(1).map { it }", "val r = listOf(2).map { it }", "r"))
        .isEqualTo("val r_1 = listOf(1).map { it }\nval r = listOf(2).map { it }\nr\n");
    assertThat(script("val a = \"${println()}\"", "val a = -1", "val a = \"x\""))
        .isEqualTo("val a_1 = \"${println()}\"\nval a = \"x\"\n");
    assertThat(script("val (a) = listOf(1)", "val a by lazy { 2 }", "val a get() = 3", "a"))
        .isEqualTo("val (a_2) = listOf(1)\nval a_1 by lazy { 2 }\nval a get() = 3\na\n");
  }

  @Test
  void givesAnotherNameToWhatWasUsedBefore() {
    assertThat(script("val a = 1", "println(\"$a a\")", "val a = 3", "a"))
        .isEqualTo("val a_1 = 1\nprintln(\"$a_1 a\")\nval a = 3\na\n");
    assertThat(script("data class P(val a: Int)", "val a = P(a = 1)", "a.a", "val a = 2"))
        .isEqualTo("data class P(val a: Int)\nval a_1 = P(a = 1)\na_1.a\nval a = 2\n");
    assertThat(script("val a = 1", "listOf(a).map { a -> a }", "val (a, b) = 1 to 2", "a + b"))
        .isEqualTo("val a_1 = 1\nlistOf(a_1).map { a -> a }\nval (a, b) = 1 to 2\na + b\n");
    assertThat(script("fun Int.up() = this + 1", "1.up()", "fun Int.up() = this + 2", "1.up()"))
        .isEqualTo("fun Int.up_1() = this + 1\n1.up_1()\nfun Int.up() = this + 2\n1.up()\n");
    assertThat(script("class C(val n: Int)", "val c: C = C(1)", "class C", "c"))
        .isEqualTo("class C_1(val n: Int)\nval c: C_1 = C_1(1)\nclass C\nc\n");
  }

  @Test
  void keepsFunctionsOfOneNameThatTakeOtherThings() {
    assertThat(script("fun f(n: Int) = n", "fun f(s: String) = s", "f(1).toString() + f(\"\")"))
        .isEqualTo("fun f(n: Int) = n\nfun f(s: String) = s\nf(1).toString() + f(\"\")\n");
  }

  @Test
  void declaresResultsThatAreUsedLater() {
    assertThat(
            script(
                "res1: 1 + 1",
                "res2: it * 2",
                "res3: listOf(it).map { it + 1 }",
                "val a = \"it is $it ${it}\"",
                "if (it.size > 1) { println(it) }",
                "res4: listOf(1).map { n -> n + it.size }",
                "res5: val b = 3; b + 1",
                "res5 + res1 + 5"))
        .isEqualTo(
            """
            val res1 = 1 + 1
            val res2 = res1 * 2
            val res3 = listOf(res2).map { it + 1 }
            val a = "it is $res3 ${res3}"
            if (res3.size > 1) { println(res3) }
            listOf(1).map { n -> n + res3.size }
            val b = 3; val res5 = b + 1
            res5 + res1 + 5
            """);
  }

  @Test
  void knowsWhichBlocksGiveAnIt() {
    assertThat(
            script(
                "import java.io.File",
                "res1: listOf(1, 2)",
                "  run { it.size }; it.map { it + 1 }",
                "run { it.map { it + run { it } } + it.size }",
                "run { listOf(3).let { \"$it\" } }",
                "val f = run { \"$it ${run { it }}\" }"))
        .isEqualTo(
            """
            import java.io.File
            val res1 = listOf(1, 2)
            run { res1.size }; res1.map { it + 1 }
            run { res1.map { it + run { it } } + res1.size }
            run { listOf(3).let { "$it" } }
            val f = run { "$res1 ${run { res1 }}" }
            """);
  }

  @Test
  void keepsBlocksApartFromTheCallBefore() {
    assertThat(script("println()", "res1: { n: Int -> n }", "val f = it", "f(1)"))
        .isEqualTo("println()\nval res1 = { n: Int -> n }\nval f = res1\nf(1)\n");
    assertThat(script("println()", "{ n: Int -> n }")).isEqualTo("println()\n;{ n: Int -> n }\n");
  }

  @Test
  void saysWhatDoesNotCompile() {
    Repl.Saved saved = repl.saved(List.of("1", "fromElsewhere() + 1"), Arrays.asList(null, null));
    assertThat(saved.getProblems()).hasSize(1);
    assertThat(saved.getProblems().get(0).getMessage()).contains("fromElsewhere");
    assertThat(saved.getProblems().get(0).getLine()).isEqualTo(3);
  }
}
