package blksh.filesystem;

import java.util.Arrays;

/** Ranges of bytes in order, apart from each other. */
final class FreeRanges {

  private long[] starts = new long[64];
  private long[] ends = new long[64];
  private int count;
  private long bytes;

  /** Adds a range after all earlier ones; it may continue the last. */
  void add(long start, long end) {
    if (end <= start) {
      return;
    }
    if (count > 0 && start < ends[count - 1]) {
      throw new IllegalStateException("range at " + start + " after " + ends[count - 1]);
    }
    bytes += end - start;
    if (count > 0 && start == ends[count - 1]) {
      ends[count - 1] = end;
      return;
    }
    if (count == starts.length) {
      starts = Arrays.copyOf(starts, 2 * count);
      ends = Arrays.copyOf(ends, 2 * count);
    }
    starts[count] = start;
    ends[count] = end;
    count++;
  }

  int count() {
    return count;
  }

  long start(int i) {
    return starts[i];
  }

  long end(int i) {
    return ends[i];
  }

  long bytes() {
    return bytes;
  }

  /** The first range that ends after a position; {@code count()} when there is none. */
  int after(long position) {
    int low = 0;
    int high = count;
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (ends[middle] > position) {
        high = middle;
      } else {
        low = middle + 1;
      }
    }
    return low;
  }
}
