package blksh.iso;

import blksh.block.BlockSource;

/** Where {@link DiscWriter} has the contents from, by the numbers that the tree gives them. */
public interface DiscContents {

  /**
   * Opens a content. Called once for each that has bytes, in the order of the disc, one after the
   * other, by a thread of the engine, which closes it. One that was given as the last is opened
   * when all before it are written and told to {@link #written}.
   *
   * @return at least what can be had; when that is less or more than the plan says, this is a fault
   * @throws RuntimeException when it cannot be opened: then the disc has zeros for it, and this is
   *     a fault
   */
  BlockSource open(long content);

  /** What a content must come to; null where whatever is read is right. */
  ContentDigest digest(long content);

  /**
   * Told of each content that was opened, once it is on the disc; from any thread, one at a time.
   *
   * @param digest what was written, with what was put in place of bytes that could not be had; by
   *     the algorithm of the one asked for, null when none was
   * @param fault what is wrong with it; null when nothing is
   */
  default void written(long content, ContentDigest digest, DiscFault fault) {}
}
