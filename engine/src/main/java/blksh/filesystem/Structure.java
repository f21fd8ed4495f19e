package blksh.filesystem;

import blksh.block.BlockSource;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * A structure on disk, taken apart by offset. Names say how wide a number is in bits and whether it
 * has a sign. It shares its bytes with whoever made it.
 */
public final class Structure {

  private final ByteBuffer bytes;

  private Structure(ByteBuffer bytes) {
    this.bytes = bytes;
  }

  /** Bytes as a structure with little-endian numbers. */
  public static Structure of(byte[] bytes) {
    return new Structure(ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN));
  }

  /**
   * Reads a structure; numbers in it are little-endian.
   *
   * @throws Unmapped when the source does not reach so far
   */
  static Structure read(BlockSource source, long position, int length) throws Unmapped {
    byte[] bytes = new byte[length];
    if (position < 0 || position > source.size() - length) {
      throw new Unmapped("a structure at byte %d lies outside".formatted(position));
    }
    source.read(position, ByteBuffer.wrap(bytes));
    return of(bytes);
  }

  /** The same bytes with big-endian numbers. */
  public Structure bigEndian() {
    return new Structure(bytes.duplicate().order(ByteOrder.BIG_ENDIAN));
  }

  public int length() {
    return bytes.capacity();
  }

  /** The bytes themselves. */
  public byte[] bytes() {
    return bytes.array();
  }

  /** A copy of some of the bytes. */
  public byte[] bytes(int offset, int length) {
    if (length < 0 || offset < 0 || offset > length() - length) {
      throw new IndexOutOfBoundsException("%d bytes at %d".formatted(length, offset));
    }
    return Arrays.copyOfRange(bytes.array(), offset, offset + length);
  }

  public int i8(int offset) {
    return bytes.get(offset);
  }

  public int u8(int offset) {
    return bytes.get(offset) & 0xff;
  }

  public int i16(int offset) {
    return bytes.getShort(offset);
  }

  public int u16(int offset) {
    return bytes.getShort(offset) & 0xffff;
  }

  public int i32(int offset) {
    return bytes.getInt(offset);
  }

  public long u32(int offset) {
    return bytes.getInt(offset) & 0xffffffffL;
  }

  /** A number from 0 to 2^63 - 1; anything above is negative. */
  public long i64(int offset) {
    return bytes.getLong(offset);
  }

  /** A bit by its number, the lowest of each byte first. */
  public boolean bit(long number) {
    return (bytes.get((int) (number >>> 3)) >> (number & 7) & 1) != 0;
  }

  public void setBit(long number) {
    bytes.put((int) (number >>> 3), (byte) (bytes.get((int) (number >>> 3)) | 1 << (number & 7)));
  }

  public void putU16(int offset, int value) {
    bytes.putShort(offset, (short) value);
  }

  public void putI32(int offset, int value) {
    bytes.putInt(offset, value);
  }

  public void putI64(int offset, long value) {
    bytes.putLong(offset, value);
  }

  /** Puts a text in, a byte a character. */
  public void putText(int offset, String text) {
    bytes.put(offset, text.getBytes(StandardCharsets.ISO_8859_1));
  }

  /** Whether a text stands at an offset, a byte a character; false past the end. */
  public boolean has(int offset, String text) {
    if (offset > length() - text.length()) {
      return false;
    }
    for (int i = 0; i < text.length(); i++) {
      if (u8(offset + i) != text.charAt(i)) {
        return false;
      }
    }
    return true;
  }

  /** Text up to a NUL or the end of its field; what does not print becomes {@code ?}. */
  public String text(int offset, int length) {
    StringBuilder text = new StringBuilder();
    for (int i = offset; i < offset + length && u8(i) != 0; i++) {
      text.append(u8(i) >= 0x20 && u8(i) < 0x7f ? (char) u8(i) : '?');
    }
    return text.toString().strip();
  }
}
