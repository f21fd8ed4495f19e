package blksh.mount.nbd;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.zip.CRC32C;

/**
 * Some of what was read over each connection, to see after a cut whether the same is read still:
 * the beginning of what came first, and a piece of some of the rest.
 */
final class NbdRecall {

  private static final int FIRST = 16;
  private static final int SOME = 4080;

  /** What is kept of earlier connections. */
  private static final int MOST = 2 * (FIRST + SOME);

  private static final int BYTES = 4096;

  // Guarded by this.
  private final List<Kept> earlier = new ArrayList<>();
  private final List<Kept> now = new ArrayList<>();
  private final Random random = new Random();
  private int connection;
  private long seen;

  /** Bytes that were read. @param checksum CRC-32C of them */
  record Kept(long position, int length, long checksum) {

    private static Kept of(NbdRead read, int offset) {
      int length = Math.min(BYTES, read.length - offset);
      ByteBuffer bytes = ByteBuffer.wrap(read.bytes(), offset, length);
      return new Kept(read.position + offset, length, checksum(bytes));
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
      earlier.addAll(now);
      if (earlier.size() > MOST) { // some of each
        Collections.shuffle(earlier, random);
        earlier.subList(MOST, earlier.size()).clear();
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
      now.add(Kept.of(read, now.size() < FIRST ? 0 : somewhere(read)));
      return;
    }
    long place = (long) (random.nextDouble() * (seen - FIRST)); // each as likely as another
    if (place < SOME) {
      now.set(FIRST + (int) place, Kept.of(read, somewhere(read)));
    }
  }

  private int somewhere(NbdRead read) {
    return random.nextInt(Math.max(1, read.length / BYTES)) * BYTES;
  }

  /** What was read before the last cut, in order. @param number of the connection that is used */
  synchronized List<Kept> earlier(int number) {
    turnTo(number);
    return earlier.stream().sorted(Comparator.comparingLong(Kept::position)).toList();
  }
}
