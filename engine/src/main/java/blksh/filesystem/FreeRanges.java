package blksh.filesystem;

/** Ranges of bytes in order, apart from each other. */
final class FreeRanges {

  private final RangeList ranges = new RangeList();
  private long lastEnd;
  private long bytes;

  /** Adds a range after all earlier ones; it may continue the last. */
  void add(long start, long end) {
    if (end <= start) {
      return;
    }
    if (start < lastEnd) {
      throw new IllegalStateException("range at " + start + " after " + lastEnd);
    }
    if (start == lastEnd && count() > 0) {
      ranges.endLast(end);
    } else {
      ranges.add(start, end);
    }
    lastEnd = end;
    bytes += end - start;
  }

  int count() {
    return ranges.count();
  }

  long start(int i) {
    return ranges.start(i);
  }

  long end(int i) {
    return ranges.end(i);
  }

  long bytes() {
    return bytes;
  }

  /** The first range that ends after a position; {@code count()} when there is none. */
  int after(long position) {
    int low = 0;
    int high = count();
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (end(middle) > position) {
        high = middle;
      } else {
        low = middle + 1;
      }
    }
    return low;
  }
}
