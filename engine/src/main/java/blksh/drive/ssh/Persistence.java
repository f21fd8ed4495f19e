package blksh.drive.ssh;

import java.time.Duration;

/**
 * How long connections are made again of which nothing comes that need not come again: after longer
 * and longer pauses, for some minutes. Used by one thread at a time.
 */
final class Persistence {

  private static final long FIRST_PAUSE_MILLIS = 500;
  private static final long LONGEST_PAUSE_MILLIS = 15_000;

  private final Duration most;

  /** When the first of those in a row was cut. */
  private long sinceNanos;

  /** 0 before that. */
  private long pauseMillis;

  /**
   * @param most how long they are made
   */
  Persistence(Duration most) {
    this.most = most;
  }

  /**
   * One was cut.
   *
   * @param useful whether something had come by it that need not come again
   * @return whether another is to be made
   */
  boolean cut(boolean useful) {
    if (useful) {
      pauseMillis = 0;
      return true;
    }
    long now = System.nanoTime();
    if (pauseMillis == 0) {
      sinceNanos = now;
    }
    pauseMillis = Math.max(FIRST_PAUSE_MILLIS, Math.min(LONGEST_PAUSE_MILLIS, 2 * pauseMillis));
    return now - sinceNanos < most.toNanos();
  }

  /** How long is to be waited before the next. */
  long pauseMillis() {
    return pauseMillis;
  }
}
