package blksh.compress;

import static blksh.io.NativeType.INT32;
import static blksh.io.NativeType.INT64;
import static blksh.io.NativeType.POINTER;
import static blksh.io.NativeType.UINT32;
import static blksh.io.NativeType.UINT64;

import blksh.io.DirectBuffer;
import blksh.io.MachineMemory;
import blksh.io.NativeFunction;
import blksh.io.NativeLibrary;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Decodes xz and lzma with the system's liblzma. Its memory, of which the dictionary is most (64
 * MiB at level 9), lies outside the heap. For one thread.
 */
final class LzmaLibrary extends InputStream {

  /** What streams begin with. */
  enum Format {
    /** {@code .xz}: one stream or more. */
    XZ,
    /** {@code .lzma}: one, without a check. */
    ALONE
  }

  private static final int OK = 0;
  private static final int STREAM_END = 1;
  private static final int MEMORY_ERROR = 5;
  private static final int MEMORY_LIMIT = 6;
  private static final int OPTIONS_ERROR = 8;
  private static final int BUFFER_ERROR = 10;

  private static final int RUN = 0;
  private static final int FINISH = 3;
  private static final int CONCATENATED = 8;

  // Offsets in lzma_stream where pointers have 64 bits (lzma/base.h).
  private static final int NEXT_IN = 0;
  private static final int AVAIL_IN = 8;
  private static final int NEXT_OUT = 24;
  private static final int AVAIL_OUT = 32;
  private static final int LZMA_STREAM = 136;

  private static final int IN = 1 << 16;
  private static final int OUT = 1 << 17;

  private static final long LEAST_ALLOWED = 256L << 20;

  /** The library and its functions, loaded on first use. */
  private static final class Calls {
    static final Calls INSTANCE = new Calls();

    private final NativeLibrary lzma = NativeLibrary.open("liblzma.so.5", "liblzma.5.dylib");
    final NativeFunction xz = lzma.function("lzma_stream_decoder", INT32, POINTER, UINT64, UINT32);
    final NativeFunction alone = lzma.function("lzma_alone_decoder", INT32, POINTER, UINT64);
    final NativeFunction code = lzma.function("lzma_code", INT32, POINTER, INT32);
    final NativeFunction usage = lzma.function("lzma_memusage", INT64, POINTER);
    final NativeFunction end = lzma.function("lzma_end", INT32, POINTER);
  }

  /** Whether the system has it, found out once it is needed. */
  private static final class Found {
    static final boolean AVAILABLE = isLoaded();

    /** Most memory for one decoder, in bytes: a quarter of the machine's. */
    static final long ALLOWED = Math.max(LEAST_ALLOWED, MachineMemory.total() / 4);

    private static boolean isLoaded() {
      try {
        return ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN && Calls.INSTANCE != null;
      } catch (LinkageError e) {
        return false;
      }
    }
  }

  private final ByteBuffer stream =
      ByteBuffer.allocateDirect(LZMA_STREAM).order(ByteOrder.nativeOrder());

  private final long address = NativeLibrary.address(stream);
  private final SourceInput input;

  /** Byte of the source where what is to be decoded ends. */
  private final long inputEnd;

  private final byte[] piece = new byte[IN];
  private final DirectBuffer inMemory = DirectBuffer.borrow(IN);
  private final DirectBuffer outMemory = DirectBuffer.borrow(OUT);
  private final ByteBuffer in = inMemory.bytes();
  private final ByteBuffer out = outMemory.bytes().limit(0);
  private boolean open;
  private boolean ended;
  private StreamDamage damage;

  /** Whether the system has the library. */
  static boolean isAvailable() {
    return Found.AVAILABLE;
  }

  /** Most memory for one decoder, in bytes. */
  static long allowed() {
    return Found.ALLOWED;
  }

  /**
   * @param head bytes that come before those of the input, up to 64 KiB
   * @param end byte of the source where the input ends
   */
  LzmaLibrary(Format format, byte[] head, SourceInput input, long end) throws StreamDamage {
    this.input = input;
    this.inputEnd = end;
    in.put(head).flip();
    Calls calls = Calls.INSTANCE;
    int result =
        (int)
            (format == Format.XZ
                ? calls.xz.call(address, Found.ALLOWED, CONCATENATED)
                : calls.alone.call(address, Found.ALLOWED));
    open = true;
    if (result != OK) {
      close();
      throw StreamDamage.unsupported("liblzma does not start (%d)".formatted(result));
    }
  }

  @Override
  public int read(byte[] target, int offset, int length) throws IOException {
    while (!out.hasRemaining()) {
      if (damage != null) {
        throw damage;
      }
      if (ended) {
        return -1;
      }
      advance();
    }
    int count = Math.min(length, out.remaining());
    out.get(target, offset, count);
    return count;
  }

  private void advance() {
    if (!in.hasRemaining()) {
      int wanted = (int) Math.min(IN, inputEnd - input.position());
      int count = wanted <= 0 ? -1 : input.read(piece, 0, wanted);
      in.clear().limit(Math.max(0, count));
      in.put(0, piece, 0, Math.max(0, count));
    }
    boolean last = !in.hasRemaining();
    stream.putLong(NEXT_IN, NativeLibrary.address(in) + in.position());
    stream.putLong(AVAIL_IN, in.remaining());
    stream.putLong(NEXT_OUT, NativeLibrary.address(out));
    stream.putLong(AVAIL_OUT, OUT);
    int result = (int) Calls.INSTANCE.code.call(address, last ? FINISH : RUN);
    in.position(in.limit() - (int) stream.getLong(AVAIL_IN));
    out.clear().limit(OUT - (int) stream.getLong(AVAIL_OUT));
    if (result == STREAM_END) {
      ended = true;
      input.seek(input.position() - in.remaining());
    } else if (result != OK) {
      damage = damage(result);
    }
  }

  private StreamDamage damage(int result) {
    return switch (result) {
      case MEMORY_LIMIT ->
          StreamDamage.unsupported(
              "decoding it takes %d MiB of memory, and %d are allowed, a quarter of this machine's"
                  .formatted(Calls.INSTANCE.usage.call(address) >> 20, Found.ALLOWED >> 20));
      case MEMORY_ERROR -> StreamDamage.unsupported("there is not enough memory to decode it");
      case OPTIONS_ERROR ->
          StreamDamage.unsupported("it uses a variant of the format that is not supported");
      case BUFFER_ERROR -> StreamDamage.truncated(input.position());
      default ->
          StreamDamage.corrupt(
              "the compressed data is invalid before compressed byte %d"
                  .formatted(input.position()));
    };
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
      inMemory.close();
      outMemory.close();
    }
  }
}
