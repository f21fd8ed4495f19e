package blksh.shell;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class SavedSessionTest {

  private static String script(String... entries) {
    return saved(Stream.of(entries).map(text -> new Commands.Entry(text, null)).toList());
  }

  private static String saved(List<Commands.Entry> entries) {
    return SavedSession.script(entries).replaceFirst("^// .*\n", "");
  }

  @Test
  void movesImportsUp() {
    assertThat(script("val a = 1", "import x.Y\nval b = Y()", "import x.Y"))
        .isEqualTo("import x.Y\nval a = 1\nval b = Y()\n");
  }

  @Test
  void dropsWhatWasDeclaredAgainUnused() {
    assertThat(script("val a = 1", "val b = 2", "val a = 3", "a + b"))
        .isEqualTo("val b = 2\nval a = 3\na + b\n");
    assertThat(script("fun f() = 1", "fun f() = 2", "f()")).isEqualTo("fun f() = 2\nf()\n");
  }

  @Test
  void keepsWhatWasUsedBefore() {
    assertThat(script("val a = 1", "println(a)", "val a = 3"))
        .isEqualTo("val a = 1\nprintln(a)\nval a = 3\n");
    assertThat(script("val a = 1", "val a = a + 1")).isEqualTo("val a = 1\nval a = a + 1\n");
  }

  @Test
  void declaresResultsThatAreUsedLater() {
    assertThat(
            saved(
                List.of(
                    new Commands.Entry("1 + 1", "res1"),
                    new Commands.Entry("it * 2", "res2"),
                    new Commands.Entry("listOf(it).map { it + 1 }", "res3"),
                    new Commands.Entry("val a = \"$it ${it}\"", null),
                    new Commands.Entry("res1 + 5", "res4"))))
        .isEqualTo(
            """
            val res1 = 1 + 1
            val res2 = res1 * 2
            val res3 = listOf(res2).map { it + 1 }
            val a = "$res3 ${res3}"
            res1 + 5
            """);
  }
}
