package blksh.store;

import blksh.block.Extent;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** Unreadable ranges of an image in bytes, in order; neighbours become one. */
final class BadRanges {

  private final List<Extent> ranges = new ArrayList<>();
  private long bytes;

  /** Adds a range that begins where the last one ends, or after it. */
  void add(long start, long length) {
    bytes += length;
    int last = ranges.size() - 1;
    if (last >= 0 && ranges.get(last).end() == start) {
      Extent before = ranges.get(last);
      ranges.set(last, new Extent(before.start(), before.length() + length, Extent.Kind.BAD));
    } else {
      ranges.add(new Extent(start, length, Extent.Kind.BAD));
    }
  }

  /** Has some bytes have these bad ranges, whatever they had before. */
  void replace(long start, long length, List<Extent> others) {
    List<Extent> before = new ArrayList<>(ranges);
    clear();
    long end = start + length;
    for (Extent each : before) {
      addClipped(each, 0, start);
    }
    others.forEach(each -> add(each.start(), each.length()));
    for (Extent each : before) {
      addClipped(each, end, Long.MAX_VALUE);
    }
  }

  private void addClipped(Extent range, long from, long to) {
    long start = Math.max(range.start(), from);
    long end = Math.min(range.end(), to);
    if (end > start) {
      add(start, end - start);
    }
  }

  void clear() {
    ranges.clear();
    bytes = 0;
  }

  List<Extent> list() {
    return Collections.unmodifiableList(ranges);
  }

  long bytes() {
    return bytes;
  }
}
