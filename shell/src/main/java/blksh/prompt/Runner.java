package blksh.prompt;

import blksh.script.kotlin.Repl;
import blksh.session.Evaluation;
import java.util.function.Function;

/** Runs a part of an entry to its end. */
interface Runner {

  /**
   * @return null when it was given up
   */
  Repl.Outcome run(Function<Evaluation, Repl.Outcome> part) throws InterruptedException;
}
