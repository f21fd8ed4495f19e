package blksh.cache;

import blksh.BlkshException;
import blksh.io.IoFailure;
import blksh.io.WholeFile;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.time.Duration;

/** Saves the map of a cache in the background for as long as it changes. */
final class Saver {

  /** A large map on a slow disk must not keep it busy all the time. */
  private static final int REST = 20;

  private final SavedMap map;
  private final CachedBytes held;
  private final long interval;

  // Under the monitor.
  private boolean soon;
  private boolean ended;

  private Saver(SavedMap map, CachedBytes held, Duration interval) {
    this.map = map;
    this.held = held;
    this.interval = interval.toMillis();
  }

  /** Begins to save a map at intervals. */
  static Saver of(SavedMap map, CachedBytes held, Duration interval) {
    Saver saver = new Saver(map, held, interval);
    Thread thread = new Thread(saver::saveAtIntervals, "blksh-cache-map");
    thread.setDaemon(true);
    thread.start();
    return saver;
  }

  private void saveAtIntervals() {
    long pause = interval;
    while (awaitTurn(pause)) {
      if (held.isUnsaved()) {
        long began = System.nanoTime();
        save();
        pause = Math.max(interval, REST * (System.nanoTime() - began) / 1_000_000);
      }
    }
  }

  /** Waits for the next time. @return false when there is none */
  private synchronized boolean awaitTurn(long pause) {
    try {
      if (!ended && !soon) {
        wait(pause);
      }
    } catch (InterruptedException e) {
      return false;
    }
    soon = false;
    return !ended;
  }

  private void save() {
    try {
      map.save();
      held.noteProblem("");
    } catch (NoSuchFileException e) {
      held.noteProblem(WholeFile.NO_DIRECTORY);
    } catch (IOException e) {
      held.noteProblem(IoFailure.reason(e));
    } catch (BlkshException e) {
      held.noteProblem(e.getMessage());
    }
  }

  /** Has the map saved at once: nobody waits for the disk. */
  synchronized void soon() {
    soon = true;
    notifyAll();
  }

  /** Saves no more. */
  synchronized void end() {
    ended = true;
    notifyAll();
  }
}
