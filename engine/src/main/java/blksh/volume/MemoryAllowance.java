package blksh.volume;

/**
 * What the metadata of all volumes of a set may take of memory, beside its texts: many volumes may
 * say that theirs is in the same place, and each keeps its own.
 */
final class MemoryAllowance {

  /** Bytes: six snapshots that are as full as can be read. */
  private static final long MOST = 96L << 20;

  private long taken;

  /** Takes some, when there is as much. @return whether there was */
  synchronized boolean take(long bytes) {
    if (bytes > MOST - taken) {
      return false;
    }
    taken += bytes;
    return true;
  }

  /** What was taken is not kept after all. */
  synchronized void giveBack(long bytes) {
    taken -= bytes;
  }
}
