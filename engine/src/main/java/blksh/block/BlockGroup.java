package blksh.block;

import java.util.BitSet;

/**
 * What is known of the blocks of an overlay that are locked, and known, together. Blocks are
 * numbered within the group; all methods are called with its lock held.
 */
final class BlockGroup {

  /** Blocks in a group. */
  static final int BLOCKS = 1024;

  /** Those that are in the file, or zero. */
  private final BitSet changed = new BitSet();

  /** Those of them that are zero, whatever the file holds. */
  private final BitSet zero = new BitSet();

  /** Those of them that may not be in the map as they are. */
  private final BitSet unsynced = new BitSet();

  /** Told of blocks that are alike. */
  interface Range {
    void of(int from, int to, boolean zero);
  }

  /** DATA when the block is in the file, ZERO when it is zero, null when it is as underneath. */
  Extent.Kind kind(int block) {
    if (!changed.get(block)) {
      return null;
    }
    return zero.get(block) ? Extent.Kind.ZERO : Extent.Kind.DATA;
  }

  /** The first block after those from one on that are all of the same kind. */
  int endOfRun(int block) {
    if (!changed.get(block)) {
      int next = changed.nextSetBit(block);
      return next < 0 ? BLOCKS : next;
    }
    int end = changed.nextClearBit(block);
    int turn = zero.get(block) ? zero.nextClearBit(block) : zero.nextSetBit(block);
    return Math.min(BLOCKS, turn < 0 ? end : Math.min(end, turn));
  }

  /** Blocks are in the file now, or zero; where they were not, the map does not know. */
  void change(int from, int to, boolean toZero) {
    for (int block = from; block < to; block++) {
      if (!changed.get(block) || zero.get(block) != toZero) {
        unsynced.set(block);
      }
    }
    learn(from, to, toZero);
  }

  /** Blocks are in the file, or zero, as the map says. */
  void learn(int from, int to, boolean toZero) {
    changed.set(from, to);
    zero.set(from, to, toZero);
  }

  /** Tells what the map does not know, and counts it as known. */
  void takeUnsynced(Range range) {
    int from = unsynced.nextSetBit(0);
    while (from >= 0) {
      int to = Math.min(unsynced.nextClearBit(from), endOfRun(from));
      range.of(from, to, zero.get(from));
      from = unsynced.nextSetBit(to);
    }
    unsynced.clear();
  }

  /** What was taken did not get into the map. */
  void giveBack(int from, int to) {
    unsynced.set(from, to);
  }
}
