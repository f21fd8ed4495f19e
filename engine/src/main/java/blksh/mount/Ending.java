package blksh.mount;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * The end of something this process serves: it comes once, at the latest when the process ends, and
 * what is to be done then counts as part of it.
 */
public final class Ending {

  private final Thread atExit;
  private final CountDownLatch ended = new CountDownLatch(1);
  private final List<Runnable> actions = new ArrayList<>();
  private boolean begun;

  /**
   * @param close what ends it when the process does, if it has not ended until then
   * @param thread the name of the thread that does so
   */
  public Ending(Runnable close, String thread) {
    atExit = new Thread(close, thread);
    Runtime.getRuntime().addShutdownHook(atExit);
  }

  /** Runs an action when it ends, at once if it already has. */
  public void whenEnded(Runnable action) {
    synchronized (actions) {
      if (!begun) {
        actions.add(action);
        return;
      }
    }
    action.run();
  }

  /** It has ended, but for the actions, which this runs. */
  public void end() {
    try {
      Runtime.getRuntime().removeShutdownHook(atExit);
    } catch (IllegalStateException e) {
      // the process ends
    }
    List<Runnable> all;
    synchronized (actions) {
      begun = true;
      all = List.copyOf(actions);
    }
    try {
      all.forEach(Runnable::run);
    } finally {
      ended.countDown();
    }
  }

  /** Whether it has ended, with all that is part of it. */
  public boolean ended() {
    return ended.getCount() == 0;
  }

  /** Waits until it has ended. */
  public void await() throws InterruptedException {
    ended.await();
  }

  /** Waits at most so long, also when interrupted. */
  public void awaitUninterrupted(int seconds) {
    boolean interrupted = false;
    while (true) {
      try {
        ended.await(seconds, TimeUnit.SECONDS);
        break;
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
