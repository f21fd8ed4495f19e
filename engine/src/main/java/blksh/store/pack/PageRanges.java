package blksh.store.pack;

import java.util.Map;
import java.util.TreeMap;

/** A set of page numbers of one pack, kept as ranges. */
final class PageRanges {

  private final TreeMap<Integer, Integer> ends = new TreeMap<>();

  /** Adds the pages from first up to end. */
  synchronized void add(int first, int end) {
    int from = first;
    int to = end;
    Map.Entry<Integer, Integer> before = ends.floorEntry(to);
    while (before != null && before.getValue() >= from) {
      from = Math.min(from, before.getKey());
      to = Math.max(to, before.getValue());
      ends.remove(before.getKey());
      before = ends.floorEntry(to);
    }
    ends.put(from, to);
  }

  synchronized boolean isEmpty() {
    return ends.isEmpty();
  }

  /** Sees the parts of the set inside {@code [first, end)}. */
  synchronized void within(int first, int end, PackCheck.RangeVisitor visitor) {
    Integer start = ends.floorKey(first);
    for (Map.Entry<Integer, Integer> range :
        ends.tailMap(start == null ? first : start, true).entrySet()) {
      if (range.getKey() >= end) {
        break;
      }
      int from = Math.max(first, range.getKey());
      int to = Math.min(end, range.getValue());
      if (from < to) {
        visitor.range(from, to);
      }
    }
  }
}
