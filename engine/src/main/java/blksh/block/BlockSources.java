package blksh.block;

import blksh.BlkshException;
import blksh.io.BlockDevice;
import blksh.io.IoFailure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;

/** Opens whatever a path leads to as a source. */
public final class BlockSources {

  private BlockSources() {}

  /**
   * Opens a regular file or a block device; links are followed.
   *
   * @throws BlkshException when there is nothing, something that has no blocks (a directory, a
   *     pipe, a character device, a socket), or no permission to read it
   */
  public static BlockSource open(Path path) {
    BasicFileAttributes attributes;
    try {
      attributes = Files.readAttributes(path, BasicFileAttributes.class);
    } catch (IOException e) {
      throw IoFailure.told("open " + path, e);
    }
    if (attributes.isRegularFile()) {
      return FileSource.open(path);
    }
    if (attributes.isDirectory()) {
      throw refusal(path, "it is a directory");
    }
    if (BlockDevice.isAt(path)) {
      return DeviceSource.open(path);
    }
    throw refusal(path, "it is a pipe, a character device or a socket")
        .suggest("feed a stream through standard input and name it -");
  }

  static BlkshException refusal(Path path, String problem) {
    return new BlkshException("open " + path, problem + ", not a file or block device");
  }
}
