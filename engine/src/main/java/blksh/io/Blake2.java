package blksh.io;

import java.security.MessageDigest;
import java.util.Arrays;

/** BLAKE2b and BLAKE2s (RFC 7693) without a key. The JDK has neither. */
public final class Blake2 extends MessageDigest {

  private static final long[] IV = {
    0x6a09e667f3bcc908L, 0xbb67ae8584caa73bL, 0x3c6ef372fe94f82bL, 0xa54ff53a5f1d36f1L,
    0x510e527fade682d1L, 0x9b05688c2b3e6c1fL, 0x1f83d9abfb41bd6bL, 0x5be0cd19137e2179L
  };

  /** SIGMA of section 2.7. */
  private static final byte[][] SIGMA = {
    {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15},
    {14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3},
    {11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4},
    {7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8},
    {9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13},
    {2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9},
    {12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11},
    {13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10},
    {6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5},
    {10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0}
  };

  private final boolean wide;
  private final int word;
  private final int length;
  private final long[] state = new long[8];
  private final long[] mixed = new long[16];
  private final long[] message = new long[16];
  private final byte[] block;
  private int filled;
  private long total;

  private Blake2(boolean wide, int length) {
    super(wide ? "BLAKE2b" : "BLAKE2s");
    this.wide = wide;
    this.word = wide ? 8 : 4;
    this.length = length;
    this.block = new byte[16 * word];
    engineReset();
  }

  /**
   * BLAKE2b.
   *
   * @param length bytes of its digests, 1 to 64
   */
  public static MessageDigest b(int length) {
    return new Blake2(true, length);
  }

  /**
   * BLAKE2s.
   *
   * @param length bytes of its digests, 1 to 32
   */
  public static MessageDigest s(int length) {
    return new Blake2(false, length);
  }

  private long initial(int i) {
    return wide ? IV[i] : IV[i] >>> 32;
  }

  @Override
  protected void engineReset() {
    for (int i = 0; i < 8; i++) {
      state[i] = initial(i);
    }
    state[0] ^= 0x01010000L ^ length;
    filled = 0;
    total = 0;
  }

  @Override
  protected int engineGetDigestLength() {
    return length;
  }

  @Override
  protected void engineUpdate(byte input) {
    engineUpdate(new byte[] {input}, 0, 1);
  }

  @Override
  protected void engineUpdate(byte[] input, int offset, int count) {
    int from = offset;
    int left = count;
    while (left > 0) {
      // The last block is compressed otherwise, so a full one waits until more comes.
      if (filled == block.length) {
        total += filled;
        compress(block, 0, false);
        filled = 0;
      }
      if (filled == 0 && left > block.length) {
        total += block.length;
        compress(input, from, false);
        from += block.length;
        left -= block.length;
        continue;
      }
      int some = Math.min(left, block.length - filled);
      System.arraycopy(input, from, block, filled, some);
      filled += some;
      from += some;
      left -= some;
    }
  }

  @Override
  protected byte[] engineDigest() {
    total += filled;
    Arrays.fill(block, filled, block.length, (byte) 0);
    compress(block, 0, true);
    byte[] digest = new byte[length];
    for (int i = 0; i < length; i++) {
      digest[i] = (byte) (state[i / word] >>> (8 * (i % word)));
    }
    engineReset();
    return digest;
  }

  private void compress(byte[] from, int offset, boolean last) {
    for (int i = 0; i < 16; i++) {
      long value = 0;
      for (int j = word - 1; j >= 0; j--) {
        value = value << 8 | from[offset + i * word + j] & 0xff;
      }
      message[i] = value;
    }
    for (int i = 0; i < 8; i++) {
      mixed[i] = state[i];
      mixed[i + 8] = initial(i);
    }
    long mask = wide ? -1 : 0xffffffffL;
    mixed[12] ^= total & mask;
    mixed[13] ^= wide ? 0 : total >>> 32;
    if (last) {
      mixed[14] ^= mask;
    }
    int rounds = wide ? 12 : 10;
    for (int i = 0; i < rounds; i++) {
      byte[] s = SIGMA[i % 10];
      for (int j = 0; j < 4; j++) {
        mix(j, 4 + j, 8 + j, 12 + j, message[s[2 * j]], message[s[2 * j + 1]]);
      }
      for (int j = 0; j < 4; j++) {
        mix(
            j,
            4 + (j + 1) % 4,
            8 + (j + 2) % 4,
            12 + (j + 3) % 4,
            message[s[8 + 2 * j]],
            message[s[9 + 2 * j]]);
      }
    }
    for (int i = 0; i < 8; i++) {
      state[i] ^= mixed[i] ^ mixed[i + 8];
    }
  }

  private void mix(int a, int b, int c, int d, long x, long y) {
    long[] v = mixed;
    if (wide) {
      v[a] += v[b] + x;
      v[d] = Long.rotateRight(v[d] ^ v[a], 32);
      v[c] += v[d];
      v[b] = Long.rotateRight(v[b] ^ v[c], 24);
      v[a] += v[b] + y;
      v[d] = Long.rotateRight(v[d] ^ v[a], 16);
      v[c] += v[d];
      v[b] = Long.rotateRight(v[b] ^ v[c], 63);
      return;
    }
    v[a] = low(v[a] + v[b] + x);
    v[d] = rotated(v[d] ^ v[a], 16);
    v[c] = low(v[c] + v[d]);
    v[b] = rotated(v[b] ^ v[c], 12);
    v[a] = low(v[a] + v[b] + y);
    v[d] = rotated(v[d] ^ v[a], 8);
    v[c] = low(v[c] + v[d]);
    v[b] = rotated(v[b] ^ v[c], 7);
  }

  private static long low(long value) {
    return value & 0xffffffffL;
  }

  private static long rotated(long value, int bits) {
    return low(Integer.rotateRight((int) value, bits));
  }
}
