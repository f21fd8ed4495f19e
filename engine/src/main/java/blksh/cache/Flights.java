package blksh.cache;

import blksh.task.CancelledException;
import java.util.TreeMap;

/**
 * The ranges of the source being read or written now. They never overlap, so no byte is read by two
 * at once. All methods are called with this object's monitor held.
 */
final class Flights {

  /** How long background work stays away after somebody read from the source. */
  private static final long LULL_MILLIS = 20;

  private final TreeMap<Long, Long> ends = new TreeMap<>();

  /** How many of them a reader waits for. */
  private int misses;

  /** When the last of those ended, in nanoseconds; 0 before the first. */
  private long lastMiss;

  /** Whether a byte is being read or written. */
  boolean covers(long position) {
    var before = ends.floorEntry(position);
    return before != null && before.getValue() > position;
  }

  /** Whether any byte of a range is. */
  boolean overlaps(long start, long end) {
    return covers(start) || freeTo(start) < end;
  }

  /** The first byte at or before a position from which on nothing is being read up to it. */
  long freeFrom(long position) {
    var before = ends.lowerEntry(position);
    return before == null ? 0 : before.getValue();
  }

  /** The first byte after a position that is being read. */
  long freeTo(long position) {
    Long next = ends.higherKey(position);
    return next == null ? Long.MAX_VALUE : next;
  }

  /** Whether there are any. */
  boolean any() {
    return !ends.isEmpty();
  }

  void begin(long start, long end) {
    ends.put(start, end);
  }

  void end(long start) {
    ends.remove(start);
    notifyAll();
  }

  /** Begins one that a reader waits for. */
  void beginMiss(long start, long end) {
    begin(start, end);
    misses++;
  }

  void endMiss(long start) {
    misses--;
    lastMiss = System.nanoTime();
    end(start);
  }

  /** How long to wait before looking again whether readers are at rest; 0 when they are. */
  long millisToLull() {
    if (misses > 0) {
      return LULL_MILLIS;
    }
    long quiet = (System.nanoTime() - lastMiss) / 1_000_000;
    return lastMiss == 0 ? 0 : Math.max(0, LULL_MILLIS - quiet);
  }

  /** Waits until some flight ends, or a while has passed; 0 for any while. */
  void await(long millis, String action) {
    try {
      wait(millis);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CancelledException(action);
    }
  }
}
