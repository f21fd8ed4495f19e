package blksh.store.shelf;

import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * A blob that grows, at first or again after its writer died. Nobody but its writer sees it on the
 * shelf before {@link #publish}; one that is neither published nor discarded, as its writer died,
 * is left for another to take over.
 */
public interface Part extends Blob {

  /** Writes a buffer up to its limit, all of it. Nothing is durable before {@link #publish}. */
  void write(long position, ByteBuffer bytes) throws IOException;

  /** Writes bytes, all of them. */
  default void write(long position, byte[] from, int offset, int length) throws IOException {
    write(position, ByteBuffer.wrap(from, offset, length));
  }

  /** Drops what is past a size. */
  void truncate(long size) throws IOException;

  /** Makes what was written durable, so that {@link #publish} need not wait for it. */
  default void force() throws IOException {}

  /**
   * Gives it its name, in place of what has it; durable when this returns. A blob appears whole or
   * not at all. When this fails it may have appeared nevertheless.
   */
  void publish(String name) throws IOException;

  /**
   * As {@link #publish}, unless the name is taken. Where a shelf can keep others away whoever calls
   * does; where it cannot, of two who try at once one alone succeeds.
   *
   * @return false when it is taken: it is still a part then
   */
  boolean publishIfAbsent(String name) throws IOException;

  /** Removes it. Does nothing after it was published. */
  void discard();

  /** Leaves it as it is, for another to take over. Does nothing after it was published. */
  @Override
  void close();
}
