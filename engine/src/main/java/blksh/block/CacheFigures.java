package blksh.block;

/**
 * How often a source had at hand what it was asked for.
 *
 * @param hits times it was there
 * @param misses times it had to be fetched or decoded first
 */
public record CacheFigures(long hits, long misses) {

  public static final CacheFigures NONE = new CacheFigures(0, 0);

  /** A source that counts. */
  public interface Counting {
    CacheFigures cacheFigures();
  }

  /** What a source has counted so far; nothing when it does not count. */
  public static CacheFigures of(BlockSource source) {
    return source instanceof Counting counting ? counting.cacheFigures() : NONE;
  }

  /** These and others together. */
  public CacheFigures plus(CacheFigures others) {
    return new CacheFigures(hits + others.hits, misses + others.misses);
  }
}
