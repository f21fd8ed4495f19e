package blksh.task;

import java.io.IOException;
import java.util.HashMap;
import java.util.Map;

/**
 * A step of a pipeline that must take things in the order of their tickets, 0, 1, 2 and so on, and
 * one at a time. Whoever brings a thing too early leaves it and goes on with other work; whoever
 * brings the one that is due takes that and all that wait behind it.
 *
 * <p>After a step has failed, or was ended, it takes nothing more.
 */
public final class OrderedStep<T> {

  /** What is done with each thing. */
  public interface Action<T> {
    void take(T thing) throws IOException;
  }

  private final Action<T> action;
  private final long ahead;
  private final Map<Long, T> early = new HashMap<>();
  private long due;
  private boolean taking;
  private boolean ended;

  /** A step that keeps whatever comes early: who brings things bounds how many there are. */
  public OrderedStep(Action<T> action) {
    this(Integer.MAX_VALUE, action);
  }

  /**
   * A step that bounds what it keeps.
   *
   * @param ahead how many things may wait for the one that is due, 0 or more; who brings one that
   *     is earlier waits with it
   */
  public OrderedStep(int ahead, Action<T> action) {
    this.ahead = ahead;
    this.action = action;
  }

  /**
   * Brings a thing; returns without waiting for its turn, unless too many wait already. Whoever has
   * the one that is due never waits, so somebody always goes on.
   */
  public void bring(long ticket, T thing) throws IOException {
    synchronized (this) {
      awaitRoom(ticket);
      if (ended) {
        return;
      }
      early.put(ticket, thing);
      if (taking) {
        return;
      }
      taking = true;
    }
    boolean failed = true;
    try {
      for (T next = next(); next != null; next = next()) {
        action.take(next);
      }
      failed = false;
    } finally {
      if (failed) {
        end();
      }
    }
  }

  private void awaitRoom(long ticket) {
    boolean interrupted = false;
    while (ticket - due > ahead && !ended) {
      try {
        wait();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** The thing that is due, or null when it is not there and somebody else shall take it. */
  private synchronized T next() {
    T next = ended ? null : early.remove(due);
    if (next == null) {
      taking = false;
    } else {
      due++;
      notifyAll();
    }
    return next;
  }

  /** Takes nothing more, and sends away who waits. */
  public synchronized void end() {
    ended = true;
    early.clear();
    notifyAll();
  }
}
