package blksh.store.diskdump;

import blksh.io.OpenFile;
import blksh.task.Waiting;
import java.io.IOException;

/**
 * That one after the other writes to a diskdump store, of those that are blksh. diskdump itself
 * knows no lock: it must not run meanwhile.
 */
final class DiskdumpLock {

  private DiskdumpLock() {}

  /** What is done under the lock. */
  interface Work<T> {
    T run() throws IOException;
  }

  /** Does something while no other blksh writes there; waits for who does. */
  static <T> T holding(DiskdumpPlace place, Work<T> work) throws IOException {
    place.requireTrusted();
    OpenFile held = take(place);
    try {
      return work.run();
    } finally {
      held.close();
    }
  }

  private static OpenFile take(DiskdumpPlace place) throws IOException {
    String action = "change the diskdump store " + place.base();
    try (Waiting waiting = new Waiting(action, "waiting for another blksh")) {
      OpenFile held = claim(place);
      while (held == null) {
        waiting.turn();
        held = claim(place);
      }
      return held;
    }
  }

  private static OpenFile claim(DiskdumpPlace place) throws IOException {
    return OpenFile.claim(place.lock(), OpenFile.Use.CREATE_PLAIN, OpenFile.WhenInterrupted.FINISH);
  }
}
