package blksh.store.pack;

import com.kenai.jffi.CallContext;
import com.kenai.jffi.CallingConvention;
import com.kenai.jffi.Function;
import com.kenai.jffi.Invoker;
import com.kenai.jffi.Library;
import com.kenai.jffi.MemoryIO;
import com.kenai.jffi.Type;
import java.nio.ByteBuffer;

/**
 * Decompresses the beginning of an LZ4 block with the system's library, where there is one; the
 * library for Java can only decompress all of it.
 */
final class Lz4Beginning {

  /** The function, looked for once; null where there is none. */
  private static final class Native {
    static final Function PARTIAL = find();

    private static Function find() {
      try {
        Library library = Library.getCachedInstance("liblz4.so.1", Library.LAZY);
        long address =
            library == null ? 0 : library.getSymbolAddress("LZ4_decompress_safe_partial");
        Type[] parameters = {Type.POINTER, Type.POINTER, Type.SINT32, Type.SINT32, Type.SINT32};
        return address == 0
            ? null
            : new Function(
                address,
                CallContext.getCallContext(
                    Type.SINT32, parameters, CallingConvention.DEFAULT, false));
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
    MemoryIO memory = MemoryIO.getInstance();
    Function function = Native.PARTIAL;
    long count =
        Invoker.getInstance()
            .invokeN5(
                function.getCallContext(),
                function.getFunctionAddress(),
                memory.getDirectBufferAddress(from) + offset,
                memory.getDirectBufferAddress(to),
                length,
                wanted,
                to.capacity());
    return (int) count >= wanted;
  }
}
