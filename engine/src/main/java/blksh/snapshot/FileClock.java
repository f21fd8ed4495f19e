package blksh.snapshot;

import blksh.io.FileStatus;
import java.time.Instant;

/**
 * How far the times of files can be trusted: what changes twice within the granularity of its file
 * system's clock has one time after both.
 */
final class FileClock {

  /** Of the kernel's coarse clock, at the slowest tick, twice. */
  private static final long FINE_NANOS = 20_000_000;

  /** Of file systems that keep seconds, or two of them. */
  private static final long COARSE_NANOS = 2_000_000_000;

  private FileClock() {}

  /** The granularity that a time shows: one without a fraction may be of whole seconds. */
  private static long granularity(int nanos) {
    return nanos == 0 ? COARSE_NANOS : FINE_NANOS;
  }

  /**
   * Whether a file that changed after an instant would show another time than this one.
   *
   * @param seconds and {@code nanos}: when it was last changed, by its own clock
   * @param nanos 0 to 999,999,999
   */
  static boolean isBefore(long seconds, int nanos, Instant instant) {
    return untilNanos(seconds, nanos, instant) <= 0;
  }

  /** Nanoseconds from an instant until a change of a file shows; 0 or less when it would. */
  private static long untilNanos(long seconds, int nanos, Instant instant) {
    long ahead = seconds - instant.getEpochSecond();
    if (ahead < -4) {
      return 0;
    }
    if (ahead > 4) {
      return Long.MAX_VALUE;
    }
    return ahead * 1_000_000_000 + nanos + granularity(nanos) - instant.getNano();
  }

  /**
   * How long to wait until a file that is read now can be told from one that changes meanwhile.
   *
   * @return nanoseconds; 0 or less for not at all. What is of the future is not waited for
   */
  static long settlesIn(FileStatus status) {
    long nanos = untilNanos(status.ctimeSeconds(), status.ctimeNanos(), Instant.now());
    return nanos > COARSE_NANOS ? 0 : nanos;
  }
}
