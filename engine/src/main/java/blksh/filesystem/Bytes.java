package blksh.filesystem;

import blksh.block.BlockSource;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/** Bytes of a structure on disk, read whole and taken apart by offset. Numbers are unsigned. */
final class Bytes {

  private final ByteBuffer bytes;

  private Bytes(ByteBuffer bytes) {
    this.bytes = bytes;
  }

  /**
   * Reads a structure; numbers in it are little-endian.
   *
   * @throws Unmapped when the source does not reach so far
   */
  static Bytes read(BlockSource source, long position, int length) throws Unmapped {
    ByteBuffer buffer = ByteBuffer.allocate(length);
    if (position < 0 || position > source.size() - length) {
      throw new Unmapped("a structure at byte %d lies outside".formatted(position));
    }
    source.read(position, buffer);
    return of(buffer.array());
  }

  static Bytes of(byte[] bytes) {
    return new Bytes(ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN));
  }

  Bytes bigEndian() {
    return new Bytes(bytes.duplicate().order(ByteOrder.BIG_ENDIAN));
  }

  int length() {
    return bytes.capacity();
  }

  byte[] array() {
    return bytes.array();
  }

  int u8(int at) {
    return bytes.get(at) & 0xff;
  }

  int u16(int at) {
    return bytes.getShort(at) & 0xffff;
  }

  int s32(int at) {
    return bytes.getInt(at);
  }

  long u32(int at) {
    return bytes.getInt(at) & 0xffffffffL;
  }

  long u64(int at) {
    return bytes.getLong(at);
  }

  boolean bit(long number) {
    return (bytes.get((int) (number >>> 3)) >> (number & 7) & 1) != 0;
  }

  void setBit(long number) {
    bytes.put((int) (number >>> 3), (byte) (bytes.get((int) (number >>> 3)) | 1 << (number & 7)));
  }

  boolean has(int at, String text) {
    byte[] wanted = text.getBytes(StandardCharsets.ISO_8859_1);
    for (int i = 0; i < wanted.length; i++) {
      if (at + i >= length() || bytes.get(at + i) != wanted[i]) {
        return false;
      }
    }
    return true;
  }
}
