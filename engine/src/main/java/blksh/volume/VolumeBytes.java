package blksh.volume;

import blksh.block.BlockSource;
import blksh.io.UnreadableException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Fields of metadata, read from a source. */
final class VolumeBytes {

  private VolumeBytes() {}

  /**
   * Little-endian bytes of a source, or null when they do not all lie within it.
   *
   * @throws UnreadableException when they cannot be read
   */
  static ByteBuffer read(BlockSource source, long position, int length) {
    if (position < 0 || length <= 0 || position > source.size() - length) {
      return null;
    }
    ByteBuffer buffer = ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
    return source.read(position, buffer) < length ? null : buffer.rewind();
  }

  /** Some of an array's bytes, little-endian. */
  static ByteBuffer of(byte[] bytes, int from, int length) {
    return ByteBuffer.wrap(bytes, from, length).slice().order(ByteOrder.LITTLE_ENDIAN);
  }

  /** Whether a text stands at a place, a byte a character. */
  static boolean has(ByteBuffer bytes, int at, String text) {
    if (bytes == null || at > bytes.limit() - text.length()) {
      return false;
    }
    for (int i = 0; i < text.length(); i++) {
      if ((bytes.get(at + i) & 0xff) != text.charAt(i)) {
        return false;
      }
    }
    return true;
  }
}
