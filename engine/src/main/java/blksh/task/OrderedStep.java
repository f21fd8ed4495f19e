package blksh.task;

import java.io.IOException;
import java.util.HashMap;
import java.util.Map;

/**
 * A step of a pipeline that must take things in the order of their tickets, 0, 1, 2 and so on, and
 * one at a time. Whoever brings a thing too early leaves it and goes on with other work; whoever
 * brings the one that is due takes that and all that wait behind it.
 *
 * <p>After a step has failed it takes nothing more.
 */
public final class OrderedStep<T> {

  /** What is done with each thing. */
  public interface Action<T> {
    void take(T thing) throws IOException;
  }

  private final Action<T> action;
  private final Map<Long, T> early = new HashMap<>();
  private long due;
  private boolean taking;

  public OrderedStep(Action<T> action) {
    this.action = action;
  }

  /** Brings a thing; returns without waiting for its turn. */
  public void bring(long ticket, T thing) throws IOException {
    synchronized (this) {
      early.put(ticket, thing);
      if (taking) {
        return;
      }
      taking = true;
    }
    while (true) {
      T next;
      synchronized (this) {
        next = early.remove(due);
        if (next == null) {
          taking = false;
          return;
        }
        due++;
      }
      action.take(next);
    }
  }
}
