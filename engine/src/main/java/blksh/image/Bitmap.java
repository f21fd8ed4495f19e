package blksh.image;

import java.util.ArrayList;
import java.util.List;

/**
 * One bit a block, set for those stored, with counts that make a rank constant work: one count for
 * every 512 bits, an eighth of the memory of the bits. Grows with the bits that were given, never
 * with a number in a header.
 */
final class Bitmap implements BlockIndex {

  /** Words of one piece; pieces are allocated as bits arrive. */
  private static final int PIECE = 8192;

  private static final int WORDS_COUNTED = 8;

  private final long blocks;
  private final long[][] pieces;

  /** Set bits before each group of {@link #WORDS_COUNTED} words, and at the end all of them. */
  private final long[] ranks;

  private final long used;

  private Bitmap(long blocks, List<long[]> given) {
    this.blocks = blocks;
    this.pieces = given.toArray(long[][]::new);
    int counts = (int) ((words() + WORDS_COUNTED - 1) / WORDS_COUNTED);
    this.ranks = new long[counts + 1];
    long sum = 0;
    for (int i = 0; i < counts; i++) {
      ranks[i] = sum;
      long end = Math.min(words(), (i + 1L) * WORDS_COUNTED);
      for (long w = (long) i * WORDS_COUNTED; w < end; w++) {
        sum += Long.bitCount(word(w));
      }
    }
    ranks[counts] = sum;
    this.used = sum;
  }

  private long words() {
    return (blocks + 63) / 64;
  }

  private long word(long index) {
    return pieces[(int) (index / PIECE)][(int) (index % PIECE)];
  }

  /** The bits of 64 blocks, the first in the lowest. @param block a multiple of 64 */
  long bits(long block) {
    return word(block / 64);
  }

  @Override
  public long blocks() {
    return blocks;
  }

  @Override
  public long used() {
    return used;
  }

  @Override
  public long rank(long block) {
    long word = block / 64;
    long counted = word / WORDS_COUNTED;
    long rank = ranks[(int) counted];
    for (long w = counted * WORDS_COUNTED; w < word; w++) {
      rank += Long.bitCount(word(w));
    }
    long below = block % 64;
    return below == 0 ? rank : rank + Long.bitCount(word(word) & ((1L << below) - 1));
  }

  @Override
  public long block(long rank) {
    int low = 0;
    int high = ranks.length - 1;
    while (high - low > 1) {
      int middle = (low + high) >>> 1;
      if (ranks[middle] <= rank) {
        low = middle;
      } else {
        high = middle;
      }
    }
    long left = rank - ranks[low];
    for (long w = (long) low * WORDS_COUNTED; ; w++) {
      long bits = word(w);
      int count = Long.bitCount(bits);
      if (left < count) {
        for (; left > 0; left--) {
          bits &= bits - 1;
        }
        return w * 64 + Long.numberOfTrailingZeros(bits);
      }
      left -= count;
    }
  }

  @Override
  public long nextUsed(long from, long limit) {
    return next(from, limit, 0);
  }

  @Override
  public long nextUnused(long from, long limit) {
    return next(from, limit, -1L);
  }

  private long next(long from, long limit, long inverted) {
    if (from >= limit) {
      return limit;
    }
    long w = from / 64;
    long bits = (word(w) ^ inverted) & (-1L << (from % 64));
    while (bits == 0) {
      w++;
      if (w * 64 >= limit) {
        return limit;
      }
      bits = word(w) ^ inverted;
    }
    return Math.min(limit, w * 64 + Long.numberOfTrailingZeros(bits));
  }

  /** A bitmap while its bits arrive, from block 0 on. */
  static final class Builder {

    private final long blocks;
    private final List<long[]> pieces = new ArrayList<>();
    private long filled;

    /**
     * @param blocks all there will be; nothing is allocated for them yet
     */
    Builder(long blocks) {
      this.blocks = blocks;
    }

    /** Adds eight blocks a byte, the first in the lowest bit; bits past the last block are 0. */
    void addBits(byte[] bytes, int offset, int length) {
      for (int i = 0; i < length; i++) {
        long bits = bytes[offset + i] & 0xffL;
        long left = blocks - filled;
        if (left < 8) {
          bits &= (1L << Math.max(0, left)) - 1;
        }
        if (left > 0) {
          or(filled, bits);
        }
        filled += 8;
      }
    }

    /** Adds one block a byte: 1 is stored, everything else is not. */
    void addBytes(byte[] bytes, int offset, int length) {
      for (int i = 0; i < length; i++) {
        or(filled, bytes[offset + i] == 1 ? 1 : 0);
        filled++;
      }
    }

    /** Adds a run of blocks of one kind. */
    void addRun(boolean stored, long count) {
      long end = filled + count;
      while (filled < end) {
        long step = Math.min(end - filled, 64 - filled % 64);
        long bits = step == 64 ? -1L : (1L << step) - 1;
        or(filled, stored ? bits : 0);
        filled += step;
      }
    }

    /** Sets blocks that were given already. */
    void set(long block, long count) {
      for (long b = block; b < Math.min(filled, block + count); b++) {
        or(b, 1);
      }
    }

    private void or(long block, long bits) {
      long word = block / 64;
      int piece = (int) (word / PIECE);
      while (pieces.size() <= piece) {
        pieces.add(new long[PIECE]);
      }
      pieces.get(piece)[(int) (word % PIECE)] |= bits << (block % 64);
    }

    /** The bitmap; every block was given. */
    Bitmap build() {
      if (filled < blocks) {
        throw new IllegalStateException(filled + " of " + blocks + " blocks given");
      }
      return new Bitmap(blocks, pieces);
    }
  }
}
