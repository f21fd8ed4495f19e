package blksh.image.disk;

import blksh.block.BlockSource;
import blksh.block.BlockSources;
import blksh.io.NameText;
import blksh.io.PathBytes;
import java.nio.file.Path;

/**
 * How far the way from a disk down to what it was laid on has been gone.
 *
 * @param siblings the files that the last one may name
 * @param memory shared by all
 */
record DiskChain(Siblings siblings, DiskMemory memory) {

  /**
   * Opens what a disk was laid on.
   *
   * @param format what it is said to be, as QEMU calls it, or empty: then it is told by its content
   * @param role what it is: {@code "its backing file"}
   * @throws MissingDiskException when it is not there, or leads back
   */
  VirtualDisk open(byte[] name, String format, String role) {
    Path path = siblings.find(name, role);
    DiskChain next = new DiskChain(siblings.next(path), memory);
    BlockSource file = BlockSources.open(path);
    try {
      return VirtualDisks.below(file, NameText.of(PathBytes.of(path)), format, next);
    } catch (RuntimeException | Error e) {
      file.close();
      throw e;
    }
  }
}
