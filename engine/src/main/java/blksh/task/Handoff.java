package blksh.task;

import java.util.ArrayDeque;
import java.util.Deque;

/**
 * Work that is handed from whoever finds it to those who do it, a bounded number of pieces ahead.
 */
public final class Handoff<T> {

  private final int ahead;
  private final Deque<T> pieces = new ArrayDeque<>();
  private boolean closed;
  private boolean ended;

  /**
   * @param ahead how many pieces may wait, 1 or more
   */
  public Handoff(int ahead) {
    this.ahead = ahead;
  }

  /**
   * Hands a piece over; waits while too many wait.
   *
   * @return false when nobody takes pieces any more, and this one neither
   */
  public synchronized boolean put(T piece) {
    while (!ended && pieces.size() >= ahead) {
      await();
    }
    if (!ended) {
      pieces.add(piece);
      notifyAll();
    }
    return !ended;
  }

  /** Takes a piece; waits for one. @return null when no more will come */
  public synchronized T take() {
    while (!ended && !closed && pieces.isEmpty()) {
      await();
    }
    T piece = ended ? null : pieces.poll();
    notifyAll();
    return piece;
  }

  /** Says that no more will come. */
  public synchronized void close() {
    closed = true;
    notifyAll();
  }

  /** Says that nobody will take any more; those that wait are left. */
  public synchronized void end() {
    ended = true;
    notifyAll();
  }

  /** A piece that was left; null when there is none. */
  public synchronized T left() {
    return pieces.poll();
  }

  private void await() {
    try {
      wait();
    } catch (InterruptedException e) {
      ended = true;
      notifyAll();
    }
  }
}
