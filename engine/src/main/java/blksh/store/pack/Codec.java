package blksh.store.pack;

import com.github.luben.zstd.Zstd;
import com.github.luben.zstd.ZstdException;
import java.nio.ByteBuffer;
import net.jpountz.lz4.LZ4Exception;
import net.jpountz.lz4.LZ4Factory;
import net.jpountz.lz4.LZ4SafeDecompressor;

/** How the bytes of a frame are compressed. The ordinal is the code on disk. */
enum Codec {
  /** As they are. */
  RAW,
  /** An LZ4 block. */
  LZ4,
  /** A Zstandard frame. */
  ZSTD;

  /** Loaded at the first frame, so that listing a store needs no native library. */
  private static final class Lz4 {
    static final LZ4SafeDecompressor DECOMPRESSOR = LZ4Factory.fastestInstance().safeDecompressor();
  }

  static Codec ofCode(int code) {
    return code >= 0 && code < values().length ? values()[code] : null;
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
