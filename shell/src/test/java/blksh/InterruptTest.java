package blksh;

import static blksh.kit.Await.await;
import static org.assertj.core.api.Assertions.assertThat;

import blksh.kit.Child;
import blksh.kit.Program;
import blksh.kit.Program.Ended;
import blksh.session.ExitStatus;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Ctrl-C while a script runs. */
class InterruptTest {

  @TempDir static Path shared;
  @TempDir Path home;

  @BeforeAll
  static void prepare() throws Exception {
    Program.prepare(shared);
  }

  private Program blksh() {
    return new Program(home);
  }

  /** As nohup in the background of a script starts it. */
  private Program ignoring(String signals) {
    return blksh().by("/usr/bin/env", "--ignore-signal=" + signals, Program.launcher().toString());
  }

  private Ended interrupt(Program program, String ready, String... words) throws Exception {
    Process process = program.start(words);
    awaitOutput(process, ready);
    long began = System.nanoTime();
    send("INT", process);
    Ended ended = program.end(process);
    assertThat(System.nanoTime() - began).isLessThan(TimeUnit.SECONDS.toNanos(5));
    return ended;
  }

  private void awaitOutput(Process process, String text) throws Exception {
    await(
        () -> Files.readString(home.resolve("out")) + Files.readString(home.resolve("err")),
        seen -> seen.contains(text) || !process.isAlive());
    assertThat(process.isAlive()).as("alive; " + Files.readString(home.resolve("err"))).isTrue();
  }

  private static void send(String signal, Process process) throws Exception {
    Child.of("kill", "-" + signal, Long.toString(process.pid())).start().waitFor();
  }

  @Test
  void stopsALoopThatWaitsForNothing() throws Exception {
    Ended ended =
        interrupt(blksh(), "going", "eval", "println(\"going\"); var n = 0; while (true) { n++ }");
    assertThat(ended.status()).isEqualTo(ExitStatus.INTERRUPTED);
    assertThat(ended.err()).isEqualTo("blksh: interrupted\n");
  }

  @Test
  void stopsASleepAndSaysSoInJson() throws Exception {
    Ended ended =
        interrupt(blksh(), "going", "--json", "eval", "println(\"going\"); Thread.sleep(100000)");
    assertThat(ended.status()).isEqualTo(ExitStatus.INTERRUPTED);
    assertThat(ended.lastLine()).contains("\"message\":\"interrupted\"");
  }

  @Test
  void heedsAnInterruptInTheBackgroundOfAScript() throws Exception {
    Ended ended =
        interrupt(
            ignoring("INT,QUIT"), "going", "eval", "println(\"going\"); Thread.sleep(100000)");
    assertThat(ended.status()).isEqualTo(ExitStatus.INTERRUPTED);
    assertThat(ended.err()).isEqualTo("blksh: interrupted\n");
  }

  @Test
  void outlivesAHangupUnderNohup() throws Exception {
    Program program = ignoring("HUP,INT");
    Process process = program.start("eval", "println(\"going\"); Thread.sleep(2000); 42");
    awaitOutput(process, "going");
    send("HUP", process);
    assertThat(program.end(process)).isEqualTo(new Ended(0, "going\n42\n", ""));
  }

  @Test
  void stopsACaptureAndLeavesTheStoreClean() throws Exception {
    String store = home.resolve("store").toString();
    Program capture = blksh().readingFrom(Path.of("/dev/urandom"));
    Process process = capture.start("run", "capture", "-", "--store", store, "--name", "endless");
    Path packs = home.resolve("store/packs");
    await(() -> Files.isDirectory(packs) && files(packs) > 0);
    // Another process tells how far it is, within about a second of its beginning.
    Program other = new Program(home.resolve("other"));
    await(
        () -> other.run("--json", "--home", home.toString(), "run", "runs", "--running").lastLine(),
        told -> told.matches(".*\"bytes\":[1-9]\\d*,\"outcome\":\"running\".*Second\":[1-9].*"));
    send("INT", process);
    Ended ended = capture.end(process);
    assertThat(ended.status()).isEqualTo(ExitStatus.INTERRUPTED);
    assertThat(ended.err())
        .isEqualTo(
            "blksh: a new store was made in %s\nblksh: cannot capture endless: interrupted\n"
                .formatted(store));
    Program after = new Program(home);
    assertThat(after.run("run", "list", "--store", store).out()).isEqualTo("(none)\n");
    assertThat(after.run("run", "verify", "--store", store).status()).isZero();
    assertThat(after.run("--json", "run", "runs").lastLine())
        .contains("\"verb\":\"capture\"", "\"outcome\":\"interrupted\"");
  }

  private static long files(Path directory) throws IOException {
    try (Stream<Path> files = Files.walk(directory)) {
      return files.filter(Files::isRegularFile).count();
    }
  }
}
