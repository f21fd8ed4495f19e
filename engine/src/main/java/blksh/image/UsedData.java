package blksh.image;

import blksh.BlkshException;
import blksh.block.BlockSource;
import blksh.block.Extent;
import blksh.io.IoFailure;
import blksh.task.Task;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Iterator;

/** Hands on what a source holds, in order, without what it knows to be free. */
public final class UsedData {

  /** The longest piece, in bytes. */
  public static final int PIECE = 1 << 20;

  private UsedData() {}

  /** Who is given the pieces. */
  @FunctionalInterface
  public interface Taker {
    /**
     * Takes a piece.
     *
     * @param position of its first byte in the source, in bytes
     * @param bytes 1 to {@link #PIECE} of them, which are the taker's until it returns
     */
    void take(long position, ByteBuffer bytes) throws IOException;
  }

  /**
   * Gives all pieces, in order of their positions, each proven first where the source has checksums
   * and was not opened as tolerant. What a tolerant image lacks is a finding, and is left out.
   *
   * @return bytes that were given
   * @throws BlkshException when it cannot be read, or is damaged, with the byte
   */
  public static long each(BlockSource source, Taker taker, Task task) {
    Sweep.Reader reader = new Sweep(source).reader();
    ByteBuffer buffer = ByteBuffer.allocate(PIECE);
    long given = 0;
    task.expect(source.size());
    for (Iterator<Extent> extents = source.extents(); extents.hasNext(); ) {
      Extent extent = extents.next();
      task.checkCancelled();
      if (extent.kind() == Extent.Kind.FREE) {
        task.advance(extent.length());
      } else if (ImageRestore.isMissing(source, extent, task)) {
        task.advance(extent.length());
      } else {
        given += give(source, extent, reader, buffer, taker, task);
      }
    }
    return given;
  }

  private static long give(
      BlockSource source,
      Extent extent,
      Sweep.Reader reader,
      ByteBuffer buffer,
      Taker taker,
      Task task) {
    for (long at = extent.start(); at < extent.end(); ) {
      task.checkCancelled();
      buffer.clear().limit((int) Math.min(PIECE, extent.end() - at));
      int count = reader.read(at, buffer);
      if (count == 0) {
        throw ImageRestore.ended(source, at);
      }
      try {
        taker.take(at, buffer.flip());
      } catch (IOException e) {
        throw IoFailure.told("use what was read of " + source.describe(), e);
      }
      task.advance(count);
      at += count;
    }
    return extent.length();
  }
}
