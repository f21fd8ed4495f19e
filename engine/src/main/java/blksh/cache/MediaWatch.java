package blksh.cache;

import blksh.BlkshException;
import blksh.block.BlockSource;
import blksh.block.MediaSlot;
import blksh.task.CancelledException;
import blksh.task.Task;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;

/**
 * Caches one medium after another as they are put into a slot. Each has files of its own, named
 * after what it holds, so a medium that comes back goes on where it stopped.
 */
public final class MediaWatch {

  /** How often to look whether a medium came or went. */
  private static final Duration INTERVAL = Duration.ofMillis(500);

  /** A medium just put in may need a while before it can be opened. */
  private static final int TRIES = 20;

  private final MediaSlot slot;
  private final Path file;
  private final CacheOptions options;
  private final Function<Path, BlockSource> opener;

  /**
   * @param file what the files of each cache are named after, as for {@link Cache#open}
   * @param opener opens the medium that is in
   */
  public MediaWatch(
      MediaSlot slot, Path file, CacheOptions options, Function<Path, BlockSource> opener) {
    this.slot = slot;
    this.file = file;
    this.options = options;
    this.opener = opener;
  }

  /** What is done with each medium. */
  public interface Visit {

    /**
     * Works with a medium for as long as it likes; it is not visited again while it stays in.
     *
     * @param cache closed by the watch afterwards
     * @param task cancelled when the medium is gone or the watch is to end
     */
    void of(Cache cache, Task task);
  }

  /**
   * A medium that was in.
   *
   * @param name its fingerprint, and more where others begin alike
   * @param cache the data file of its cache
   * @param report how far it was read in the end
   * @param removed whether it was taken out before its visit was over
   */
  public record Visited(String name, Path cache, RescueReport report, boolean removed) {}

  /**
   * Waits for media and visits each, until the task is cancelled. What goes wrong with one is a
   * finding of the task, and the next is waited for.
   *
   * @param most return after so many; 0 for no end
   * @return those visited, in order; also when cancelled, as that is how a watch ends
   */
  public List<Visited> run(int most, Task task, Visit visit) {
    List<Visited> visited = new ArrayList<>();
    try {
      for (int count = 1; ; count++) {
        String medium = await(task);
        try {
          visited.add(visit(medium, task, visit));
        } catch (CancelledException e) {
          throw e;
        } catch (BlkshException e) {
          task.finding(e.getMessage());
        }
        if (count == most) {
          return visited;
        }
        awaitChange(medium, task);
      }
    } catch (CancelledException e) {
      if (task.isCancelled()) {
        return visited;
      }
      throw e;
    }
  }

  private String await(Task task) {
    while (true) {
      Optional<String> medium = slot.medium();
      if (medium.isPresent()) {
        return medium.get();
      }
      task.phase("waiting for a medium, " + slot.state());
      pause(task);
    }
  }

  private void awaitChange(String medium, Task task) {
    while (isIn(medium)) {
      task.phase("waiting for the next medium");
      pause(task);
    }
  }

  private boolean isIn(String medium) {
    return slot.medium().equals(Optional.of(medium));
  }

  private void pause(Task task) {
    task.checkCancelled();
    try {
      Thread.sleep(INTERVAL.toMillis());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CancelledException("watch " + slot);
    }
    task.checkCancelled();
  }

  private Cache open(String medium, Task task) {
    task.phase("opening");
    for (int tries = 1; ; tries++) {
      BlockSource source = null;
      try {
        source = opener.apply(slot.path());
        return Cache.open(source, file, options);
      } catch (BlkshException e) {
        if (source != null) {
          source.close();
        }
        if (source != null || tries == TRIES || !isIn(medium)) {
          throw e;
        }
      }
      pause(task);
    }
  }

  private Visited visit(String medium, Task task, Visit visit) {
    Cache cache = open(medium, task);
    Task inner = new Task("visit", cache.medium());
    AtomicReference<Throwable> failure = new AtomicReference<>();
    boolean removed;
    Visited visited;
    try {
      Thread visitor =
          new Thread(
              () -> {
                try {
                  visit.of(cache, inner);
                } catch (Throwable e) {
                  failure.set(e);
                }
              },
              "blksh-visit");
      visitor.setDaemon(true);
      visitor.start();
      removed = accompany(visitor, medium, task, inner);
      RescueReport report = RescueReport.of(cache.map(), task.done(), false);
      visited = new Visited(cache.medium(), cache.dataFile(), report, removed);
    } finally {
      cache.close();
    }
    inner.findings().forEach(task::finding);
    Throwable failed = failure.get();
    if (failed == null || removed || task.isCancelled()) {
      return visited;
    }
    if (failed instanceof Error error) {
      throw error;
    }
    throw (RuntimeException) failed;
  }

  /** Returns when the visitor has ended; tells it when the medium is gone or all is to end. */
  private boolean accompany(Thread visitor, String medium, Task task, Task inner) {
    boolean interrupted = false;
    boolean removed = false;
    while (visitor.isAlive()) {
      try {
        visitor.join(INTERVAL.toMillis());
      } catch (InterruptedException e) {
        interrupted = true;
      }
      String phase = inner.phase();
      task.phase("medium " + inner.subject() + (phase.isEmpty() ? "" : ", " + phase));
      removed |= !isIn(medium);
      if ((removed || interrupted || task.isCancelled()) && !inner.isCancelled()) {
        inner.cancel();
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    return removed || !isIn(medium);
  }
}
