package blksh.drive.ssh;

import blksh.BlkshException;
import java.util.concurrent.TimeUnit;

/**
 * How many bytes a second may be moved by all connections that share it, both ways taken together.
 * What was saved up in a quarter of a second may be moved at once, and no more. May be used from
 * any thread.
 */
public final class Bandwidth {

  /** The least that can be asked for, in bytes a second: less would be taken for a cut. */
  public static final long LEAST = 16 << 10;

  /** The most, in bytes a second. */
  public static final long MOST = 1L << 40;

  private static final long SAVED_NANOS = TimeUnit.MILLISECONDS.toNanos(250);

  private final long rate;

  /** When all that was taken so far is paid for; guarded by this. */
  private long paidNanos = System.nanoTime();

  /**
   * @param rate bytes a second
   * @throws BlkshException when it is not from {@link #LEAST} to {@link #MOST}
   */
  public Bandwidth(long rate) {
    if (rate < LEAST || rate > MOST) {
      throw new BlkshException(
              "limit the bandwidth", rate + " bytes a second are not from " + LEAST + " to " + MOST)
          .suggest("write 5M for 5 MiB a second");
    }
    this.rate = rate;
  }

  /** Bytes a second. */
  public long rate() {
    return rate;
  }

  /**
   * Takes some bytes. @return how long they are to be waited for, in nanoseconds; or less than 1
   */
  synchronized long take(long bytes) {
    long now = System.nanoTime();
    // The difference is what counts: nanoTime may be negative.
    paidNanos = (now - paidNanos > SAVED_NANOS ? now - SAVED_NANOS : paidNanos);
    paidNanos += (long) ((double) bytes / rate * 1e9);
    return paidNanos - now;
  }

  @Override
  public String toString() {
    return rate + " bytes a second";
  }
}
