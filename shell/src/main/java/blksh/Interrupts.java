package blksh;

import blksh.session.Session;

/**
 * Ctrl-C outside the prompt. The signal makes the Java runtime shut down with status 130 after the
 * hook below; the hook asks the running operations to stop and waits until they have, so that what
 * they leave behind is whole.
 */
final class Interrupts {

  private static final long NUDGE_MILLIS = 50;
  private static final long PATIENCE_NANOS = 10_000_000_000L;

  private volatile Thread hook;
  private volatile boolean finished;
  private volatile boolean stopping;

  /** Watches over a session that runs on the calling thread. */
  void arm(Session session) {
    Thread worker = Thread.currentThread();
    hook = new Thread(() -> stop(session, worker), "blksh interrupt");
    Runtime.getRuntime().addShutdownHook(hook);
  }

  private void stop(Session session, Thread worker) {
    if (finished) {
      return;
    }
    stopping = true;
    session.evaluation().stop();
    try {
      // Again and again: the script may begin an operation or a wait after the first time.
      long end = System.nanoTime() + PATIENCE_NANOS;
      do {
        session.cancelAll();
        worker.interrupt();
        worker.join(NUDGE_MILLIS);
      } while (worker.isAlive() && System.nanoTime() < end);
    } catch (InterruptedException hurry) {
      Thread.currentThread().interrupt();
    }
  }

  /** Watches no more, in a process that goes on. */
  void end() {
    finished = true;
    if (hook != null) {
      Runtime.getRuntime().removeShutdownHook(hook);
    }
  }

  /** Ends the process, unless a signal is ending it already. */
  void exit(int status) {
    finished = true;
    if (!stopping) {
      System.exit(status);
    }
  }
}
