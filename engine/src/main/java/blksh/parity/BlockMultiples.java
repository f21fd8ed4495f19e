package blksh.parity;

/**
 * The multiples of one block, to be added to others: eight bytes at a time, in loops that the
 * compiler makes vector instructions of. A multiple is the sum of two of 2 × 16 that are made once
 * for a block: of those by the lower, and by the upper four bits of the factor. For one thread.
 */
public final class BlockMultiples {

  private static final int NIBBLE = 16;
  private static final long LOW_BITS = 0x7f7f7f7f7f7f7f7fL;
  private static final long HIGH_BITS = 0x0101010101010101L;

  private final int length;
  private final long[][] low = new long[NIBBLE][];
  private final long[][] high = new long[NIBBLE][];
  private boolean made;

  /**
   * @param length of blocks, in units of 8 bytes
   */
  public BlockMultiples(int length) {
    this.length = length;
    for (int i = 0; i < NIBBLE; i++) {
      low[i] = new long[length];
      high[i] = new long[length];
    }
  }

  /** Takes a block. @param from where it begins in an array */
  public void of(long[] block, int from) {
    System.arraycopy(block, from, low[1], 0, length);
    made = false;
  }

  /**
   * Adds a multiple of the block.
   *
   * @param factor 0 to 255
   * @param at where the block it is added to begins
   */
  public void add(int factor, long[] to, int at) {
    if (factor == 1) {
      sum(low[1], to, at);
    } else if (factor != 0) {
      if (!made) {
        make();
      }
      sum(low[factor & NIBBLE - 1], high[factor >> 4], to, at);
    }
  }

  private void make() {
    twice(low[1], low[2]);
    twice(low[2], low[4]);
    twice(low[4], low[8]);
    twice(low[8], high[1]);
    twice(high[1], high[2]);
    twice(high[2], high[4]);
    twice(high[4], high[8]);
    for (int i = 3; i < NIBBLE; i++) {
      int highest = Integer.highestOneBit(i);
      if (i != highest) {
        sum(low[highest], low[i - highest], low[i]);
        sum(high[highest], high[i - highest], high[i]);
      }
    }
    made = true;
  }

  /** Multiplies by x: what leaves a byte at its top is the modulus at its bottom. */
  private void twice(long[] block, long[] to) {
    for (int i = 0; i < length; i++) {
      long out = block[i] >>> 7 & HIGH_BITS;
      to[i] = (block[i] & LOW_BITS) << 1 ^ out ^ out << 2 ^ out << 3 ^ out << 4;
    }
  }

  private void sum(long[] one, long[] other, long[] to) {
    for (int i = 0; i < length; i++) {
      to[i] = one[i] ^ other[i];
    }
  }

  private void sum(long[] one, long[] to, int at) {
    for (int i = 0; i < length; i++) {
      to[at + i] ^= one[i];
    }
  }

  private void sum(long[] one, long[] other, long[] to, int at) {
    for (int i = 0; i < length; i++) {
      to[at + i] ^= one[i] ^ other[i];
    }
  }
}
