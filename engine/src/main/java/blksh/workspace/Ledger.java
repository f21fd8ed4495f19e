package blksh.workspace;

import blksh.BlkshException;
import java.io.Closeable;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;

/**
 * What the workspace remembers, read and written in order by a thread of its own, beside the work
 * itself. Notes are made as well as can be: when one cannot be, that is told once and the work goes
 * on.
 */
final class Ledger implements Closeable {

  /** How long the end of a run waits for its note: longer than for a lock. */
  private static final int PATIENCE_SECONDS = 15;

  private final Database database;
  private final Consumer<BlkshException> warnings;
  private final AtomicBoolean warned = new AtomicBoolean();
  private volatile boolean closing;
  private final ScheduledExecutorService thread =
      Executors.newSingleThreadScheduledExecutor(
          work -> {
            Thread scribe = new Thread(work, "workspace");
            scribe.setDaemon(true);
            return scribe;
          });

  Ledger(Path file, Consumer<BlkshException> warnings) {
    this.database = new Database(file);
    this.warnings = warnings;
  }

  /** Makes a note when the thread comes to it; the result is null when it could not. */
  <T> Future<T> note(Database.Query<T> query) {
    try {
      return thread.submit(
          () -> {
            try {
              return database.write(query);
            } catch (RuntimeException | LinkageError e) {
              warn(e);
              return null;
            }
          });
    } catch (RejectedExecutionException e) {
      warn(new BlkshException("write to it", "the workspace was closed", e));
      return CompletableFuture.completedFuture(null);
    }
  }

  /** Makes a note when the thread comes to it, if that is possible at once. */
  void noteInPassing(Database.Query<?> query) {
    try {
      thread.execute(() -> inPassing(query));
    } catch (RejectedExecutionException closed) {
      // then nobody reads it either
    }
  }

  /**
   * The same every second, the first in one, until it is cancelled or the ledger is closed.
   *
   * @return null when it is closed
   */
  Future<?> everySecond(Database.Query<?> query) {
    try {
      return thread.scheduleWithFixedDelay(() -> inPassing(query), 1, 1, TimeUnit.SECONDS);
    } catch (RejectedExecutionException closed) {
      return null;
    }
  }

  /** Never fails: a failure would end the repetition. Nothing opens the database after its end. */
  private void inPassing(Database.Query<?> query) {
    if (!closing) {
      try {
        database.writeInPassing(query);
      } catch (RuntimeException | LinkageError e) {
        warn(e);
      }
    }
  }

  /** What an earlier note came to, for use in a later one; null when it could not be made. */
  static <T> T result(Future<T> earlier) {
    return waitFor(earlier);
  }

  /** Waits for a note, though not for ever. */
  void await(Future<?> note) {
    try {
      uninterrupted(note, PATIENCE_SECONDS);
    } catch (TimeoutException e) {
      warn(e);
    }
  }

  /**
   * Reads what was noted so far.
   *
   * @param absent the answer when nothing ever was
   * @throws BlkshException when it cannot be read
   */
  <T> T read(T absent, Database.Query<T> query) {
    return waitFor(thread.submit(() -> database.read(absent, query)));
  }

  /**
   * Changes something that was asked for.
   *
   * @throws BlkshException when it cannot be changed
   */
  <T> T change(Database.Query<T> query) {
    return waitFor(thread.submit(() -> database.write(query)));
  }

  private static <T> T waitFor(Future<T> answer) {
    try {
      return uninterrupted(answer, Long.MAX_VALUE);
    } catch (TimeoutException e) {
      throw new AssertionError(e);
    }
  }

  /** An interrupt is kept for the caller: the thread beside must never be stopped half way. */
  private static <T> T uninterrupted(Future<T> answer, long seconds) throws TimeoutException {
    boolean interrupted = false;
    try {
      while (true) {
        try {
          return answer.get(seconds, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
          interrupted = true;
        } catch (ExecutionException e) {
          if (e.getCause() instanceof BlkshException failure) {
            throw failure;
          }
          throw new IllegalStateException(e.getCause());
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private void warn(Throwable cause) {
    if (warned.compareAndSet(false, true)) {
      String problem =
          cause instanceof BlkshException failure
              ? "cannot %s: %s".formatted(failure.action(), failure.problem())
              : cause instanceof TimeoutException
                  ? "it took longer than " + PATIENCE_SECONDS + " s"
                  : String.valueOf(cause);
      warnings.accept(
          new BlkshException("keep the history", problem, cause)
              .suggest("the work itself is not affected"));
    }
  }

  @Override
  public void close() {
    if (!thread.isShutdown()) {
      closing = true;
      Future<?> closed = thread.submit(database::close);
      thread.shutdown();
      await(closed);
    }
  }
}
