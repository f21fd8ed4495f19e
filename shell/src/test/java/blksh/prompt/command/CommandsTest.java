package blksh.prompt.command;

import static blksh.kit.Await.comes;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import blksh.Here;
import blksh.kit.Component;
import blksh.kit.Pane;
import blksh.kit.Program;
import blksh.kit.Program.Ended;
import blksh.kit.Pty;
import blksh.session.ExitStatus;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.regex.Pattern;
import java.util.zip.ZipFile;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The commands of the prompt, and what is shown without and with a terminal. */
class CommandsTest {

  /** The prompt on a terminal that tests use one after the other. */
  private static Pane pane;

  @TempDir static Path shared;
  @TempDir Path home;

  @BeforeAll
  static void prepare() throws Exception {
    Program.prepare(shared);
  }

  @AfterAll
  static void closeTerminal() throws IOException {
    if (pane != null) {
      pane.close();
    }
  }

  /**
   * The prompt of the class, at the top of an empty screen; another when a test that failed has
   * left it otherwise.
   */
  private static Pane pane(int columns, int rows) throws Exception {
    if (pane != null) {
      pane.resize(columns, rows);
      pane.press("C-l");
      if (!comes(Duration.ofSeconds(20), () -> pane.screen().strip().equals("blksh>"))) {
        pane.close();
        pane = null;
      }
    }
    if (pane == null) {
      pane = Pane.open(shared, columns, rows);
    }
    return pane;
  }

  /** In this Java: that the real one reads entries so, others show. */
  private Ended read(String text) throws Exception {
    return Here.reading(home, text);
  }

  private String answer(String text) throws Exception {
    return answer(read(text));
  }

  private static String answer(Ended ended) {
    assertThat(ended.status()).as(ended.err()).isZero();
    return ended.out();
  }

  @Test
  void everyExampleOfTheReferenceRuns() throws Exception {
    Component.needFuse();
    Path jar = Program.root().resolve("shell/target/dist/lib/scripts.jar");
    String words;
    try (ZipFile zip = new ZipFile(jar.toFile())) {
      words =
          new String(zip.getInputStream(zip.getEntry("blksh/dsl/words.tsv")).readAllBytes(), UTF_8);
    }
    List<String> examples =
        Pattern.compile("Example: `([^`]*)`")
            .matcher(words)
            .results()
            .map(match -> match.group(1).replace("\\n", " "))
            .toList();
    assertThat(examples).hasSizeGreaterThan(20);
    String marked =
        String.join("\n", examples.stream().map(e -> e + "\n\"ran: " + quoted(e) + "\"").toList());
    String out = answer(new Program(home).reading(marked + "\n").run());
    assertThat(out.lines().filter(line -> line.startsWith("ran: ")).toList())
        .hasSameSizeAs(examples);
  }

  private static String quoted(String code) {
    return code.replace("\\", "").replace("\"", "").replace("$", "");
  }

  @Test
  void explainsWordsAlongPathsAndVariables() throws Exception {
    String out =
        answer(
            """
            val s = sampleStore()
            :doc store.capture
            :doc s.verify
            :help stores
            :doc rescue
            val m = s.manifests["disk"].last
            :doc m.hexdump
            :doc files.find
            :help Manifest
            :help
            """);
    assertThat(out)
        .contains(
            "fun Store.capture(source: Input, name: String = source.name, skipFree: Boolean ="
                + " false, allowEmpty: Boolean = false): Captured",
            "Try:  sampleStore().capture(sampleDisk(1), name = \"mine\")",
            "fun Store.verify(",
            "each of them\n  path ",
            "fun Cache.rescue(",
            "fun Source.hexdump(",
            "fun InnerFiles.find(",
            "Source\n  ",
            "  usedBlocks ",
            "val stores: Stores",
            ":tour ",
            "sampleStore(…) ");
    Ended unknown = read(":doc store.fly\n");
    assertThat(unknown.status()).isEqualTo(ExitStatus.FAILED);
    assertThat(unknown.err())
        .isEqualTo("blksh: there is no store.fly; :help names what there is\n");
  }

  @Test
  void showsResultsInOtherWays() throws Exception {
    String out =
        answer(
            """
            mapOf("a" to 1.KiB, "b" to 2.KiB)
            :table
            :tree
            :json
            :card sampleDisk(1)
            :tree sampleDisk(1).files["/etc"]
            :tree generateSequence(1) { it + 1 }.take(300).map { n -> List(300) { it } }.toList()
            :type listOf(1).map { it.KiB }
            :type error("never run")
            null
            :json
            :table
            "``` tick"
            sampleDisk(1).map
            :save %s/a note.md
            """
                .formatted(home));
    assertThat(out)
        .contains(
            "key  value\na    1 KiB\n",
            "├─ a: 1 KiB\n└─ b: 2 KiB\n",
            "{\n  \"a\" : 1024,\n  \"b\" : 2048\n}\n",
            "disk-1.img\n",
            "(1)\n└─ pump.conf: 24 B\n",
            "│  └─ …\n",
            "List<Size>\nNothing\n")
        .contains(
            "null\n{ }\n-\n", "saved in " + home + "/a note.md, and its pictures beside it (1)");
    // Each entry and what it came to; the picture in a file beside.
    assertThat(home.resolve("a note.md"))
        .content()
        .contains("```kotlin\nmapOf(\"a\" to 1.KiB, \"b\" to 2.KiB)\n```\n\n```text\n  a  1 KiB\n")
        .contains("````text\n``` tick\n````\n")
        .contains(
            "```kotlin\n"
                + "sampleDisk(1).map\n"
                + "```\n\n"
                + "![map of disk\\-1\\.img, 24 MiB](./a%20note-1.svg)\n");
    assertThat(home.resolve("a note-1.svg")).content().contains("<svg ", "data ");
    assertThat(read(":type nosuch\n").err()).startsWith("<prompt>:1:1: error: ");
    assertThat(read(":json\n").err()).isEqualTo("blksh: there is no result yet\n");
  }

  @Test
  void savesWhatWasEnteredAsAScriptThatRuns() throws Exception {
    Path script = home.resolve("mine.kts");
    String entered =
        """
        val n = 1
        val n = 20
        import kotlin.math.abs
        fun twice(
          x: Int
        ): Int {
          return abs(x) * 2
        }
        data class Disk(val name: String, val n: Int)
        Disk("a", n = n)
        val disk = it
        "it is $it"
        val n = -21
        println("${disk.n} $it")
        twice(n)
        """;
    String out = answer(entered + ":save %s\n:load %s\n".formatted(script, script));
    String told = "20 it is Disk(name=a, n=20)\n42\n";
    assertThat(out).contains("saved; run it with: blksh run " + script).endsWith(told);
    Ended ran = new Program(home).run("run", script.toString());
    assertThat(ran).isEqualTo(new Ended(0, told, ""));
    Ended again = read("1\n:save " + script + "\n");
    assertThat(again.status()).isEqualTo(ExitStatus.FAILED);
    assertThat(again.err()).contains("it exists; name another file");
    assertThat(read(":load " + home.resolve("none")).err()).contains("there is no such file");
  }

  @Test
  void leavesOutOfAScriptWhatFailed() throws Exception {
    Files.writeString(home.resolve("init.kts"), "fun mine() = 40\n");
    Path script = home.resolve("mine.kts");
    try (Pty pty = Pty.warm(home, 120, 40)) {
      assertThat(pty.enter("val a = mine()")).isEmpty();
      assertThat(pty.enter("nosuch")).contains("error:");
      assertThat(pty.enter("error(\"boom\")")).contains("boom");
      assertThat(pty.enter("a + 2")).isEqualTo("42\n");
      assertThat(pty.enter(":save " + script)).startsWith("saved; ");
    }
    assertThat(Files.readString(script)).doesNotContain("nosuch", "boom").contains("fun mine()");
    assertThat(new Program(home).run("run", script.toString())).isEqualTo(new Ended(0, "42\n", ""));
  }

  @Test
  void keepsSettings() throws Exception {
    assertThat(answer(":set pager off\n")).isEqualTo("pager = off\n");
    assertThat(answer(":set pager\n:set editing vi\n")).isEqualTo("pager = off\nediting = vi\n");
    assertThat(Files.readString(home.resolve("config"))).isEqualTo("pager = off\nediting = vi\n");
    Ended wrong = read(":set pager often\n");
    assertThat(wrong.status()).isEqualTo(ExitStatus.FAILED);
    assertThat(wrong.err()).contains("\"often\" is none of its values; use on or off");
  }

  @Test
  void worksInTheBackground() throws Exception {
    String out =
        answer(
            """
            val captured = bg("first") { sampleStore().capture(sampleDisk(1), name = "one").title() }
            val failing = bg { error("boom") }
            val endless = bg { while (true) { Thread.sleep(5) } }
            captured.await()
            jobs["3"].cancel()
            jobs.await()
            jobs.map { "${it.id} ${it.state} ${it.fields().last().value}" }
            """);
    assertThat(out)
        .isEqualTo(
            """
            captured one@1
            1 DONE captured one@1
            2 FAILED IllegalStateException: boom
            3 CANCELLED interrupted
            """);
  }

  @Test
  void aScriptWaitsForItsJobsAndFailsWithThem() throws Exception {
    Ended ended = new Program(home).run("eval", "bg { Thread.sleep(300); println(\"slow\") }; 1");
    assertThat(ended.out()).isEqualTo("slow\n1\n");
    Ended failed = Here.run(home, "eval", "bg { error(\"boom\") }; 1");
    assertThat(failed.status()).isEqualTo(ExitStatus.FAILED);
    assertThat(failed.err())
        .isEqualTo(
            "blksh: IllegalStateException: boom\n  at <eval>:1: bg { error(\"boom\") }; 1\n");
  }

  @Test
  void walksTheTour() throws Exception {
    Component.needFuse();
    String out = answer(new Program(home).reading(":tour\n").run());
    assertThat(out)
        .contains("(1/", "captured tour@2", "map of tour@2", "verified: clean", "restored tour@1")
        .contains("\nyes\n", "That was the tour");
  }

  @ParameterizedTest
  @ValueSource(strings = {"xterm-256color", "dumb"})
  void saysNothingOfItsOwnWithoutATerminal(String term) throws Exception {
    Ended ended = new Program(home).with("TERM", term).reading("sampleStore().map\nstores").run();
    assertThat(ended.status()).isZero();
    assertThat(ended.err()).isEmpty();
    assertThat(ended.out()).startsWith("map of ").doesNotContain("\033", "blksh>");
  }

  @Test
  void writesNoEscapesToADumbTerminal() throws Exception {
    Program dumb =
        new Program(home)
            .with("TERM", "dumb")
            .by("script", "-qec", Program.quoted() + " eval stores", "/dev/null");
    Ended ended = dumb.run();
    assertThat(ended.status()).isZero();
    assertThat(ended.out()).contains("(none)").doesNotContain("\033");
  }

  // On a terminal.

  @Test
  void colours() throws Exception {
    Pane pane = pane(100, 30);
    pane.ask("sampleDisk(1)", "sector size");
    assertThat(pane.attributes()).contains("\033[1m");
  }

  /** Whose prompt it is says how it looks, what it has, and what edits its entries. */
  @Test
  void isColourlessHasTheInitScriptAndTheEditorOfWhoWantsIt() throws Exception {
    Path editor = home.resolve("editor");
    Files.writeString(editor, "#!/bin/sh\nsed -i s/20/21/ \"$2\"; echo 'n * 2' >>\"$2\"\n");
    assertThat(editor.toFile().setExecutable(true)).isTrue();
    Files.writeString(home.resolve("init.kts"), "fun mine() = \"from init\"\n");
    try (Pane pane = Pane.open(home, 100, 30, "NO_COLOR=1", "EDITOR=" + editor + " -f")) {
      pane.ask("mine()", "\nfrom init\n");
      pane.ask("sampleDisk(1)", "sector size");
      assertThat(pane.attributes().lines().filter(line -> line.contains("sector size")).toList())
          .hasSize(1)
          .allMatch(line -> !line.contains("\033"));
      pane.ask("val n = 20", "val n = 20");
      pane.ask(":edit", "\n42\n");
      pane.press("Up");
      pane.await(screen -> screen.endsWith("blksh> val n = 21\n.... > n * 2"));
    }
  }

  @Test
  void showsJobsAboveTheLineBeingTyped() throws Exception {
    Path image = shared.resolve("image");
    try (var file =
        Files.newByteChannel(
            image,
            java.util.EnumSet.of(
                java.nio.file.StandardOpenOption.CREATE_NEW,
                java.nio.file.StandardOpenOption.WRITE))) {
      java.util.Random random = new java.util.Random(1);
      byte[] bytes = new byte[1 << 20];
      for (int i = 0; i < 400; i++) {
        random.nextBytes(bytes);
        file.write(java.nio.ByteBuffer.wrap(bytes));
      }
    }
    Pane pane = pane(100, 30);
    pane.ask("val s = store(home.resolve(\"s\"))", "val s");
    pane.enter("bg { s.capture(drive(home.resolve(\"image\")), name = \"big\") }");
    pane.await(screen -> screen.contains("capture big: ") && screen.endsWith("\nblksh>"));
    pane.type("val typed = ");
    pane.await(screen -> screen.endsWith("blksh> val typed ="));
    pane.enter("5");
    pane.await(screen -> screen.contains("job 1 done: captured big@1"));
    String screen = pane.ask("typed + 1", "\n6\n");
    assertThat(screen).doesNotContain("capture big: ");
  }

  @Test
  void pagesWhatIsLongerThanTheScreen() throws Exception {
    Pane pane = pane(80, 20);
    pane.enter("(1..100).map { \"line \" + it }");
    pane.await(screen -> screen.contains("line 19") && !screen.contains("blksh>"));
    pane.press("Space");
    pane.await(screen -> screen.contains("line 30"));
    pane.press("q");
    pane.await(screen -> screen.endsWith("\nblksh>"));
    pane.ask(":set pager off", "pager = off");
    pane.ask("(1..100).map { \"line \" + it }", "line 100");
    pane.ask(":set pager on", "pager = on");
  }

  @Test
  void fitsPicturesToTheTerminalAsItIs() throws Exception {
    Pane pane = pane(120, 30);
    pane.ask("val m = sampleStore().manifests[\"disk\"].last.map", "val m");
    for (int width : new int[] {120, 60}) {
      pane(width, 30);
      String screen = pane.ask("m", "zero");
      int widest =
          screen
              .lines()
              .filter(line -> line.contains(" MiB  "))
              .mapToInt(String::length)
              .max()
              .orElse(0);
      assertThat(widest).isBetween(width - 8, width);
    }
  }

  @Test
  void leavesTheTourWhenAsked() throws Exception {
    Pane pane = pane(100, 40);
    pane.enter(":tour");
    pane.await(screen -> screen.endsWith("q leaves:"));
    pane.press("Enter");
    pane.await(screen -> screen.contains("(2/") && screen.endsWith("q leaves:"));
    pane.enter("q");
    pane.await(screen -> screen.endsWith("\nblksh>"));
    assertThat(pane.ask("1 + 1", "\n2\n")).doesNotContain("(3/");
  }

  @Test
  void livesWithABrokenInitScript() throws Exception {
    Path init = home.resolve("init.kts");
    for (String broken : java.util.List.of("fun f( { val a = nosuch", "error(\"early\")")) {
      Files.writeString(init, broken + "\n");
      try (Pane pane = Pane.open(home, 120, 20)) {
        pane.await(
            screen -> screen.contains("blksh: that was " + init) && screen.endsWith("blksh>"));
        pane.ask("40 + 2", "\n42\n");
      }
    }
  }
}
