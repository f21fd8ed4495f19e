package blksh.compress;

import static blksh.io.NativeType.INT32;
import static blksh.io.NativeType.INT64;
import static blksh.io.NativeType.POINTER;
import static blksh.io.NativeType.UINT32;
import static blksh.io.NativeType.UINT64;

import blksh.io.DirectBuffer;
import blksh.io.NativeFunction;
import blksh.io.NativeLibrary;
import java.io.Closeable;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Inflates raw deflate data with the system's zlib, which unlike {@code java.util.zip} stops at
 * block boundaries and can begin in the middle of a byte. One stream a time, for one thread.
 */
final class Zlib implements Closeable {

  static final int OK = 0;
  static final int STREAM_END = 1;
  static final int BUF_ERROR = -5;
  static final int MEM_ERROR = -4;

  /** The most data that later data may refer to, in bytes. */
  static final int WINDOW = 1 << 15;

  /** Return at the end of each block. */
  private static final int Z_BLOCK = 5;

  /** No header, largest window. */
  private static final int RAW = -15;

  // Offsets in z_stream where pointers and longs have 64 bits (zlib.h).
  private static final int NEXT_IN = 0;
  private static final int AVAIL_IN = 8;
  private static final int NEXT_OUT = 24;
  private static final int AVAIL_OUT = 32;
  private static final int DATA_TYPE = 88;
  private static final int Z_STREAM = 112;

  private static final int UNUSED_BITS = 7;
  private static final int IN_LAST_BLOCK = 64;
  private static final int AFTER_BLOCK = 128;

  /** The library and its functions, loaded on first use. */
  private static final class Calls {
    static final Calls INSTANCE = new Calls();

    private final NativeLibrary zlib = NativeLibrary.open("libz.so.1", "libz.so", "libz.dylib");
    final NativeFunction version = zlib.function("zlibVersion", POINTER);
    final NativeFunction init =
        zlib.function("inflateInit2_", INT32, POINTER, INT32, POINTER, INT32);
    final NativeFunction inflate = zlib.function("inflate", INT32, POINTER, INT32);
    final NativeFunction prime = zlib.function("inflatePrime", INT32, POINTER, INT32, INT32);
    final NativeFunction setDictionary =
        zlib.function("inflateSetDictionary", INT32, POINTER, POINTER, UINT32);
    final NativeFunction getDictionary =
        zlib.function("inflateGetDictionary", INT32, POINTER, POINTER, POINTER);
    final NativeFunction reset = zlib.function("inflateReset", INT32, POINTER);
    final NativeFunction end = zlib.function("inflateEnd", INT32, POINTER);
    final NativeFunction combine = zlib.function("crc32_combine", UINT64, UINT64, UINT64, INT64);
  }

  private final Calls calls;

  /** Holds the z_stream and, after it, a length; {@code inflateEnd} frees what hangs on it. */
  private final ByteBuffer stream =
      ByteBuffer.allocateDirect(Z_STREAM + 8).order(ByteOrder.nativeOrder());

  private final long address;
  private boolean open;

  /**
   * @throws StreamDamage of the unsupported kind when there is no zlib on this system
   */
  Zlib() throws StreamDamage {
    try {
      calls = Calls.INSTANCE;
    } catch (LinkageError e) {
      throw StreamDamage.unsupported(
          "reading gzip at any byte needs zlib (libz.so.1), which is not installed");
    }
    address = NativeLibrary.address(stream);
    int result = (int) calls.init.call(address, RAW, calls.version.call(), Z_STREAM);
    if (result != OK) {
      throw StreamDamage.unsupported("zlib does not start (%d)".formatted(result));
    }
    open = true;
  }

  /**
   * Inflates from one direct buffer into another until one is used up, the other full, or a block
   * ends; moves the positions of both.
   *
   * @return {@link #OK}, {@link #STREAM_END}, {@link #BUF_ERROR} when nothing could be done, or
   *     another negative number when the data is corrupt
   */
  int inflate(ByteBuffer in, ByteBuffer out) {
    stream.putLong(NEXT_IN, NativeLibrary.address(in) + in.position());
    stream.putInt(AVAIL_IN, in.remaining());
    stream.putLong(NEXT_OUT, NativeLibrary.address(out) + out.position());
    stream.putInt(AVAIL_OUT, out.remaining());
    int result = (int) calls.inflate.call(address, Z_BLOCK);
    in.position(in.limit() - stream.getInt(AVAIL_IN));
    out.position(out.limit() - stream.getInt(AVAIL_OUT));
    return result;
  }

  /** Whether a block ended just now and another follows. */
  boolean betweenBlocks() {
    int type = stream.getInt(DATA_TYPE);
    return (type & AFTER_BLOCK) != 0 && (type & IN_LAST_BLOCK) == 0;
  }

  /** Bits of the last byte taken that belong to what follows, 0 to 7. */
  int unusedBits() {
    return stream.getInt(DATA_TYPE) & UNUSED_BITS;
  }

  /** The last bytes inflated, up to {@link #WINDOW} of them. */
  byte[] window() {
    try (DirectBuffer memory = DirectBuffer.borrow(WINDOW)) {
      ByteBuffer window = memory.bytes();
      stream.putInt(Z_STREAM, 0);
      calls.getDictionary.call(address, NativeLibrary.address(window), address + Z_STREAM);
      byte[] bytes = new byte[Math.min(WINDOW, stream.getInt(Z_STREAM))];
      window.get(bytes);
      return bytes;
    }
  }

  /** Makes ready for a new stream. */
  void reset() {
    calls.reset.call(address);
  }

  /**
   * Makes ready to go on between two blocks.
   *
   * @param bits number of bits to take from the high end of {@code last}, 0 to 7
   * @param last the byte before the next one fed
   * @param window what was inflated before
   */
  void resume(int bits, int last, byte[] window) {
    reset();
    if (bits > 0) {
      calls.prime.call(address, bits, last >> (8 - bits));
    }
    if (window.length > 0) {
      try (DirectBuffer memory = DirectBuffer.borrow(window.length)) {
        long from = NativeLibrary.address(memory.bytes().put(window));
        calls.setDictionary.call(address, from, window.length);
      }
    }
  }

  /**
   * The CRC-32 of two stretches of bytes one after the other.
   *
   * @param length of the second, in bytes
   */
  int combine(int first, int second, long length) {
    return (int) calls.combine.call(first & 0xffffffffL, second & 0xffffffffL, length);
  }

  @Override
  public void close() {
    if (open) {
      open = false;
      calls.end.call(address);
    }
  }
}
