package blksh.session;

import java.util.Arrays;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.Set;

/**
 * Where an operation was asked for, kept with its failure when that happened on another thread: the
 * stack of a worker says nothing of the script that waits for it.
 */
public final class CallSite extends Exception {

  private static final long serialVersionUID = 1;

  private CallSite() {
    super("asked for here");
  }

  /** Keeps the place of the calling code with a failure that does not tell it. */
  static void keep(Throwable failure) {
    Set<Throwable> seen = Collections.newSetFromMap(new IdentityHashMap<>());
    for (Throwable at = failure; at != null && seen.add(at); at = at.getCause()) {
      if (tells(at) || Arrays.stream(at.getSuppressed()).anyMatch(CallSite.class::isInstance)) {
        return;
      }
    }
    failure.addSuppressed(new CallSite());
  }

  private static boolean tells(Throwable failure) {
    return Arrays.stream(failure.getStackTrace())
        .anyMatch(frame -> frame.getClassName().equals(Session.class.getName()));
  }
}
