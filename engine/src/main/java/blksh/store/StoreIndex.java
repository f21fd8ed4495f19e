package blksh.store;

import blksh.BlkshException;
import blksh.io.IoFailure;
import blksh.io.Sqlite;
import java.io.Closeable;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * {@code index.db}: what can be known of packs and manifests without opening them. All of it but
 * the times of the last verification is derived and can be made again; nothing is trusted for a
 * restore.
 *
 * <p>A pack's ordinal is what the page index calls it. A pack is listed only after all its pages
 * are in the page index, so a pack file without a row is one to be indexed.
 */
final class StoreIndex implements Closeable {

  private static final int VERSION = 1;

  /** How long to wait for another process that writes. */
  private static final int BUSY_MILLIS = 30_000;

  private static final String SCHEMA =
      """
      CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT NOT NULL);
      CREATE TABLE packs(
        ordinal INTEGER PRIMARY KEY AUTOINCREMENT,
        id INTEGER NOT NULL UNIQUE,
        pages INTEGER NOT NULL,
        frames INTEGER NOT NULL,
        raw_bytes INTEGER NOT NULL,
        file_bytes INTEGER NOT NULL,
        indexed INTEGER NOT NULL,
        verified TEXT);
      CREATE TABLE manifests(
        name TEXT NOT NULL,
        version INTEGER NOT NULL,
        settled INTEGER NOT NULL,
        description TEXT NOT NULL,
        size INTEGER NOT NULL,
        PRIMARY KEY(name, version)) WITHOUT ROWID;
      CREATE TABLE numbers(name TEXT PRIMARY KEY, last INTEGER NOT NULL) WITHOUT ROWID;
      """;

  private final String location;
  private final Connection connection;

  private StoreIndex(String location, Connection connection) {
    this.location = location;
    this.connection = connection;
  }

  /** Opens the index of a store, or makes an empty one. */
  static StoreIndex open(Path file) {
    return open(file.toString(), () -> Sqlite.open(file, Sqlite.Synchronous.NORMAL, BUSY_MILLIS));
  }

  /** An index that lives as long as it is open, for a store that cannot be written. */
  static StoreIndex inMemory() {
    return open("an index in memory", Sqlite::inMemory);
  }

  private static StoreIndex open(String location, Work<Connection> opening) {
    StoreIndex index = null;
    try {
      index = new StoreIndex(location, opening.run());
      index.migrate();
      return index;
    } catch (SQLException e) {
      if (index != null) {
        index.close();
      }
      throw failure(location, e);
    }
  }

  private void migrate() throws SQLException {
    if (Sqlite.version(connection) == VERSION) {
      return;
    }
    transaction(
        () -> {
          int version = Sqlite.version(connection);
          if (version > VERSION) {
            throw new BlkshException(
                    "open " + location, "it was written by a newer blksh (version " + version + ")")
                .suggest("use that blksh, or delete the file: it is made again");
          }
          if (version == 0) {
            try (Statement statement = connection.createStatement()) {
              for (String command : SCHEMA.split(";\n")) {
                if (!command.isBlank()) {
                  statement.execute(command);
                }
              }
            }
            Sqlite.version(connection, VERSION);
          }
          return null;
        });
  }

  private interface Work<T> {
    T run() throws SQLException;
  }

  private synchronized <T> T transaction(Work<T> work) {
    try {
      return Sqlite.transaction(connection, work::run);
    } catch (SQLException e) {
      throw failure(location, e);
    } catch (IOException e) {
      throw IoFailure.told("use " + location, e);
    }
  }

  private synchronized <T> T query(Work<T> work) {
    try {
      return work.run();
    } catch (SQLException e) {
      throw failure(location, e);
    }
  }

  /** The index is not a sound database; it can be made again. */
  static final class DamagedIndexException extends BlkshException {
    DamagedIndexException(String location, String problem, Throwable cause) {
      super("use " + location, problem, cause);
      suggest("run reindex: everything in it is made again from packs and manifests");
    }
  }

  private static BlkshException failure(String location, SQLException e) {
    Sqlite.Failure failure = Sqlite.failure(e);
    if (failure == Sqlite.Failure.DAMAGED || failure == Sqlite.Failure.STATEMENT) {
      return new DamagedIndexException(location, e.getMessage(), e);
    }
    return new BlkshException("use " + location, e.getMessage(), e);
  }

  /** A pack as listed. */
  record PackRow(
      long ordinal,
      long id,
      long pages,
      long frames,
      long rawBytes,
      long fileBytes,
      boolean indexed,
      Instant verified) {}

  List<PackRow> packs() {
    return query(
        () -> {
          List<PackRow> rows = new ArrayList<>();
          try (Statement statement = connection.createStatement();
              ResultSet row =
                  statement.executeQuery(
                      "SELECT ordinal, id, pages, frames, raw_bytes, file_bytes, indexed, verified"
                          + " FROM packs ORDER BY ordinal")) {
            while (row.next()) {
              String verified = row.getString(8);
              rows.add(
                  new PackRow(
                      row.getLong(1),
                      row.getLong(2),
                      row.getLong(3),
                      row.getLong(4),
                      row.getLong(5),
                      row.getLong(6),
                      row.getBoolean(7),
                      verified == null ? null : Instant.parse(verified)));
            }
          } catch (DateTimeParseException e) {
            throw new DamagedIndexException(location, "a row is damaged: " + e.getMessage(), e);
          }
          return rows;
        });
  }

  /** The id of the pack with an ordinal, if there is one. */
  Optional<Long> packId(long ordinal) {
    return query(
        () -> {
          try (PreparedStatement select =
              connection.prepareStatement("SELECT id FROM packs WHERE ordinal = ?")) {
            select.setLong(1, ordinal);
            try (ResultSet row = select.executeQuery()) {
              return row.next() ? Optional.of(row.getLong(1)) : Optional.empty();
            }
          }
        });
  }

  /** Gives a pack its ordinal; it counts as not yet in the page index. */
  long addPack(long id, long pages, long frames, long rawBytes, long fileBytes) {
    return transaction(
        () -> {
          try (PreparedStatement insert =
              connection.prepareStatement(
                  "INSERT INTO packs(id, pages, frames, raw_bytes, file_bytes, indexed)"
                      + " VALUES(?, ?, ?, ?, ?, 0) ON CONFLICT(id) DO UPDATE SET"
                      + " pages = excluded.pages, frames = excluded.frames,"
                      + " raw_bytes = excluded.raw_bytes, file_bytes = excluded.file_bytes")) {
            insert.setLong(1, id);
            insert.setLong(2, pages);
            insert.setLong(3, frames);
            insert.setLong(4, rawBytes);
            insert.setLong(5, fileBytes);
            insert.executeUpdate();
          }
          try (PreparedStatement select =
              connection.prepareStatement("SELECT ordinal FROM packs WHERE id = ?")) {
            select.setLong(1, id);
            try (ResultSet row = select.executeQuery()) {
              return row.getLong(1);
            }
          }
        });
  }

  /** Notes that all pages of a pack are in the page index. */
  void packIndexed(long ordinal) {
    update("UPDATE packs SET indexed = 1 WHERE ordinal = ?", ordinal);
  }

  void packVerified(long id, Instant when) {
    update("UPDATE packs SET verified = ? WHERE id = ?", when.toString(), id);
  }

  private void update(String sql, Object... values) {
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

  /** Forgets all packs, as when the page index is made anew. Verification times are kept aside. */
  Map<Long, Instant> clearPacks() {
    Map<Long, Instant> verified = new HashMap<>();
    for (PackRow row : packs()) {
      if (row.verified() != null) {
        verified.put(row.id(), row.verified());
      }
    }
    update("DELETE FROM packs");
    return verified;
  }

  String meta(String key) {
    return query(
        () -> {
          try (PreparedStatement select =
              connection.prepareStatement("SELECT value FROM meta WHERE key = ?")) {
            select.setString(1, key);
            try (ResultSet row = select.executeQuery()) {
              return row.next() ? row.getString(1) : null;
            }
          }
        });
  }

  void meta(String key, String value) {
    update("INSERT OR REPLACE INTO meta(key, value) VALUES(?, ?)", key, value);
  }

  /**
   * The version a new manifest under a name gets: never one that was used before, as far as is
   * known. The caller holds the publishing lock.
   */
  int nextVersion(String name, int lastOnDisk) {
    return transaction(
        () -> {
          int last = lastOnDisk;
          try (PreparedStatement select =
              connection.prepareStatement("SELECT last FROM numbers WHERE name = ?")) {
            select.setString(1, name);
            try (ResultSet row = select.executeQuery()) {
              last = Math.max(last, row.next() ? row.getInt(1) : 0);
            }
          }
          return Math.addExact(last, 1);
        });
  }

  /**
   * Lists a manifest. Unsettled rows say that a manifest is about to appear or to vanish; who finds
   * one while holding the publishing lock looks at the file and settles it.
   */
  void putManifest(Manifest manifest, boolean settled) {
    transaction(
        () -> {
          insertManifest(manifest, settled);
          return null;
        });
  }

  private void insertManifest(Manifest manifest, boolean settled) throws SQLException {
    try (PreparedStatement insert =
            connection.prepareStatement(
                "INSERT OR REPLACE INTO manifests(name, version, settled, description, size)"
                    + " VALUES(?, ?, ?, ?, ?)");
        PreparedStatement number =
            connection.prepareStatement(
                "INSERT INTO numbers(name, last) VALUES(?, ?) ON CONFLICT(name) DO UPDATE"
                    + " SET last = max(last, excluded.last)")) {
      insert.setString(1, manifest.name());
      insert.setInt(2, manifest.version());
      insert.setBoolean(3, settled);
      insert.setString(4, new String(ManifestJson.write(manifest), StandardCharsets.UTF_8));
      insert.setLong(5, manifest.size());
      insert.executeUpdate();
      number.setString(1, manifest.name());
      number.setInt(2, manifest.version());
      number.executeUpdate();
    } catch (IOException e) {
      throw new SQLException(e);
    }
  }

  void unsettle(String name, int version) {
    update("UPDATE manifests SET settled = 0 WHERE name = ? AND version = ?", name, version);
  }

  void removeManifest(String name, int version) {
    update("DELETE FROM manifests WHERE name = ? AND version = ?", name, version);
  }

  /** Replaces the list of manifests by another. */
  void replaceManifests(Iterable<Manifest> manifests) {
    transaction(
        () -> {
          try (Statement statement = connection.createStatement()) {
            statement.execute("DELETE FROM manifests");
          }
          for (Manifest manifest : manifests) {
            insertManifest(manifest, true);
          }
          return null;
        });
  }

  /** The settled manifests, of one name or (null) of all, by name then version. */
  List<Manifest> manifests(String name) {
    return select(
        "SELECT description FROM manifests WHERE settled = 1"
            + (name == null ? "" : " AND name = ?")
            + " ORDER BY name, version",
        name);
  }

  /** The manifests whose row may not be true. */
  List<Manifest> unsettled() {
    return select("SELECT description FROM manifests WHERE settled = 0", null);
  }

  private List<Manifest> select(String sql, String name) {
    return query(
        () -> {
          List<Manifest> found = new ArrayList<>();
          try (PreparedStatement select = connection.prepareStatement(sql)) {
            if (name != null) {
              select.setString(1, name);
            }
            try (ResultSet row = select.executeQuery()) {
              while (row.next()) {
                found.add(parse(row.getString(1)));
              }
            }
          }
          return found;
        });
  }

  private Manifest parse(String description) {
    try {
      return ManifestJson.read(description.getBytes(StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new DamagedIndexException(location, "a row is damaged: " + e.getMessage(), e);
    }
  }

  List<String> names() {
    return query(
        () -> {
          List<String> names = new ArrayList<>();
          try (Statement statement = connection.createStatement();
              ResultSet row =
                  statement.executeQuery(
                      "SELECT DISTINCT name FROM manifests WHERE settled = 1 ORDER BY name")) {
            while (row.next()) {
              names.add(row.getString(1));
            }
          }
          return names;
        });
  }

  /** What SQLite's own check finds wrong, or null. */
  String integrity() {
    return query(() -> Sqlite.damage(connection));
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
