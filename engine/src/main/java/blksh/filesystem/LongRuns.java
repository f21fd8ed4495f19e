package blksh.filesystem;

import java.util.Arrays;

/** Runs of a file, one after the other from its beginning. */
final class LongRuns {

  /** Three numbers a run: first byte in the file, bytes, first byte on the volume. */
  private long[] runs = new long[12];

  private int count;
  private long next;

  int count() {
    return count;
  }

  FileRun get(int number) {
    return new FileRun(runs[3 * number], runs[3 * number + 1], runs[3 * number + 2]);
  }

  /** Bytes in all runs. */
  long length() {
    return next;
  }

  /**
   * @param length bytes, more than 0
   * @param at byte on the volume, or {@link FileRun#HOLE}
   */
  void add(long length, long at) {
    if (3 * count == runs.length) {
      runs = Arrays.copyOf(runs, runs.length * 2);
    }
    runs[3 * count] = next;
    runs[3 * count + 1] = length;
    runs[3 * count + 2] = at;
    count++;
    next += length;
  }

  /** The run that contains a byte of the file; null when there is none. */
  FileRun find(long position) {
    int low = 0;
    int high = count - 1;
    while (low <= high) {
      int middle = (low + high) >>> 1;
      long start = runs[3 * middle];
      if (start > position) {
        high = middle - 1;
      } else if (start + runs[3 * middle + 1] <= position) {
        low = middle + 1;
      } else {
        return get(middle);
      }
    }
    return null;
  }
}
