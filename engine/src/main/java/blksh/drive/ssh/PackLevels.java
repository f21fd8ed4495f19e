package blksh.drive.ssh;

import com.github.luben.zstd.Zstd;
import com.github.luben.zstd.ZstdException;
import java.util.Arrays;
import java.util.zip.Deflater;

/**
 * Packs what is sent, by zlib or zstd, by the level that moves bytes fastest: by how long each
 * takes here and what it leaves, and by what the wire takes. May be used from any thread.
 */
final class PackLevels {

  /** The first is as it is, whatever the codec. */
  private static final int[] ZLIB_LEVELS = {0, 1, 3, 6};

  private static final int[] ZSTD_LEVELS = {0, 1, 3, 6, 9, 12};

  /** What the pipes and buffers on the way take at once, however slow the wire is. */
  private static final long UNMEASURED = 4 << 20;

  private static final int LEAST = 64;

  /**
   * After so many a neighbour of the best is tried: what is moved changes, and so does the link.
   */
  private static final int TURNS = 48;

  private static final double SLOW = 0.8;

  private int codec = AgentFrame.ZLIB;
  private int[] levels = ZLIB_LEVELS;

  /** Nanoseconds a byte, and the share that is left; of a level that was never tried negative. */
  private double[] work = untried(levels);

  private double[] share = untried(levels);

  /** Nanoseconds a byte: of 100 Mbit/s, until it is known. */
  private double wire = 80;

  private long taken;
  private int turn;

  /** What is sent: packed where that is shorter. */
  record Packing(int codec, byte[] bytes) {}

  /** How to pack, and at which level by its number here. */
  private record Way(int codec, int number, int level) {}

  private static double[] untried(int[] levels) {
    double[] values = new double[levels.length];
    Arrays.fill(values, -1);
    values[0] = 0;
    return values;
  }

  /** Has all be packed by another codec: what is known of the wire stays. */
  synchronized void packBy(int other) {
    if (other != codec) {
      codec = other;
      levels = other == AgentFrame.ZSTD ? ZSTD_LEVELS : ZLIB_LEVELS;
      work = untried(levels);
      share = untried(levels);
    }
  }

  Packing pack(byte[] raw) {
    Way way = choose();
    if (way.level == 0 || raw.length < LEAST) {
      return new Packing(AgentFrame.RAW, raw);
    }
    long began = System.nanoTime();
    byte[] packed = new byte[raw.length];
    int length = way.codec == AgentFrame.ZSTD ? zstd(raw, packed, way) : deflate(raw, packed, way);
    learn(way, raw.length, length, System.nanoTime() - began);
    return length < raw.length
        ? new Packing(way.codec, Arrays.copyOf(packed, length))
        : new Packing(AgentFrame.RAW, raw);
  }

  /**
   * @return its length, or that of what was to be packed when it is no shorter
   */
  private static int zstd(byte[] raw, byte[] packed, Way way) {
    try {
      int room = packed.length;
      return (int) Zstd.compressByteArray(packed, 0, room, raw, 0, room, way.level);
    } catch (ZstdException e) {
      return raw.length; // there is no room for it
    }
  }

  private static int deflate(byte[] raw, byte[] packed, Way way) {
    Deflater deflater = new Deflater(way.level);
    try {
      deflater.setInput(raw);
      deflater.finish();
      int length = deflater.deflate(packed);
      return deflater.finished() ? length : raw.length;
    } finally {
      deflater.end();
    }
  }

  private synchronized Way choose() {
    int number = next();
    return new Way(codec, number, levels[number]);
  }

  private int next() {
    turn++;
    int best = 0;
    for (int i = 0; i < levels.length; i++) {
      if (work[i] < 0) {
        return i;
      }
      best = nanos(i) < nanos(best) ? i : best;
    }
    if (turn % TURNS == 0) {
      int near = best + (turn % (2 * TURNS) == 0 ? -1 : 1);
      return Math.max(1, Math.min(near, levels.length - 1));
    }
    return best;
  }

  /** Both are done at once, so the slower one counts. */
  private double nanos(int level) {
    double moving = (level == 0 ? 1 : share[level]) * wire;
    return Math.max(work[level], moving) + 0.05 * Math.min(work[level], moving);
  }

  private synchronized void learn(Way way, long raw, long packed, long nanos) {
    if (way.codec != codec) {
      return; // by another connection meanwhile
    }
    double perByte = (double) nanos / raw;
    double left = Math.min(1, (double) packed / raw);
    int at = way.number;
    boolean first = work[at] < 0;
    work[at] = first ? perByte : SLOW * work[at] + (1 - SLOW) * perByte;
    share[at] = first ? left : SLOW * share[at] + (1 - SLOW) * left;
  }

  /** Notes that the wire took bytes, and had more to take all the while. */
  synchronized void sent(long bytes, long nanos) {
    taken += bytes;
    if (taken > UNMEASURED) {
      wire = 0.9 * wire + 0.1 * nanos / bytes;
    }
  }
}
