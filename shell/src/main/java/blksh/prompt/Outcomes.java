package blksh.prompt;

import blksh.script.ScriptSource;
import blksh.script.kotlin.Repl;
import blksh.session.Evaluation;
import java.util.function.BooleanSupplier;

/** Compiles and runs parts of entries so that whatever goes wrong with them is an outcome. */
final class Outcomes {

  private static final String SOURCE = "<prompt>";

  private Outcomes() {}

  /**
   * Compiles an entry; one too deep for that is refused like any other.
   *
   * @param wanted whether anybody waits for it
   */
  static Repl.Compilation compile(Repl repl, String text, BooleanSupplier wanted) {
    try {
      return repl.compile(text, wanted::getAsBoolean);
    } catch (StackOverflowError | OutOfMemoryError excess) {
      return new Repl.Compilation.Failed(
          new Repl.Outcome.Threw(excess, new ScriptSource(SOURCE, text), 0));
    }
  }

  /** What a part of an entry comes to. */
  static Repl.Outcome of(String text, Evaluation evaluation, Evaluation.Part<?> part) {
    try {
      return new Repl.Outcome.Value(evaluation.call(part));
    } catch (Throwable failure) {
      return new Repl.Outcome.Threw(failure, new ScriptSource(SOURCE, text), 1);
    }
  }
}
