package blksh.compress;

import static blksh.io.NativeType.INT32;
import static blksh.io.NativeType.POINTER;

import blksh.io.DirectBuffer;
import blksh.io.NativeFunction;
import blksh.io.NativeLibrary;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Decodes one bzip2 stream held in memory with the system's libbz2, which is two to three times as
 * fast as Java. For one thread.
 */
final class Bzip2Library extends InputStream {

  private static final int OK = 0;
  private static final int STREAM_END = 4;

  // Offsets in bz_stream where pointers have 64 bits (bzlib.h).
  private static final int NEXT_IN = 0;
  private static final int AVAIL_IN = 8;
  private static final int NEXT_OUT = 24;
  private static final int AVAIL_OUT = 32;
  private static final int BZ_STREAM = 80;

  private static final int OUT = 1 << 17;

  /** The library and its functions, loaded on first use. */
  private static final class Calls {
    static final Calls INSTANCE = new Calls();

    private final NativeLibrary bzip2 =
        NativeLibrary.open("libbz2.so.1.0", "libbz2.so.1", "libbz2.dylib");
    final NativeFunction init =
        bzip2.function("BZ2_bzDecompressInit", INT32, POINTER, INT32, INT32);
    final NativeFunction decompress = bzip2.function("BZ2_bzDecompress", INT32, POINTER);
    final NativeFunction end = bzip2.function("BZ2_bzDecompressEnd", INT32, POINTER);
  }

  private static final boolean AVAILABLE = isLoaded();

  private final ByteBuffer stream =
      ByteBuffer.allocateDirect(BZ_STREAM).order(ByteOrder.nativeOrder());

  private final DirectBuffer inMemory;
  private final DirectBuffer outMemory = DirectBuffer.borrow(OUT);
  private final ByteBuffer out = outMemory.bytes().limit(0);
  private final long address = NativeLibrary.address(stream);
  private boolean open;
  private boolean ended;

  private static boolean isLoaded() {
    try {
      return ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN && Calls.INSTANCE != null;
    } catch (LinkageError e) {
      return false;
    }
  }

  /** Whether the system has the library. */
  static boolean isAvailable() {
    return AVAILABLE;
  }

  /**
   * @param bytes a whole stream
   */
  Bzip2Library(byte[] bytes) throws IOException {
    Calls calls = Calls.INSTANCE;
    inMemory = DirectBuffer.borrow(bytes.length);
    ByteBuffer in = inMemory.bytes().put(bytes);
    stream.putLong(NEXT_IN, NativeLibrary.address(in));
    stream.putInt(AVAIL_IN, bytes.length);
    int result = (int) calls.init.call(address, 0, 0);
    if (result != OK) {
      giveBack();
      throw new IOException("libbz2 does not start (%d)".formatted(result));
    }
    open = true;
  }

  @Override
  public int read(byte[] target, int offset, int length) throws IOException {
    if (!out.hasRemaining() && !fill()) {
      return -1;
    }
    int count = Math.min(length, out.remaining());
    out.get(target, offset, count);
    return count;
  }

  private boolean fill() throws IOException {
    while (!ended) {
      stream.putLong(NEXT_OUT, NativeLibrary.address(out));
      stream.putInt(AVAIL_OUT, OUT);
      int result = (int) Calls.INSTANCE.decompress.call(address);
      int count = OUT - stream.getInt(AVAIL_OUT);
      if (result == STREAM_END) {
        ended = true;
      } else if (result != OK || count == 0 && stream.getInt(AVAIL_IN) == 0) {
        throw new IOException("libbz2 fails (%d)".formatted(result));
      }
      if (count > 0) {
        out.clear().limit(count);
        return true;
      }
    }
    return false;
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  @Override
  public void close() {
    if (open) {
      open = false;
      Calls.INSTANCE.end.call(address);
      giveBack();
    }
  }

  private void giveBack() {
    inMemory.close();
    outMemory.close();
  }
}
