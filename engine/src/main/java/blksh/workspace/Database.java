package blksh.workspace;

import blksh.BlkshException;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Properties;
import org.sqlite.JDBC;
import org.sqlite.SQLiteErrorCode;

/**
 * The SQLite database of a workspace. Any number of processes use it at once; within one process a
 * single thread does. It is opened when first used, because loading SQLite takes longer than
 * anything asked of it.
 */
final class Database implements Closeable {

  private static final int BUSY_MILLIS = 10_000;

  private final Path file;
  private Connection connection;

  /** Work on the connection. */
  interface Work<T> {
    T run() throws SQLException, IOException;
  }

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
      if (isReadOnly(e)) {
        return readUnlocked(absent, query);
      }
      throw failure("read", e);
    }
  }

  /** Changes the database in one transaction, creating it first when there is none yet. */
  <T> T write(Query<T> query) {
    try {
      Connection open = connection();
      return transaction(open, () -> query.run(open));
    } catch (SQLException | IOException e) {
      throw failure("write", e);
    }
  }

  private Connection connection() throws SQLException, IOException {
    if (connection == null) {
      if (!Files.isDirectory(file.getParent())) {
        Files.createDirectories(
            file.getParent(),
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
      }
      Connection fresh = connect(JDBC.PREFIX + file);
      try {
        useWriteAheadLog(fresh);
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
    try (Connection unlocked =
        connect(JDBC.PREFIX + file.toAbsolutePath().toUri() + "?immutable=1")) {
      return Schema.version(unlocked) == 0 ? absent : query.run(unlocked);
    } catch (SQLException | IOException e) {
      throw failure("read", e);
    }
  }

  private static Connection connect(String url) throws SQLException {
    Properties options = new Properties();
    options.setProperty("busy_timeout", Integer.toString(BUSY_MILLIS));
    options.setProperty("synchronous", "NORMAL");
    return JDBC.createConnection(url, options);
  }

  /** Nobody waits for the lock that changing the journal takes, so a lost race is tried again. */
  private static void useWriteAheadLog(Connection connection) throws SQLException {
    long deadline = System.nanoTime() + BUSY_MILLIS * 1_000_000L;
    while (true) {
      try (Statement statement = connection.createStatement()) {
        statement.execute("PRAGMA journal_mode = WAL");
        return;
      } catch (SQLException e) {
        if (code(e) != SQLiteErrorCode.SQLITE_BUSY || System.nanoTime() > deadline) {
          throw e;
        }
        Thread.onSpinWait();
      }
    }
  }

  /** Takes the write lock at once: a lock upgraded later could not be waited for. */
  static <T> T transaction(Connection connection, Work<T> work) throws SQLException, IOException {
    try (Statement statement = connection.createStatement()) {
      statement.execute("BEGIN IMMEDIATE");
      try {
        T result = work.run();
        statement.execute("COMMIT");
        return result;
      } catch (SQLException | IOException | RuntimeException e) {
        try {
          statement.execute("ROLLBACK");
        } catch (SQLException alreadyRolledBack) {
          e.addSuppressed(alreadyRolledBack);
        }
        throw e;
      }
    }
  }

  private static SQLiteErrorCode code(Exception e) {
    return e instanceof SQLException sql
        ? SQLiteErrorCode.getErrorCode(sql.getErrorCode() & 0xff)
        : SQLiteErrorCode.UNKNOWN_ERROR;
  }

  private static boolean isReadOnly(Exception e) {
    return switch (code(e)) {
      case SQLITE_READONLY, SQLITE_CANTOPEN -> true;
      default -> false;
    };
  }

  private BlkshException failure(String verb, Exception e) {
    String action = verb + " " + file;
    return switch (code(e)) {
      case SQLITE_READONLY, SQLITE_CANTOPEN, SQLITE_PERM, SQLITE_AUTH ->
          new BlkshException(action, "it cannot be written", e)
              .suggest("choose another home with --home");
      case SQLITE_FULL -> new BlkshException(action, "the disk is full", e);
      case SQLITE_BUSY, SQLITE_LOCKED ->
          new BlkshException(
              action, "another process kept it locked for " + BUSY_MILLIS / 1000 + " s", e);
      case SQLITE_CORRUPT, SQLITE_NOTADB ->
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
