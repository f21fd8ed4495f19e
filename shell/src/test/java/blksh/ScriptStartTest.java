package blksh;

import static org.assertj.core.api.Assertions.assertThat;

import blksh.kit.Program;
import blksh.kit.Program.Ended;
import blksh.kit.Tool;
import blksh.session.ExitStatus;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How scripts are started and how they end, as people write them elsewhere. */
class ScriptStartTest {

  @TempDir static Path shared;
  @TempDir Path home;

  @BeforeAll
  static void prepare() throws Exception {
    Program.prepare(shared);
  }

  private Path script(String name, String text) throws Exception {
    return Files.writeString(home.resolve(name), text);
  }

  @Test
  void aFileStartsItselfAndRunsItsMain() throws Exception {
    Path script =
        script(
            "s.kts",
            """
            #!/usr/bin/env blksh
            // Greets.
            fun main(args: Array<String>) {
              println("main ${args.size} ${args.joinToString()}")
            }
            """);
    assertThat(script.toFile().setExecutable(true)).isTrue();
    Path bin = Files.createDirectory(home.resolve("bin"));
    Files.createSymbolicLink(bin.resolve("blksh"), Program.launcher());
    Ended ended =
        new Program(home)
            .by(
                Tool.path("env"),
                "PATH=" + bin + ":" + "/usr/sbin:/usr/bin:/sbin:/bin",
                "" + script)
            .run("a", "-b");
    assertThat(ended).isEqualTo(new Ended(0, "main 2 a, -b\n", ""));
    assertThat(new Program(home).run(script.toString())).isEqualTo(new Ended(0, "main 0 \n", ""));
    assertThat(new Program(home).in(home).run("--quiet", "s.kts", "x").out())
        .isEqualTo("main 1 x\n");
  }

  @Test
  void aMainThatSuspendsRunsToItsEndOnAnotherThread() throws Exception {
    Path script =
        script(
            "s.kts",
            """
            import kotlin.concurrent.thread
            import kotlin.coroutines.resume
            import kotlin.coroutines.suspendCoroutine
            suspend fun main(args: Array<String>) {
              val word = suspendCoroutine<String> { thread { Thread.sleep(50); it.resume("later") } }
              println("$word ${args.size}")
              if (args.isNotEmpty()) error(args[0])
            }
            """);
    assertThat(new Program(home).run("run", script.toString()))
        .isEqualTo(new Ended(0, "later 0\n", ""));
    Ended failed = new Program(home).run("run", script.toString(), "no");
    assertThat(failed.status()).isEqualTo(ExitStatus.FAILED);
    assertThat(failed.err()).startsWith("blksh: IllegalStateException: no\n  at " + script + ":7:");
  }

  @Test
  void standardInputIsAScriptAsWell() throws Exception {
    assertThat(new Program(home).reading("println(6 * 7)").run("run", "-"))
        .isEqualTo(new Ended(0, "42\n", ""));
  }

  @Test
  void anEndByItsOwnTellsWhatWasFound() throws Exception {
    // As Windows writes it.
    Path script =
        script(
            "f.kts",
            "\ufeffimport kotlin.system.exitProcess\r\nfinding(\"sdb is gone\")\r\n"
                + "val how by option<String>(\"--how\", \"HOW\", \"how\")\r\n"
                + "when (how) {\r\n"
                + "  \"word\" -> exit(5)\r\n"
                + "  \"well\" -> exit()\r\n"
                + "  \"caught\" -> runCatching { exitProcess(6) }\r\n"
                + "  \"thread\" -> { Thread { exitProcess(7) }.start(); Thread.sleep(60_000) }\r\n"
                + "  \"job\" -> { bg { exit(9) }; Thread.sleep(60_000) }\r\n"
                + "  \"much\" -> exit(256)\r\n"
                + "  else -> exitProcess(8)\r\n"
                + "}\r\nwhile (true) Thread.sleep(1)\r\n");
    String[][] ends = {
      {"word", "5"},
      {"well", "" + ExitStatus.FINDINGS},
      {"caught", "6"},
      {"thread", "7"},
      {"job", "9"},
      {"much", "1"},
      {"x", "8"}
    };
    for (String[] end : ends) {
      Ended ended = new Program(home).run("run", script.toString(), "--how", end[0]);
      assertThat(ended).isEqualTo(new Ended(Integer.parseInt(end[1]), "", "blksh: sdb is gone\n"));
    }
    Ended json = new Program(home).run("run", script.toString(), "--how", "word", "--json");
    assertThat(json.lastLine())
        .isEqualTo(
            "{\"error\":{\"kind\":\"Exit\",\"message\":\"the script ended itself with status"
                + " 5\"},\"findings\":[\"sdb is gone\"]}");
  }
}
