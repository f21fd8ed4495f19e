package blksh.store;

import blksh.BlkshException;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Map;

/**
 * The numbers that versions of each name were given, in {@code index.db}: none is given twice, also
 * when its version is gone.
 */
final class GivenNumbers {

  private final IndexConnection database;

  GivenNumbers(IndexConnection database) {
    this.database = database;
  }

  /** The highest a manifest's name can hold. */
  static final int MOST = 999_999_999;

  /**
   * The version a new manifest under a name gets: never one that was used before, as far as is
   * known. The caller holds the publishing lock.
   *
   * @throws BlkshException when there is none left
   */
  int next(String name, int lastOnDisk) {
    return database.transaction(
        () -> {
          int last = lastOnDisk;
          try (PreparedStatement select =
              database.prepare("SELECT last FROM numbers WHERE name = ?")) {
            select.setString(1, name);
            try (ResultSet row = select.executeQuery()) {
              last = Math.max(last, row.next() ? row.getInt(1) : 0);
            }
          }
          if (last >= MOST) {
            throw new BlkshException(
                    "number a version of " + name, "the highest number there can be has been given")
                .suggest("go on under another name");
          }
          return last + 1;
        });
  }

  /**
   * Notes that versions have been used, before they vanish: they are never given again.
   *
   * @param highest of each name
   */
  void used(Map<String, Integer> highest) {
    database.transaction(
        () -> {
          for (Map.Entry<String, Integer> each : highest.entrySet()) {
            use(each.getKey(), each.getValue());
          }
          return null;
        });
  }

  /** As above, of one version, in a transaction that is begun. */
  void use(String name, int version) throws SQLException {
    try (PreparedStatement number =
        database.prepare(
            "INSERT INTO numbers(name, last) VALUES(?, ?) ON CONFLICT(name) DO UPDATE"
                + " SET last = max(last, excluded.last)")) {
      number.setString(1, name);
      number.setInt(2, version);
      number.executeUpdate();
    }
  }

  /** All that were given, in a word that changes with each; empty when none was. */
  String all() {
    return database.query(
        () -> {
          try (PreparedStatement select =
                  database.prepare("SELECT count(*), sum(last) FROM numbers");
              ResultSet row = select.executeQuery()) {
            return row.next() && row.getLong(1) > 0 ? row.getLong(1) + " " + row.getLong(2) : "";
          }
        });
  }
}
