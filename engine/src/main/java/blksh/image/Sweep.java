package blksh.image;

import blksh.block.BlockSource;
import java.nio.ByteBuffer;

/**
 * Reads a source from end to end in pieces, by several threads. The pieces of an image with
 * checksums end where its groups do, so that each group is read once, to be proven and to be used.
 */
final class Sweep {

  /** What a piece of a source has at least, in bytes. */
  private static final long PIECE = 4L << 20;

  /** The largest group that is kept while its blocks are used, in bytes. */
  private static final int LARGEST_KEPT = 16 << 20;

  private static final int SMALLEST_KEPT = 1 << 20;

  private final BlockSource source;
  private final long size;
  private long next;

  Sweep(BlockSource source) {
    this.source = source;
    this.size = source.size();
  }

  long size() {
    return size;
  }

  /** Takes the next piece. @return its first byte and the one behind it, or null at the end */
  synchronized long[] take() {
    if (next >= size) {
      return null;
    }
    long start = next;
    next = source instanceof BlockImage image ? cut(image.blocks(), start) : start + PIECE;
    next = Math.min(size, next);
    return new long[] {start, next};
  }

  private long cut(StoredBlocks blocks, long start) {
    BlockIndex index = blocks.index();
    long perGroup = blocks.proof().perGroup();
    long block = Math.min(index.blocks(), (start + PIECE) / blocks.blockSize());
    if (block >= index.blocks()) {
      return size;
    }
    long rank = index.rank(block);
    if (blocks.proof().groups() == 0 || rank % perGroup == 0) {
      return Math.max(start + 1, block * blocks.blockSize());
    }
    long nextGroup = (rank / perGroup + 1) * perGroup;
    return nextGroup >= index.used() ? size : index.block(nextGroup) * blocks.blockSize();
  }

  /** Reads pieces for one thread. */
  interface Reader {
    /** As {@link BlockSource#read}. */
    int read(long position, ByteBuffer target);
  }

  /** A reader for one thread. */
  Reader reader() {
    if (!(source instanceof BlockImage image)) {
      return source::read;
    }
    StoredBlocks blocks = image.blocks();
    long group = blocks.proof().groups() == 0 ? 0 : blocks.groupBytes(0) + blocks.proof().trailer();
    int kept = group <= LARGEST_KEPT ? (int) Math.max(group, SMALLEST_KEPT) : SMALLEST_KEPT;
    BlockReader reader = new BlockReader(blocks, kept);
    return (position, target) -> blocks.read(reader, position, target);
  }
}
