package blksh.task;

/**
 * Lets threads pass one at a time in the order of their tickets: 0, 1, 2 and so on. Whoever passed
 * must leave before the next ticket may pass.
 */
public final class Turnstile {

  private long next;
  private boolean broken;

  /**
   * Waits for a ticket's turn.
   *
   * @return false when the turnstile was broken and nobody passes any more
   */
  public synchronized boolean enter(long ticket) {
    boolean interrupted = false;
    while (next != ticket && !broken) {
      try {
        wait();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    return !broken;
  }

  /** Ends the turn of the ticket that passed. */
  public synchronized void leave() {
    next++;
    notifyAll();
  }

  /** Turns away everybody, now and later. */
  public synchronized void breakOpen() {
    broken = true;
    notifyAll();
  }
}
