package blksh.mount;

import static org.assertj.core.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.abort;

import blksh.BlkshException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/** Programs of the system that use what is mounted or served. */
final class Client {

  private static final int PATIENCE_SECONDS = 60;

  private Client() {}

  /** What a program did. */
  record Ended(int status, String output) {}

  /** Runs a program to its end, whatever that is. */
  static Ended run(String... command) throws IOException {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes()).strip();
    try {
      if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
        process.destroyForcibly();
        throw new IOException(String.join(" ", command) + " does not end");
      }
      return new Ended(process.exitValue(), output);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException(e);
    }
  }

  /** Runs a program that must succeed, and returns what it printed. */
  static String must(String... command) throws IOException {
    Ended ended = run(command);
    if (ended.status() != 0) {
      throw new IOException(String.join(" ", command) + ": " + ended.output());
    }
    return ended.output();
  }

  /**
   * Where a program is; aborts the test where it is not installed, except that it must be in CI.
   */
  static String find(String name) {
    for (String folder : new String[] {"/usr/sbin", "/sbin", "/usr/bin", "/bin"}) {
      Path program = Path.of(folder, name);
      if (Files.isExecutable(program)) {
        return program.toString();
      }
    }
    return lacking(name + " is not installed");
  }

  /** Aborts a test that lacks something, except that nothing may lack in CI. */
  static <T> T lacking(String what) {
    if (System.getenv("CI") != null) {
      fail(what + ", and is needed in CI");
    }
    return abort(what);
  }

  /** Mounts; aborts the test where there is no FUSE. */
  static FuseMount mount(Supplier<FuseMount> mount) {
    try {
      FuseLibrary.load();
    } catch (BlkshException e) {
      return lacking(e.getMessage());
    }
    return mount.get();
  }

  static void needRoot() throws IOException {
    if (!must("id", "-u").equals("0") || !Files.isWritable(Path.of("/dev/loop-control"))) {
      lacking("this needs root and loop devices");
    }
  }

  /** Bytes nothing can compress, the same for the same seed. */
  static byte[] random(int length, long seed) {
    byte[] bytes = new byte[length];
    new Random(seed).nextBytes(bytes);
    return bytes;
  }

  /** Waits for a line on the output of a program. */
  static String firstLine(Process process) throws IOException {
    return process.inputReader().readLine();
  }
}
