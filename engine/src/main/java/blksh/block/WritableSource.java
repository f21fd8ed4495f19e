package blksh.block;

import java.nio.ByteBuffer;

/**
 * A source that can also be written, within its size. What was written is read back at once, by
 * everybody; it is durable after {@link #sync}. All methods may be called from any thread at once.
 */
public interface WritableSource extends BlockSource {

  /**
   * Writes all remaining bytes.
   *
   * @param position byte, 0 or more; the bytes must end inside the source
   * @throws blksh.BlkshException when they cannot be written; then any part of them may be
   */
  void write(long position, ByteBuffer bytes);

  /**
   * Makes a range read as zeros, giving up its space where possible.
   *
   * @param position byte, 0 or more; the range must end inside the source
   * @param length bytes, 0 or more
   */
  void zero(long position, long length);

  /** Returns when everything written by calls that returned before is durable. */
  void sync();
}
