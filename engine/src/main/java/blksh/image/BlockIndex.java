package blksh.image;

/**
 * Which blocks of a partition an image holds. Stored blocks are numbered by their rank: how many
 * stored ones come before, in the order of the partition.
 */
sealed interface BlockIndex permits Bitmap, ClusterRuns, EveryBlock {

  /** Blocks of the partition, stored or not. */
  long blocks();

  /** Blocks stored. */
  long used();

  /** Stored blocks before this one. @param block 0 to {@link #blocks} */
  long rank(long block);

  /** The stored block of a rank. @param rank 0 or more, below {@link #used} */
  long block(long rank);

  /** The first stored block at or after {@code from}, or {@code limit} when none is before it. */
  long nextUsed(long from, long limit);

  /** The first block not stored at or after {@code from}, or {@code limit} when all are. */
  long nextUnused(long from, long limit);
}
