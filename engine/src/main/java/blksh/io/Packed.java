package blksh.io;

import java.io.ByteArrayOutputStream;
import java.util.Arrays;

/**
 * Numbers and byte strings packed behind each other. A number is of seven bits a byte, the lowest
 * first, with the highest bit of a byte set while more follow; a negative one takes ten bytes. A
 * byte string is its length and itself.
 */
public final class Packed {

  private static final int MORE = 0x80;

  private final byte[] bytes;
  private int at;

  /** Reads what was packed. */
  public Packed(byte[] bytes) {
    this.bytes = bytes;
  }

  /** Packs. */
  public static final class Packing {
    private final ByteArrayOutputStream bytes;

    /**
     * @param expected bytes that it will come to, about
     */
    public Packing(int expected) {
      bytes = new ByteArrayOutputStream(expected);
    }

    public Packing number(long number) {
      long rest = number;
      while ((rest & ~0x7fL) != 0) {
        bytes.write((int) (rest & 0x7f) | MORE);
        rest >>>= 7;
      }
      bytes.write((int) rest);
      return this;
    }

    public Packing bytes(byte[] string) {
      number(string.length);
      bytes.write(string, 0, string.length);
      return this;
    }

    public byte[] toByteArray() {
      return bytes.toByteArray();
    }
  }

  public boolean hasMore() {
    return at < bytes.length;
  }

  /**
   * The next number.
   *
   * @throws IllegalArgumentException when there is none
   */
  public long number() {
    long number = 0;
    for (int shift = 0; shift < Long.SIZE; shift += 7) {
      if (at == bytes.length) {
        break;
      }
      byte each = bytes[at++];
      number |= (each & 0x7fL) << shift;
      if ((each & MORE) == 0) {
        return number;
      }
    }
    throw new IllegalArgumentException("the bytes end within a number");
  }

  /**
   * The next byte string.
   *
   * @throws IllegalArgumentException when there is none
   */
  public byte[] bytes() {
    long length = number();
    if (length < 0 || length > bytes.length - at) {
      throw new IllegalArgumentException("the bytes end within a string");
    }
    at += (int) length;
    return Arrays.copyOfRange(bytes, at - (int) length, at);
  }
}
