package blksh.tree;

import blksh.task.Task;
import java.io.IOException;

/**
 * The parts of a walk in the order in which they are given: those still to be read, those being
 * read, and those that wait to be given. Whoever reads takes the first that nobody reads, and not
 * too far ahead.
 */
final class WalkOrder {

  /** Parts that may wait to be given: some ten thousand entries at most. */
  private static final int AHEAD = 32;

  private enum State {
    WAITING,
    BEING_READ,
    READ
  }

  private static final class Place {
    final WalkedDirectory directory;
    final int number;
    Place next;
    State state = State.WAITING;
    TreePart part;

    Place(WalkedDirectory directory, int number, Place next) {
      this.directory = directory;
      this.number = number;
      this.next = next;
    }
  }

  /** Reads a part. */
  interface Reader {
    TreeScan.Read read(WalkedDirectory directory, int number);
  }

  private final Task task;

  /** The next to be given; null when all were. Guarded by this, as all below. */
  private Place head;

  private int waiting;
  private boolean ended;

  WalkOrder(Task task, WalkedDirectory first) {
    this.task = task;
    this.head = new Place(first, 0, null);
  }

  void work(Reader reader) {
    Place place;
    while ((place = next()) != null) {
      TreeScan.Read read = reader.read(place.directory, place.number);
      enter(place, read);
    }
  }

  private synchronized Place next() {
    while (!ended && head != null) {
      Place place = head;
      while (place != null && place.state != State.WAITING) {
        place = place.next;
      }
      if (place != null && (place == head || waiting < AHEAD)) {
        place.state = State.BEING_READ;
        return place;
      }
      await();
    }
    return null;
  }

  private void await() {
    try {
      wait();
    } catch (InterruptedException e) {
      ended = true;
      notifyAll();
    }
  }

  private synchronized void enter(Place place, TreeScan.Read read) {
    place.part = read.part();
    place.state = State.READ;
    waiting++;
    Place last = place;
    for (WalkedDirectory each : read.below()) {
      last.next = new Place(each, 0, last.next);
      last = last.next;
    }
    if (place.number == 0) {
      for (int i = 1; i < place.directory.parts(); i++) {
        last.next = new Place(place.directory, i, last.next);
        last = last.next;
      }
    }
    notifyAll();
  }

  void deliver(TreeScan.Visitor visitor) throws IOException {
    Place place;
    while ((place = due()) != null) {
      task.checkCancelled();
      visitor.visit(place.part);
      given(place);
    }
  }

  private synchronized Place due() {
    while (!ended && head != null && head.state != State.READ) {
      await();
    }
    return ended ? null : head;
  }

  private synchronized void given(Place place) {
    place.directory.release();
    head = place.next;
    waiting--;
    notifyAll();
  }

  /** Makes all who wait go. */
  synchronized void end() {
    ended = true;
    notifyAll();
  }

  /** Closes what is open still, once nobody works any more. */
  synchronized void close() {
    for (Place place = head; place != null; place = place.next) {
      place.directory.release();
    }
    head = null;
  }
}
