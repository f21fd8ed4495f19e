package blksh.compress;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.BitSet;
import java.util.zip.CRC32C;

/**
 * The CRC-32C of each piece of the uncompressed data, as it was when it was read first. Whoever
 * begins at a checkpoint proves nothing of what lies before it, and the checksum of the stream no
 * more than that its end belongs to what the checkpoint remembers; this tells data that has changed
 * since.
 *
 * <p>Four bytes for each piece in memory, and as many on disk.
 */
final class PieceSums {

  /** Most sums that are saved at once. */
  private static final int LONGEST_RUN = 1 << 20;

  /** More pieces are not looked after: half a pebibyte. */
  private static final int MOST = Integer.MAX_VALUE - 8;

  private int[] sums = new int[64];
  private final BitSet known = new BitSet();
  private final BitSet unsaved = new BitSet();

  /**
   * Sums of pieces that follow each other.
   *
   * @param first number of the first
   * @param bytes the sums, as 32 bits little-endian
   */
  record Run(long first, byte[] bytes) {}

  /** Whether a piece was read before, whole. */
  synchronized boolean isKnown(long number) {
    return number < MOST && known.get((int) number);
  }

  /** Whether a piece is what it was when it was read first; true when that is now. */
  boolean agrees(long number, byte[] piece) {
    if (number >= MOST) {
      return true;
    }
    CRC32C crc = new CRC32C();
    crc.update(piece, 0, piece.length);
    int sum = (int) crc.getValue();
    int at = (int) number;
    synchronized (this) {
      if (!known.get(at)) {
        learn(at, sum);
        unsaved.set(at);
      }
      return sums[at] == sum;
    }
  }

  private void learn(int at, int sum) {
    if (at >= sums.length) {
      sums = Arrays.copyOf(sums, (int) Math.min(MOST, 2L * at));
    }
    sums[at] = sum;
    known.set(at);
  }

  /** Takes up what was saved. */
  synchronized void recall(Run run) {
    ByteBuffer saved = ByteBuffer.wrap(run.bytes).order(ByteOrder.LITTLE_ENDIAN);
    for (long at = run.first; saved.remaining() >= Integer.BYTES; at++) {
      int sum = saved.getInt();
      if (at < MOST) {
        learn((int) at, sum);
      }
    }
  }

  /** Pieces known from the first on, up to the first that is not. */
  synchronized long prefix() {
    return known.nextClearBit(0);
  }

  /** The next that were not saved yet, which count as saved from then on; or null. */
  synchronized Run takeUnsaved() {
    int first = unsaved.nextSetBit(0);
    if (first < 0) {
      return null;
    }
    int end = Math.min(unsaved.nextClearBit(first), first + LONGEST_RUN);
    unsaved.clear(first, end);
    ByteBuffer bytes =
        ByteBuffer.allocate((end - first) * Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    for (int at = first; at < end; at++) {
      bytes.putInt(sums[at]);
    }
    return new Run(first, bytes.array());
  }
}
