package blksh.store.shelf;

import blksh.BlkshException;
import blksh.task.CancelledException;

/**
 * A shelf could not be asked, as it is out of reach, or lets this user in no more. That says
 * nothing of what it holds: not that a blob is missing, nor that one is damaged. No {@link
 * java.io.IOException}, as whoever reads blobs takes that for a place of one that cannot be read,
 * and goes on with the next.
 */
public final class ShelfAwayException extends BlkshException {

  /**
   * @param action what was being done, as it follows "cannot"
   * @param problem for people; no secret is in it
   */
  public ShelfAwayException(String action, String problem, Throwable cause) {
    super(action, problem, cause);
  }

  /**
   * The same, of what it was asked for.
   *
   * @param action as it follows "cannot"
   */
  public ShelfAwayException during(String action) {
    ShelfAwayException told = new ShelfAwayException(action, problem(), this);
    told.suggest(suggestion());
    return told;
  }

  /**
   * Throws a failure again that says nothing of what was looked at: as the shelf could not be
   * asked, or as somebody stopped it. To be called first by whoever would take a failure for
   * damage, for a blob that is not there, or for one to leave out.
   */
  public static void letPass(Exception failure) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof ShelfAwayException || cause instanceof CancelledException) {
        throw failure instanceof RuntimeException told ? told : (RuntimeException) cause;
      }
    }
  }
}
