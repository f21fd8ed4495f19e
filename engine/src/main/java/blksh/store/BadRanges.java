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
