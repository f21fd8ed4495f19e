package blksh.drive.ssh;

import blksh.block.Extent;
import java.util.BitSet;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** What dd read of a block of a drive: zeros in the bad ranges, which are in bytes of the drive. */
final class DdBlock {

  /** Bytes of each but the last. */
  static final int BYTES = 64 << 10;

  /** What was read of a drive that may be in use is not shown for longer. */
  private static final long FRESH_NANOS = TimeUnit.SECONDS.toNanos(30);

  private final byte[] bytes;
  private final List<Extent> bad;
  private final long cameNanos = System.nanoTime();
  private boolean served;

  /** Sectors that were asked for alone, and told to be bad. */
  private final BitSet told = new BitSet();

  DdBlock(byte[] bytes, List<Extent> bad) {
    this.bytes = bytes;
    this.bad = List.copyOf(bad);
  }

  /** Gives its bytes. */
  byte[] served() {
    served = true;
    return bytes;
  }

  /** How many bytes it has. */
  int length() {
    return bytes.length;
  }

  List<Extent> bad() {
    return bad;
  }

  /** Whether it is too old to be shown. To read again what is bad may take minutes. */
  boolean isStale() {
    return served && bad.isEmpty() && System.nanoTime() - cameNanos > FRESH_NANOS;
  }

  /**
   * Whether a bad sector is asked for alone once more. The first time it had been tried alone
   * already; who asks again wants it tried again.
   *
   * @param at where it begins, in bytes of the drive
   * @param sector its length in bytes
   */
  boolean isAskedAgain(long at, int sector) {
    if (bad.stream().noneMatch(each -> each.start() <= at && each.end() > at)) {
      return false;
    }
    int number = (int) (at % BYTES / sector);
    boolean again = told.get(number);
    told.set(number);
    return again;
  }
}
