package blksh.cache;

import blksh.task.CancelledException;
import java.util.TreeMap;

/**
 * The ranges being read from the medium now. They never overlap, so no byte is read by two at once.
 * All methods are called with this object's monitor held.
 */
final class Flights {

  private final TreeMap<Long, Long> ends = new TreeMap<>();

  /** Whether a byte is being read. */
  boolean covers(long position) {
    var before = ends.floorEntry(position);
    return before != null && before.getValue() > position;
  }

  /** Whether any byte of a range is being read. */
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

  /** Whether anything is being read. */
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

  /** Waits until some flight ends, or a while has passed. */
  void await(long millis, String action) {
    try {
      wait(millis);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CancelledException(action);
    }
  }
}
