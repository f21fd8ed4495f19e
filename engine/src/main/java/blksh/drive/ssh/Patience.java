package blksh.drive.ssh;

import blksh.BlkshException;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * How long the other side may owe an answer. A drive whose bad sectors are tried one by one says
 * that it works; who says only that gets more time, but not for ever. May be used from any thread.
 */
final class Patience {

  /** How much longer it may work than be silent. */
  private static final int WORKING = 24;

  private final Duration most;
  private final AtomicInteger waiting = new AtomicInteger();
  private volatile long answeredNanos = System.nanoTime();
  private volatile long workedNanos = answeredNanos;

  /**
   * @param most that it may owe an answer without a sign that it works on it
   */
  Patience(Duration most) {
    this.most = most;
  }

  /** Somebody begins to wait: while nobody did nothing was owed. */
  void begin() {
    if (waiting.getAndIncrement() == 0) {
      answered();
    }
  }

  /** Somebody waits no more. */
  void end() {
    waiting.decrementAndGet();
  }

  /** Something came that was asked for. */
  void answered() {
    answeredNanos = System.nanoTime();
    workedNanos = answeredNanos;
  }

  /** It says that it works on it. */
  void works() {
    workedNanos = System.nanoTime();
  }

  /**
   * @throws BlkshException when it is over
   */
  void check(String location) {
    long now = System.nanoTime();
    long limit = most.toNanos();
    if (now - workedNanos > limit || (now - answeredNanos) / WORKING > limit) {
      long seconds = (now - answeredNanos) / 1_000_000_000;
      throw new BlkshException(
              "read " + location,
              "the drive there has not answered for "
                  + (seconds < 120 ? seconds + " seconds" : seconds / 60 + " minutes"))
          .suggest("look at it there: it may hang, or be broken");
    }
  }
}
