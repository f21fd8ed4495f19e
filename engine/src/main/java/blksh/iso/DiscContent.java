package blksh.iso;

/**
 * The content of files on a disc: however many files have it, it is there once.
 *
 * @param id what the caller knows it by; files with the same number have the same content, and only
 *     those share its place. It does not come onto the disc, nor decide where anything lies
 * @param size bytes, 0 or more; what the disc has of it, always
 * @param last whether it is written behind all others and opened only when those are proven, so
 *     that it can tell what became of them
 */
public record DiscContent(long id, long size, boolean last) {

  /** The largest file that one entry of UDF describes here, in bytes: 234 pieces. */
  public static final long LARGEST = 234L * UdfEntry.LONGEST_PIECE;

  /**
   * @throws IllegalArgumentException when the size is negative or above {@link #LARGEST}
   */
  public DiscContent {
    if (size < 0 || size > LARGEST) {
      throw new IllegalArgumentException("size " + size);
    }
  }

  /** One that is written in the order of the tree. */
  public static DiscContent of(long id, long size) {
    return new DiscContent(id, size, false);
  }

  static long sectors(long size) {
    return (size + DiscPlan.SECTOR - 1) / DiscPlan.SECTOR;
  }
}
