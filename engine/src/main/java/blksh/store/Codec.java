package blksh.store;

import com.github.luben.zstd.Zstd;
import net.jpountz.lz4.LZ4Compressor;
import net.jpountz.lz4.LZ4Exception;
import net.jpountz.lz4.LZ4Factory;
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

  /** Loaded at the first frame, so that listing a store needs no native library. */
  private static final class Lz4 {
    static final LZ4Compressor COMPRESSOR = LZ4Factory.fastestInstance().fastCompressor();
    static final LZ4SafeDecompressor DECOMPRESSOR = LZ4Factory.fastestInstance().safeDecompressor();
  }

  static Codec ofCode(int code) {
    return code >= 0 && code < values().length ? values()[code] : null;
  }

  /**
   * Compresses {@code length} bytes into {@code to}.
   *
   * @return compressed bytes, or -1 when they would not be fewer than {@code length}
   */
  int compress(byte[] from, int offset, int length, byte[] to, int at) {
    int room = Math.min(length - 1, to.length - at);
    try {
      return switch (this) {
        case RAW -> -1;
        case LZ4 -> Lz4.COMPRESSOR.compress(from, offset, length, to, at, room);
        case ZSTD -> {
          long n = Zstd.compressByteArray(to, at, room, from, offset, length, ZSTD_LEVEL);
          yield Zstd.isError(n) ? -1 : (int) n;
        }
      };
    } catch (LZ4Exception tooLarge) {
      return -1;
    }
  }

  /** Decompresses; true when exactly {@code rawLength} bytes came out. Never writes further. */
  boolean decompress(byte[] from, int offset, int length, byte[] to, int rawLength) {
    try {
      return switch (this) {
        case RAW -> {
          if (length == rawLength) {
            System.arraycopy(from, offset, to, 0, length);
          }
          yield length == rawLength;
        }
        case LZ4 ->
            Lz4.DECOMPRESSOR.decompress(from, offset, length, to, 0, rawLength) == rawLength;
        case ZSTD -> Zstd.decompressByteArray(to, 0, rawLength, from, offset, length) == rawLength;
      };
    } catch (LZ4Exception damaged) {
      return false;
    }
  }
}
