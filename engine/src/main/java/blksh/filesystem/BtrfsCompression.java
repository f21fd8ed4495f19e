package blksh.filesystem;

import blksh.lz.BadChunkException;
import blksh.lz.Deflate;
import blksh.lz.ZstdFrames;
import io.airlift.compress.MalformedInputException;
import io.airlift.compress.lzo.LzoDecompressor;

/**
 * How btrfs compresses an extent, in the order of its numbers (its documentation, "On-disk Format"
 * and "Compression"; kernel documentation, {@code lzo.rst}). What is compressed may be shorter than
 * the extent, by less than a sector, at the end of a file.
 */
enum BtrfsCompression {
  NONE,
  ZLIB,
  LZO,
  ZSTD;

  /** Most an extent has that is compressed, in bytes: before, and after. */
  static final int LARGEST = 128 << 10;

  /** Length of what says how long something of LZO is. */
  private static final int WORD = 4;

  /**
   * Decodes an extent. Less than a sector may be missing at its end, which is zeros.
   *
   * @param from after its end may be anything, up to whole sectors
   * @param sector bytes
   * @return as many bytes as it has
   */
  byte[] decode(byte[] from, int length, int sector) throws BadChunkException {
    if (from.length == 0) {
      throw new BadChunkException("is empty");
    }
    byte[] to = new byte[length];
    int done =
        switch (this) {
          case ZLIB -> Deflate.decode(from, to, false);
          case LZO -> lzo(from, to, sector);
          case ZSTD -> ZstdFrames.decode(from, to, 1);
          case NONE -> throw new IllegalStateException("it is not compressed");
        };
    if (done < length - (sector - 1)) {
      throw new BadChunkException("ends too early");
    }
    return to;
  }

  /** Pieces of a sector each, each with its length before it, which never crosses into another. */
  private static int lzo(byte[] from, byte[] to, int sector) throws BadChunkException {
    Structure words = Structure.of(from);
    long end = from.length < WORD ? -1 : words.u32(0);
    if (end < WORD || end > from.length) {
      throw new BadChunkException("is not as long as it says");
    }
    LzoDecompressor lzo = new LzoDecompressor();
    int at = WORD;
    int done = 0;
    while (at + WORD <= end && done < to.length) {
      long length = words.u32(at);
      at += WORD;
      if (length == 0 || length > end - at) {
        throw new BadChunkException("has a piece that ends outside");
      }
      try {
        int room = Math.min(sector, to.length - done);
        done += lzo.decompress(from, at, (int) length, to, done, room);
      } catch (MalformedInputException | IllegalArgumentException | IndexOutOfBoundsException e) {
        throw new BadChunkException("does not decode (%s)".formatted(e.getMessage()));
      }
      at += (int) length;
      int left = sector - at % sector;
      at += left < WORD ? left : 0;
    }
    return done;
  }
}
