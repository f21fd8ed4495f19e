package blksh.workspace;

import blksh.BlkshException;
import blksh.io.Sqlite;
import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;

/**
 * The tables of the workspace database, as the list of steps that lead to them. {@code PRAGMA
 * user_version} counts the steps taken; each is taken in one transaction with its count. Steps are
 * only ever added at the end.
 */
final class Schema {

  private static final List<List<String>> STEPS =
      List.of(
          List.of(
              """
              CREATE TABLE store (
                path      TEXT PRIMARY KEY,
                name      TEXT NOT NULL UNIQUE,
                id        TEXT NOT NULL,
                last_used INTEGER NOT NULL      -- milliseconds since 1970
              ) WITHOUT ROWID\
              """,
              """
              CREATE TABLE run (
                id            INTEGER PRIMARY KEY AUTOINCREMENT,
                verb          TEXT NOT NULL,
                subject       TEXT NOT NULL,
                started       INTEGER NOT NULL, -- milliseconds since 1970
                elapsed       INTEGER,          -- milliseconds
                bytes         INTEGER NOT NULL DEFAULT 0,
                outcome       TEXT NOT NULL,
                figures       TEXT NOT NULL DEFAULT '{}',
                message       TEXT NOT NULL DEFAULT '',
                pid           INTEGER NOT NULL,
                process_start INTEGER NOT NULL,
                boot          TEXT NOT NULL,
                pid_space     TEXT NOT NULL
              )\
              """),
          List.of(
              """
              CREATE TABLE cache (
                data      TEXT PRIMARY KEY,
                name      TEXT NOT NULL UNIQUE,
                map       TEXT NOT NULL,
                source    TEXT NOT NULL,
                medium    TEXT NOT NULL,
                size      INTEGER NOT NULL,     -- bytes
                last_used INTEGER NOT NULL      -- milliseconds since 1970
              ) WITHOUT ROWID\
              """),
          List.of(
              """
              CREATE TABLE snapshot_place (
                path TEXT PRIMARY KEY
              ) WITHOUT ROWID\
              """),
          // How far a run is: what it told last is in bytes and elapsed while it goes on. The total
          // is in bytes, or -1 when unknown; told is when, in milliseconds since 1970, null for
          // never.
          List.of(
              "ALTER TABLE run ADD COLUMN total INTEGER NOT NULL DEFAULT -1",
              "ALTER TABLE run ADD COLUMN resumed INTEGER NOT NULL DEFAULT 0",
              "ALTER TABLE run ADD COLUMN phase TEXT NOT NULL DEFAULT ''",
              "ALTER TABLE run ADD COLUMN told INTEGER"));

  static final int VERSION = STEPS.size();

  private Schema() {}

  /**
   * Brings a database up to date; cheap and without a lock when it is.
   *
   * @throws BlkshException when a newer blksh has written it
   */
  static void migrate(Connection connection) throws SQLException, IOException {
    while (Sqlite.version(connection) < VERSION) {
      Sqlite.transaction(
          connection,
          () -> {
            int version = Sqlite.version(connection);
            if (version < VERSION) {
              try (Statement statement = connection.createStatement()) {
                for (String step : STEPS.get(version)) {
                  statement.execute(step);
                }
              }
              Sqlite.version(connection, version + 1);
            }
            return null;
          });
    }
    int version = Sqlite.version(connection);
    if (version > VERSION) {
      throw new BlkshException(
              "use the workspace database",
              "a newer blksh wrote it (version %d, this one knows %d)".formatted(version, VERSION))
          .suggest("update blksh, or choose another home with --home");
    }
  }
}
