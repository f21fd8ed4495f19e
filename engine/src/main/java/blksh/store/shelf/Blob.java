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
   * @throws DamagedContentException when what is there is not what was put
   */
  void read(long position, ByteBuffer buffer) throws IOException;

  /**
   * As {@link #read}, but bytes that are there and are not what was put are zeros. A blob around a
   * blob hands this on.
   *
   * @return false when there are such
   */
  default boolean readSound(long position, ByteBuffer buffer) throws IOException {
    read(position, buffer);
    return true;
  }

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

  /**
   * Has what is read from now on be read anew, where it came a long way and some of it is kept: for
   * who finds it to be other than it was put, which the way may have done to it. A blob around a
   * blob hands it on.
   *
   * @return whether it may be another then; false where it is as it lies
   */
  default boolean forget() {
    return false;
  }

  @Override
  void close();
}
