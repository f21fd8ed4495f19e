package blksh.image;

import blksh.BlkshException;
import java.nio.ByteBuffer;

/**
 * What is written where a file system uses nothing: a pattern that is repeated from byte 0 of the
 * source on, so that each of its bytes has the same place in the pattern however it is read.
 */
public final class Filling {

  /** The longest pattern, in bytes. */
  public static final int LONGEST = 16 << 20;

  private final byte[] pattern;

  /**
   * @param pattern 1 to {@link #LONGEST} bytes
   * @throws BlkshException when it is of no such length
   */
  public Filling(byte[] pattern) {
    if (pattern.length < 1 || pattern.length > LONGEST) {
      throw new BlkshException(
              "fill what is not used", "a pattern of %d bytes was given".formatted(pattern.length))
          .suggest("give one of 1 to %d bytes".formatted(LONGEST));
    }
    this.pattern = pattern.clone();
  }

  /** Fills a buffer up to its limit with what belongs at a position of the source, in bytes. */
  void fill(long position, ByteBuffer buffer) {
    int at = (int) (position % pattern.length);
    while (buffer.hasRemaining()) {
      int count = Math.min(pattern.length - at, buffer.remaining());
      buffer.put(pattern, at, count);
      at = 0;
    }
  }
}
