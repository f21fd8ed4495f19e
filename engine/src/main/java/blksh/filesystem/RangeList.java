package blksh.filesystem;

import blksh.BlkshException;
import blksh.io.Scratch;
import java.nio.ByteBuffer;
import java.nio.LongBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Ranges by their number, as many as there are: the first and the last of them on the heap, all
 * others in files. Read by any number of threads once nobody adds to it.
 */
final class RangeList {

  /** Ranges of a segment, which takes 4 MiB. */
  private static final int SEGMENT = 1 << 18;

  private static final int ON_HEAP = 2;

  /** Four gigabytes of them. */
  private static final int MOST = 1 << 28;

  private final List<LongBuffer> full = new ArrayList<>();
  private long[] last = new long[128];

  /** Of {@link #last}. */
  private int inLast;

  void add(long start, long end) {
    if (2 * inLast == last.length) {
      if (inLast == SEGMENT) {
        putAway();
      } else {
        last = Arrays.copyOf(last, 2 * last.length);
      }
    }
    last[2 * inLast] = start;
    last[2 * inLast + 1] = end;
    inLast++;
  }

  private void putAway() {
    if (full.size() < ON_HEAP) {
      full.add(LongBuffer.wrap(last));
      last = new long[2 * SEGMENT];
    } else if (full.size() == MOST / SEGMENT) {
      throw new BlkshException("list what is free", "it is in more than %d pieces".formatted(MOST));
    } else {
      ByteBuffer bytes = ByteBuffer.allocate(2 * Long.BYTES * SEGMENT);
      bytes.asLongBuffer().put(last);
      full.add(Scratch.keep(bytes).asLongBuffer());
    }
    inLast = 0;
  }

  int count() {
    return full.size() * SEGMENT + inLast;
  }

  long start(int i) {
    return get(i, 0);
  }

  long end(int i) {
    return get(i, 1);
  }

  private long get(int i, int which) {
    int segment = i / SEGMENT;
    int at = 2 * (i % SEGMENT) + which;
    return segment == full.size() ? last[at] : full.get(segment).get(at);
  }

  /** Makes the last range end elsewhere. */
  void endLast(long end) {
    last[2 * inLast - 1] = end;
  }
}
