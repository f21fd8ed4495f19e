package blksh.prompt;

import static blksh.kit.Await.comes;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import blksh.Here;
import blksh.kit.Pane;
import blksh.kit.Program;
import blksh.kit.Program.Ended;
import blksh.session.ExitStatus;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The prompt: on a real terminal, which tmux gives, and without one. */
class PromptTest {

  @TempDir static Path shared;
  @TempDir Path home;
  private Pane pane;

  @BeforeAll
  static void prepare() throws Exception {
    Program.prepare(shared);
  }

  @AfterEach
  void closeTerminal() throws IOException {
    if (pane != null) {
      pane.close();
    }
  }

  // On a terminal.

  private void open() throws Exception {
    pane = Pane.open(home, 100, 40);
  }

  /**
   * Types a text, presses TAB once and waits for what comes of it. A prompt that has only just
   * opened may know nothing yet: then again, on a line of its own.
   */
  private void complete(String text, Predicate<String> condition) throws Exception {
    for (int i = 0; i < 20; i++) {
      pane.press("C-u");
      pane.await(screen -> screen.endsWith("blksh>"));
      pane.type(text);
      pane.await(screen -> screen.contains("blksh> " + text));
      pane.press("Tab");
      if (comes(Duration.ofSeconds(3), () -> condition.test(pane.screen()))) {
        return;
      }
    }
    pane.await(condition);
  }

  @Test
  void evaluatesWhatIsTypedAndRemembersIt() throws Exception {
    open();
    pane.ask("val seven = 7", "val seven = 7\n");
    pane.enter("fun fact(n: Int): Int {");
    pane.await(screen -> screen.endsWith("....") || screen.endsWith(".... >"));
    pane.enter("return if (n < 2) 1 else n * fact(n - 1)");
    pane.enter("}");
    pane.ask("fact(seven)", "\n5040\n");
    pane.ask("val text: Int = \"a\"", "error: Initializer type mismatch");
    pane.ask("nosuch", "error: Unresolved reference 'nosuch'");
    pane.ask("error(\"boom\")", "blksh: IllegalStateException: boom");
    pane.ask(":why", "java.lang.IllegalStateException: boom\n        at entry(<prompt>:1)\nblksh>");
    pane.ask("fun deep(): Int = deep() + 1; deep()", "the recursion is too deep");
    pane.ask("seven + 1", "\n8\n");
    pane.press("Up");
    pane.await(screen -> screen.endsWith("blksh> seven + 1"));
    pane.press("C-c");
    // A key between two lines is the terminal's.
    pane.await(screen -> screen.endsWith("blksh> seven + 1\nblksh>"));
    Predicate<String> left = screen -> screen.contains("no server") || screen.isEmpty();
    pane.press("C-d");
    if (!comes(Duration.ofSeconds(10), () -> left.test(pane.screen()))) {
      pane.press("C-d");
    }
    pane.await(left);
    assertThat(Files.readString(home.resolve("history"))).contains("fact(seven)");
  }

  private static final List<String> ENDLESS =
      List.of(
          "while (true) { }",
          "Thread.sleep(1000000)",
          "generateSequence(1) { it + 1 }.sumOf { it.toLong() % 3 }",
          "java.util.concurrent.CountDownLatch(1).await()",
          "var n = 0; while (true) { try { n++ } catch (e: Exception) { } }");

  @Test
  void survivesCtrlC() throws Exception {
    open();
    pane.ask("val kept = \"still\" + \" here\"", "kept");
    for (String endless : ENDLESS) {
      pane.press("C-l");
      pane.await(screen -> screen.strip().equals("blksh>"));
      pane.enter("println(\"go\" + \"ing\"); " + endless);
      pane.await(screen -> screen.endsWith("\ngoing"));
      long began = System.nanoTime();
      pane.press("C-c");
      pane.await(screen -> screen.contains("blksh: interrupted") && screen.endsWith("\nblksh>"));
      assertThat(System.nanoTime() - began).as(endless).isLessThan(TimeUnit.SECONDS.toNanos(2));
      pane.type("half a line");
      pane.press("C-c");
      pane.await(screen -> screen.endsWith("\nblksh>"));
      pane.ask("kept", "\nstill here\n");
    }
  }

  @Test
  void outlivesWhatEntriesDo() throws Exception {
    open();
    pane.ask("val kept = 40", "kept");
    pane.ask("System.exit(3)", "exit(3) ends scripts");
    pane.ask("kotlin.system.exitProcess(4)", "exit(4) ends scripts");
    pane.ask("fun deep(): Int = deep() + 1; deep()", "the recursion is too deep");
    pane.ask("generateSequence { LongArray(9_000_000) }.toList()", "out of memory");
    pane.press("C-l");
    pane.enter("fun twice(n: Int): Int {");
    pane.await(screen -> screen.endsWith(".... >"));
    pane.enter("return n * 2");
    pane.await(screen -> screen.contains(".... >   return n * 2"));
    pane.enter("}");
    pane.ask("kept + twice(1)", "\n42\n");
    pane.ask("it + 1", "\n43\n");
  }

  @Test
  void completesFromWhatIsThere() throws Exception {
    byte[] image = "an image".getBytes(UTF_8);
    Program capture = new Program(home).reading(image);
    String store = home.resolve("main").toString();
    assertThat(
            capture.run("run", "capture", "-", "--store", store, "--name", "server01.sda").status())
        .isZero();
    open();
    complete("sto", screen -> screen.contains("blksh> store"));
    complete("stores[\"", screen -> screen.contains("stores[\"main\"]"));
    complete(
        "stores[\"main\"].mani",
        screen -> screen.contains("stores[\"main\"].manifest") && screen.contains("manifest(…)"));
    complete("stores[\"main\"].manifests[\"ser", screen -> screen.contains("[\"server01.sda\"]"));
    complete(
        "stores[\"main\"].manifests[\"server01.sda\"].last.ref",
        screen -> screen.contains(".last.reference"));
    pane.press("Enter");
    pane.await(screen -> screen.contains("\nserver01.sda@1\n"));
  }

  // Without one.

  private Ended read(String text) throws Exception {
    return new Program(home).reading(text).run();
  }

  /** What else a text comes to, when the real one was seen to read some. */
  private Ended here(String text) throws Exception {
    return Here.reading(home, text);
  }

  @Test
  void readsStatementsFromAPipeWithoutAWordOfItsOwn() throws Exception {
    Ended ended =
        read("val x = 5\nfun f(n: Int): Int {\n  return n * x\n}\n\nf(4)\n\"a\".repeat(3)\nUnit\n");
    assertThat(ended).isEqualTo(new Ended(0, "20\naaa\n", ""));
  }

  @Test
  void knowsItsResultsByNameHoweverTheyWereFound() throws Exception {
    Ended ended =
        here(
            """
            stores
            it.size
            res1.size + res2
            listOf(1, 2).map { it * 2 }
            it.sum()
            home.toString().length > it
            val it2 = it
            it2
            "$res5 ${res4.last()}"
            """);
    assertThat(ended).isEqualTo(new Ended(0, "(none)\n0\n0\n2\n4\n6\nyes\nyes\n6 4\n", ""));
  }

  @Test
  void followsPlainPathsAsTheCompilerWould() throws Exception {
    String store = home.resolve("main").toString();
    assertThat(
            new Program(home)
                .reading("x".repeat(9000))
                .run("run", "capture", "-", "--store", store, "--name", "a.b")
                .status())
        .isZero();
    List<String> paths =
        List.of(
            "stores[\"main\"].manifests[\"a.b\"].last.reference",
            "store(\"" + store + "\").manifest(\"a.b\").size.bytes",
            "manifests[0]",
            "manifests[\"a.b\"].version(1)",
            "stores[\"main\"].names.size",
            "runs[0].figures[\"size\"]",
            "store(\"" + store + "\").keepLast(name = \"a.b\", count = 1)",
            "manifests[\"a.b\"].version(1)?.size",
            "dryRun");
    // In brackets a path is no plain path any more.
    StringBuilder fast = new StringBuilder();
    StringBuilder compiled = new StringBuilder();
    for (String path : paths) {
      fast.append(path).append('\n');
      compiled.append("(").append(path).append(")\n");
    }
    Ended expected = here(compiled.toString());
    assertThat(expected.status()).as(expected.err()).isZero();
    assertThat(here(fast.toString())).isEqualTo(expected);
    List<String> wrong =
        List.of(
            "stores[\"nosuch\"]",
            "manifests[\"a.b\"].version(1).size",
            "stores.nosuch",
            "stores[\"main\"].keepLast(\"a.b\")",
            "arguments");
    StringBuilder marked = new StringBuilder();
    for (String path : wrong) {
      marked.append(path).append("\n\"after \" + 1\n");
    }
    String told = dumb(marked.toString());
    for (String path : wrong) {
      int end = told.indexOf("after 1");
      assertThat(end).as(path).isPositive();
      assertThat(told.substring(0, end)).as(path).containsPattern("blksh: |error: ");
      told = told.substring(end + 1);
    }
  }

  /** What is shown at a dumb terminal, where an error is not the end; the first must be told. */
  private String dumb(String text) throws Exception {
    Program dumb =
        new Program(home)
            .with("TERM", "dumb")
            .reading(text + ":quit\n")
            .by("script", "-qefc", Program.quoted(), "/dev/null");
    Ended ended = dumb.run();
    assertThat(ended.status()).isEqualTo(ExitStatus.FAILED);
    assertThat(ended.out()).doesNotContain("\033");
    return ended.out().replace("\r", "");
  }

  @Test
  void endsAtTheFirstErrorOfAPipe() throws Exception {
    Ended threw = read("1\nerror(\"boom\")\n2\n");
    assertThat(threw.status()).isEqualTo(ExitStatus.FAILED);
    assertThat(threw.out()).isEqualTo("1\n");
    assertThat(threw.err()).isEqualTo("blksh: IllegalStateException: boom\n");
    Ended refused = here("val a: Int = \"b\"\n2\n");
    assertThat(refused.status()).isEqualTo(ExitStatus.FAILED);
    assertThat(refused.out()).isEmpty();
    assertThat(refused.err()).contains("<prompt>:1:12: error", "\n           ^\n");
    Ended unfinished = here("listOf(1,\n");
    assertThat(unfinished.status()).isEqualTo(ExitStatus.FAILED);
    assertThat(unfinished.err()).contains("the end is missing");
    Ended wrong = here(")\n");
    assertThat(wrong.status()).isEqualTo(ExitStatus.FAILED);
    assertThat(wrong.err()).contains("<prompt>:1:1: error");
  }

  @Test
  void tellsWhatWasFound() throws Exception {
    Ended ended = read("finding(\"one disk is old\")\n1\n");
    assertThat(ended).isEqualTo(new Ended(ExitStatus.FINDINGS, "1\n", "blksh: one disk is old\n"));
  }

  @Test
  void knowsResultsOfValueClassesAndReferencesToFunctions() throws Exception {
    String text =
        """
        kotlin.time.Duration.parse("5s")
        runCatching { 3 }
        4000000000u
        @JvmInline value class Name(val text: String)
        listOf(Name("a"))
        fun f(n: Int) = n + 1
        ::f
        listOf(1).map(::f)
        """;
    Ended ended = here(text);
    assertThat(ended.err()).isEmpty();
    assertThat(ended.out())
        .startsWith("5s\nSuccess(3)\n4000000000\nName(text=a)\n")
        .endsWith("\n2\n");
  }

  @Test
  void endsWhenNobodyReadsOn() throws Exception {
    Program program =
        new Program(home)
            .by(
                "bash",
                "-c",
                "echo 'while (true) println(1)' | "
                    + Program.quoted()
                    + " | head -1; echo ${PIPESTATUS[1]}");
    assertThat(program.run()).isEqualTo(new Ended(0, "1\n" + ExitStatus.UNREAD + "\n", ""));
  }

  @Test
  void failsWhenItsOutputCannotBeKept() throws Exception {
    Program program =
        new Program(home)
            .by("bash", "-c", "echo '(1..9).toList()' | " + Program.quoted() + " >/dev/full");
    Ended ended = program.run();
    assertThat(ended.status()).isEqualTo(ExitStatus.FAILED);
    assertThat(ended.err())
        .isEqualTo("blksh: cannot write to standard output: No space left on device\n");
  }

  @Test
  void letsAPersonAtADumbTerminalGoOnAfterAnError() throws Exception {
    assertThat(dumb("40 + 1\nnosuch\n40 + 2\n"))
        .contains("blksh> 41\n", "Unresolved reference 'nosuch'", "blksh> 42\n");
  }

  @Test
  void saysWhenADeclarationHidesWhatItUses() throws Exception {
    assertThat(
            dumb(
                """
                val stores = stores.first()
                val a = 1
                val a = a + 1
                fun image() = image(sampleImage.path)
                val image = image(sampleImage.path)
                image.name
                """))
        .contains(
            "<prompt>:1:14: error: 'stores' means what is declared here, not what blksh calls so",
            "not what was before",
            "choose another name than image: blksh has that already",
            "blksh> disk-1.pcl.zst\n");
  }

  @Test
  void letsEntriesSeeWhatOthersDeclarePrivate() throws Exception {
    String text =
        """
        private val a = 2
        private class C { private val b = 3; fun f() = a + b }
        C().f()
          private fun f() = a
        f() + nosuch
        """;
    Ended ended = here(text);
    assertThat(ended.out()).isEqualTo("5\n");
    assertThat(ended.err()).contains("<prompt>:1:7: error: Unresolved reference 'nosuch'");
  }
}
