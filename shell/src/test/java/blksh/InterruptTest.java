package blksh;

import static org.assertj.core.api.Assertions.assertThat;

import blksh.Program.Ended;
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

  /** Starts blksh with SIGINT as a terminal leaves it, whatever the tests inherited. */
  private Program blksh() {
    return new Program(home)
        .by("/usr/bin/env", "--default-signal=INT", Program.launcher().toString());
  }

  private Ended interrupt(Program program, String ready, String... words) throws Exception {
    Process process = program.start(words);
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    while (!Files.readString(home.resolve("out")).contains(ready)
        && !Files.readString(home.resolve("err")).contains(ready)) {
      assertThat(System.nanoTime()).as("waiting for " + ready).isLessThan(end);
      assertThat(process.isAlive()).as("alive; " + Files.readString(home.resolve("err"))).isTrue();
      Thread.sleep(10);
    }
    long began = System.nanoTime();
    new ProcessBuilder("kill", "-INT", Long.toString(process.pid())).start().waitFor();
    Ended ended = program.end(process);
    assertThat(System.nanoTime() - began).isLessThan(TimeUnit.SECONDS.toNanos(5));
    return ended;
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
  void stopsACaptureAndLeavesTheStoreClean() throws Exception {
    String store = home.resolve("store").toString();
    Program capture = blksh().readingFrom(Path.of("/dev/urandom"));
    Process process = capture.start("run", "capture", "-", "--store", store, "--name", "endless");
    Path packs = home.resolve("store/packs");
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    while (!Files.isDirectory(packs) || files(packs) == 0) {
      assertThat(System.nanoTime()).isLessThan(end);
      Thread.sleep(10);
    }
    new ProcessBuilder("kill", "-INT", Long.toString(process.pid())).start().waitFor();
    Ended ended = capture.end(process);
    assertThat(ended.status()).isEqualTo(ExitStatus.INTERRUPTED);
    assertThat(ended.err()).isEqualTo("blksh: cannot capture endless: interrupted\n");
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
