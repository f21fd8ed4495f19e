package blksh.cache;

import java.time.Duration;
import java.util.Arrays;

/**
 * How much a miss should read. A miss where an earlier read ended is sequential use: the window
 * doubles. Any other begins a stream of its own with one block, so random use never reads ahead.
 * Reads that take long shrink the largest window, so that a slow source keeps others waiting less.
 *
 * <p>Used by one thread at a time.
 */
final class ReadAhead {

  private static final int STREAMS = 8;
  private static final long SLOW = Duration.ofMillis(200).toNanos();
  private static final long FAST = Duration.ofMillis(50).toNanos();

  private final int block;
  private final int largest;
  private int limit;

  /** Where each stream goes on, most recently used first, and the bytes it read last. */
  private final long[] nexts = new long[STREAMS];

  private final int[] windows = new int[STREAMS];

  ReadAhead(int block, int largest) {
    this.block = block;
    this.largest = largest;
    this.limit = largest;
    Arrays.fill(nexts, -1);
  }

  /** Bytes to read for a miss at a position: a power of two times the block. */
  int window(long position) {
    for (int i = 0; i < STREAMS; i++) {
      if (position >= nexts[i] && position < nexts[i] + block && nexts[i] >= 0) {
        return Math.max(block, Math.min(limit, 2 * windows[i]));
      }
    }
    return block;
  }

  /** Notes that a miss at a position was answered by reading up to {@code end}. */
  void done(long position, long end, int window, long nanos) {
    int slot = STREAMS - 1;
    for (int i = 0; i < STREAMS; i++) {
      if (nexts[i] >= 0 && position >= nexts[i] && position < nexts[i] + block) {
        slot = i;
        break;
      }
    }
    System.arraycopy(nexts, 0, nexts, 1, slot);
    System.arraycopy(windows, 0, windows, 1, slot);
    nexts[0] = end;
    windows[0] = window;
    if (nanos > SLOW) {
      limit = Math.max(block, limit / 2);
    } else if (nanos < FAST) {
      limit = Math.min(largest, limit * 2);
    }
  }

  /** Notes that a read failed: nothing is read ahead of it. */
  void failed() {
    Arrays.fill(nexts, -1);
  }
}
