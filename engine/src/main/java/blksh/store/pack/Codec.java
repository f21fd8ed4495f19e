package blksh.store.pack;

import com.github.luben.zstd.Zstd;
import com.github.luben.zstd.ZstdException;
import java.nio.ByteBuffer;
import net.jpountz.lz4.LZ4Exception;
import net.jpountz.lz4.LZ4Factory;
import net.jpountz.lz4.LZ4JNIFastResetCompressor;
import net.jpountz.lz4.LZ4SafeDecompressor;

/** How the bytes of a frame are compressed. The ordinal is the code on disk. */
public enum Codec {
  /** As they are. */
  RAW,
  /** An LZ4 block. */
  LZ4,
  /** A Zstandard frame, level 3. */
  ZSTD;

  private static final int ZSTD_LEVEL = 3;

  /** LZ4's own knob: 2 is a tenth faster than 1 and stores a hundredth more. */
  private static final int LZ4_ACCELERATION = 2;

  private static final int LZ4_HASTE = 24;

  /** Loaded at the first frame, so that listing a store needs no native library. */
  private static final class Lz4 {
    static final LZ4SafeDecompressor DECOMPRESSOR = LZ4Factory.fastestInstance().safeDecompressor();
  }

  static Codec ofCode(int code) {
    return code >= 0 && code < values().length ? values()[code] : null;
  }

  /**
   * Pages a capture puts into a frame. LZ4 looks back 64 KiB only: larger frames would hardly be
   * smaller, but cost whoever reads one page of them more.
   */
  public int framePages() {
    return this == LZ4 ? 8 : Frame.MAX_PAGES;
  }

  /** Compresses frames with memory of its own; one a thread. */
  public interface Compressor extends AutoCloseable {
    /**
     * Compresses bytes of one direct buffer into another, both given by position and length.
     *
     * @return compressed bytes, or -1 when they would be more than {@code room}
     */
    int compress(ByteBuffer from, int at, int length, ByteBuffer to, int toAt, int room);

    @Override
    default void close() {}
  }

  public Compressor compressor() {
    return switch (this) {
      case RAW -> (from, at, length, to, toAt, room) -> -1;
      case LZ4 -> new Lz4Compressor();
      case ZSTD ->
          (from, at, length, to, toAt, room) -> {
            try {
              return (int)
                  Zstd.compressDirectByteBuffer(to, toAt, room, from, at, length, ZSTD_LEVEL);
            } catch (ZstdException tooLarge) {
              return -1;
            }
          };
    };
  }

  /**
   * Compressed files lie together on a disk: after a frame that did not shrink, the next is tried
   * in haste, until one shrinks again.
   */
  private static final class Lz4Compressor implements Compressor {
    private final LZ4JNIFastResetCompressor usual =
        LZ4Factory.nativeInstance().fastResetCompressor(LZ4_ACCELERATION);
    private final LZ4JNIFastResetCompressor hasty =
        LZ4Factory.nativeInstance().fastResetCompressor(LZ4_HASTE);
    private boolean incompressible;

    @Override
    public int compress(ByteBuffer from, int at, int length, ByteBuffer to, int toAt, int room) {
      int stored = compress(incompressible ? hasty : usual, from, at, length, to, toAt, room);
      incompressible = stored < 0 || stored > length - length / 32;
      return stored;
    }

    private static int compress(
        LZ4JNIFastResetCompressor lz4,
        ByteBuffer from,
        int at,
        int length,
        ByteBuffer to,
        int toAt,
        int room) {
      try {
        return lz4.compress(from, at, length, to, toAt, room);
      } catch (LZ4Exception tooLarge) {
        return -1;
      }
    }

    @Override
    public void close() {
      usual.close();
      hasty.close();
    }
  }

  /**
   * Decompresses a part of a direct buffer; true when exactly {@code rawLength} bytes came out.
   * Never writes further.
   */
  boolean decompress(ByteBuffer from, int offset, int length, byte[] to, int rawLength) {
    try {
      return switch (this) {
        case RAW -> {
          if (length == rawLength) {
            from.get(offset, to, 0, length);
          }
          yield length == rawLength;
        }
        case LZ4 ->
            Lz4.DECOMPRESSOR.decompress(from, offset, length, ByteBuffer.wrap(to), 0, rawLength)
                == rawLength;
        case ZSTD -> {
          byte[] stored = new byte[length];
          from.get(offset, stored);
          yield Zstd.decompressByteArray(to, 0, rawLength, stored, 0, length) == rawLength;
        }
      };
    } catch (LZ4Exception | ZstdException damaged) {
      return false;
    }
  }

  /** The same into a direct buffer, from {@code toAt} on, whose position stays. */
  boolean decompress(
      ByteBuffer from, int offset, int length, ByteBuffer to, int toAt, int rawLength) {
    try {
      return switch (this) {
        case RAW -> {
          if (length == rawLength) {
            to.put(toAt, from, offset, length);
          }
          yield length == rawLength;
        }
        case LZ4 ->
            Lz4.DECOMPRESSOR.decompress(from, offset, length, to, toAt, rawLength) == rawLength;
        case ZSTD ->
            Zstd.decompressDirectByteBuffer(to, toAt, rawLength, from, offset, length) == rawLength;
      };
    } catch (LZ4Exception | ZstdException damaged) {
      return false;
    }
  }
}
