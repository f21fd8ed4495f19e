package blksh.compress;

import blksh.io.DirectBuffer;
import com.kenai.jffi.CallContext;
import com.kenai.jffi.CallingConvention;
import com.kenai.jffi.Function;
import com.kenai.jffi.Invoker;
import com.kenai.jffi.Library;
import com.kenai.jffi.MemoryIO;
import com.kenai.jffi.Type;
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

    final Invoker invoker = Invoker.getInstance();
    final MemoryIO memory = MemoryIO.getInstance();
    private final Library library = load();
    final Function version = function("zlibVersion", Type.POINTER);
    final Function init =
        function(
            "inflateInit2_", Type.SINT32, Type.POINTER, Type.SINT32, Type.POINTER, Type.SINT32);
    final Function inflate = function("inflate", Type.SINT32, Type.POINTER, Type.SINT32);
    final Function prime =
        function("inflatePrime", Type.SINT32, Type.POINTER, Type.SINT32, Type.SINT32);
    final Function setDictionary =
        function("inflateSetDictionary", Type.SINT32, Type.POINTER, Type.POINTER, Type.UINT32);
    final Function getDictionary =
        function("inflateGetDictionary", Type.SINT32, Type.POINTER, Type.POINTER, Type.POINTER);
    final Function reset = function("inflateReset", Type.SINT32, Type.POINTER);
    final Function end = function("inflateEnd", Type.SINT32, Type.POINTER);
    final Function combine =
        function("crc32_combine", Type.ULONG_LONG, Type.ULONG_LONG, Type.ULONG_LONG, Type.SINT64);

    private static Library load() {
      for (String name : new String[] {"libz.so.1", "libz.so", "libz.dylib"}) {
        Library library = Library.getCachedInstance(name, Library.LAZY);
        if (library != null) {
          return library;
        }
      }
      throw new UnsatisfiedLinkError("libz");
    }

    private Function function(String name, Type result, Type... parameters) {
      long address = library.getSymbolAddress(name);
      if (address == 0) {
        throw new UnsatisfiedLinkError(name);
      }
      return new Function(
          address,
          CallContext.getCallContext(result, parameters, CallingConvention.DEFAULT, false));
    }

    int call(Function function, long a) {
      return (int) invoker.invokeN1(function.getCallContext(), function.getFunctionAddress(), a);
    }

    int call(Function function, long a, long b) {
      return (int) invoker.invokeN2(function.getCallContext(), function.getFunctionAddress(), a, b);
    }

    int call(Function function, long a, long b, long c) {
      return (int)
          invoker.invokeN3(function.getCallContext(), function.getFunctionAddress(), a, b, c);
    }
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
    address = calls.memory.getDirectBufferAddress(stream);
    long version =
        calls.invoker.invokeN0(calls.version.getCallContext(), calls.version.getFunctionAddress());
    int result =
        (int)
            calls.invoker.invokeN4(
                calls.init.getCallContext(),
                calls.init.getFunctionAddress(),
                address,
                RAW,
                version,
                Z_STREAM);
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
    stream.putLong(NEXT_IN, calls.memory.getDirectBufferAddress(in) + in.position());
    stream.putInt(AVAIL_IN, in.remaining());
    stream.putLong(NEXT_OUT, calls.memory.getDirectBufferAddress(out) + out.position());
    stream.putInt(AVAIL_OUT, out.remaining());
    int result = calls.call(calls.inflate, address, Z_BLOCK);
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
      calls.call(
          calls.getDictionary,
          address,
          calls.memory.getDirectBufferAddress(window),
          address + Z_STREAM);
      byte[] bytes = new byte[Math.min(WINDOW, stream.getInt(Z_STREAM))];
      window.get(bytes);
      return bytes;
    }
  }

  /** Makes ready for a new stream. */
  void reset() {
    calls.call(calls.reset, address);
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
      calls.call(calls.prime, address, bits, last >> (8 - bits));
    }
    if (window.length > 0) {
      try (DirectBuffer memory = DirectBuffer.borrow(window.length)) {
        long from = calls.memory.getDirectBufferAddress(memory.bytes().put(window));
        calls.call(calls.setDictionary, address, from, window.length);
      }
    }
  }

  /**
   * The CRC-32 of two stretches of bytes one after the other.
   *
   * @param length of the second, in bytes
   */
  int combine(int first, int second, long length) {
    return calls.call(calls.combine, first & 0xffffffffL, second & 0xffffffffL, length);
  }

  @Override
  public void close() {
    if (open) {
      open = false;
      calls.call(calls.end, address);
    }
  }
}
