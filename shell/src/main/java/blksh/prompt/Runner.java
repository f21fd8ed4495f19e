package blksh.prompt;

import blksh.script.kotlin.Repl;
import blksh.session.Evaluation;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Function;

/** Runs a part of an entry to its end. */
interface Runner {

  /**
   * @return null when it was given up
   */
  Repl.Outcome run(Function<Evaluation, Repl.Outcome> part) throws InterruptedException;

  /**
   * Waits for a compilation, which cannot be stopped.
   *
   * @param work told whether it is still wanted
   * @param unwanted takes what comes of it when nobody waits any more
   * @throws InterruptedException when it is not: Ctrl-C was pressed
   */
  default Repl.Compilation compile(
      Function<BooleanSupplier, Repl.Compilation> work, Consumer<Repl.Compilation> unwanted)
      throws InterruptedException {
    return work.apply(() -> true);
  }
}
