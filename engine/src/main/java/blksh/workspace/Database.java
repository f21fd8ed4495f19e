package blksh.workspace;

import blksh.BlkshException;
import blksh.io.OwnerOnly;
import blksh.io.Sqlite;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;

/**
 * The SQLite database of a workspace. Any number of processes use it at once; within one process a
 * single thread does. It is opened when first used, because loading SQLite takes longer than
 * anything asked of it.
 */
final class Database implements Closeable {

  private static final int BUSY_MILLIS = 10_000;

  private final Path file;
  private Connection connection;

  /** Work that is given the connection. */
  interface Query<T> {
    T run(Connection connection) throws SQLException, IOException;
  }

  Database(Path file) {
    this.file = file;
  }

  /** Reads from the database, or returns {@code absent} when there is none yet. */
  <T> T read(T absent, Query<T> query) {
    if (connection == null && !Files.exists(file)) {
      return absent;
    }
    try {
      return query.run(connection());
    } catch (SQLException | IOException e) {
      if (Sqlite.failure(e) == Sqlite.Failure.READ_ONLY) {
        return readUnlocked(absent, query);
      }
      throw failure("read", e);
    }
  }

  /** Changes the database in one transaction, creating it first when there is none yet. */
  <T> T write(Query<T> query) {
    try {
      Connection open = connection();
      return Sqlite.transaction(open, () -> query.run(open));
    } catch (SQLException | IOException e) {
      throw failure("write", e);
    }
  }

  /**
   * Changes the database in one transaction, for what is said again soon: not when somebody has it
   * locked, when it is not open yet, or when it cannot be changed.
   */
  void writeInPassing(Query<?> query) {
    Connection open = connection;
    if (open == null) {
      return;
    }
    try {
      Sqlite.patience(open, 0);
      try {
        Sqlite.transaction(open, () -> query.run(open));
      } finally {
        Sqlite.patience(open, BUSY_MILLIS);
      }
    } catch (SQLException | IOException e) {
      // said again soon; what lasts is met, and told, by the note of how the run ended
    }
  }

  private Connection connection() throws SQLException, IOException {
    if (connection == null) {
      OwnerOnly.makeDirectories(file.getParent());
      Connection fresh = Sqlite.open(file, Sqlite.Synchronous.NORMAL, BUSY_MILLIS);
      try {
        Schema.migrate(fresh);
      } catch (SQLException | IOException | RuntimeException e) {
        fresh.close();
        throw e;
      }
      connection = fresh;
    }
    return connection;
  }

  /** On a file system that cannot be written there is no writer to take heed of. */
  private <T> T readUnlocked(T absent, Query<T> query) {
    try (Connection unlocked = Sqlite.openUnchanging(file)) {
      return Sqlite.version(unlocked) == 0 ? absent : query.run(unlocked);
    } catch (SQLException | IOException e) {
      throw failure("read", e);
    }
  }

  private BlkshException failure(String verb, Exception e) {
    String action = verb + " " + file;
    return switch (Sqlite.failure(e)) {
      case READ_ONLY, DENIED ->
          new BlkshException(action, "it cannot be written", e)
              .suggest("choose another home with --home");
      case NO_SPACE -> new BlkshException(action, "the disk is full", e);
      case BUSY ->
          new BlkshException(
              action, "another process kept it locked for " + BUSY_MILLIS / 1000 + " s", e);
      case DAMAGED ->
          new BlkshException(action, "it is damaged", e)
              .suggest("move it away: it holds only the history and the list of known stores");
      default -> new BlkshException(action, String.valueOf(e.getMessage()), e);
    };
  }

  @Override
  public void close() {
    if (connection != null) {
      try {
        connection.close();
      } catch (SQLException e) {
        throw failure("close", e);
      } finally {
        connection = null;
      }
    }
  }
}
