package blksh.store.parity;

import blksh.io.Checksum;
import blksh.store.shelf.Blob;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * A blob as blocks of one size, of which some may not be readable; what is past its end counts as
 * zeros. For one thread.
 */
final class BlobBlocks {

  /** Bytes read at once. */
  private static final int RUN = 1 << 20;

  private final Blob blob;
  private final long size;
  private final int block;
  private final byte[] run;

  BlobBlocks(Blob blob, int block) throws IOException {
    this.blob = blob;
    this.size = blob.size();
    this.block = block;
    this.run = new byte[Math.max(RUN, block)];
  }

  /** Sees blocks in order. */
  interface Visitor {
    /**
     * @param bytes of which the block begins at a place; null when it cannot be read
     */
    void block(int number, byte[] bytes, int at) throws IOException;
  }

  /**
   * Reads blocks that lie one behind the other.
   *
   * @param from where the first begins
   * @param between called now and then; may throw to end it
   */
  void each(long from, int count, Runnable between, Visitor visitor) throws IOException {
    int most = run.length / block;
    for (int first = 0; first < count; first += most) {
      between.run();
      int some = Math.min(most, count - first);
      long at = from + (long) first * block;
      boolean read = read(at, run, 0, some * block);
      for (int i = 0; i < some; i++) {
        boolean there = read || read(at + (long) i * block, run, i * block, block);
        visitor.block(first + i, there ? run : null, i * block);
      }
    }
  }

  /** Reads a block; false when it cannot be. */
  boolean read(long at, byte[] to) {
    return read(at, to, 0, block);
  }

  private boolean read(long at, byte[] to, int offset, int length) {
    int there = (int) Math.max(0, Math.min(length, size - at));
    Arrays.fill(to, offset + there, offset + length, (byte) 0);
    if (there == 0) {
      return true;
    }
    try {
      blob.read(at, ByteBuffer.wrap(to, offset, there));
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  int sum(byte[] bytes, int at) {
    return Checksum.of(bytes, at, block);
  }
}
