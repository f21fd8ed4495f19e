package blksh.task;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.LockSupport;

/**
 * Waits in short turns for what somebody else has, for as long as nobody asks the operation this
 * thread works on to stop, and none of its other {@link Workers} has failed. What takes long is
 * told as the phase of the operation.
 */
public final class Waiting implements AutoCloseable {

  private static final long FIRST_TURN_NANOS = 1_000_000;
  private static final long LONGEST_TURN_NANOS = 50_000_000;
  private static final long SILENT_NANOS = 2_000_000_000;

  private final String action;
  private final String phase;
  private final Task task;
  private final long began = System.nanoTime();
  private long turn = FIRST_TURN_NANOS;

  /** What the phase was before this told its own; null when it did not. */
  private String before;

  /**
   * @param action what is not done when it is stopped: {@code "change store /srv/backup"}
   * @param phase what is told after two seconds: {@code "waiting for another capture"}
   */
  public Waiting(String action, String phase) {
    this.action = action;
    this.phase = phase;
    this.task = Task.current();
  }

  /**
   * Lets a moment pass.
   *
   * @throws CancelledException when the thread is interrupted, its task cancelled, or another
   *     worker has failed
   */
  public void turn() {
    check();
    LockSupport.parkNanos(turn);
    turn = Math.min(LONGEST_TURN_NANOS, 2 * turn);
    check();
  }

  /**
   * Takes a lock of this process.
   *
   * @throws CancelledException as {@link #turn}, unless the lock is free
   */
  public void take(Lock lock) {
    try {
      while (!lock.tryLock() && !lock.tryLock(LONGEST_TURN_NANOS, TimeUnit.NANOSECONDS)) {
        check();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CancelledException(action);
    }
  }

  /**
   * Looks whether to go on; for who waits by other means.
   *
   * @throws CancelledException as {@link #turn}
   */
  public void check() {
    if (Thread.currentThread().isInterrupted()
        || task != null && task.isCancelled()
        || Workers.othersFailed()) {
      throw new CancelledException(action);
    }
    if (task != null && before == null && System.nanoTime() - began > SILENT_NANOS) {
      before = task.phase();
      task.phase(phase);
    }
  }

  /** Has the phase be again what it was. */
  @Override
  public void close() {
    if (before != null) {
      task.phase(before);
    }
  }
}
