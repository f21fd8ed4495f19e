package blksh.workspace;

import blksh.task.Pace;
import blksh.task.Task;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Future;

/**
 * How far the runs of this process are, noted for other processes: once a second and all in one
 * transaction, only what has changed, and every ten seconds that it has not. Where the database is
 * locked, a note is left out; the next one says more.
 *
 * <p>A note says how far, never that somebody is at it: that is told by the process itself, see
 * {@link ProcessIdentity}. What a killed process noted last stays, as how far its run is known to
 * have come.
 */
final class ProgressNotes {

  private static final long UNCHANGED_NANOS = 10_000_000_000L;

  /** A run, and what was last noted of it. */
  private static final class Noted {
    private final Future<Long> id;
    private long done = -1;
    private long total;
    private String phase;
    private long atNanos;

    Noted(Future<Long> id) {
      this.id = id;
    }

    boolean due(Pace pace, long nowNanos) {
      return pace.done() != done
          || pace.total() != total
          || !pace.phase().equals(phase)
          || nowNanos - atNanos >= UNCHANGED_NANOS;
    }

    void is(Pace pace, long nowNanos) {
      done = pace.done();
      total = pace.total();
      phase = pace.phase();
      atNanos = nowNanos;
    }
  }

  private final Ledger ledger;
  private final Map<Task, Noted> runs = new LinkedHashMap<>();
  private Future<?> ticking;

  ProgressNotes(Ledger ledger) {
    this.ledger = ledger;
  }

  /**
   * Begins to note how far a run is.
   *
   * @param id what the note that it began comes to
   */
  synchronized void begin(Task task, Future<Long> id) {
    runs.put(task, new Noted(id));
    if (ticking == null) {
      ticking = ledger.everySecond(this::note);
    }
  }

  /** Notes nothing more of a run: its end is noted next. */
  synchronized void end(Task task) {
    runs.remove(task);
    if (runs.isEmpty() && ticking != null) {
      ticking.cancel(false);
      ticking = null;
    }
  }

  /** Notes how far all are now; whoever reads next reads that. */
  synchronized void now() {
    if (!runs.isEmpty()) {
      ledger.noteInPassing(this::note);
    }
  }

  private Void note(Connection connection) throws SQLException {
    long nowNanos = System.nanoTime();
    for (Map.Entry<Task, Noted> run : running().entrySet()) {
      Noted noted = run.getValue();
      Pace pace = Pace.of(run.getKey());
      if (noted.id.isDone() && noted.due(pace, nowNanos)) {
        Long id = Ledger.result(noted.id);
        if (id != null) {
          RunTable.progress(connection, id, pace, Instant.now());
          noted.is(pace, nowNanos);
        }
      }
    }
    return null;
  }

  private synchronized Map<Task, Noted> running() {
    return new LinkedHashMap<>(runs);
  }
}
