package blksh.kit;

import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;

/** A real block device over a file, for as long as it is open. */
public final class LoopDevice implements Closeable {

  private final Path path;

  private LoopDevice(Path path) {
    this.path = path;
  }

  /** Attaches a file; ends the test where that is not allowed. */
  public static LoopDevice attach(Path file, int sectorSize) throws IOException {
    Component.needRoot();
    return new LoopDevice(
        Path.of(
            Tool.named("losetup").answer("--find", "--show", "--sector-size", sectorSize, file)));
  }

  public Path path() {
    return path;
  }

  @Override
  public void close() throws IOException {
    Tool.named("losetup").run("--detach", path);
  }
}
