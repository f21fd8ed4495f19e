package blksh.filesystem;

import blksh.block.BlockSource;
import blksh.lz.BadChunkException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * The chunks of a compressed system file: where each but the first begins, then the chunks, as
 * resources of archives in the WIM format have them. One that would not have become smaller is
 * there as it is.
 */
final class WofChunks implements ChunkedContent.Chunks {

  /** From this size on places take eight bytes. */
  private static final long WIDE = 1L << 32;

  private final WofFormat format;
  private final BlockSource stored;
  private final long count;
  private final int width;

  /**
   * @param size bytes of the file, uncompressed
   */
  WofChunks(WofFormat format, BlockSource stored, long size) {
    this.format = format;
    this.stored = stored;
    this.count = (size + format.chunkSize() - 1) / format.chunkSize();
    this.width = size > WIDE - 1 ? Long.BYTES : Integer.BYTES;
  }

  private long table() {
    return (count - 1) * width;
  }

  /** Where a chunk begins, behind the table. */
  private long start(long number) throws BadChunkException {
    if (number == 0) {
      return 0;
    }
    if (number == count) {
      return stored.size() - table();
    }
    ByteBuffer place = ByteBuffer.allocate(width).order(ByteOrder.LITTLE_ENDIAN);
    if (stored.read((number - 1) * width, place) < width) {
      throw new BadChunkException("has no place");
    }
    return width == Long.BYTES ? place.getLong(0) : place.getInt(0) & 0xffffffffL;
  }

  @Override
  public void decode(long number, byte[] into, int length) throws BadChunkException {
    long start = start(number);
    long bytes = start(number + 1) - start;
    if (start < 0 || bytes < 1 || bytes > length || table() + start > stored.size() - bytes) {
      throw new BadChunkException("is not where it should be");
    }
    if (bytes == length) {
      stored.read(table() + start, ByteBuffer.wrap(into, 0, length));
    } else {
      byte[] chunk = new byte[(int) bytes];
      stored.read(table() + start, ByteBuffer.wrap(chunk));
      format.decode(chunk, into, length);
    }
  }
}
