package blksh.store.pack;

import static blksh.io.NativeType.INT32;
import static blksh.io.NativeType.POINTER;

import blksh.io.NativeFunction;
import blksh.io.NativeLibrary;
import java.nio.ByteBuffer;

/**
 * Decompresses the beginning of an LZ4 block with the system's library, where there is one; the
 * library for Java can only decompress all of it.
 */
final class Lz4Beginning {

  /** The function, looked for once; null where there is none. */
  private static final class Native {
    static final NativeFunction PARTIAL = find();

    private static NativeFunction find() {
      try {
        return NativeLibrary.open("liblz4.so.1")
            .function("LZ4_decompress_safe_partial", INT32, POINTER, POINTER, INT32, INT32, INT32);
      } catch (RuntimeException | LinkageError e) {
        return null;
      }
    }
  }

  private Lz4Beginning() {}

  static boolean isAvailable() {
    return Native.PARTIAL != null;
  }

  /**
   * Decompresses until enough has come out. What comes out is to be proven: the block may be
   * damaged, or may need more than the beginning that is there.
   *
   * @param from a direct buffer with the beginning of a block from {@code offset} on
   * @param to a direct buffer, filled from 0 on and never further than its capacity
   * @return whether at least {@code wanted} bytes came out
   */
  static boolean decompress(ByteBuffer from, int offset, int length, ByteBuffer to, int wanted) {
    if (offset < 0 || length < 0 || offset + length > from.capacity() || wanted > to.capacity()) {
      throw new IndexOutOfBoundsException("%d bytes at %d".formatted(length, offset));
    }
    long count =
        Native.PARTIAL.call(
            NativeLibrary.address(from) + offset,
            NativeLibrary.address(to),
            length,
            wanted,
            to.capacity());
    return count >= wanted;
  }
}
