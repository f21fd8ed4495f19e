package blksh.store.diskdump;

import blksh.io.ScratchFile;
import java.io.Closeable;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.PriorityQueue;

/**
 * Puts any number of digests in order, each once: in runs that fit into memory, which are merged at
 * the end. Used by one thread at a time.
 */
final class DigestSort implements Closeable {

  private static final int DIGEST = DiskdumpPlace.DIGEST;

  /** Digests of a run. */
  private static final int RUN = 1 << 16;

  /** Digests of a run that are read at once while it is merged, and of all runs. */
  private static final int MOST_OF_A_RUN = 256;

  private static final int MOST_AT_ONCE = 1 << 18;

  private final ScratchFile runs = new ScratchFile();

  /** Where each run ends in the file, in digests. */
  private final List<Long> ends = new ArrayList<>();

  private byte[][] run = new byte[RUN][];
  private int inRun;

  /** Adds a digest. */
  void add(byte[] digests, int at) {
    run[inRun++] = Arrays.copyOfRange(digests, at, at + DIGEST);
    if (inRun == RUN) {
      endRun();
    }
  }

  private void endRun() {
    Arrays.sort(run, 0, inRun, Arrays::compareUnsigned);
    for (int i = 0; i < inRun; i++) {
      runs.append(run[i], 0, DIGEST);
    }
    inRun = 0;
    ends.add(runs.size() / DIGEST);
  }

  /** One run as it is merged. */
  private final class Merged implements Comparable<Merged> {
    private final byte[] piece;
    private final long end;
    private long next;
    private int at;
    private int length;

    Merged(long first, long end, int atOnce) {
      this.piece = new byte[atOnce * DIGEST];
      this.next = first;
      this.end = end;
    }

    /** Goes on to the next digest; false at the end. */
    boolean advance() {
      at += DIGEST;
      if (at >= length) {
        int count = (int) Math.min(piece.length / DIGEST, end - next);
        if (count == 0) {
          return false;
        }
        length = count * DIGEST;
        runs.read(next * DIGEST, ByteBuffer.wrap(piece, 0, length));
        next += count;
        at = 0;
      }
      return true;
    }

    @Override
    public int compareTo(Merged other) {
      return Arrays.compareUnsigned(
          piece, at, at + DIGEST, other.piece, other.at, other.at + DIGEST);
    }
  }

  /** All that were added; no more can be then. */
  DigestTable finish() {
    endRun();
    run = null;
    runs.finish();
    PriorityQueue<Merged> merging = new PriorityQueue<>();
    int atOnce = Math.max(1, Math.min(MOST_OF_A_RUN, MOST_AT_ONCE / ends.size()));
    long first = 0;
    for (long end : ends) {
      Merged merged = new Merged(first, end, atOnce);
      if (merged.advance()) {
        merging.add(merged);
      }
      first = end;
    }
    DigestTable.Maker table = new DigestTable.Maker();
    while (!merging.isEmpty()) {
      Merged least = merging.poll();
      table.add(least.piece, least.at);
      if (least.advance()) {
        merging.add(least);
      }
    }
    return table.finish();
  }

  @Override
  public void close() {
    runs.close();
  }
}
