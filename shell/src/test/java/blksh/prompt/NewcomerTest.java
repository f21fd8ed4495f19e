package blksh.prompt;

import static blksh.kit.Await.pause;
import static org.assertj.core.api.Assertions.assertThat;

import blksh.Here;
import blksh.kit.Pane;
import blksh.kit.Program;
import blksh.kit.Program.Ended;
import blksh.kit.Pty;
import blksh.kit.SharedPty;
import blksh.session.ExitStatus;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What people type and press who come from other shells. */
class NewcomerTest {

  @TempDir static Path shared;
  @AutoClose static final SharedPty WARM = new SharedPty(100, 40);
  @TempDir Path home;

  @BeforeAll
  static void prepare() throws Exception {
    Program.prepare(shared);
  }

  /** In this Java: that the real one reads entries so, others show. */
  private Ended read(String text) throws Exception {
    return Here.reading(home, text);
  }

  @Test
  void isHelpedAndLeaves() throws Exception {
    try (Pty pty = Pty.warm(home, 100, 40)) {
      assertThat(pty.enter("help stores")).contains("val stores: Stores").doesNotContain("error");
      assertThat(pty.enter("stores?")).contains("val stores: Stores");
      assertThat(pty.enter(":hlep"))
          .isEqualTo("blksh: unknown command :hlep; did you mean :help?\n");
      // Nothing that Kotlin goes on with: an empty line ends it.
      pty.typeCalmly("foo bar\r");
      pty.await(seen -> seen.contains("...."));
      pty.typeCalmly("\r");
      pty.await(seen -> seen.contains("the end is missing") && seen.endsWith("\n" + Pty.PROMPT));
      pty.typeCalmly("exit\r");
      assertThat(pty.ends()).isTrue();
    }
  }

  @Test
  void completesCommandsAndKeepsTheSession() throws Exception {
    Pty pty = WARM.in(shared);
    for (String typed : new String[] {":load ", ":save ", ":set colour ", ":set ", ":load /"}) {
      pty.typeCalmly(typed + "\t");
      pause(200);
      pty.typeCalmly("\003");
      pty.await(seen -> seen.endsWith(Pty.PROMPT));
    }
    assertThat(pty.enter("7 * 6")).isEqualTo("42\n");
  }

  @Test
  void indentsByTabAndPastesWithoutBrackets() throws Exception {
    Pty pty = WARM.in(shared);
    String pasted =
        "fun f(a: Int): Int {\r\n\tif (a > 3) {\r\n\t\treturn a\r\n\t}\r\n\treturn 0\r\n}\r";
    for (char key : pasted.toCharArray()) {
      pty.type("" + key);
      pause(3);
    }
    pty.await(seen -> seen.endsWith("\n" + Pty.PROMPT));
    assertThat(pty.enter("f(5) + f(1)")).isEqualTo("5\n");
  }

  @Test
  void recordsWhatItShowsAndNothingElse() throws Exception {
    Path cast = home.resolve("demo.cast");
    Pty pty = WARM.in(shared);
    assertThat(pty.enter(":record " + cast)).startsWith("recording in " + cast + "; ");
    assertThat(pty.enter("\"é\" + 20 * 2")).isEqualTo("é40\n");
    // Whatever ends the process now, that is there.
    assertThat(cast).content().contains("é40\\r\\n");
    pty.typeCalmly(
        "ProcessBuilder(\"sh\", \"-c\", \"stty -echo; printf Pa''ss:; read x; stty echo\")"
            + ".inheritIO().start().waitFor()\r");
    pty.await(seen -> seen.contains("Pass:"));
    pty.type("hunter2\r");
    pty.await(seen -> seen.endsWith("0\n" + Pty.PROMPT));
    assertThat(pty.enter(":record " + cast)).startsWith("blksh: already recording in " + cast);
    pty.typeCalmly("\003");
    pty.await(seen -> seen.endsWith("blksh: recorded in " + cast + "\n" + Pty.PROMPT));
    assertThat(pty.enter(":record off")).isEqualTo("blksh: nothing is recorded\n");
    assertThat(pty.enter(":record " + cast))
        .isEqualTo("blksh: cannot record to " + cast + ": it exists; name another file\n");
    assertThat(Files.getPosixFilePermissions(cast))
        .isEqualTo(PosixFilePermissions.fromString("rw-------"));
    List<String> lines = Files.readAllLines(cast);
    assertThat(lines.get(0))
        .startsWith("{\"version\":2,\"width\":100,\"height\":40,\"timestamp\":");
    assertThat(lines.subList(1, lines.size()))
        .allMatch(line -> line.matches("\\[\\d+\\.\\d{6}, \"o\", \".*\"]"));
    String shown = String.join("\n", lines);
    assertThat(shown).contains("é40\\r\\n", "blksh> ", "blksh: already recording");
    assertThat(shown).doesNotContain("hunter2", "Pass:");
  }

  @Test
  void readsLinesAndStopsReadingAtCtrlC() throws Exception {
    Pty pty = WARM.in(shared);
    pty.typeCalmly("print(\"Name: \"); val name = readLine(); name!!.length\r");
    pty.await(seen -> seen.contains("\nName: "));
    pty.typeCalmly("(ada\r");
    pty.await(seen -> seen.contains("\n4\n") && seen.endsWith(Pty.PROMPT));
    pty.typeCalmly("readLine()\r");
    pause(1000);
    pty.type("\003");
    pty.await(seen -> seen.contains("interrupted\n" + Pty.PROMPT));
    for (int i = 1; i < 4; i++) {
      assertThat(pty.enter("1000 + " + i)).isEqualTo(1000 + i + "\n");
    }
  }

  @Test
  void looksAtWhatThereIsAndForgetsIt() throws Exception {
    Ended ended =
        read(
            """
            val seven = 7
            fun twice(n: Int) = n * 2
            :vars
            :time twice(seven)
            !echo "a b"; echo c
            it.size
            :history 2
            listOf(mapOf("name" to "b, c", "size" to 2.KiB), mapOf("name" to "a", "size" to null))
            :csv
            :jsonl
            table(it, "size", "name").sorted("name").limit(1)
            :reset
            :vars
            """);
    assertThat(ended.err()).isEmpty();
    assertThat(ended.out())
        .contains("name   type", "seven  Integer", "twice  function, class or null")
        .containsPattern("14\ntook [0-9.]+ m?s, of it compiling ")
        .contains("a b\nc\n2\n", "  sh(\"echo \\\"a b\\\"; echo c\", check = false)\n")
        .contains("name,size\n\"b, c\",2048\na,\n")
        .contains("{\"name\":\"b, c\",\"size\":2048}\n{\"name\":\"a\",\"size\":null}\n")
        .endsWith("name\na\nforgotten\nnothing is declared\n");
    assertThat(ended.status()).isZero();
    Ended failed = read("!exit 3\n");
    assertThat(failed.status()).isEqualTo(ExitStatus.FAILED);
    assertThat(failed.err()).isEqualTo("blksh: it ended with status 3\n");
    assertThat(read("exit(5)\n")).isEqualTo(new Ended(5, "", ""));
  }

  @Test
  void tellsWhatWasMeant() throws Exception {
    assertThat(new Program(home).run("rnu").err())
        .isEqualTo("blksh: unknown verb 'rnu'; did you mean run?\n");
    assertThat(new Program(home).run("capture").err())
        .contains("it is a script: blksh run capture");
    assertThat(new Program(home).run("run", "captrue").err()).contains("did you mean capture?");
    assertThat(read("sampleStore().manifests[\"dsik\"].last\n").err())
        .isEqualTo(
            "blksh: cannot find the last version of dsik: there is none; did you mean disk? there"
                + " are disk\n");
  }

  @Test
  void isPromptedAtADumbTerminal() throws Exception {
    Program dumb =
        new Program(home)
            .with("TERM", "dumb")
            .reading("40 + 2\nquit\n")
            .by("script", "-qefc", Program.quoted(), "/dev/null");
    Ended ended = dumb.run();
    assertThat(ended.out()).contains(":help", "blksh> ", "42").doesNotContain("\033");
    assertThat(ended.status()).isZero();
  }

  @Test
  void isGreetedAndKeepsTheHeadingOfATableWhileItIsPaged() throws Exception {
    try (Pane pane = Pane.open(home, 60, 12)) {
      assertThat(pane.screen()).contains(":help", "TAB");
      pane.enter("(1..60).map { mapOf(\"number\" to it, \"square\" to it * it) }");
      pane.await(screen -> screen.contains("number  square") && screen.contains("q leaves"));
      pane.press("Space", "Space");
      pane.await(screen -> screen.startsWith("number  square ") && screen.contains(" 441 "));
      pane.enter("/3136");
      pane.await(screen -> screen.startsWith("number  square ") && screen.contains(" 3136 "));
      pane.press("G");
      pane.await(screen -> screen.startsWith("number  square ") && screen.contains(" 3600 "));
      pane.press("g", "k", "b");
      pane.await(screen -> screen.startsWith("number  square") && screen.contains("lines 1-"));
      pane.press("q");
      pane.await(screen -> screen.endsWith("\nblksh>"));
    }
  }

  @Test
  void letsNothingBehindItReadTheKeyboard() throws Exception {
    Pty pty = WARM.in(shared);
    assertThat(pty.enter("val job = bg { readLine() }; Thread.sleep(300); job.await()"))
        .contains("the prompt has the keyboard");
    pty.enter("val left = Thread { readLine() }; left.start(); Thread.sleep(300)");
    assertThat(pty.enter("40 + 2")).isEqualTo("42\n");
    assertThat(pty.enter("listOf(40,\n  2).sum()")).isEqualTo("42\n");
  }

  @Test
  void saysThatItCompilesAndAbandonsItAtCtrlC() throws Exception {
    StringBuilder entry = new StringBuilder("listOf(");
    for (int i = 0; i < 400; i++) {
      entry.append("listOf(").append(i).append(").map { it + 1 }.filter { it > 2 }, ");
    }
    Files.writeString(home.resolve("long.kts"), entry.append("0).size"));
    Pty pty = WARM.in(shared);
    pty.typeCalmly(":load " + home.resolve("long.kts") + "\r");
    pty.await(seen -> seen.contains("compiling…"));
    pty.type("\003");
    assertThat(pty.comes(seen -> seen.contains("interrupted\n" + Pty.PROMPT), 2000)).isTrue();
    assertThat(pty.enter("40 + 2")).endsWith("42\n");
  }
}
