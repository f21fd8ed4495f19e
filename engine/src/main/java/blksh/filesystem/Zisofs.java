package blksh.filesystem;

import blksh.BlkshException;
import blksh.block.BlockSource;
import blksh.lz.BadChunkException;
import blksh.lz.Deflate;
import java.nio.ByteBuffer;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/**
 * How zisofs compresses a file on a disc: blocks by zlib, and before them where each begins. Its
 * second version is the same with wider numbers (libisofs, {@code zisofs_format.txt} and {@code
 * zisofs2_format.txt}). That a file is compressed is known by a field of Rock Ridge alone.
 *
 * @param version 1 or 2
 * @param headerLength bytes of the header of the file
 * @param blockBits a block of content has two to the power of it bytes
 * @param size bytes of the file, uncompressed
 */
record Zisofs(int version, int headerLength, int blockBits, long size) {

  private static final int LEAST_BITS = 12;
  private static final int MOST_BITS = 20;
  private static final String MAGIC = "\u0037\u00e4\u0053\u0096\u00c9\u00db\u00d6\u0007";
  private static final String MAGIC2 = "\u00ef\"\u0055\u00a1\u00bc\u001b\u0095\u00a0";

  /** The only compression that zisofs2 has a writer for. */
  private static final int ZLIB = 1;

  /**
   * What a field says.
   *
   * @param at where it begins
   * @return null when it is of a version or a kind that is not known
   */
  static Zisofs of(Structure fields, int at) {
    boolean first = fields.u8(at + 3) == 1 && fields.has(at + 4, "pz");
    boolean second = fields.u8(at + 3) == 2 && fields.has(at + 4, "PZ");
    if (!first && !second) {
      return null;
    }
    long size = first ? fields.u32(at + 8) : fields.i64(at + 8);
    int bits = fields.u8(at + 7);
    boolean sound = size >= 0 && bits >= LEAST_BITS && bits <= MOST_BITS;
    return sound ? new Zisofs(first ? 1 : 2, fields.u8(at + 6) * 4, bits, size) : null;
  }

  /** The content of a file. @param stored as it is on the disc */
  BlockSource content(Volume volume, FileEntry file, BlockSource stored) {
    int fixed = version == 1 ? 16 : 24;
    if (stored.size() < fixed || headerLength < fixed) {
      throw notAsSaid(volume, file);
    }
    Structure header = Structure.of(new byte[fixed]);
    stored.read(0, ByteBuffer.wrap(header.bytes()));
    boolean sound =
        version == 1
            ? header.has(0, MAGIC)
                && header.u32(8) == size
                && header.u8(12) * 4 == headerLength
                && header.u8(13) == blockBits
            : header.has(0, MAGIC2)
                && header.i64(12) == size
                && header.u8(9) * 4 == headerLength
                && header.u8(11) == blockBits;
    if (!sound) {
      throw notAsSaid(volume, file);
    }
    if (version == 2 && header.u8(10) != ZLIB) {
      throw new BlkshException(
          "open " + file.path(),
          "zisofs2 compresses it in a way that is not known (%d)".formatted(header.u8(10)));
    }
    return new ChunkedContent(volume, file.path(), size, 1 << blockBits, blocks(stored));
  }

  private static FileSystemDamageException notAsSaid(Volume volume, FileEntry file) {
    return volume.damage(file, "it is to be compressed by zisofs and does not begin so");
  }

  private ChunkedContent.Chunks blocks(BlockSource stored) {
    int width = version == 1 ? Integer.BYTES : Long.BYTES;
    return (number, into, length) -> {
      Structure places = Structure.of(new byte[2 * width]);
      if (stored.read(headerLength + number * width, ByteBuffer.wrap(places.bytes())) < 2 * width) {
        throw new BadChunkException("has no place");
      }
      long start = version == 1 ? places.u32(0) : places.i64(0);
      long end = version == 1 ? places.u32(width) : places.i64(width);
      // deflate never makes much more of a block than there was
      if (start < 0 || end < start || end - start > 2L * into.length || end > stored.size()) {
        throw new BadChunkException("is not where it should be");
      }
      if (end > start) {
        byte[] block = new byte[(int) (end - start)];
        stored.read(start, ByteBuffer.wrap(block));
        inflate(block, into, length);
      }
    };
  }

  private static void inflate(byte[] from, byte[] into, int length) throws BadChunkException {
    Inflater inflater = new Inflater();
    try {
      inflater.setInput(from);
      if (Deflate.fill(inflater, into, length) < length) {
        throw new BadChunkException("ends too early");
      }
      // its checksum comes after the last byte
      if (!inflater.finished() && (inflater.inflate(new byte[1]) > 0 || !inflater.finished())) {
        throw new BadChunkException("decodes to too much");
      }
    } catch (DataFormatException e) {
      throw new BadChunkException("does not decode (%s)".formatted(e.getMessage()));
    } finally {
      inflater.end();
    }
  }
}
