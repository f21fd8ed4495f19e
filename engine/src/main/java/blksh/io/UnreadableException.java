package blksh.io;

import blksh.BlkshException;

/** A range of a source could not be read. Bytes before the range were read and are right. */
public class UnreadableException extends BlkshException {

  private final long start;
  private final long length;

  /**
   * @param source what was read
   * @param start first unreadable byte
   * @param length bytes, more than 0
   */
  public UnreadableException(
      String source, long start, long length, String problem, Throwable cause) {
    super("read %d bytes of %s".formatted(length, source), problem, cause);
    at(start);
    this.start = start;
    this.length = length;
  }

  /**
   * Whether it is of no use to try parts of the range: what it was to be read from is not there any
   * more, which no smaller piece changes. So is a range of a layer whose source says so.
   */
  public boolean isGone() {
    return getCause() instanceof UnreadableException below && below.isGone();
  }

  /** First byte of the range. */
  public long start() {
    return start;
  }

  /** Bytes in the range. */
  public long length() {
    return length;
  }
}
