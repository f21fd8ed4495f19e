package blksh.kit;

import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A real block device over a file, for as long as it is open. */
public final class LoopDevice implements Closeable {

  private final Path path;

  private final List<Integer> partitions = new ArrayList<>();

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

  /**
   * Adds a partition, without a table that tells of it.
   *
   * @param number from 1 on
   * @param start in sectors of 512 bytes
   * @param length likewise
   */
  public Path partition(int number, long start, long length) throws IOException {
    Tool.named("addpart").run(path, number, start, length);
    partitions.add(number);
    return Path.of(path + "p" + number);
  }

  /** A partition that stays would be one of the next device of this name. */
  @Override
  public void close() throws IOException {
    for (int number : partitions) {
      Tool.named("delpart").run(path, number);
    }
    Tool.named("losetup").run("--detach", path);
  }
}
