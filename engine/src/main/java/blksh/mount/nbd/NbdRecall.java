package blksh.mount.nbd;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.zip.CRC32C;

/**
 * Some of what was read over each connection, to see after a cut whether the same is read still:
 * the beginning of what came first, and of some of the rest.
 */
final class NbdRecall {

  private static final int FIRST = 16;
  private static final int SOME = 64;

  /** What is kept of earlier connections: of the first ones, when there are many. */
  private static final int MOST = 16 * (FIRST + SOME);

  private static final int BYTES = 4096;

  // Guarded by this.
  private final List<Kept> earlier = new ArrayList<>();
  private final List<Kept> now = new ArrayList<>();
  private final Random random = new Random();
  private int connection;
  private long seen;

  /** Bytes that were read. @param checksum CRC-32C of them */
  record Kept(long position, int length, long checksum) {

    private static Kept of(NbdRead read) {
      int length = Math.min(BYTES, read.length);
      return new Kept(read.position, length, checksum(ByteBuffer.wrap(read.bytes(), 0, length)));
    }

    private static long checksum(ByteBuffer bytes) {
      CRC32C sum = new CRC32C();
      sum.update(bytes);
      return sum.getValue();
    }

    /** Whether they are what a buffer holds up to its position. */
    boolean isIn(ByteBuffer bytes) {
      return checksum(bytes.duplicate().flip()) == checksum;
    }
  }

  /** Forgets all. @param number of the connection that is used */
  synchronized void begin(int number) {
    earlier.clear();
    now.clear();
    seen = 0;
    connection = number;
  }

  private void turnTo(int number) {
    if (number != connection) {
      if (earlier.size() + now.size() <= MOST) {
        earlier.addAll(now);
      }
      now.clear();
      seen = 0;
      connection = number;
    }
  }

  /** Takes note of what came. @param number of the connection that is used */
  synchronized void keep(NbdRead read, int number) {
    turnTo(number);
    seen++;
    if (now.size() < FIRST + SOME) {
      now.add(Kept.of(read));
      return;
    }
    long place = (long) (random.nextDouble() * (seen - FIRST)); // each as likely as another
    if (place < SOME) {
      now.set(FIRST + (int) place, Kept.of(read));
    }
  }

  /** What was read before the last cut. @param number of the connection that is used */
  synchronized List<Kept> earlier(int number) {
    turnTo(number);
    return List.copyOf(earlier);
  }
}
