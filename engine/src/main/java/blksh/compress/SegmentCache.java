package blksh.compress;

import java.util.LinkedHashMap;
import java.util.Map;

/** The pieces decoded last, in memory; never more than its capacity. */
final class SegmentCache {

  /** Most memory for the pieces of one source, in bytes. */
  private static final long MOST_MEMORY = 32L << 20;

  private final int capacity =
      (int) (Math.min(MOST_MEMORY, Runtime.getRuntime().maxMemory() / 8) / Segment.SIZE);

  private final Map<Long, Segment> pieces =
      new LinkedHashMap<>(64, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<Long, Segment> eldest) {
          return size() > capacity;
        }
      };

  /** Pieces it holds at most. */
  int capacity() {
    return capacity;
  }

  /** A piece by its number, or null. */
  synchronized Segment get(long number) {
    return pieces.get(number);
  }

  synchronized void put(long number, Segment segment) {
    pieces.put(number, segment);
  }

  synchronized void clear() {
    pieces.clear();
  }
}
