package blksh.mount;

import blksh.block.BlockSource;

/** A file of a mounted tree: a source that is opened when somebody opens the file. */
public non-sealed interface MountFile extends MountNode {

  /** Size in bytes, known without opening it. */
  long size();

  /** Bytes of it that are no holes, as far as that is known without opening it. */
  default long allocated() {
    return size();
  }

  /** Whether the source is a {@link blksh.block.WritableSource}. */
  default boolean writable() {
    return false;
  }

  /**
   * Whether reading takes its time, as where it decompresses, so that it pays to read ahead of a
   * client that reads in order. Never so where the source is written.
   */
  default boolean readsAhead() {
    return false;
  }

  /**
   * Opens the source, once for all who have the file open at a time.
   *
   * @throws blksh.BlkshException when it cannot be opened
   */
  BlockSource open();

  /** Lets go of the source, when the last of them has closed the file. */
  default void release(BlockSource source) {
    source.close();
  }
}
