package blksh.store.diskdump;

import blksh.io.ScratchFile;
import java.io.Closeable;
import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * Digests in order, each once, on the disk; in memory is only where those begin that have the same
 * two first bytes. Any number of threads may use one.
 */
final class DigestTable implements Closeable {

  private static final int DIGEST = DiskdumpPlace.DIGEST;
  private static final int BUCKETS = 1 << 16;

  /** Digests that are read at once when one is looked for. */
  private static final int PIECE = 128;

  private final ScratchFile file;

  /** The number of the first digest of each bucket, and at the end how many there are. */
  private final long[] starts;

  private DigestTable(ScratchFile file, long[] starts) {
    this.file = file;
    this.starts = starts;
  }

  /** Digests do not come in the order they are said to be in. */
  static final class Disordered extends RuntimeException {
    Disordered() {
      super("digests are not in order");
    }
  }

  /** Makes a table of digests that come in order; one that comes again is passed over. */
  static final class Maker {
    private final ScratchFile file = new ScratchFile();
    private final long[] starts = new long[BUCKETS + 1];
    private final byte[] last = new byte[DIGEST];
    private int filled;
    private long count;

    /**
     * @throws Disordered when it should have come before another
     */
    void add(byte[] digests, int at) {
      int order = count == 0 ? -1 : compare(last, 0, digests, at);
      if (order == 0) {
        return;
      }
      if (order > 0) {
        throw new Disordered();
      }
      System.arraycopy(digests, at, last, 0, DIGEST);
      for (int bucket = bucketOf(digests, at); filled <= bucket; filled++) {
        starts[filled] = count;
      }
      file.append(last, 0, DIGEST);
      count++;
    }

    DigestTable finish() {
      for (; filled <= BUCKETS; filled++) {
        starts[filled] = count;
      }
      file.finish();
      return new DigestTable(file, starts);
    }
  }

  private static int bucketOf(byte[] digests, int at) {
    return (digests[at] & 0xff) << 8 | digests[at + 1] & 0xff;
  }

  /** How many there are. */
  long size() {
    return starts[BUCKETS];
  }

  /** The place of a digest in order, or -1 when it is not there. */
  long find(byte[] digests, int at) {
    int bucket = bucketOf(digests, at);
    long from = starts[bucket];
    long to = starts[bucket + 1];
    byte[] one = new byte[DIGEST];
    while (to - from > PIECE) {
      long middle = (from + to) >>> 1;
      read(middle, one, 1);
      if (compare(one, 0, digests, at) <= 0) {
        from = middle;
      } else {
        to = middle;
      }
    }
    int count = (int) (to - from);
    byte[] piece = new byte[count * DIGEST];
    read(from, piece, count);
    for (int i = 0; i < count; i++) {
      if (compare(piece, i * DIGEST, digests, at) == 0) {
        return from + i;
      }
    }
    return -1;
  }

  private static int compare(byte[] a, int at, byte[] b, int bt) {
    return Arrays.compareUnsigned(a, at, at + DIGEST, b, bt, bt + DIGEST);
  }

  /** Reads digests. @param to gets {@code count} of them from 0 on */
  void read(long first, byte[] to, int count) {
    file.read(first * DIGEST, ByteBuffer.wrap(to, 0, count * DIGEST));
  }

  @Override
  public void close() {
    file.close();
  }
}
