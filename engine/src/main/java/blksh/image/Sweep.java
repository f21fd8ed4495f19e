package blksh.image;

import blksh.block.BlockSource;
import blksh.io.UnreadableException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;

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

  /** What the source is put together of; most often itself. */
  private final List<BlockSource> parts;

  /** First byte of each part, and after them the size of the whole. */
  private final long[] starts;

  private final long size;
  private long next;

  Sweep(BlockSource source) {
    this.parts = source instanceof ClonezillaDisk disk ? disk.parts() : List.of(source);
    this.starts = new long[parts.size() + 1];
    for (int i = 0; i < parts.size(); i++) {
      starts[i + 1] = starts[i] + parts.get(i).size();
    }
    this.size = starts[parts.size()];
  }

  /** The part that holds a byte before the end. */
  private int partAt(long position) {
    int found = Arrays.binarySearch(starts, position);
    if (found < 0) {
      return -found - 2;
    }
    // Of parts without bytes, which begin where another does, none is meant.
    while (starts[found + 1] == position) {
      found++;
    }
    return found;
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
    int part = partAt(start);
    next =
        parts.get(part) instanceof BlockImage image
            ? starts[part] + cut(image.blocks(), start - starts[part], image.size())
            : start + PIECE;
    next = Math.min(starts[part + 1], next);
    return new long[] {start, next};
  }

  private static long cut(StoredBlocks blocks, long start, long size) {
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
    /** As {@link BlockSource#read}; fewer bytes at the end of a part of what was put together. */
    int read(long position, ByteBuffer target);
  }

  /** A reader for one thread. */
  Reader reader() {
    if (parts.size() == 1) {
      return reader(parts.get(0));
    }
    return new Reader() {
      private int current = -1;

      /** Of the current part: pieces come in order, and a group of each part is much memory. */
      private Reader reader;

      @Override
      public int read(long position, ByteBuffer target) {
        if (position >= size) {
          return 0;
        }
        int part = partAt(position);
        if (part != current) {
          reader = reader(parts.get(part));
          current = part;
        }
        int limit = target.limit();
        int count = (int) Math.min(target.remaining(), starts[part + 1] - position);
        target.limit(target.position() + count);
        try {
          return reader.read(position - starts[part], target);
        } catch (UnreadableException e) {
          String of = parts.get(part).describe().toString();
          throw new UnreadableException(of, starts[part] + e.start(), e.length(), e.problem(), e);
        } finally {
          target.limit(limit);
        }
      }
    };
  }

  private static Reader reader(BlockSource source) {
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
