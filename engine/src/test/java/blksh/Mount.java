package blksh;

import static org.assertj.core.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.abort;

import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A small file system in memory, mounted for as long as it is open. */
public final class Mount implements Closeable {

  private final Path path;

  private Mount(Path path) {
    this.path = path;
  }

  /** Mounts one; aborts the test where that is not allowed, except that it must be in CI. */
  public static Mount of(Path path, String size) throws IOException {
    Files.createDirectories(path);
    try {
      run("mount", "-t", "tmpfs", "-o", "size=" + size, "tmpfs", path.toString());
    } catch (IOException e) {
      if (System.getenv("CI") != null) {
        fail("mounting is needed in CI: run as root", e);
      }
      abort("mounting needs root");
    }
    return new Mount(path);
  }

  public Path path() {
    return path;
  }

  public void makeReadOnly() throws IOException {
    run("mount", "-o", "remount,ro", path.toString());
  }

  /** Gives it another size. */
  public void resize(String size) throws IOException {
    run("mount", "-o", "remount,size=" + size, path.toString());
  }

  /** What is mapped stays mapped until it is collected, so the mount may go later than its name. */
  @Override
  public void close() throws IOException {
    run("umount", "--lazy", path.toString());
  }

  private static void run(String... command) throws IOException {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes()).strip();
    try {
      if (process.waitFor() != 0) {
        throw new IOException(output);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException(e);
    }
  }
}
