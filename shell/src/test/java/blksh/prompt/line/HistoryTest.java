package blksh.prompt.line;

import static org.assertj.core.api.Assertions.assertThat;

import blksh.kit.Pane;
import blksh.kit.Program;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Earlier entries, on a screen. */
class HistoryTest {

  @TempDir static Path shared;
  @TempDir Path home;

  @BeforeAll
  static void prepare() throws Exception {
    Program.prepare(shared);
  }

  @Test
  void isSearchedThroughSessions() throws Exception {
    try (Pane pane = Pane.open(home, 80, 30)) {
      pane.ask("val alpha = 12", "alpha");
      pane.ask("val beta = listOf(alpha)", "beta");
      pane.ask("val alpha = 12", "alpha");
      pane.enter("fun twice(n: Int): Int {");
      pane.await(screen -> screen.endsWith(".... >"));
      pane.enter("return n * 2");
      pane.await(screen -> screen.endsWith("return n * 2\n.... >"));
      pane.ask("}", "}");
    }
    try (Pane pane = Pane.open(home, 80, 30)) {
      pane.press("C-r");
      pane.type("alp");
      pane.await(screen -> screen.endsWith("\nblksh> val alpha = 12\nbck-i-search: alp_"));
      pane.press("C-r");
      pane.await(
          screen -> screen.endsWith("\nblksh> val beta = listOf(alpha)\nbck-i-search: alp_"));
      // It was entered twice and is there once.
      pane.press("C-r");
      pane.await(screen -> screen.endsWith("\nfailing bck-i-search: alp_"));
      pane.press("C-g");
      pane.await(screen -> screen.endsWith("\nblksh>"));
      pane.type("half");
      pane.press("C-r");
      pane.type("int): int {");
      pane.await(screen -> screen.contains("fun twice") && screen.endsWith("search: int): int {_"));
      pane.press("C-c");
      // A second empty prompt is seen at times, when the machine is busy.
      pane.await(screen -> screen.matches("(?s).*\nblksh> half *\n(blksh> *\n)?blksh>"));
      assertThat(pane.cursor()).startsWith("7,");
      pane.press("C-r");
      pane.type("twi");
      pane.await(screen -> screen.endsWith("search: twi_"));
      pane.press("Enter");
      pane.await(screen -> screen.endsWith("}\nblksh>"));
      pane.ask("twice(21)", "\n42\n");
      pane.press("Up", "Up");
      pane.await(
          screen ->
              screen.endsWith("blksh> fun twice(n: Int): Int {\n.... >   return n * 2\n.... > }"));
    }
  }
}
