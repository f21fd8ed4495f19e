package blksh.cache;

/**
 * A range of a source of one status.
 *
 * @param start first byte, 0 or more
 * @param end the first byte after it, more than {@code start}
 */
public record RescueRange(long start, long end, RescueStatus status) {

  public RescueRange {
    if (start < 0 || end <= start) {
      throw new IllegalArgumentException("range from " + start + " to " + end);
    }
  }

  /** Bytes. */
  public long length() {
    return end - start;
  }
}
