package blksh.drive.ssh;

import java.util.Arrays;
import java.util.zip.Deflater;

/**
 * Packs what is sent by the level of zlib that moves bytes fastest: by how long each takes here and
 * what it leaves, and by what the wire takes. May be used from any thread.
 */
final class PackLevels {

  private static final int[] LEVELS = {0, 1, 3, 6};

  /** What the pipes and buffers on the way take at once, however slow the wire is. */
  private static final long UNMEASURED = 4 << 20;

  private static final int LEAST = 64;

  /**
   * After so many a neighbour of the best is tried: what is moved changes, and so does the link.
   */
  private static final int TURNS = 48;

  private static final double SLOW = 0.8;

  /** Nanoseconds a byte, and the share that is left; of a level that was never tried negative. */
  private final double[] work = {0, -1, -1, -1};

  private final double[] share = {1, 1, 1, 1};

  /** Nanoseconds a byte: of 100 Mbit/s, until it is known. */
  private double wire = 80;

  private long taken;
  private int turn;

  /** What is sent: packed where that is shorter. */
  record Packing(int codec, byte[] bytes) {}

  Packing pack(byte[] raw) {
    int level = choose();
    if (LEVELS[level] == 0 || raw.length < LEAST) {
      return new Packing(AgentFrame.RAW, raw);
    }
    long began = System.nanoTime();
    byte[] packed = new byte[raw.length];
    Deflater deflater = new Deflater(LEVELS[level]);
    int length;
    boolean whole;
    try {
      deflater.setInput(raw);
      deflater.finish();
      length = deflater.deflate(packed);
      whole = deflater.finished();
    } finally {
      deflater.end();
    }
    learn(level, raw.length, length, System.nanoTime() - began);
    return whole && length < raw.length
        ? new Packing(AgentFrame.ZLIB, Arrays.copyOf(packed, length))
        : new Packing(AgentFrame.RAW, raw);
  }

  private synchronized int choose() {
    turn++;
    int best = 0;
    for (int i = 0; i < LEVELS.length; i++) {
      if (work[i] < 0) {
        return i;
      }
      best = nanos(i) < nanos(best) ? i : best;
    }
    if (turn % TURNS == 0) {
      int near = best + (turn % (2 * TURNS) == 0 ? -1 : 1);
      return Math.max(1, Math.min(near, LEVELS.length - 1));
    }
    return best;
  }

  /** Both are done at once, so the slower one counts. */
  private double nanos(int level) {
    double moving = share[level] * wire;
    return Math.max(work[level], moving) + 0.2 * Math.min(work[level], moving);
  }

  private synchronized void learn(int level, long raw, long packed, long nanos) {
    double perByte = (double) nanos / raw;
    double left = Math.min(1, (double) packed / raw);
    boolean first = work[level] < 0;
    work[level] = first ? perByte : SLOW * work[level] + (1 - SLOW) * perByte;
    share[level] = first ? left : SLOW * share[level] + (1 - SLOW) * left;
  }

  /** Notes that the wire took bytes, and had more to take all the while. */
  synchronized void sent(long bytes, long nanos) {
    taken += bytes;
    if (taken > UNMEASURED) {
      wire = 0.9 * wire + 0.1 * nanos / bytes;
    }
  }
}
