package blksh.cache;

import java.util.Arrays;

/**
 * Where the chunks of a {@link RescueMap} begin: each is some hundred ranges in {@link RangeCode}
 * and never changes, only its place in the list is given to another. So a copy of the list is a
 * copy of the map.
 */
final class Chunks {

  private long[] starts = new long[2];
  private byte[][] codes = new byte[2][];

  /** A bit for each status there is in a chunk. */
  private byte[] kinds = new byte[2];

  private int count;

  int count() {
    return count;
  }

  /** The byte of the source where a chunk begins. */
  long start(int chunk) {
    return starts[chunk];
  }

  /** Bytes of its code. */
  int length(int chunk) {
    return codes[chunk].length;
  }

  int kinds(int chunk) {
    return kinds[chunk];
  }

  boolean has(int chunk, RescueStatus status) {
    return (kinds[chunk] >> status.ordinal() & 1) != 0;
  }

  RangeCode.Cursor cursor(int chunk) {
    return new RangeCode.Cursor(codes[chunk], starts[chunk]);
  }

  /** The chunk that holds a byte of the source; there is one at least. */
  int find(long position) {
    int found = Arrays.binarySearch(starts, 0, count, position);
    return found >= 0 ? found : -found - 2;
  }

  /** Adds what was written as the last chunk. */
  void add(long start, RangeCode.Writer written) {
    reserve(count + 1);
    starts[count] = start;
    kinds[count] = written.kinds();
    codes[count] = written.take();
    count++;
  }

  /** Puts other chunks in the place of those from {@code first} to {@code last}. */
  void replace(int first, int last, Chunks others) {
    int after = count - last - 1;
    int to = first + others.count;
    reserve(to + after);
    if (to != last + 1) {
      System.arraycopy(starts, last + 1, starts, to, after);
      System.arraycopy(kinds, last + 1, kinds, to, after);
      System.arraycopy(codes, last + 1, codes, to, after);
    }
    System.arraycopy(others.starts, 0, starts, first, others.count);
    System.arraycopy(others.kinds, 0, kinds, first, others.count);
    System.arraycopy(others.codes, 0, codes, first, others.count);
    for (int i = to + after; i < count; i++) {
      codes[i] = null;
    }
    count = to + after;
  }

  private void reserve(int wanted) {
    if (wanted > starts.length) {
      int room = Math.max(wanted, starts.length + starts.length / 2);
      starts = Arrays.copyOf(starts, room);
      kinds = Arrays.copyOf(kinds, room);
      codes = Arrays.copyOf(codes, room);
    }
  }

  Chunks copy() {
    Chunks copy = new Chunks();
    copy.starts = starts.clone();
    copy.kinds = kinds.clone();
    copy.codes = codes.clone();
    copy.count = count;
    return copy;
  }
}
