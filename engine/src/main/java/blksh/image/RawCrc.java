package blksh.image;

import java.util.zip.CRC32;

/**
 * The checksum of partclone: CRC-32 without the final inversion, which can go on from any value.
 *
 * <p>It is linear: going on from another value changes the result by that difference, moved on by
 * the length of the data. So the data is summed once, by the fast CRC-32 of the JDK, whatever it
 * goes on from.
 */
final class RawCrc {

  /** What a checksum starts from. */
  static final int START = -1;

  /** The polynomial, lowest power in the highest bit. */
  private static final int POLYNOMIAL = 0xEDB88320;

  private static final int ONE = 0x80000000;

  private RawCrc() {}

  /** The checksum of one piece of data. */
  static int of(byte[] bytes, int offset, int length) {
    CRC32 crc = new CRC32();
    crc.update(bytes, offset, length);
    return of(crc);
  }

  static int of(CRC32 crc) {
    return ~(int) crc.getValue();
  }

  /** x to the power of 8 · {@code bytes}: what {@link #moved} multiplies by. */
  static int power(long bytes) {
    int result = ONE;
    int square = 0x00800000;
    for (long left = bytes; left != 0; left >>>= 1) {
      if ((left & 1) != 0) {
        result = product(square, result);
      }
      square = product(square, square);
    }
    return result;
  }

  /** A difference of two start values, as it shows after the data whose {@link #power} is given. */
  static int moved(int difference, int power) {
    return product(power, difference);
  }

  private static int product(int a, int b) {
    int sum = 0;
    int shifted = b;
    for (int bits = a; bits != 0; bits <<= 1) {
      if (bits < 0) {
        sum ^= shifted;
      }
      shifted = (shifted >>> 1) ^ (-(shifted & 1) & POLYNOMIAL);
    }
    return sum;
  }
}
