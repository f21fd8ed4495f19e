package blksh.prompt;

import static blksh.kit.Await.pause;
import static org.assertj.core.api.Assertions.assertThat;

import blksh.kit.Effort;
import blksh.kit.Pane;
import blksh.kit.Program;
import blksh.kit.Pty;
import blksh.kit.SharedPty;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The prompt under people who resize, paste and press Ctrl-C whenever they like. */
class RoughHandlingTest {

  /** How often a capture is interrupted; more by {@code -Dblksh.interrupts=50}. */
  private static final int INTERRUPTS = Effort.of("blksh.interrupts", 6, 50);

  private static final int IMAGE_BYTES = 64 << 20;

  @TempDir static Path shared;
  @AutoClose static final SharedPty WARM = new SharedPty(120, 40);
  @TempDir Path home;

  @BeforeAll
  static void prepare() throws Exception {
    Program.prepare(shared);
  }

  @Test
  void livesOnAfterCtrlCAtAnyInstantOfACapture() throws Exception {
    byte[] image = new byte[IMAGE_BYTES];
    long seed = System.nanoTime();
    Random random = new Random(seed);
    random.nextBytes(image);
    Files.write(home.resolve("image"), image);
    int stopped = 0;
    try (Pty pty = Pty.open(home, 120, 40)) {
      pty.enter("val image = drive(home.resolve(\"image\"))");
      pty.enter("val first = store(home.resolve(\"first\"))");
      pty.enter("first.capture(image, name = \"image\")"); // compiles what the others find compiled
      pty.enter("val second = store(home.resolve(\"second\"))");
      long began = System.nanoTime();
      pty.enter("second.capture(image, name = \"image\")");
      int longest = (int) ((System.nanoTime() - began) / 1_000_000);
      for (int i = 0; i < INTERRUPTS || stopped == 0 && i < 4 * INTERRUPTS; i++) {
        pty.enter("val s = store(home.resolve(\"store" + i + "\"))");
        pty.type("s.capture(image, name = \"image\")\r");
        pause(random.nextInt(longest));
        stopped += pty.interrupt().contains("interrupted") ? 1 : 0;
        String verified = pty.enter("if (s.reachable) s.verify().clean else true");
        assertThat(verified).as("seed " + seed + ", round " + i).endsWith("yes\n");
      }
      assertThat(pty.enter("s.capture(image, name = \"image\").manifest.size.bytes"))
          .endsWith(IMAGE_BYTES + "\n");
    }
    assertThat(stopped).isPositive();
  }

  @Test
  void takesAPasteOfTwoHundredLinesAsOneEntry() throws Exception {
    String lines =
        IntStream.rangeClosed(1, 200)
            .mapToObj(i -> "val pasted" + i + " = " + i + " // line " + i)
            .collect(Collectors.joining("\n"));
    Pty pty = WARM.in(shared);
    assertThat(pty.enter(lines)).isEmpty();
    assertThat(pty.enter("pasted1 + pasted200")).isEqualTo("201\n");
    pty.type("\033OA");
    pty.await(seen -> seen.contains("pasted200"));
    pty.type("\033OA");
    pty.await(seen -> seen.contains("// line 200"));
    pty.type("\003");
    pty.await(seen -> seen.endsWith(Pty.PROMPT));
  }

  @Test
  void losesNothingOfWhatIsTypedAheadOfIt() throws Exception {
    String lines =
        IntStream.rangeClosed(1, 12)
            .mapToObj(i -> "val typed" + i + " = " + i + "\r")
            .collect(Collectors.joining());
    try (Pty pty = Pty.open(home, 120, 40)) {
      pty.type(lines);
      pty.type("typed1 + typed12 + 1000\r");
      pty.await(seen -> seen.contains("\n1013\n" + Pty.PROMPT));
    }
  }

  @Test
  void leavesNothingOfAnEntryBehindThatGetsAnotherWidth() throws Exception {
    try (Pane pane = Pane.open(home, 80, 24)) {
      pane.press("C-l");
      pane.await(screen -> screen.strip().equals("blksh>"));
      String entry = "val wide = \"" + "0123456789".repeat(12);
      pane.type(entry);
      for (int width : new int[] {60, 20, 100, 33, 80}) {
        String before = "blksh> " + entry;
        pane.resize(width, 24);
        pane.await(screen -> rows(screen, width) && joined(screen).equals(before));
        pane.type("a");
        entry += "a";
        pane.await(screen -> joined(screen).equals(before + "a"));
      }
      pane.type("\".let {\rit\r");
      pane.await(screen -> screen.split("\\.\\.\\.\\. >", -1).length == 3);
      for (int width : new int[] {30, 100, 25}) {
        pane.resize(width, 24);
        pane.await(screen -> rows(screen, width) && joined(screen).endsWith(".... >"));
        assertThat(pane.screen().split("blksh>", -1)).hasSize(2);
        assertThat(pane.screen().split("\\.\\.\\.\\. >", -1)).hasSize(3);
      }
    }
  }

  /** Whether the first row is as wide as the screen is now. */
  private static boolean rows(String screen, int width) {
    return screen.lines().findFirst().orElse("").length() == width;
  }

  private static String joined(String screen) {
    return screen.replace("\n", "");
  }

  @Test
  void keepsTheEntryThroughResizesAndLeavesThePagerByCtrlC() throws Exception {
    try (Pane pane = Pane.open(home, 100, 30)) {
      pane.enter("for (i in 1..300) { println(\"line $i \" + \"x\".repeat(50)); Thread.sleep(5) }");
      for (int width : new int[] {60, 130, 40, 100}) {
        pause(200); // it prints meanwhile
        pane.resize(width, 30);
      }
      pane.await(screen -> screen.contains("line 300 ") && screen.endsWith("\nblksh>"));
      pane.type("val resized = \"" + "0123456789".repeat(6));
      for (int width : new int[] {50, 120, 70}) {
        pane.resize(width, 30);
        pause(300); // what is typed comes at another width
        pane.type("abc");
      }
      pane.type("\".length");
      pane.await(screen -> screen.replace("\n", "").endsWith("abcabcabc\".length"));
      pane.press("Enter");
      pane.await(screen -> screen.endsWith("\nblksh>"));
      pane.ask("resized", "\n69\n");

      pane.resize(80, 20);
      pane.press("C-l");
      pane.await(screen -> screen.strip().equals("blksh>"));
      pane.enter("(1..100).map { \"line \" + it }");
      pane.await(screen -> screen.contains("q leaves"));
      pane.press("C-c");
      pane.await(screen -> screen.endsWith("\nblksh>"));
      pane.ask("40 + 2", "\n42\n");
      // Who types on is not held up by it.
      pane.type("Thread.sleep(1500); (1..100).toList()\r40 + 3\r");
      pane.await(screen -> screen.contains("\n100\n") && screen.endsWith("\n43\nblksh>"));
    }
  }

  @Test
  void livesOnWhateverResultsDo() throws Exception {
    Pty pty = WARM.in(shared);
    pty.type(
        "object { override fun toString(): String { print(\"go\" + \"ing\"); Thread.sleep(600000); return \"\" } }\r");
    pty.await(seen -> seen.contains("going"));
    pty.type("\003");
    pty.await(seen -> seen.contains("blksh: interrupted\n" + Pty.PROMPT));
    pty.type(
        "object { override fun toString(): String { print(\"go\" + \"ing\"); while (true) { } } }\r");
    pty.await(seen -> seen.contains("going"));
    pty.type("\003");
    pty.await(seen -> seen.contains("blksh: interrupted\n" + Pty.PROMPT));
    assertThat(pty.enter("object { override fun toString(): String = error(\"mute\") }"))
        .isEqualTo("blksh: cannot print the result: IllegalStateException: mute\n");
    assertThat(pty.enter("val all = ArrayList<Any>(); all.add(all); all"))
        .contains("blksh: cannot print the result: ");
    assertThat(
            pty.enter("val failing = Thread { error(\"apart\") }; failing.start(); failing.join()"))
        .endsWith("blksh: thread Thread-" + digits(pty) + ": IllegalStateException: apart\n");
    assertThat(pty.enter(":why")).contains("IllegalStateException: apart\n");
    assertThat(pty.enter(":set pager off")).isEqualTo("pager = off\n");
    assertThat(pty.enter("(1..6_000_000).toList()")).contains("9999\n10000\n\n… 5990000 more\n");
    assertThat(pty.enter("\"x\".repeat(100_000_000)"))
        .contains("… " + (100_000_000 - (1 << 20)) + " characters more\n");
    assertThat(pty.enter("1 + 1")).isEqualTo("2\n");
  }

  private static String digits(Pty pty) {
    return pty.seen().replaceAll("(?s).*thread Thread-(\\d+).*", "$1");
  }

  @Test
  void givesUpWhatDoesNotStopAtTheSecondCtrlC() throws Exception {
    try (Pty pty = Pty.warm(home, 120, 40)) {
      // A loop of Java's own, which passes no checkpoint and waits for nothing.
      pty.type(
          "print(\"go\" + \"ing\"); java.util.stream.LongStream.range(0, Long.MAX_VALUE).sum()\r");
      pty.await(seen -> seen.contains("going"));
      pty.type("\003");
      assertThat(pty.comes(seen -> seen.endsWith(Pty.PROMPT), 500)).isFalse();
      pty.type("\003");
      pty.await(seen -> seen.contains("blksh: given up; it may still be running\n" + Pty.PROMPT));
      assertThat(pty.enter("40 + 2")).isEqualTo("42\n");
      pty.type(
          "java.util.stream.LongStream.range(0, 1L shl 40).forEach { if (it % (1L shl 24) == 0L) print('#') }\r");
      pty.await(seen -> seen.contains("##"));
      pty.type("\003");
      pty.await(seen -> seen.contains("blksh: interrupted\n" + Pty.PROMPT));
    }
  }

  @Test
  void asksBeforeItLeavesRunningJobs() throws Exception {
    try (Pty pty = Pty.warm(home, 120, 40)) {
      pty.enter("bg { Thread.sleep(600000) }");
      pty.typeCalmly("\004");
      pty.await(seen -> seen.contains("blksh: a job is running; ") && seen.endsWith(Pty.PROMPT));
      assertThat(pty.enter("40 + 2")).isEqualTo("42\n");
      assertThat(pty.enter(":quit")).startsWith("blksh: a job is running; ");
      pty.typeCalmly("\004");
      assertThat(pty.ends()).isTrue();
    }
  }

  @Test
  void takesEntriesWhileTheInitScriptPrints() throws Exception {
    Files.writeString(
        home.resolve("init.kts"), "Thread.sleep(3000); println(\"hello\"); val given = 40");
    try (Pty pty = Pty.open(home, 120, 40)) {
      pty.type("val more =\r");
      pty.await(seen -> seen.contains("hello"));
      pty.typeCalmly("  2\r");
      pty.await(seen -> seen.endsWith("\n" + Pty.PROMPT));
      assertThat(pty.enter("given + more")).isEqualTo("42\n");
    }
  }

  @Test
  void stopsAnInitScriptThatDoesNotEnd() throws Exception {
    Files.writeString(
        home.resolve("init.kts"), "println(\"be\" + \"gun\"); while (true) Thread.sleep(1000)");
    try (Pty pty = Pty.open(home, 120, 40)) {
      pty.type("val a = 41\r");
      pty.await(seen -> seen.contains("begun"));
      assertThat(pty.comes(seen -> seen.contains("\n" + Pty.PROMPT), 1000)).isFalse();
      pty.type("\003");
      pty.await(seen -> seen.contains("blksh: that was " + home.resolve("init.kts")));
      assertThat(pty.enter("val b = 41")).isEmpty();
      assertThat(pty.enter("b + 1")).isEqualTo("42\n");
    }
    assertThat(Files.readString(home.resolve("history"))).contains("val a = 41");
  }

  @Test
  void endsOneLineWithEachCtrlC() throws Exception {
    Pty pty = WARM.in(shared);
    for (int i = 0; i < 2 * INTERRUPTS; i++) {
      pty.type("half a line");
      pty.await(seen -> seen.contains("half a line"));
      pty.type("\003");
      pty.await(seen -> seen.endsWith("\n" + Pty.PROMPT));
      assertThat(pty.comes(seen -> seen.indexOf(Pty.PROMPT) < seen.lastIndexOf(Pty.PROMPT), 300))
          .as("another prompt in round " + i)
          .isFalse();
    }
  }

  @Test
  void livesOnAfterCtrlCInACommand() throws Exception {
    Pty pty = WARM.in(shared);
    for (int i = 0; i < INTERRUPTS; i++) {
      pty.type(":type listOf(" + i + ").map { it + 1 }.filter { it > 2 }\r");
      pause(15L * i);
      pty.interrupt();
    }
    assertThat(pty.enter("40 + 2")).isEqualTo("42\n");
  }

  @Test
  void livesOnAfterWhatIsTooDeep() throws Exception {
    Pty pty = WARM.in(shared);
    pty.enter("val job = bg { mutableListOf<Any>().also { l -> l.add(l) } }; job.await().size");
    pty.enter(":jobs");
    assertThat(pty.enter("40 + 2")).isEqualTo("42\n");
    String deep = "(".repeat(9000) + "1" + ")".repeat(9000);
    Files.writeString(home.resolve("deep.kts"), deep);
    assertThat(pty.enter(":load " + home.resolve("deep.kts")))
        .contains("blksh: the recursion is too deep");
    assertThat(pty.enter("40 + 2")).isEqualTo("42\n");
  }
}
