package blksh.snapshot;

import blksh.io.NameText;
import blksh.task.Task;
import java.util.ArrayList;
import java.util.List;

/**
 * What a snapshot came upon: entries that could not be read, that never settled, that vanished. The
 * first of each are named, all are counted. Used by several threads.
 */
final class Findings {

  /** How many are named. */
  private static final int NAMED = 1000;

  /** How many of them are told at once. */
  private static final int TOLD = 20;

  private final Task task;
  private final List<Finding> named = new ArrayList<>();
  private long unread;
  private long unsettled;
  private long vanished;
  private long leftOut;

  Findings(Task task) {
    this.task = task;
  }

  synchronized void unread(byte[] path, String problem) {
    unread++;
    name(path, Finding.Kind.UNREAD, problem);
  }

  synchronized void unsettled(byte[] path) {
    unsettled++;
    name(path, Finding.Kind.UNSETTLED, "it changed each time while it was read");
  }

  /** What vanishes is no fault, and worth a note only. */
  synchronized void vanished(byte[] path) {
    vanished++;
    if (vanished <= TOLD) {
      task.note("/" + NameText.of(path) + " vanished before it was read");
    }
  }

  synchronized void leftOut(long count) {
    leftOut += count;
  }

  private void name(byte[] path, Finding.Kind kind, String problem) {
    if (named.size() < NAMED) {
      named.add(new Finding("/" + NameText.of(path), kind, problem));
    }
    long all = unread + unsettled;
    if (all <= TOLD) {
      task.finding("/" + NameText.of(path) + ": " + problem);
    } else if (all == TOLD + 1) {
      task.finding("and more: the result names them");
    }
  }

  synchronized List<Finding> named() {
    return List.copyOf(named);
  }

  synchronized long unread() {
    return unread;
  }

  synchronized long unsettled() {
    return unsettled;
  }

  synchronized long vanished() {
    return vanished;
  }

  synchronized long leftOut() {
    return leftOut;
  }
}
