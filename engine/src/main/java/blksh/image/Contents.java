package blksh.image;

import blksh.block.BlockSource;
import blksh.filesystem.FileSystem;
import blksh.filesystem.Structure;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Optional;

/** What a partition or an image of one begins with, by the name an image has for it. */
final class Contents {

  private static final int SECTOR = 512;

  private Contents() {}

  /**
   * The file system a source begins with, by the name partclone gives it where it has one: {@code
   * "EXTFS"}, {@code "NTFS"}, {@code "FAT32"}, {@code "swap"}.
   */
  static Optional<String> of(BlockSource source) {
    return of(head(source));
  }

  /** The first bytes of a source; fewer where it has fewer. Does not ask for its size. */
  static Structure head(BlockSource source) {
    byte[] bytes = new byte[FileSystem.HEAD];
    int count = source.read(0, ByteBuffer.wrap(bytes));
    return Structure.of(Arrays.copyOf(bytes, count));
  }

  static Optional<String> of(Structure head) {
    return head.length() < SECTOR
        ? Optional.empty()
        : FileSystem.of(head).map(found -> found.imageName(head));
  }
}
