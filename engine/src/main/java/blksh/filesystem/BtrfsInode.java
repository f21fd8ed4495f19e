package blksh.filesystem;

import java.time.Instant;

/**
 * An inode of btrfs.
 *
 * @param size bytes, 0 or more
 * @param names how many it has
 * @param mode with what kind of file it is
 * @param flags as there: whether its data has checksums, whether it can be changed
 */
record BtrfsInode(
    long size, long names, int owner, int group, int mode, long flags, Instant modified) {

  private static final int LENGTH = 160;

  private static final int NO_SUMS = 0x1;
  private static final int IMMUTABLE = 0x40;
  private static final int APPEND = 0x80;

  private static final int NANOS = 1_000_000_000;

  /**
   * @return null when the item holds none
   */
  static BtrfsInode of(BtrfsItem item) {
    if (item.length() < LENGTH) {
      return null;
    }
    long seconds = item.i64(136);
    long nanos = item.u32(144);
    boolean sound =
        item.i64(16) >= 0
            && nanos < NANOS
            && seconds >= Instant.MIN.getEpochSecond()
            && seconds <= Instant.MAX.getEpochSecond();
    return sound
        ? new BtrfsInode(
            item.i64(16),
            item.u32(40),
            (int) item.u32(44),
            (int) item.u32(48),
            (int) item.u32(52),
            item.i64(64),
            Instant.ofEpochSecond(seconds, nanos))
        : null;
  }

  /** What kind of file it is; null when it is none. */
  FileEntry.Kind kind() {
    return switch (mode >>> 12) {
      case 0x4 -> FileEntry.Kind.DIRECTORY;
      case 0x8 -> FileEntry.Kind.FILE;
      case 0xa -> FileEntry.Kind.LINK;
      case 0x1, 0x2, 0x6, 0xc -> FileEntry.Kind.SPECIAL;
      default -> null;
    };
  }

  boolean isSummed() {
    return (flags & NO_SUMS) == 0;
  }

  boolean isImmutable() {
    return (flags & IMMUTABLE) != 0;
  }

  boolean onlyGrows() {
    return (flags & APPEND) != 0;
  }
}
