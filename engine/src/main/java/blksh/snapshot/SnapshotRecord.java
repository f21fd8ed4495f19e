package blksh.snapshot;

import blksh.BlkshException;
import blksh.io.IoFailure;
import blksh.io.Sha256;
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
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * What was noted of the snapshots of a destination: of each its directories, of each of these its
 * entries. A part of a directory that is the same in several snapshots is there once.
 *
 * <p>A directory is called by its path with zero bytes between the steps, so that their order is
 * that of a walk. A snapshot is noted as whole before it gets its name. Any number of threads may
 * use one.
 */
final class SnapshotRecord implements Closeable {

  private static final int VERSION = 1;
  private static final int PATIENCE_MILLIS = 60_000;

  /** Bytes written before they are committed. */
  private static final long PIECE = 8 << 20;

  private final Path file;
  private final Connection connection;
  private final PreparedStatement findPart;
  private final PreparedStatement addPart;
  private final PreparedStatement addDirectory;

  private boolean inTransaction;
  private long written;

  private SnapshotRecord(Path file, Connection connection) throws SQLException {
    this.file = file;
    this.connection = connection;
    this.findPart = connection.prepareStatement("SELECT id FROM part WHERE hash = ?");
    this.addPart =
        connection.prepareStatement("INSERT INTO part (hash, entries) VALUES (?, ?) RETURNING id");
    this.addDirectory =
        connection.prepareStatement("INSERT OR REPLACE INTO directory VALUES (?, ?, ?, ?)");
  }

  /** A part of a directory of a snapshot. @param path relative, with slashes */
  record Part(byte[] path, int number, long id) {}

  /** Opens a record, or makes an empty one. */
  static SnapshotRecord open(Path file) {
    try {
      Connection connection = Sqlite.open(file, Sqlite.Synchronous.FULL, PATIENCE_MILLIS);
      boolean ready = false;
      try {
        int version = Sqlite.version(connection);
        if (version > VERSION) {
          throw new BlkshException("open the record " + file, "a newer blksh made it");
        }
        if (version < VERSION) {
          Sqlite.transaction(
              connection,
              () -> {
                make(connection);
                return null;
              });
        }
        SnapshotRecord record = new SnapshotRecord(file, connection);
        ready = true;
        return record;
      } finally {
        if (!ready) {
          connection.close();
        }
      }
    } catch (SQLException e) {
      throw told("open the record " + file, e);
    } catch (IOException e) {
      throw IoFailure.told("open the record " + file, e);
    }
  }

  /** Opens one on a file system that cannot be written; empty when there is none. */
  static Optional<SnapshotRecord> openUnchanging(Path file) {
    if (!Files.exists(file)) {
      return Optional.empty();
    }
    try {
      return Optional.of(new SnapshotRecord(file, Sqlite.openUnchanging(file)));
    } catch (SQLException e) {
      throw told("open the record " + file, e);
    }
  }

  private static BlkshException told(String action, SQLException e) {
    BlkshException told = new BlkshException(action, e.getMessage(), e);
    return Sqlite.failure(e) == Sqlite.Failure.DAMAGED
        ? told.suggest("move it away and adopt the destination: it is made again from the trees")
        : told;
  }

  private static void make(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(
          """
          CREATE TABLE snapshot (
            id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT, whole INTEGER, taken INTEGER, host TEXT,
            targets TEXT, tags TEXT, entries INTEGER, bytes INTEGER, missing INTEGER, root INTEGER)""");
      statement.execute(
          "CREATE TABLE part (id INTEGER PRIMARY KEY, hash BLOB UNIQUE, entries BLOB)");
      statement.execute(
          """
          CREATE TABLE bad (inode INTEGER PRIMARY KEY)""");
      statement.execute(
          """
          CREATE TABLE directory (
            snapshot INTEGER, path BLOB, number INTEGER, part INTEGER,
            PRIMARY KEY (snapshot, path, number)) WITHOUT ROWID""");
      statement.execute("CREATE TABLE fact (name TEXT PRIMARY KEY, value TEXT)");
    }
    Sqlite.version(connection, VERSION);
  }

  /** Work that may fail as SQLite does. */
  interface Work<T> {
    T run() throws SQLException;
  }

  /** Does something while no other thread uses the connection. */
  synchronized <T> T call(String action, Work<T> work) {
    try {
      return work.run();
    } catch (SQLException e) {
      throw told(action + " in the record " + file, e);
    }
  }

  void execute(String sql, Object... values) throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(sql)) {
      for (int i = 0; i < values.length; i++) {
        statement.setObject(i + 1, values[i]);
      }
      statement.execute();
    }
  }

  /** For what is kept in tables of this sitting alone; to be used within {@link #call}. */
  Connection connection() {
    return connection;
  }

  private void begin() throws SQLException {
    if (!inTransaction) {
      execute("BEGIN IMMEDIATE");
      inTransaction = true;
    }
  }

  /** Makes durable what was noted. */
  synchronized void commit() {
    call(
        "commit",
        () -> {
          if (inTransaction) {
            execute("COMMIT");
            inTransaction = false;
            written = 0;
          }
          return null;
        });
  }

  /** Drops what was noted and not committed. */
  synchronized void rollBack() {
    if (inTransaction) {
      inTransaction = false;
      written = 0;
      try {
        execute("ROLLBACK");
      } catch (SQLException e) {
        // SQLite did it already, when there was no space
      }
    }
  }

  /** A fact about the destination; null when it is not known. */
  String fact(String name) {
    return call(
        "read",
        () -> {
          try (PreparedStatement statement =
              connection.prepareStatement("SELECT value FROM fact WHERE name = ?")) {
            statement.setString(1, name);
            try (ResultSet rows = statement.executeQuery()) {
              return rows.next() ? rows.getString(1) : null;
            }
          }
        });
  }

  void fact(String name, String value) {
    call(
        "write",
        () -> {
          execute("INSERT OR REPLACE INTO fact VALUES (?, ?)", name, value);
          return null;
        });
  }

  /** Notes that a snapshot is begun. @return its number, larger than any before */
  long begin(Instant taken, String host, List<String> targets, List<String> tags, boolean root) {
    return call(
        "begin a snapshot",
        () -> {
          try (PreparedStatement statement =
              connection.prepareStatement(
                  """
                  INSERT INTO snapshot (whole, taken, host, targets, tags, root)
                  VALUES (0, ?, ?, ?, ?, ?) RETURNING id""")) {
            statement.setLong(1, taken.toEpochMilli());
            statement.setString(2, host);
            statement.setString(3, String.join("\n", targets));
            statement.setString(4, String.join("\n", tags));
            statement.setBoolean(5, root);
            try (ResultSet rows = statement.executeQuery()) {
              rows.next();
              return rows.getLong(1);
            }
          }
        });
  }

  /** Notes a part of a directory. @param entries as {@link RecordEntry#packed} has them */
  void add(long snapshot, byte[] path, int number, byte[] entries) {
    byte[] hash = Sha256.begin().digest(entries);
    call(
        "note a directory",
        () -> {
          begin();
          findPart.setBytes(1, hash);
          long part = number(findPart);
          if (part < 0) {
            addPart.setBytes(1, hash);
            addPart.setBytes(2, entries);
            part = number(addPart);
            written += entries.length;
          }
          addDirectory.setLong(1, snapshot);
          addDirectory.setBytes(2, key(path));
          addDirectory.setInt(3, number);
          addDirectory.setLong(4, part);
          addDirectory.executeUpdate();
          written += path.length + Long.BYTES;
          if (written > PIECE) {
            commit();
          }
          return null;
        });
  }

  static long number(PreparedStatement statement) throws SQLException {
    try (ResultSet rows = statement.executeQuery()) {
      return rows.next() ? rows.getLong(1) : -1;
    }
  }

  private static byte[] key(byte[] path) {
    return replaced(path, (byte) '/', (byte) 0);
  }

  private static byte[] replaced(byte[] path, byte old, byte by) {
    byte[] key = path.clone();
    for (int i = 0; i < key.length; i++) {
      key[i] = key[i] == old ? by : key[i];
    }
    return key;
  }

  /** Notes, durably, that a snapshot is whole and about to get its name. */
  void whole(long snapshot, String name, long entries, long bytes, long missing) {
    call(
        "note a snapshot",
        () -> {
          begin();
          execute(
              "UPDATE snapshot SET name = ?, whole = 1, entries = ?, bytes = ?, missing = ? WHERE id = ?",
              name,
              entries,
              bytes,
              missing,
              snapshot);
          commit();
          return null;
        });
  }

  /** A snapshot that is noted as whole. @param root whether who took it could give files away */
  record Noted(long id, Snapshot snapshot, boolean root) {}

  /** All that are noted as whole, in the order in which they were begun. */
  List<Noted> snapshots() {
    return call(
        "list snapshots",
        () -> {
          List<Noted> all = new ArrayList<>();
          try (Statement statement = connection.createStatement();
              ResultSet rows =
                  statement.executeQuery("SELECT * FROM snapshot WHERE whole = 1 ORDER BY id")) {
            while (rows.next()) {
              all.add(
                  new Noted(
                      rows.getLong("id"),
                      new Snapshot(
                          rows.getString("name"),
                          Instant.ofEpochMilli(rows.getLong("taken")),
                          rows.getString("host"),
                          lines(rows.getString("targets")),
                          lines(rows.getString("tags")),
                          rows.getLong("entries"),
                          rows.getLong("bytes"),
                          -1,
                          -1,
                          rows.getLong("missing"),
                          true),
                      rows.getBoolean("root")));
            }
          }
          return all;
        });
  }

  private static List<String> lines(String text) {
    return text.isEmpty() ? List.of() : List.of(text.split("\n"));
  }

  /** Forgets snapshots, and those that never became whole. */
  void forget(List<Long> snapshots) {
    call(
        "forget a snapshot",
        () -> {
          begin();
          for (long id : snapshots) {
            execute("DELETE FROM snapshot WHERE id = ?", id);
            execute("DELETE FROM directory WHERE snapshot = ?", id);
          }
          commit();
          return null;
        });
  }

  /** Forgets what is of no snapshot that is noted as whole. */
  void forgetRest() {
    call(
        "tidy up",
        () -> {
          begin();
          execute("DELETE FROM snapshot WHERE whole = 0");
          execute("DELETE FROM directory WHERE snapshot NOT IN (SELECT id FROM snapshot)");
          execute("DELETE FROM part WHERE id NOT IN (SELECT part FROM directory)");
          commit();
          return null;
        });
  }

  /**
   * The parts of the directories of a snapshot in the order of a walk, as many as asked for.
   *
   * @param after the last of those before; null for the first
   */
  List<Part> parts(long snapshot, Part after, int count) {
    return call(
        "read a snapshot",
        () -> {
          List<Part> parts = new ArrayList<>();
          try (PreparedStatement statement =
              connection.prepareStatement(
                  """
                  SELECT path, number, part FROM directory
                  WHERE snapshot = ? AND (path, number) > (?, ?) ORDER BY path, number LIMIT ?""")) {
            statement.setLong(1, snapshot);
            statement.setBytes(2, after == null ? new byte[0] : key(after.path));
            statement.setInt(3, after == null ? -1 : after.number);
            statement.setInt(4, count);
            try (ResultSet rows = statement.executeQuery()) {
              while (rows.next()) {
                parts.add(
                    new Part(
                        replaced(rows.getBytes(1), (byte) 0, (byte) '/'),
                        rows.getInt(2),
                        rows.getLong(3)));
              }
            }
          }
          return parts;
        });
  }

  /** The entries of a part. */
  List<RecordEntry> entries(long part) {
    byte[] packed =
        call(
            "read a directory",
            () -> {
              try (PreparedStatement statement =
                  connection.prepareStatement("SELECT entries FROM part WHERE id = ?")) {
                statement.setLong(1, part);
                try (ResultSet rows = statement.executeQuery()) {
                  return rows.next() ? rows.getBytes(1) : null;
                }
              }
            });
    try {
      if (packed != null) {
        return RecordEntry.unpacked(packed);
      }
    } catch (IllegalArgumentException e) {
      // told below
    }
    throw new BlkshException("read a directory in the record " + file, "the record is damaged")
        .suggest("move it away and adopt the destination: it is made again from the trees");
  }

  /** Inodes in the destination whose contents were found wrong. */
  Set<Long> bad() {
    return call(
        "read",
        () -> {
          Set<Long> bad = new HashSet<>();
          try (Statement statement = connection.createStatement();
              ResultSet rows = statement.executeQuery("SELECT inode FROM bad")) {
            while (rows.next()) {
              bad.add(rows.getLong(1));
            }
          }
          return bad;
        });
  }

  /** Notes inodes whose contents were found wrong. @param only whether all others are right */
  void bad(Set<Long> inodes, boolean only) {
    call(
        "note what is wrong",
        () -> {
          begin();
          if (only) {
            execute("DELETE FROM bad");
          }
          for (long each : inodes) {
            execute("INSERT OR IGNORE INTO bad VALUES (?)", each);
          }
          commit();
          return null;
        });
  }

  /** The parts of one directory of a snapshot; none when it has no such directory. */
  List<Part> partsOf(long snapshot, byte[] path) {
    return call(
        "read a directory",
        () -> {
          List<Part> parts = new ArrayList<>();
          try (PreparedStatement statement =
              connection.prepareStatement(
                  "SELECT number, part FROM directory WHERE snapshot = ? AND path = ? ORDER BY 1")) {
            statement.setLong(1, snapshot);
            statement.setBytes(2, key(path));
            try (ResultSet rows = statement.executeQuery()) {
              while (rows.next()) {
                parts.add(new Part(path, rows.getInt(1), rows.getLong(2)));
              }
            }
          }
          return parts;
        });
  }

  @Override
  public synchronized void close() {
    try {
      connection.close();
    } catch (SQLException e) {
      // what was committed is safe
    }
  }
}
