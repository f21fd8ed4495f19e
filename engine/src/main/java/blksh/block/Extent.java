package blksh.block;

/**
 * A range of a source and what is known of it without reading it.
 *
 * @param start first byte, 0 or more
 * @param length bytes, more than 0
 * @param kind what the range holds
 */
public record Extent(long start, long length, Kind kind) {

  /** What a range of a source holds. */
  public enum Kind {
    /** Bytes to be read. */
    DATA,
    /** A hole: reads as zeros without touching the medium. */
    ZERO,
    /** Unused by the file system; reads as zeros. */
    FREE,
    /** Known to be unreadable. */
    BAD,
    /** Not yet read from a medium that may fail. */
    UNTRIED;

    /** Whether reading the range yields zeros without touching the medium. */
    public boolean readsAsZeros() {
      return this == ZERO || this == FREE;
    }
  }

  public Extent {
    if (start < 0 || length <= 0 || start + length < 0) {
      throw new IllegalArgumentException("extent of " + length + " bytes at " + start);
    }
  }

  /** The first byte after the range. */
  public long end() {
    return start + length;
  }

  /** The same elsewhere, {@code by} bytes further on. */
  public Extent moved(long by) {
    return new Extent(start + by, length, kind);
  }

  /** The part inside {@code [from, to)}; the two must overlap. */
  public Extent clip(long from, long to) {
    long first = Math.max(start, from);
    return new Extent(first, Math.min(end(), to) - first, kind);
  }
}
