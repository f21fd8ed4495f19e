package blksh.block;

import static org.assertj.core.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.abort;

import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A real block device over a file, for as long as it is open. */
public final class LoopDevice implements Closeable {

  private final Path path;

  private LoopDevice(Path path) {
    this.path = path;
  }

  /** Attaches a file; aborts the test where that is not allowed, except that it must be in CI. */
  public static LoopDevice attach(Path file, int sectorSize) throws IOException {
    if (!Files.isWritable(Path.of("/dev/loop-control"))) {
      if (System.getenv("CI") != null) {
        fail("loop devices are needed in CI: run as root");
      }
      abort("loop devices need root");
    }
    String size = Integer.toString(sectorSize);
    return new LoopDevice(
        Path.of(run("losetup", "--find", "--show", "--sector-size", size, file.toString())));
  }

  public Path path() {
    return path;
  }

  @Override
  public void close() throws IOException {
    run("losetup", "--detach", path.toString());
  }

  private static String run(String... command) throws IOException {
    Process process = new ProcessBuilder(command).start();
    String output = new String(process.getInputStream().readAllBytes()).strip();
    String errors = new String(process.getErrorStream().readAllBytes()).strip();
    try {
      if (process.waitFor() != 0) {
        throw new IOException(String.join(" ", command) + ": " + errors);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException(e);
    }
    return output;
  }
}
