package blksh.catalogue;

import blksh.BlkshException;
import blksh.io.IoFailure;
import blksh.io.Sqlite;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.HashMap;
import java.util.Map;

/**
 * The database of a catalogue. Changes are gathered into transactions of some seconds, each of
 * which is whole after a power cut. Any number of threads may use one, one at a time.
 *
 * <p>Names are kept as TEXT whatever their bytes are, so that they sort as bytes and one index
 * serves them; paths of directories as BLOB with zero bytes between the steps, so that their order
 * is that of a walk. A row of {@code entry} is one state of one entry: when anything but its change
 * time or inode changes, the row is ended ({@code gone}) and another begun.
 */
final class CatalogueFile implements Closeable {

  static final int VERSION = 6;

  private static final int PATIENCE_MILLIS = 60_000;

  /** Changes gathered before they are committed, and for how long at most. */
  private static final int PIECE = 50_000;

  private static final long PIECE_NANOS = 2_000_000_000;

  /** What SQLite may keep of it in memory: 24 MiB, outside the heap. */
  private static final String PAGES = "PRAGMA cache_size = -24576";

  private final Path path;
  private final Connection connection;
  private final Map<String, PreparedStatement> statements = new HashMap<>();
  private boolean inTransaction;
  private int changes;
  private long began;

  private CatalogueFile(Path path, Connection connection) {
    this.path = path;
    this.connection = connection;
  }

  /** Work that may fail as SQLite does. */
  interface Work<T> {
    T run() throws SQLException;
  }

  /**
   * Opens the database of a catalogue.
   *
   * @param making whether one is made where there is none
   * @throws BlkshException when there is none, it is none, or a newer blksh made it
   */
  static CatalogueFile open(Path path, boolean making) {
    String action = "open the catalogue " + path;
    if (!making && !Files.exists(path)) {
      throw new BlkshException(action, "there is no such file").suggest("scan a directory into it");
    }
    try {
      boolean fresh = !Files.exists(path) || Files.size(path) == 0;
      Connection connection = Sqlite.open(path, Sqlite.Synchronous.FULL, PATIENCE_MILLIS);
      boolean ready = false;
      try {
        CatalogueFile file = new CatalogueFile(path, connection);
        int version = Sqlite.version(connection);
        if (version > VERSION) {
          throw new BlkshException(
                  action,
                  "a newer blksh wrote it (version %d, this one knows %d)"
                      .formatted(version, VERSION))
              .suggest("update blksh");
        }
        if (version < VERSION) {
          if (version == 0 && !fresh && file.hasTables()) {
            throw new BlkshException(action, "it is another kind of database");
          }
          Sqlite.transaction(
              connection,
              () -> {
                int now = Sqlite.version(connection);
                if (now < VERSION) {
                  CatalogueSchema.make(connection, now);
                }
                return null;
              });
        }
        file.execute(PAGES);
        ready = true;
        return file;
      } finally {
        if (!ready) {
          connection.close();
        }
      }
    } catch (SQLException e) {
      throw told(action, e);
    } catch (IOException e) {
      throw IoFailure.told(action, e);
    }
  }

  private boolean hasTables() throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery("SELECT count(*) FROM sqlite_master")) {
      return rows.next() && rows.getInt(1) > 0;
    }
  }

  private static BlkshException told(String action, SQLException e) {
    BlkshException told = new BlkshException(action, e.getMessage(), e);
    return switch (Sqlite.failure(e)) {
      case DAMAGED ->
          told.suggest("if it is a catalogue, make it again: scan, or merge a catalogue.json");
      case NO_SPACE -> told.suggest("make room where it is");
      case BUSY -> told.suggest("wait until the other process that uses it is done");
      default -> told;
    };
  }

  Path path() {
    return path;
  }

  /** Does something while no other thread uses the database. */
  synchronized <T> T call(String action, Work<T> work) {
    try {
      return work.run();
    } catch (SQLException e) {
      if (Sqlite.failure(e) == Sqlite.Failure.NO_SPACE) {
        rollBack(); // as SQLite did
      }
      throw told(action + " in the catalogue " + path, e);
    }
  }

  /** As above, as part of the transaction that gathers changes. */
  synchronized <T> T change(String action, Work<T> work) {
    return call(
        action,
        () -> {
          begin();
          T result = work.run();
          changes++;
          if (changes >= PIECE || System.nanoTime() - began > PIECE_NANOS) {
            commitNow();
          }
          return result;
        });
  }

  /** Does something as one transaction: all of it is there afterwards, or nothing. */
  synchronized <T> T whole(String action, Work<T> work) {
    return call(
        action,
        () -> {
          commitNow();
          begin();
          boolean done = false;
          try {
            T result = work.run();
            done = true;
            commitNow();
            return result;
          } finally {
            if (!done) {
              rollBack();
            }
          }
        });
  }

  private void begin() throws SQLException {
    if (!inTransaction) {
      execute("BEGIN IMMEDIATE");
      inTransaction = true;
      changes = 0;
      began = System.nanoTime();
    }
  }

  private void commitNow() throws SQLException {
    if (inTransaction) {
      execute("COMMIT");
      inTransaction = false;
    }
  }

  /** Makes durable what was changed. */
  synchronized void commit() {
    call(
        "commit",
        () -> {
          commitNow();
          return null;
        });
  }

  private void rollBack() {
    if (inTransaction) {
      inTransaction = false;
      try {
        execute("ROLLBACK");
      } catch (SQLException e) {
        // SQLite did it already, when there was no space
      }
    }
  }

  /** A statement that is kept; its values are set. To be used within a call. */
  PreparedStatement prepared(String sql, Object... values) throws SQLException {
    PreparedStatement statement = statements.get(sql);
    if (statement == null) {
      statement = connection.prepareStatement(sql);
      statements.put(sql, statement);
    }
    set(statement, values);
    return statement;
  }

  private static void set(PreparedStatement statement, Object... values) throws SQLException {
    for (int i = 0; i < values.length; i++) {
      if (values[i] instanceof byte[] bytes) {
        statement.setBytes(i + 1, bytes);
      } else {
        statement.setObject(i + 1, values[i]);
      }
    }
  }

  /** Runs a statement. To be used within a call, as all below. @return rows it changed */
  int execute(String sql, Object... values) throws SQLException {
    if (values.length == 0) {
      try (Statement statement = connection.createStatement()) {
        statement.execute(sql);
        return statement.getUpdateCount();
      }
    }
    return prepared(sql, values).executeUpdate();
  }

  /** The number a statement gives first, or a default when it gives none. */
  long number(long none, String sql, Object... values) throws SQLException {
    try (ResultSet rows = prepared(sql, values).executeQuery()) {
      if (!rows.next()) {
        return none;
      }
      long number = rows.getLong(1);
      return rows.wasNull() ? none : number;
    }
  }

  /** A statement of its own, for rows that are read while others are asked for. */
  PreparedStatement own(String sql, Object... values) throws SQLException {
    PreparedStatement statement = connection.prepareStatement(sql);
    set(statement, values);
    return statement;
  }

  String fact(String name) {
    return call(
        "read",
        () -> {
          try (ResultSet rows =
              prepared("SELECT value FROM fact WHERE name = ?", name).executeQuery()) {
            return rows.next() ? rows.getString(1) : null;
          }
        });
  }

  /** Notes a fact; it is part of the transaction when there is one. */
  void fact(String name, String value) {
    call("write", () -> execute("INSERT OR REPLACE INTO fact VALUES (?, ?)", name, value));
  }

  @Override
  public synchronized void close() {
    try {
      if (inTransaction) {
        commitNow();
      }
    } catch (SQLException e) {
      throw told("close the catalogue " + path, e);
    } finally {
      try {
        connection.close();
      } catch (SQLException e) {
        // everything that was committed is there
      }
    }
  }
}
