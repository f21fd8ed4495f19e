package blksh.cache;

import blksh.task.Task;
import java.time.Duration;

/** What one rescue has read so far, and whether it gives up because it reads nothing any more. */
final class RescueProgress {

  private final long timeout;
  private final Task task;
  private long counted;
  private long lastSuccess = System.nanoTime();
  private boolean timedOut;

  /**
   * @param timeout to give up after, zero for never
   */
  RescueProgress(Duration timeout, Task task) {
    this.timeout = timeout.toNanos();
    this.task = task;
  }

  /**
   * Notes a read.
   *
   * @param good up to where it was read
   */
  void note(long start, long good) {
    long now = System.nanoTime();
    if (good > start) {
      lastSuccess = now;
      task.advance(good - start);
      counted += good - start;
    }
    timedOut |= timeout > 0 && now - lastSuccess > timeout;
  }

  /** Counts in the end what others read meanwhile. @param read all that was read since it began */
  void end(long read) {
    task.advance(read - counted);
  }

  boolean isTimedOut() {
    return timedOut;
  }
}
