package blksh.session;

import java.util.OptionalInt;

/**
 * One evaluation at the prompt, which can be stopped. Code typed at the prompt passes {@link
 * #checkpoint} at every method entry and before every jump back, so that no loop and no recursion
 * outlives a stop; threads the code starts belong to the same evaluation.
 */
public final class Evaluation {

  private static final int MOST_STATUS = 255;

  /** Which one a thread belongs to; so any number of them go on at once, and each stops alone. */
  private static final InheritableThreadLocal<Evaluation> CURRENT = new InheritableThreadLocal<>();

  /**
   * Whether threads have to ask at all: until any evaluation was stopped, a checkpoint costs one
   * read. It never says whose turn it is to stop.
   */
  private static volatile boolean asks;

  /** A part of an evaluation. */
  public interface Part<T> {

    /** What it comes to. */
    T call() throws Throwable;
  }

  /**
   * What this is a part of, which ends when its code wants the process to end; null for nothing.
   */
  private final Evaluation whole;

  /** Whether a person waits for it, and it has the keyboard. */
  private volatile boolean foreground;

  private volatile boolean stopped;

  /** With what status the code wants the process to end; null when it does not. */
  private volatile Integer exitStatus;

  /** Told when it does. */
  private volatile Runnable whenExiting = () -> {};

  private volatile boolean abandoned;

  public Evaluation() {
    this(null);
  }

  /**
   * @param whole what this is a part of, or null
   */
  Evaluation(Evaluation whole) {
    this.whole = whole;
  }

  /** Says whether a person waits for it, and it has the keyboard. */
  public void foreground(boolean on) {
    foreground = on;
  }

  /** Whether the calling thread belongs to one that has the keyboard. */
  static boolean hasKeyboard() {
    Evaluation current = CURRENT.get();
    return current != null && current.foreground;
  }

  /** Makes the calling thread, and those it starts, part of this evaluation. */
  public void enter() {
    CURRENT.set(this);
  }

  /** Ends the calling thread's part in any evaluation. */
  public static void leave() {
    CURRENT.remove();
  }

  /** Calls something as a part of this evaluation. */
  public <T> T call(Part<T> part) throws Throwable {
    enter();
    try {
      return part.call();
    } finally {
      leave();
    }
  }

  /** Stops the code at its next checkpoint. */
  public void stop() {
    stopped = true;
    asks = true;
  }

  public boolean stopped() {
    return stopped;
  }

  /** Gives up on code that does not stop: nobody waits for it, and what it prints is dropped. */
  public void abandon() {
    stop();
    abandoned = true;
  }

  /** Whether the calling thread belongs to an evaluation nobody waits for. */
  public static boolean isAbandoned() {
    if (!asks) {
      return false;
    }
    Evaluation current = CURRENT.get();
    return current != null && current.abandoned;
  }

  /**
   * A point where stopped code stops; called by the code itself.
   *
   * @throws Stop when this evaluation was stopped
   */
  public static void checkpoint() {
    if (asks) {
      Evaluation current = CURRENT.get();
      if (current != null && current.stopped) {
        throw new Stop();
      }
    }
  }

  /** Stops the evaluation that the calling thread belongs to; throw what it gives to unwind it. */
  static Stop interrupt() {
    Evaluation current = CURRENT.get();
    if (current != null) {
      current.stop();
    }
    return new Stop();
  }

  /** Says what else is to happen when the code wants the process to end. */
  public void whenExiting(Runnable action) {
    whenExiting = action;
  }

  /** With what status the code wants the process to end; empty when it does not. */
  public OptionalInt exitStatus() {
    Integer status = exitStatus;
    return status == null ? OptionalInt.empty() : OptionalInt.of(status);
  }

  /**
   * What becomes of {@code System.exit} in scripts and in code typed at the prompt: the code ends,
   * on all its threads, and what it was run by goes on: it tells what was found, and ends the
   * process if it was for the code.
   *
   * @throws Exit always
   */
  public static void exit(int status) {
    throw ending(status);
  }

  /** The same; throw what it gives. */
  public static Exit ending(int status) {
    // Of others the system would keep the last eight bits, and make a success of 256.
    int told = status < 0 || status > MOST_STATUS ? ExitStatus.FAILED : status;
    for (Evaluation at = CURRENT.get(); at != null; at = at.whole) {
      at.exitStatus = told;
      // Code that survives every failure does not survive this either.
      at.stop();
      at.whenExiting.run();
    }
    quietly(Thread.currentThread());
    return new Exit(told);
  }

  /** A thread of the code's own that ends so has no failure to tell. */
  private static void quietly(Thread thread) {
    Thread.UncaughtExceptionHandler other = thread.getUncaughtExceptionHandler();
    thread.setUncaughtExceptionHandler(
        (ended, failure) -> {
          if (!(failure instanceof Exit)) {
            other.uncaughtException(ended, failure);
          }
        });
  }

  /** Ends code that would have ended the process. */
  public static final class Exit extends Error {
    private static final long serialVersionUID = 1;

    private final int status;

    Exit(int status) {
      super("exit(" + status + ") ends scripts; :quit or Ctrl-D leaves the prompt");
      this.status = status;
    }

    public int status() {
      return status;
    }
  }

  /**
   * Unwinds stopped code. An error, so that code which survives every exception does not survive
   * it.
   */
  public static final class Stop extends Error {
    private static final long serialVersionUID = 1;

    Stop() {
      super("interrupted", null, false, false);
    }
  }
}
