package blksh.store.shelf;

import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * A blob of a shelf, opened once and read at positions from any number of threads. What it holds
 * never changes: also one that was replaced or deleted meanwhile is read as it was when it was
 * opened, or fails.
 */
public interface Blob extends Closeable {

  /** Its bytes. */
  long size() throws IOException;

  /**
   * Fills a buffer up to its limit. An interrupt of the thread is kept, and nobody else's reads
   * suffer by it.
   *
   * @throws EOFException when the blob ends before
   */
  void read(long position, ByteBuffer buffer) throws IOException;

  /**
   * Reads exactly {@code length} bytes.
   *
   * @throws EOFException when the blob ends before
   */
  default void read(long position, byte[] to, int offset, int length) throws IOException {
    read(position, ByteBuffer.wrap(to, offset, length));
  }

  /** Exactly {@code length} bytes at {@code position}. */
  default byte[] read(long position, int length) throws IOException {
    byte[] bytes = new byte[length];
    read(position, bytes, 0, length);
    return bytes;
  }

  @Override
  void close();
}
