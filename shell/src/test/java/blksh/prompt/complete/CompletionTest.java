package blksh.prompt.complete;

import static org.assertj.core.api.Assertions.assertThat;

import blksh.kit.Effort;
import blksh.kit.Program;
import blksh.kit.Pty;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** TAB, pressed at recorded places in a workspace of three stores and many versions. */
class CompletionTest {

  /** Versions in each store; five thousand in all by {@code -Dblksh.versions=1667}. */
  private static final int VERSIONS = Effort.of("blksh.versions", 240, 1667);

  private static final long ECHO_MILLIS = 50;
  private static final long MENU_MILLIS = 200;
  private static final long CALM_MILLIS = 60;
  private static final long DRAWN_MILLIS = 3_000;
  private static final long LATE_MILLIS = 10_000;

  private static Path home;

  /** In memory where there is a place for that: thousands of captures are thousands of syncs. */
  @BeforeAll
  static void capture() throws Exception {
    Path memory = Path.of("/dev/shm");
    home =
        Files.isWritable(memory)
            ? Files.createTempDirectory(memory, "blksh-test")
            : Files.createTempDirectory("blksh-test");
    Program.prepare(home);
    // What history suggests is no answer to TAB.
    Files.writeString(home.resolve("config"), "suggestions = off\n");
    Path script = home.resolve("many.kts");
    Files.writeString(script, resource("many.kts"));
    String each = Integer.toString(VERSIONS);
    assertThat(new Program(home).run("run", script.toString(), "--count", each).out())
        .endsWith(3 * VERSIONS + "\n");
  }

  @AfterAll
  static void drop() throws IOException {
    try (Stream<Path> files = Files.walk(home)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }

  private static String resource(String name) throws IOException {
    try (InputStream in = CompletionTest.class.getResourceAsStream(name)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  @Test
  void offersWhatBelongsThere() throws Exception {
    List<String> wrong = new ArrayList<>();
    int places = 0;
    try (Pty pty = Pty.open(home, 160, 60)) {
      for (String line : resource("tabs.txt").lines().filter(it -> !it.startsWith("#")).toList()) {
        int tab = line.indexOf('\t');
        String typed = line.substring(0, tab);
        String expected = line.substring(tab + 1);
        if (expected.isEmpty()) {
          assertThat(pty.enter(typed)).as(typed).doesNotContain("error");
          continue;
        }
        places++;
        if (!offers(pty, typed, expected)) {
          wrong.add(line + "\n" + pty.seen());
        }
        pty.type("\003");
        pty.await(seen -> seen.endsWith(Pty.PROMPT));
      }
    }
    assertThat(places).isGreaterThanOrEqualTo(200);
    assertThat(wrong).isEmpty();
  }

  /** In the menu, or in the line, which is drawn anew to see it whole. */
  private static boolean offers(Pty pty, String typed, String expected) throws Exception {
    assertThat(typed).doesNotContain(expected);
    pty.type(typed);
    pty.comes(seen -> seen.endsWith(typed.substring(typed.length() - 1)), ECHO_MILLIS);
    pty.type("\t");
    // What goes on in the line is part of what is expected; a menu comes as one.
    boolean shown = pty.comes(seen -> !seen.isBlank(), MENU_MILLIS);
    if (shown && pty.comes(seen -> seen.contains(expected), CALM_MILLIS)) {
      return true;
    }
    pty.type("\014");
    if (pty.comes(seen -> seen.contains(expected), DRAWN_MILLIS)) {
      return true;
    }
    pty.type("\t"); // on a busy machine a menu may have come and been drawn over
    return pty.comes(seen -> seen.contains(expected), LATE_MILLIS);
  }
}
