package blksh.kit;

import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A small file system in memory, mounted for as long as it is open. */
public final class Tmpfs implements Closeable {

  private final Path path;

  private Tmpfs(Path path) {
    this.path = path;
  }

  /** Mounts one; ends the test where that is not allowed. */
  public static Tmpfs of(Path path, String size) throws IOException {
    Files.createDirectories(path);
    try {
      Tool.named("mount").run("-t", "tmpfs", "-o", "size=" + size, "tmpfs", path);
    } catch (IOException refused) {
      return Component.missing("mounting needs root");
    }
    return new Tmpfs(path);
  }

  public Path path() {
    return path;
  }

  public void makeReadOnly() throws IOException {
    Tool.named("mount").run("-o", "remount,ro", path);
  }

  /** Gives it another size. */
  public void resize(String size) throws IOException {
    Tool.named("mount").run("-o", "remount,size=" + size, path);
  }

  /** What is mapped stays mapped until it is collected, so the mount may go later than its name. */
  @Override
  public void close() throws IOException {
    Tool.named("umount").run("--lazy", path);
  }
}
