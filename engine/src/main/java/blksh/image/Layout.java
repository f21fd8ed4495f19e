package blksh.image;

/** Where the stored blocks of an image lie in its file. */
interface Layout {

  /** First byte of a stored block. @param rank 0 to the blocks stored */
  long offset(long rank);

  /** Blocks that lie back to back from this one on, at least 1. */
  long adjacent(long rank);

  /**
   * Groups of blocks back to back, each followed by a trailer.
   *
   * @param start first byte of the first block
   * @param blockSize bytes
   * @param perGroup blocks
   * @param trailer bytes, 0 for none
   */
  record Grouped(long start, int blockSize, long perGroup, int trailer) implements Layout {

    /** Blocks without anything between them. */
    static Grouped plain(long start, int blockSize) {
      return new Grouped(start, blockSize, Long.MAX_VALUE, 0);
    }

    @Override
    public long offset(long rank) {
      return start + rank * blockSize + rank / perGroup * trailer;
    }

    @Override
    public long adjacent(long rank) {
      return perGroup - rank % perGroup;
    }
  }
}
