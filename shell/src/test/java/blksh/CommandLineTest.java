package blksh;

import static org.assertj.core.api.Assertions.assertThat;

import blksh.kit.Program;
import blksh.kit.Program.Ended;
import blksh.session.ExitStatus;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CommandLineTest {

  @TempDir static Path shared;
  @TempDir Path home;

  @BeforeAll
  static void prepare() throws Exception {
    Program.prepare(shared);
  }

  private Program blksh() {
    return new Program(home);
  }

  /** What else a command line comes to, when the real one was seen to take some of the kind. */
  private Ended here(String... words) throws Exception {
    return Here.run(home, words);
  }

  @Test
  void sayWhatItIsAndHowToUseIt() throws Exception {
    assertThat(blksh().run("--version").out()).matches("blksh \\d+\\.\\d+\\.\\d+\n");
    Ended help = blksh().run("--help");
    assertThat(help.status()).isZero();
    assertThat(help.out()).contains("run SCRIPT", "eval 'EXPR'", "--home DIR", "exit status");
  }

  @ParameterizedTest
  @ValueSource(strings = {"frobnicate", "--frob", "run", "eval", "--home", "eval 1 2"})
  void refusesWrongUsageWithStatusTwo(String line) throws Exception {
    Ended ended = blksh().run(line.split(" "));
    assertThat(ended.status()).isEqualTo(ExitStatus.USAGE);
    assertThat(ended.err()).startsWith("blksh: ").doesNotContain("Exception");
    assertThat(ended.out()).isEmpty();
  }

  @Test
  void evaluatesAnExpressionAndPrintsItsValue() throws Exception {
    Ended ended = blksh().run("eval", "listOf(4.GiB, 512.MiB).map { it / 1.MiB }");
    assertThat(ended).isEqualTo(new Ended(ExitStatus.DONE, "4096\n512\n", ""));
  }

  @Test
  void printsJsonAsOneObjectOnTheLastLine() throws Exception {
    Ended ended =
        blksh().run("--json", "eval", "println(\"before\"); mapOf(\"a\" to 1.KiB, \"b\" to null)");
    assertThat(ended.out()).isEqualTo("before\n{\"a\":1024,\"b\":null}\n");
    assertThat(here("--json", "eval", "error(\"no \\\"luck\\\"\")").lastLine())
        .isEqualTo(
            "{\"error\":{\"kind\":\"IllegalStateException\","
                + "\"message\":\"IllegalStateException: no \\\"luck\\\"\","
                + "\"at\":\"<eval>:1\"}}");
    assertThat(here("--json", "run", "nosuch").lastLine())
        .startsWith("{\"error\":{\"kind\":\"Failure\"");
  }

  @Test
  void showsCompilationErrorsInPlace() throws Exception {
    Path script = home.resolve("wrong one.kts");
    Files.writeString(script, "// A script.\nval a = 1\n  val b: Int = \"text\"\nnosuch(a)\n");
    Ended ended = blksh().run("run", script.toString());
    assertThat(ended.status()).isEqualTo(ExitStatus.FAILED);
    assertThat(ended.err())
        .contains(script + ":3:14: error: ")
        .contains("\n  val b: Int = \"text\"\n             ^\n")
        .contains(script + ":4:1: error: ")
        .contains("\nnosuch(a)\n^\n");
  }

  @Test
  void saysWhereInAScriptItFailed() throws Exception {
    Path script = home.resolve("deep.kts");
    Files.writeString(
        script,
        "fun inner(n: Int) {\n  if (n == 0) error(\"boom\")\n  inner(n - 1)\n}\ninner(3)\n");
    Ended ended = blksh().run("run", script.toString());
    assertThat(ended.status()).isEqualTo(ExitStatus.FAILED);
    assertThat(ended.err())
        .isEqualTo(
            "blksh: IllegalStateException: boom\n  at "
                + script
                + ":2: if (n == 0) error(\"boom\")\n");
    assertThat(blksh().run("--trace", "run", script.toString()).err()).contains("\tat ");
  }

  @Test
  void tellsWhatWasFoundBeforeItFailed() throws Exception {
    String script = "finding(\"two sectors are bad\")\nerror(\"the cable is off\")";
    Ended ended = here("--json", "eval", script);
    assertThat(ended.status()).isEqualTo(ExitStatus.FAILED);
    assertThat(ended.err())
        .isEqualTo(
            """
            blksh: two sectors are bad
            blksh: IllegalStateException: the cable is off
              at <eval>:2: error("the cable is off")
            """);
    assertThat(ended.lastLine())
        .contains("\"at\":\"<eval>:2\"", "\"findings\":[\"two sectors are bad\"]");
  }

  @Test
  void saysWhereTheEngineRefused() throws Exception {
    Ended ended = here("eval", "drive(\"/nonexistent/sda\")");
    assertThat(ended.status()).isEqualTo(ExitStatus.FAILED);
    assertThat(ended.err())
        .startsWith("blksh: cannot open /nonexistent/sda: ")
        .contains("at <eval>:1: drive(");
  }

  @Test
  void typesTheArgumentsOfAScript() throws Exception {
    Path script = home.resolve("typed.kts");
    Files.writeString(
        script,
        """
        #!/usr/bin/env -S blksh run
        // Shows what arguments become.
        val count by option<Int>("--count", "N", "how many")
        val size by option<Size>("--size", "SIZE", "how large", 1.GiB)
        val mode by option<Verify>("--mode", "MODE", "how").optional()
        val names by repeated<String>("--name", "NAME", "who", required = false)
        val loud by flag("--loud", "louder")
        val file by positional<Path>("FILE", "which")
        println("body")
        println("$count $size $mode $names $loud $file")
        """);
    String path = script.toString();
    assertThat(
            blksh().run("run", path, "--count=3", "f", "--name", "a", "--name=b", "--loud").out())
        .isEqualTo("body\n3 1 GiB null [a, b] true f\n");
    assertThat(
            here("run", path, "--count", "3", "--size", "5M", "--mode", "full", "--", "-f").out())
        .isEqualTo("body\n3 5 MiB FULL [] false -f\n");

    Ended help = here("run", path, "--help");
    assertThat(help.status()).isZero();
    assertThat(help.out())
        .startsWith("usage: blksh run " + path + " --count N [--size SIZE] [--mode MODE]")
        .contains("Shows what arguments become.")
        .contains("--size SIZE  how large (default 1 GiB)")
        .contains("how: quick, sample, full")
        .doesNotContain("body");

    refused(path, "--count N is missing", "f");
    refused(path, "FILE is missing", "--count", "1");
    refused(path, "--count N: 'x' is not a whole number", "--count", "x", "f");
    refused(path, "--size SIZE: 'big' is not a size", "--count", "1", "--size", "big", "f");
    refused(path, "'no' is not one of quick, sample, full", "--count", "1", "--mode", "no", "f");
    refused(path, "unknown option --cuont; did you mean --count?", "--cuont", "1", "f");
    refused(path, "unexpected argument 'g'", "--count", "1", "f", "g");
    refused(path, "--count needs a value", "f", "--count");
    refused(path, "--count is given twice", "--count", "1", "--count", "2", "f");
    refused(path, "--loud takes no value", "--count", "1", "--loud=yes", "f");
  }

  private void refused(String script, String problem, String... arguments) throws Exception {
    String[] words = new String[arguments.length + 2];
    words[0] = "run";
    words[1] = script;
    System.arraycopy(arguments, 0, words, 2, arguments.length);
    Ended ended = here(words);
    assertThat(ended.err()).contains(problem);
    assertThat(ended.status()).isEqualTo(ExitStatus.USAGE);
    assertThat(ended.out()).doesNotContain("body");
  }

  @Test
  void takesTheCommandLineOfASnapshotTool() throws Exception {
    Path script = home.resolve("snapshot.kts");
    Files.writeString(
        script,
        """
        val name by option<String>("-n/--snapshot-name", "NAME", "what to call it", "now")
        val destination by option<Path>("-o/--destination", "DIR", "where to")
        val targets by several<Path>("-i/--targets", "DIR", "what to take", required = false)
        val exclude by several<String>("-x/--exclude", "GLOB", "what to leave", required = false, orNone = true)
        val threads by option<Int>("--threads", "N", "how many", 4)
        val gc by flag("--garbage-collect-cache/--gc", "remove what nothing links to")
        val verbose by flag("-v/--verbose", "say more")
        println("$name $destination $targets $exclude $threads $gc $verbose $dryRun")
        """);
    String path = script.toString();
    assertThat(
            blksh()
                .run(
                    "run",
                    path,
                    "--snapshot-name",
                    "my-snapshot",
                    "--destination",
                    "/archives/",
                    "--targets",
                    "/home",
                    "/opt",
                    "--exclude",
                    "**/*cache*",
                    "--threads",
                    "2"))
        .isEqualTo(
            new Ended(
                0, "my-snapshot /archives [/home, /opt] [**/*cache*] 2 false false false\n", ""));
    assertThat(here("run", path, "-vo/a", "--garbage-collect", "--dry", "-x").out())
        .isEqualTo("now /a [] [] 4 true true true\n");
    refused(path, "-i needs a value: -i DIR", "-o", "/a", "-i", "-v");
    refused(path, "-o/--destination DIR is missing", "--gc");
  }

  @Test
  void takesTheCommandLineOfAToolWithCommands() throws Exception {
    Path script = home.resolve("disks.kts");
    Files.writeString(
        script,
        """
        // Copies disks of other machines.
        val user by option<String>("-u/--user", "USER", "who logs in").optional()
        val dump = command("dump", "copy drives into the store") { ':' in it }
        val targets = dump.positionals<String>("HOST:PATH", "what to copy")
        val sudo = targets.flag("--sudo", "read it as root")
        val name = targets.option<String>("--as", "NAME", "what to call it").optional()
        val restore = command("restore", "write a version to a file")
        val manifest by restore.positional<Path>("MANIFEST", "which version")
        val output by restore.option<Path>("-o/--output", "FILE", "where to").optional()
        val status = command("status", "show what is there")

        println("body")
        when {
          dump.chosen -> targets.forEach { println("$it as ${it[name]} sudo ${it[sudo]} by $user") }
          restore.chosen -> println("$manifest to $output")
          else -> println("status")
        }
        """);
    String path = script.toString();
    assertThat(
            blksh()
                .run(
                    "run",
                    path,
                    "dump",
                    "server01:/dev/sda",
                    "--sudo",
                    "--as",
                    "server01.sda",
                    "server02:/dev/sda",
                    "--as",
                    "server02.sda")
                .out())
        .isEqualTo(
            """
            body
            server01:/dev/sda as server01.sda sudo true by null
            server02:/dev/sda as server02.sda sudo false by null
            """);
    assertThat(here("run", path, "localhost:/x.img", "-u", "me").out())
        .isEqualTo("body\nlocalhost:/x.img as null sudo false by me\n");
    assertThat(here("run", path, "restore", "server01.sda", "-orestored.img").out())
        .isEqualTo("body\nserver01.sda to restored.img\n");
    assertThat(here("run", path, "status").out()).isEqualTo("body\nstatus\n");

    Ended help = here("run", path, "--help");
    assertThat(help.status()).isZero();
    assertThat(help.out())
        .startsWith("usage: blksh run " + path + " [-u USER] COMMAND …\n\nCopies disks")
        .contains("\n  restore  write a version to a file\n")
        .doesNotContain("body");
    assertThat(here("run", path, "restore", "--help").out())
        .startsWith("usage: blksh run " + path + " restore [-o FILE] [-u USER] MANIFEST\n\nwrite a")
        .contains("\n  -o, --output FILE  where to\n")
        .doesNotContain("--sudo", "body");

    refused(path, "a command is missing: one of dump, restore, status");
    refused(path, "there is no command 'restor'; did you mean restore?", "restor", "x");
    refused(path, "HOST:PATH is missing (what to copy)", "dump");
    refused(path, "--sudo belongs to the HOST:PATH before it", "dump", "--sudo", "a:/b");
  }

  @Test
  void takesABareNameForABundledScript() throws Exception {
    Path here = Files.createDirectories(home.resolve("here"));
    // Its class bears the name of the bundled one's.
    Files.writeString(here.resolve("list"), "println(\"the file\")\n");
    Program program = blksh().in(here);
    assertThat(program.run("run", "list", "--help").out()).startsWith("usage: blksh run list");
    assertThat(program.run("run", "./list").out()).isEqualTo("the file\n");
  }

  @Test
  void takesTheCommonOptionsAfterTheScriptsNameToo() throws Exception {
    Path other = home.resolve("other");
    Ended runs = blksh().run("run", "runs", "--json", "--home", other.toString());
    assertThat(runs).isEqualTo(new Ended(0, "{\"items\":[]}\n", ""));
    Ended failed = blksh().run("run", "list", "--trace", "--json", "--store=" + home + "/none");
    assertThat(failed.lastLine()).startsWith("{\"error\":");
    assertThat(failed.err()).contains("\tat ");
    assertThat(blksh().run("run", "runs", "--home").status()).isEqualTo(ExitStatus.USAGE);

    Path script = home.resolve("own.kts");
    Files.writeString(
        script, "val json by option<String>(\"--json\", \"X\", \"x\")\n\"$json in $home\"\n");
    assertThat(blksh().run("run", script.toString(), "--json", "a", "--home=" + other).out())
        .isEqualTo("a in " + other + "\n");
    Files.writeString(script, "nosuch()\n");
    assertThat(here("run", script.toString(), "--json").lastLine())
        .startsWith("{\"error\":{\"kind\":\"Compilation\"");
  }

  @Test
  void boundsWhatItSaysOfGarbage() throws Exception {
    Path script = home.resolve("garbage.kts");
    String line = "nosuch1 nosuch2(); ".repeat(2000);
    Files.writeString(script, line + "\n" + "val x: Int = \"" + "z".repeat(99_999) + "\"\n");
    Ended ended = blksh().run("run", script.toString());
    assertThat(ended.status()).isEqualTo(ExitStatus.FAILED);
    assertThat(ended.err()).contains(script + ":1:17: error", " more errors");
    assertThat(ended.err().length()).isLessThan(20_000);
  }

  @Test
  void leavesArgumentsToAScriptThatReadsThemItself() throws Exception {
    Path plain = home.resolve("plain.kts");
    Files.writeString(plain, "println(\"ran\")\n");
    assertThat(here("run", plain.toString(), "x").status()).isEqualTo(ExitStatus.USAGE);
    Path own = home.resolve("own.kts");
    Files.writeString(own, "println(args)\n");
    assertThat(blksh().run("run", own.toString(), "-x", "y").out()).isEqualTo("[-x, y]\n");
  }

  @Test
  void endsWithStatusThreeWhenSomethingWasFound() throws Exception {
    Ended ended = blksh().run("--json", "eval", "finding(\"sector 7\"); 5");
    assertThat(ended.status()).isEqualTo(ExitStatus.FINDINGS);
    assertThat(ended.err()).isEqualTo("blksh: sector 7\n");
    assertThat(ended.lastLine()).isEqualTo("{\"value\":5,\"findings\":[\"sector 7\"]}");
  }
}
