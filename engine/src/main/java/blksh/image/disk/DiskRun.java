package blksh.image.disk;

import blksh.block.BlockSource;

/**
 * A range of a virtual disk and where its bytes are.
 *
 * @param start first byte of the disk
 * @param length bytes, more than 0
 * @param where what kind of place that is
 * @param from what holds them, where they are stored or packed
 * @param offset byte of {@code from}
 * @param packed bytes of {@code from} that are to be unpacked
 * @param problem why they are nowhere, as a clause, else null
 */
record DiskRun(
    long start,
    long length,
    Where where,
    BlockSource from,
    long offset,
    int packed,
    String problem) {

  /** Units that are told as one run, so that telling takes no long time. */
  static final int MOST_JOINED = 1 << 16;

  enum Where {
    /** As they are. */
    STORED,
    /** Compressed, together with the rest of their unit. */
    PACKED,
    /** Zeros. */
    ZERO,
    /** In what the disk was laid on; zeros where there is nothing. */
    ABSENT,
    /** Nowhere: what leads to them is damaged. */
    BAD
  }

  static DiskRun stored(long start, long end, BlockSource from, long offset) {
    return new DiskRun(start, end - start, Where.STORED, from, offset, 0, null);
  }

  static DiskRun packed(long start, long end, BlockSource from, long offset, int packed) {
    return new DiskRun(start, end - start, Where.PACKED, from, offset, packed, null);
  }

  static DiskRun zero(long start, long end) {
    return new DiskRun(start, end - start, Where.ZERO, null, 0, 0, null);
  }

  static DiskRun absent(long start, long end) {
    return new DiskRun(start, end - start, Where.ABSENT, null, 0, 0, null);
  }

  /**
   * @param at byte of the file that says so
   */
  static DiskRun bad(long start, long end, long at, String problem) {
    String told = "%s (byte %d of what holds it)".formatted(problem, at);
    return new DiskRun(start, end - start, Where.BAD, null, at, 0, told);
  }

  /**
   * Bytes stored as they are, as far as the file that holds them goes; what is missing is bad.
   *
   * @param size bytes of {@code from}
   */
  static DiskRun within(long start, long end, BlockSource from, long offset, long size) {
    if (offset >= size) {
      return bad(start, end, offset, "the file ends before what is stored there");
    }
    return stored(start, Math.min(end, start + size - offset), from, offset);
  }

  long end() {
    return start + length;
  }

  /** Whether another that begins at its end goes on where it ends. */
  boolean goesOn(DiskRun next) {
    return switch (where) {
      case STORED -> next.where == where && next.from == from && next.offset == offset + length;
      case ZERO, ABSENT -> next.where == where;
      case PACKED, BAD -> false;
    };
  }

  /** The same, longer. */
  DiskRun until(long end) {
    return new DiskRun(start, end - start, where, from, offset, packed, problem);
  }
}
