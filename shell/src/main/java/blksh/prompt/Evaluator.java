package blksh.prompt;

import blksh.script.FastLane;
import blksh.script.kotlin.Repl;
import java.time.Duration;

/** Evaluates entries: plain paths at once, everything else by the compiler. */
final class Evaluator {

  private final Completeness completeness;
  private final ReadyCompiler compiler;
  private final OutcomePrinter printer;

  Evaluator(Completeness completeness, ReadyCompiler compiler, OutcomePrinter printer) {
    this.completeness = completeness;
    this.compiler = compiler;
    this.printer = printer;
  }

  private Repl.Compilation compiled(Repl repl, String text, Runner runner)
      throws InterruptedException {
    return runner.compile(
        wanted -> {
          compiler.busy(1);
          try {
            return Outcomes.compile(repl, text, wanted);
          } finally {
            compiler.busy(-1);
          }
        },
        unwanted -> {
          if (unwanted instanceof Repl.Compilation.Done done) {
            repl.settle(done.getEntry(), false);
          }
        });
  }

  /** Evaluates an entry and prints what came of it; false when it failed. */
  boolean evaluate(String text, Runner runner) throws InterruptedException {
    printer.compiled(Duration.ZERO);
    FastLane.Plain plain = completeness.plain(text);
    if (plain != null) {
      Repl.Outcome outcome =
          runner.run(evaluation -> Outcomes.of(text, evaluation, plain.step()::value));
      return printer.tell(text, plain, null, outcome, runner);
    }
    long began = System.nanoTime();
    Repl repl = compiler.awaited();
    Repl.Compilation compilation = compiled(repl, text, runner);
    printer.compiled(Duration.ofNanos(System.nanoTime() - began));
    if (compilation instanceof Repl.Compilation.Failed failed) {
      return printer.tell(text, null, null, failed.getOutcome(), runner);
    }
    Repl.Entry entry = ((Repl.Compilation.Done) compilation).getEntry();
    Repl.Outcome outcome = runner.run(evaluation -> repl.run(entry, evaluation));
    repl.settle(entry, outcome instanceof Repl.Outcome.Value);
    return printer.tell(text, null, entry.getResult(), outcome, runner);
  }
}
