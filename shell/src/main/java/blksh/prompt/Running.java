package blksh.prompt;

import blksh.session.Evaluation;
import blksh.session.Session;
import java.util.function.Function;
import org.jline.terminal.Terminal;

/**
 * An entry while it runs, on a thread of its own. The first Ctrl-C stops it: the code at its next
 * checkpoint, the engine at its next safe point, a sleep at once. The second gives it up.
 */
final class Running implements AutoCloseable {

  private static final long NUDGE_MILLIS = 20;

  private final Session session;
  private final Terminal terminal;
  private final ThreadGroup threads;
  private final Terminal.SignalHandler before;
  private final Evaluation evaluation = new Evaluation();
  private volatile boolean givenUp;

  /**
   * @param threads takes the entry's thread and those that it starts
   */
  Running(Session session, Terminal terminal, ThreadGroup threads) {
    this.session = session;
    this.terminal = terminal;
    this.threads = threads;
    this.before = terminal.handle(Terminal.Signal.INT, signal -> pressed());
  }

  private void pressed() {
    if (evaluation.stopped()) {
      givenUp = true;
    } else {
      evaluation.stop();
      session.cancel();
    }
  }

  /** Runs the entry, or a part of it, to its end; null when it was given up. */
  <T> T run(Function<Evaluation, T> entry) throws InterruptedException {
    Object[] result = new Object[1];
    Thread thread = new Thread(threads, () -> result[0] = entry.apply(evaluation), "blksh entry");
    thread.setDaemon(true);
    thread.start();
    while (true) {
      thread.join(NUDGE_MILLIS);
      if (!thread.isAlive()) {
        break;
      }
      if (givenUp) {
        evaluation.abandon();
        return null;
      }
      // Again and again: the entry may begin an operation or a wait after the first time.
      if (evaluation.stopped()) {
        session.cancel();
        thread.interrupt();
      }
    }
    @SuppressWarnings("unchecked")
    T outcome = (T) result[0];
    return outcome;
  }

  @Override
  public void close() {
    terminal.handle(Terminal.Signal.INT, before);
  }
}
