package blksh.prompt;

import blksh.script.kotlin.Repl;
import blksh.session.Evaluation;
import blksh.session.Notice;
import blksh.session.Session;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jline.terminal.Terminal;

/**
 * An entry while it runs, on a thread of its own. The first Ctrl-C stops it: the code at its next
 * checkpoint, the engine at its next safe point, a sleep at once. The second gives it up.
 */
final class Running implements Runner, AutoCloseable {

  /** What a person is told who waits for the compiler. */
  static final String COMPILING = "compiling…";

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
    evaluation.foreground(true);
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
  @Override
  public Repl.Outcome run(Function<Evaluation, Repl.Outcome> entry) throws InterruptedException {
    Repl.Outcome[] result = new Repl.Outcome[1];
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
    return result[0];
  }

  /** Compiles the entry. Ctrl-C abandons that at once; what comes of it later is taken back. */
  @Override
  public Repl.Compilation compile(
      Function<BooleanSupplier, Repl.Compilation> work, Consumer<Repl.Compilation> unwanted)
      throws InterruptedException {
    Repl.Compilation[] result = new Repl.Compilation[1];
    // Either the compilation ends first, or the person stops waiting for it.
    AtomicBoolean decided = new AtomicBoolean();
    Runnable compiling =
        () -> {
          Repl.Compilation compilation = work.apply(() -> !evaluation.stopped());
          result[0] = compilation;
          if (!decided.compareAndSet(false, true)) {
            unwanted.accept(compilation);
          }
        };
    Thread thread = new Thread(threads, compiling, "blksh entry compiler");
    thread.setDaemon(true);
    thread.start();
    return Notice.during(
        session.console(),
        COMPILING,
        () -> {
          while (thread.isAlive()) {
            thread.join(NUDGE_MILLIS);
            if (evaluation.stopped() && decided.compareAndSet(false, true)) {
              throw new InterruptedException();
            }
          }
          return result[0];
        });
  }

  @Override
  public void close() {
    evaluation.foreground(false);
    terminal.handle(Terminal.Signal.INT, before);
  }
}
