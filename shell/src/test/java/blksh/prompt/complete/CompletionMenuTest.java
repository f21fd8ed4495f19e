package blksh.prompt.complete;

import static blksh.kit.Await.pause;
import static org.assertj.core.api.Assertions.assertThat;

import blksh.kit.Pane;
import blksh.kit.Program;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What TAB shows, on a screen. */
class CompletionMenuTest {

  @TempDir static Path shared;
  @TempDir Path home;

  @BeforeAll
  static void prepare() throws Exception {
    Program.prepare(shared);
  }

  private Pane open() throws Exception {
    Files.writeString(home.resolve("config"), "suggestions = off\n");
    Pane pane = Pane.open(home, 100, 30);
    // From then on the compiler is there and TAB has all within its time.
    pane.ask(
        "class Disk(val size: Int, val resized: Int, val storedSize: Int, val label: String)", "");
    pane.ask("val disk = Disk(40, 50, 30, \"root\")", "disk");
    pane.press("C-l");
    return pane;
  }

  @Test
  void listsWhatBeginsSoFirstAndNarrowsWhileOneTypesOn() throws Exception {
    try (Pane pane = open()) {
      pane.type("disk.size");
      pane.press("Tab");
      pane.await(
          screen ->
              screen.matches(
                  "(?s).*blksh> disk\\.size\\s*\\nsize +Int\\s*\\nstoredSize +Int\\s*\\nresized +Int\\s*"));
      // The first chooses the first, the next the next.
      pane.press("Tab");
      pause(100); // two presses at once are one, for what they would complete
      pane.press("Tab");
      pane.await(screen -> screen.contains("blksh> disk.storedSize"));
      pane.press("Enter");
      pane.await(screen -> screen.endsWith("blksh> disk.storedSize"));
      pane.press("Enter");
      pane.await(screen -> screen.endsWith("\n30\nblksh>"));
      pane.press("C-l");
      pane.type("disk.");
      pane.press("Tab");
      pane.await(screen -> screen.contains("label ") && screen.contains("also {…}"));
      pane.type("la");
      String narrowed =
          pane.await(screen -> screen.contains("blksh> disk.la") && !screen.contains("storedSize"));
      assertThat(narrowed).contains("label ");
    }
  }

  @Test
  void tellsWhatEachIsInOneLine() throws Exception {
    try (Pane pane = open()) {
      pane.type("store(home).re");
      pane.press("Tab");
      pane.await(
          screen ->
              screen.matches(
                  "(?s).*\\nreachable +Boolean +Whether there is a store at its place now\\s*\\n.*"
                      + "\\nrestore\\(…\\) +Restored +Restores a version to a file or a drive, .*"));
      pane.press("C-c");
      pane.resize(60, 14);
      pane.press("C-l");
      pane.type("store(home).");
      pane.press("Tab");
      pane.await(screen -> screen.matches("(?s).*\n… \\d+ more: type on, or TAB to choose\\s*"));
      assertThat(pane.screen().lines()).allMatch(line -> line.length() < 60);
    }
  }
}
