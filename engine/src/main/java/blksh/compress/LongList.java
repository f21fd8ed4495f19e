package blksh.compress;

import java.util.Arrays;

/** Numbers in the order they were added. */
final class LongList {

  private long[] values = new long[16];
  private int size;

  void add(long value) {
    if (size == values.length) {
      values = Arrays.copyOf(values, size * 2);
    }
    values[size++] = value;
  }

  long get(int at) {
    return values[at];
  }

  int size() {
    return size;
  }

  /** The place of the last of ascending numbers that is not above a value; -1 when all are. */
  int floor(long value) {
    int low = -1;
    int high = size - 1;
    while (low < high) {
      int middle = (low + high + 1) >>> 1;
      if (values[middle] <= value) {
        low = middle;
      } else {
        high = middle - 1;
      }
    }
    return low;
  }
}
