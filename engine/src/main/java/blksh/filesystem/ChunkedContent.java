package blksh.filesystem;

import blksh.BlkshException;
import blksh.block.BlockSource;
import blksh.block.Extent;
import blksh.block.ExtentWalk;
import blksh.block.SourceInfo;
import blksh.io.UnreadableException;
import blksh.lz.BadChunkException;
import java.nio.ByteBuffer;
import java.util.Iterator;
import java.util.concurrent.atomic.AtomicReferenceArray;

/**
 * The content of a file that is kept in chunks, each compressed for itself. The last few that were
 * decoded are kept.
 */
final class ChunkedContent implements BlockSource {

  /** No chunk that is believed is longer, in bytes. */
  static final int LARGEST = 1 << 20;

  private static final int KEPT = 2;

  /** Where the chunks are. */
  interface Chunks {

    /**
     * Decodes one.
     *
     * @param length bytes it comes to: a whole chunk, or what is left of the file
     * @param into filled from its beginning, of a whole chunk
     */
    void decode(long number, byte[] into, int length) throws BadChunkException;

    /** Whether one is kept nowhere, and so is zeros. */
    default boolean isHole(long number) {
      return false;
    }

    /** Whether there are any that are. */
    default boolean hasHoles() {
      return false;
    }
  }

  private record Chunk(long number, byte[] bytes) {}

  private final Volume volume;
  private final String path;
  private final long size;
  private final int chunkSize;
  private final Chunks chunks;
  private final AtomicReferenceArray<Chunk> kept = new AtomicReferenceArray<>(KEPT);

  /**
   * @param size bytes of the file, uncompressed
   * @param chunkSize bytes, more than 0, up to {@link #LARGEST}
   */
  ChunkedContent(Volume volume, String path, long size, int chunkSize, Chunks chunks) {
    this.volume = volume;
    this.path = path;
    this.size = size;
    this.chunkSize = chunkSize;
    this.chunks = chunks;
  }

  @Override
  public long size() {
    return size;
  }

  @Override
  public int read(long position, ByteBuffer target) {
    if (position < 0) {
      throw new IllegalArgumentException("position " + position);
    }
    long end = Math.min(size, BlockSource.saturatedEnd(position, target.remaining()));
    long at = position;
    while (at < end) {
      int from = (int) (at % chunkSize);
      int count = (int) Math.min(end - at, chunkSize - from);
      target.put(chunk(at / chunkSize), from, count);
      at += count;
    }
    return (int) Math.max(0, at - position);
  }

  private byte[] chunk(long number) {
    int slot = (int) (number % KEPT);
    Chunk last = kept.get(slot);
    if (last == null || last.number != number) {
      byte[] bytes = new byte[chunkSize];
      long start = number * chunkSize;
      int length = (int) Math.min(chunkSize, size - start);
      try {
        chunks.decode(number, bytes, length);
      } catch (BadChunkException e) {
        throw new UnreadableException(
            path, start, length, "what is compressed there " + e.getMessage(), e);
      } catch (BlkshException e) {
        throw new UnreadableException(path, start, length, e.problem(), e);
      }
      last = new Chunk(number, bytes);
      kept.set(slot, last);
    }
    return last.bytes;
  }

  @Override
  public Iterator<Extent> extents(long position, long length) {
    long end = Math.min(size, BlockSource.saturatedEnd(position, length));
    return ExtentWalk.of(position, end, at -> extentAt(at, end));
  }

  private Extent extentAt(long at, long end) {
    if (!chunks.hasHoles()) {
      return new Extent(at, end - at, Extent.Kind.DATA);
    }
    long number = at / chunkSize;
    boolean hole = chunks.isHole(number);
    long next = number + 1;
    while (next * chunkSize < end && chunks.isHole(next) == hole) {
      next++;
    }
    return new Extent(
        at, Math.min(end, next * chunkSize) - at, hole ? Extent.Kind.ZERO : Extent.Kind.DATA);
  }

  @Override
  public SourceInfo describe() {
    SourceInfo below = volume.source().describe();
    return new SourceInfo("file in " + below.type(), path, below.location() + ":" + path);
  }

  @Override
  public void close() {}
}
