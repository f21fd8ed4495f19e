package blksh.prompt;

import blksh.BlkshException;
import blksh.script.ScriptSource;
import blksh.script.kotlin.Repl;
import blksh.session.Console;
import blksh.session.Evaluation;
import blksh.session.Session;
import blksh.session.Trust;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** The person's own {@code init.kts}, which is entered before anything else is. */
final class InitScript {

  private final Path file;
  private final Console console;
  private final OutcomePrinter printer;

  /** It while it runs, and where; null at other times. */
  private Evaluation running;

  private Thread runner;

  private volatile String text;

  InitScript(Session session, OutcomePrinter printer) {
    this.file = session.options().home().resolve("init.kts");
    this.console = session.console();
    this.printer = printer;
  }

  /** What it holds, if it ended well; else null. */
  String text() {
    return text;
  }

  /** Enters what it holds; why that failed is told. */
  void enter(Repl repl) {
    if (!Files.exists(file)) {
      return;
    }
    Optional<BlkshException> objection = Trust.objection("run " + file, file);
    if (objection.isPresent()) {
      console.tell(objection.get().getMessage());
      return;
    }
    Evaluation evaluation = new Evaluation();
    synchronized (this) {
      running = evaluation;
      runner = Thread.currentThread();
    }
    try {
      String read = ScriptSource.ofKotlin(Files.readString(file));
      Repl.Outcome outcome;
      Repl.Compilation compilation = Outcomes.compile(repl, read, () -> true);
      if (compilation instanceof Repl.Compilation.Done done) {
        outcome = repl.run(done.getEntry(), evaluation);
        repl.settle(done.getEntry(), outcome instanceof Repl.Outcome.Value);
      } else {
        outcome = ((Repl.Compilation.Failed) compilation).getOutcome();
      }
      if (outcome instanceof Repl.Outcome.Value) {
        text = read;
      } else {
        printer.failure(outcome);
        console.tell("that was " + file);
      }
    } catch (IOException unreadable) {
      console.tell("cannot read " + file + ": " + unreadable.getMessage());
    } finally {
      synchronized (this) {
        running = null;
        Thread.interrupted();
      }
    }
  }

  /** Stops it if it runs: an entry waited for it and was interrupted. */
  synchronized void stop() {
    if (running != null) {
      running.stop();
      runner.interrupt();
    }
  }
}
