package blksh.shell;

import blksh.BlkshException;
import blksh.script.Evaluation;
import blksh.task.CancelledException;

/** Failures in the words of a person, and of a program. */
final class Failures {

  private Failures() {}

  /** Whether it stopped because somebody asked it to. */
  static boolean interrupted(Throwable failure) {
    return failure instanceof CancelledException
        || failure instanceof InterruptedException
        || failure instanceof Evaluation.Stop;
  }

  /** The failure as a clause or sentence, without its stack. */
  static String message(Throwable failure) {
    if (failure instanceof BlkshException) {
      return failure.getMessage();
    }
    if (interrupted(failure)) {
      return "interrupted";
    }
    if (failure instanceof OutOfMemoryError) {
      return "out of memory";
    }
    if (failure instanceof StackOverflowError) {
      return "the recursion is too deep";
    }
    String text = failure.getMessage();
    return failure.getClass().getSimpleName() + (text == null ? "" : ": " + text);
  }

  /** The kind of failure, for programs. */
  static String kind(Throwable failure) {
    return failure instanceof BlkshException known
        ? known.kind()
        : failure.getClass().getSimpleName();
  }
}
