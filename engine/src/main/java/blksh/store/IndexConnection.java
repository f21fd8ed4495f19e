package blksh.store;

import blksh.BlkshException;
import blksh.io.IoFailure;
import blksh.io.Sqlite;
import blksh.task.Waiting;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;

/**
 * A connection to the database of an index. Work on it is done by one thread at a time; where
 * another process has it locked it is waited for, for as long as nobody asks to stop.
 */
final class IndexConnection implements Closeable {

  /** How long SQLite waits before this is told that another process has it locked. */
  private static final int BUSY_MILLIS = 50;

  private final String location;
  private final Connection connection;

  private IndexConnection(String location, Connection connection) {
    this.location = location;
    this.connection = connection;
  }

  /** Opens the database in a file, or makes one, with its tables. */
  static IndexConnection open(Path file) {
    return whole(
        file.toString(),
        () -> Sqlite.open(file, Sqlite.Synchronous.FULL, BUSY_MILLIS),
        IndexConnection::prepare);
  }

  /** A database that lives as long as it is open. */
  static IndexConnection inMemory() {
    return whole("an index in memory", Sqlite::inMemory, IndexConnection::prepare);
  }

  /**
   * A database that cannot be written, as it is.
   *
   * @throws BlkshException when it is of another version, or cannot be used
   */
  static IndexConnection openUnchanging(Path file) {
    return whole(
        file.toString(),
        () -> Sqlite.openUnchanging(file),
        opened -> {
          if (Sqlite.version(opened.connection) != IndexSchema.VERSION) {
            throw new BlkshException("open " + file, "it is of another version");
          }
          opened.checkTables();
        });
  }

  /** Work on a connection. */
  interface Work<T> {
    T run() throws SQLException;
  }

  private interface Check {
    void of(IndexConnection opened) throws SQLException;
  }

  private static IndexConnection whole(String location, Work<Connection> opening, Check check) {
    IndexConnection opened = null;
    boolean whole = false;
    try {
      opened = new IndexConnection(location, waitingFor(location, opening));
      check.of(opened);
      whole = true;
      return opened;
    } catch (SQLException e) {
      throw failure(location, e);
    } finally {
      if (!whole && opened != null) {
        opened.close();
      }
    }
  }

  /** Makes the tables, or makes sure that they are as they were made. */
  private void prepare() throws SQLException {
    if (Sqlite.version(connection) != IndexSchema.VERSION) {
      transaction(
          () -> {
            int version = Sqlite.version(connection);
            if (version > IndexSchema.VERSION) {
              throw new BlkshException(
                      "open " + location,
                      "it was written by a newer blksh (version " + version + ")")
                  .suggest("use that blksh, or delete the file: it is made again");
            }
            if (version < IndexSchema.VERSION) { // somebody else may have made them
              IndexSchema.make(connection, version);
            }
            return null;
          });
    }
    checkTables();
  }

  private void checkTables() throws SQLException {
    if (!IndexSchema.holds(connection)) {
      throw new DamagedIndexException(location, "its tables are not as they were made", null);
    }
  }

  /** Where the database is, for people. */
  String location() {
    return location;
  }

  /** To be used in the work of a {@link #query} or {@link #transaction}. */
  PreparedStatement prepare(String sql) throws SQLException {
    return connection.prepareStatement(sql);
  }

  /** What SQLite's own check finds wrong, or null. */
  String integrity() {
    return query(() -> Sqlite.damage(connection));
  }

  synchronized <T> T transaction(Work<T> work) {
    return told(
        () -> {
          try {
            return Sqlite.transaction(connection, work::run);
          } catch (IOException e) {
            throw IoFailure.told("use " + location, e);
          }
        });
  }

  synchronized <T> T query(Work<T> work) {
    return told(work);
  }

  private <T> T told(Work<T> work) {
    try {
      return waitingFor(location, work);
    } catch (SQLException e) {
      throw failure(location, e);
    }
  }

  /** Tries until nobody else has it locked. */
  private static <T> T waitingFor(String location, Work<T> work) throws SQLException {
    try (Waiting waiting =
        new Waiting("use " + location, "waiting for whoever writes to the index")) {
      while (true) {
        try {
          return work.run();
        } catch (SQLException e) {
          if (Sqlite.failure(e) != Sqlite.Failure.BUSY) {
            throw e;
          }
          waiting.turn();
        }
      }
    }
  }

  /** Runs one statement with its values. */
  void update(String sql, Object... values) {
    transaction(
        () -> {
          try (PreparedStatement statement = connection.prepareStatement(sql)) {
            for (int i = 0; i < values.length; i++) {
              statement.setObject(i + 1, values[i]);
            }
            statement.executeUpdate();
          }
          return null;
        });
  }

  /** The index is not a sound database; it can be made again. */
  static final class DamagedIndexException extends BlkshException {
    DamagedIndexException(String location, String problem, Throwable cause) {
      super("use " + location, problem, cause);
      suggest("run reindex: everything in it is made again from packs and manifests");
    }
  }

  /** Its disk is full, fails or cannot be written; what it says can be read elsewhere. */
  static final class UnusableException extends BlkshException {
    UnusableException(String location, Throwable cause) {
      super("use " + location, cause.getMessage(), cause);
      suggest("see whether its disk is full, fails, or may only be read");
    }
  }

  private static BlkshException failure(String location, SQLException e) {
    return switch (Sqlite.failure(e)) {
      case DAMAGED, STATEMENT -> new DamagedIndexException(location, e.getMessage(), e);
      case NO_SPACE, FAILED, READ_ONLY -> new UnusableException(location, e);
      default -> new BlkshException("use " + location, e.getMessage(), e);
    };
  }

  @Override
  public synchronized void close() {
    try {
      connection.close();
    } catch (SQLException e) {
      // everything was committed
    }
  }
}
