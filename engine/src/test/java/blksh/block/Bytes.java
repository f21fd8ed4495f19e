package blksh.block;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** Bytes to read and compare in tests. */
final class Bytes {

  private Bytes() {}

  /** Bytes of which none is zero, the same for the same seed. */
  static byte[] random(int length, long seed) {
    byte[] bytes = new byte[length];
    new Random(seed).nextBytes(bytes);
    for (int i = 0; i < length; i++) {
      if (bytes[i] == 0) {
        bytes[i] = 1;
      }
    }
    return bytes;
  }

  static byte[] read(BlockSource source, long position, int length) {
    ByteBuffer buffer = ByteBuffer.allocate(length);
    int count = source.read(position, buffer);
    byte[] bytes = new byte[count];
    buffer.flip().get(bytes);
    return bytes;
  }

  static List<Extent> list(java.util.Iterator<Extent> extents) {
    List<Extent> list = new ArrayList<>();
    extents.forEachRemaining(list::add);
    return list;
  }
}
