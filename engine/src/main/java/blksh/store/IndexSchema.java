package blksh.store;

import blksh.io.Sqlite;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The tables of {@code index.db}, and how older ones become them. */
final class IndexSchema {

  static final int VERSION = 3;

  private static final String MANIFESTS =
      """
      CREATE TABLE manifests(
        name TEXT NOT NULL,
        version INTEGER NOT NULL,
        description TEXT NOT NULL,
        size INTEGER NOT NULL,
        blob_bytes INTEGER NOT NULL,
        PRIMARY KEY(name, version)) WITHOUT ROWID;
      """;

  private static final String BAD =
      """
      CREATE TABLE bad(
        pack INTEGER NOT NULL,
        first INTEGER NOT NULL,
        past INTEGER NOT NULL,
        PRIMARY KEY(pack, first)) WITHOUT ROWID;
      """;

  private static final String DAMAGE =
      """
      CREATE TABLE damage(
        file TEXT NOT NULL,
        start INTEGER NOT NULL,
        length INTEGER NOT NULL,
        problem TEXT NOT NULL,
        affected TEXT,
        since TEXT NOT NULL,
        PRIMARY KEY(file, start, problem)) WITHOUT ROWID;
      """;

  private static final String TABLES =
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
        verified TEXT,
        checked TEXT,
        entered TEXT);
      CREATE TABLE numbers(name TEXT PRIMARY KEY, last INTEGER NOT NULL) WITHOUT ROWID;
      """
          + MANIFESTS
          + BAD
          + DAMAGE;

  /** What version 2 lacks: when packs were entered is not known, so their turn comes first. */
  private static final String FROM_2 =
      """
      ALTER TABLE packs ADD COLUMN checked TEXT;
      ALTER TABLE packs ADD COLUMN entered TEXT;
      """
          + DAMAGE;

  /** What version 1 lacks. */
  private static final String FROM_1 =
      """
      DROP TABLE manifests;
      """
          + MANIFESTS
          + BAD
          + FROM_2;

  /** Every table with its columns, in order. */
  private static final Map<String, List<String>> COLUMNS =
      Map.of(
          "meta", List.of("key TEXT", "value TEXT"),
          "packs",
              List.of(
                  "ordinal INTEGER",
                  "id INTEGER",
                  "pages INTEGER",
                  "frames INTEGER",
                  "raw_bytes INTEGER",
                  "file_bytes INTEGER",
                  "indexed INTEGER",
                  "verified TEXT",
                  "checked TEXT",
                  "entered TEXT"),
          "manifests",
              List.of(
                  "name TEXT",
                  "version INTEGER",
                  "description TEXT",
                  "size INTEGER",
                  "blob_bytes INTEGER"),
          "numbers", List.of("name TEXT", "last INTEGER"),
          "bad", List.of("pack INTEGER", "first INTEGER", "past INTEGER"),
          "damage",
              List.of(
                  "file TEXT",
                  "start INTEGER",
                  "length INTEGER",
                  "problem TEXT",
                  "affected TEXT",
                  "since TEXT"));

  private IndexSchema() {}

  /**
   * Makes the tables, in the caller's transaction.
   *
   * @param from the version there is, 0 for none
   */
  static void make(Connection connection, int from) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      for (String command : commands(from).split(";\n")) {
        if (!command.isBlank()) {
          statement.execute(command);
        }
      }
    }
    Sqlite.version(connection, VERSION);
  }

  private static String commands(int from) {
    return switch (from) {
      case 0 -> TABLES;
      case 1 -> FROM_1;
      default -> FROM_2;
    };
  }

  /** Whether the tables are as they were made: SQLite takes a damaged schema that makes sense. */
  static boolean holds(Connection connection) throws SQLException {
    Map<String, List<String>> found = new HashMap<>();
    try (Statement statement = connection.createStatement();
        ResultSet row =
            statement.executeQuery(
                "SELECT m.name, c.name || ' ' || c.type FROM sqlite_master m,"
                    + " pragma_table_info(m.name) c WHERE m.type = 'table'"
                    + " AND m.name NOT LIKE 'sqlite_%' ORDER BY m.name, c.cid")) {
      while (row.next()) {
        found.computeIfAbsent(row.getString(1), name -> new ArrayList<>()).add(row.getString(2));
      }
    }
    return found.equals(COLUMNS);
  }
}
