package blksh.catalogue;

import blksh.io.Sqlite;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;

/** The tables of a catalogue. All sizes are in bytes, all instants in milliseconds since 1970. */
final class CatalogueSchema {

  private static final List<String> TABLES =
      List.of(
          "CREATE TABLE fact (name TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID",
          """
          CREATE TABLE source (
            id       INTEGER PRIMARY KEY,
            root     BLOB NOT NULL,       -- absolute path, or as another catalogue names it
            prefix   BLOB,                -- where it is in the one tree, from the first plan on
            imported INTEGER NOT NULL,    -- 1 when it came from a catalogue.json
            job_name TEXT, job_id TEXT, client TEXT, guid TEXT, date TEXT, origin TEXT
          )""",
          """
          CREATE TABLE scan (
            id INTEGER PRIMARY KEY, source INTEGER NOT NULL,
            began INTEGER NOT NULL, ended INTEGER,   -- null while it runs, or when it was broken off
            files INTEGER NOT NULL DEFAULT 0, bytes INTEGER NOT NULL DEFAULT 0,
            read_files INTEGER NOT NULL DEFAULT 0, read_bytes INTEGER NOT NULL DEFAULT 0,
            gone INTEGER NOT NULL DEFAULT 0, problems INTEGER NOT NULL DEFAULT 0
          )""",
          """
          CREATE TABLE directory (
            id INTEGER PRIMARY KEY, source INTEGER NOT NULL, path BLOB NOT NULL,
            UNIQUE (source, path)
          )""",
          """
          CREATE TABLE content (
            id INTEGER PRIMARY KEY,
            head INTEGER NOT NULL,        -- the first 8 bytes of sha512, their order kept
            size INTEGER NOT NULL, sha512 BLOB NOT NULL,
            sha256 BLOB                   -- null when only another catalogue knows it
          )""",
          "CREATE INDEX content_head ON content (head)",
          """
          CREATE TABLE entry (
            id INTEGER PRIMARY KEY,
            directory INTEGER NOT NULL, name TEXT NOT NULL,   -- '' is the root itself
            type INTEGER NOT NULL, mode INTEGER, uid INTEGER, gid INTEGER,
            size INTEGER NOT NULL,
            mtime INTEGER, mtime_ns INTEGER,                  -- seconds since 1970, and nanoseconds
            ctime INTEGER, ctime_ns INTEGER, device INTEGER, inode INTEGER, links INTEGER,
            special INTEGER, target BLOB, attributes BLOB,
            content INTEGER,                                  -- null when it has none, or none could be read
            settled INTEGER NOT NULL,                         -- 0 when it may have changed unseen
            told TEXT,                                        -- the time as another catalogue has it
            scan INTEGER NOT NULL, gone INTEGER               -- the scans that found it so first, and no more
          )""",
          "CREATE UNIQUE INDEX entry_place ON entry (directory, name) WHERE gone IS NULL",
          "CREATE INDEX entry_name ON entry (name)",
          "CREATE INDEX entry_content ON entry (content) WHERE content IS NOT NULL",
          """
          CREATE VIRTUAL TABLE search USING fts5 (
            name, content = '', detail = none, tokenize = 'trigram case_sensitive 1')""",
          """
          CREATE TABLE disc_set (
            id INTEGER PRIMARY KEY, made INTEGER NOT NULL, media TEXT NOT NULL,
            capacity INTEGER NOT NULL, guid TEXT NOT NULL, imported INTEGER NOT NULL, source INTEGER,
            bound INTEGER NOT NULL DEFAULT 0              -- discs that no plan can do without
          )""",
          """
          CREATE TABLE disc (
            id INTEGER PRIMARY KEY, disc_set INTEGER NOT NULL,
            number INTEGER NOT NULL,      -- 1 for the first of its set
            name TEXT NOT NULL, guid TEXT NOT NULL, capacity INTEGER NOT NULL,
            size INTEGER NOT NULL, files INTEGER NOT NULL, bytes INTEGER NOT NULL,
            as_of INTEGER NOT NULL DEFAULT 0,       -- the scan whose findings it tells
            sources INTEGER NOT NULL DEFAULT 0,     -- the last source there was then
            made INTEGER NOT NULL DEFAULT 0,        -- when it was planned
            total INTEGER NOT NULL DEFAULT 0,       -- discs of the set then
            catalogue INTEGER NOT NULL DEFAULT 0,   -- bytes of catalogue.json, or of its .zst
            own INTEGER NOT NULL DEFAULT 0,         -- bytes of its own in plain beside that; 0 for none
            tree INTEGER NOT NULL DEFAULT 0, sums INTEGER NOT NULL DEFAULT 0,
            script INTEGER NOT NULL DEFAULT 0,      -- bytes of its restore.py
            written INTEGER,              -- null while no image has its name
            image TEXT,                   -- also when it is about to get its name
            sha256 BLOB, marked INTEGER NOT NULL DEFAULT 0,
            UNIQUE (disc_set, number)
          )""",
          """
          CREATE TABLE part (
            disc INTEGER NOT NULL, content INTEGER NOT NULL,
            number INTEGER NOT NULL, parts INTEGER NOT NULL,   -- 1 of 1 for a whole one
            start INTEGER NOT NULL, length INTEGER NOT NULL,
            suffix TEXT,                  -- what the name of a part ends with; null for a whole one
            sector INTEGER,               -- where it lies on the disc, once that is written
            sha256 BLOB,                  -- of a part, once it is written
            missing INTEGER NOT NULL DEFAULT 0,   -- 1 when the disc has not got it as it should
            PRIMARY KEY (disc, content, number)
          ) WITHOUT ROWID""",
          "CREATE INDEX part_content ON part (content)",
          """
          CREATE TABLE carried (
            disc INTEGER NOT NULL, id INTEGER NOT NULL, sha256 BLOB NOT NULL, PRIMARY KEY (disc, id)
          ) WITHOUT ROWID""",
          """
          CREATE TABLE place (
            disc INTEGER NOT NULL, entry INTEGER NOT NULL,
            missing INTEGER NOT NULL DEFAULT 0,   -- 1 when that should be empty, and was not
            PRIMARY KEY (disc, entry)
          ) WITHOUT ROWID""",
          "CREATE INDEX place_entry ON place (entry)");

  /** What each later version added, from version 2 on. */
  private static final List<List<String>> ADDED =
      List.of(
          List.of(
              """
              CREATE TABLE lost (
                disc INTEGER NOT NULL,
                content INTEGER NOT NULL,     -- 0 for what it tells of entries
                PRIMARY KEY (disc, content)
              ) WITHOUT ROWID"""),
          List.of(
              """
              CREATE TABLE verify (
                id INTEGER PRIMARY KEY, disc INTEGER NOT NULL,
                began INTEGER NOT NULL, took INTEGER NOT NULL,  -- milliseconds
                place TEXT NOT NULL,          -- the image, or the device of the drive
                drive TEXT,                   -- model and serial number; null when it is none
                sectors INTEGER NOT NULL,     -- that were looked at, of 2048 bytes
                unreadable INTEGER NOT NULL,
                corrected INTEGER NOT NULL,   -- read, and not at once
                faults INTEGER NOT NULL       -- things that were not as they must be
              )""",
              "CREATE INDEX verify_disc ON verify (disc)"),
          List.of(
              """
              CREATE TABLE assignment (
                id INTEGER PRIMARY KEY,
                path BLOB NOT NULL,           -- in the one tree of all sources
                disc INTEGER NOT NULL         -- its number in the set that is gone on with
              )""",
              """
              CREATE TABLE plan (
                disc_set INTEGER PRIMARY KEY, -- what it was planned with last
                media TEXT NOT NULL, bytes INTEGER NOT NULL, together INTEGER NOT NULL,
                first TEXT NOT NULL,          -- a pattern a line
                reserve REAL NOT NULL, span INTEGER NOT NULL, made INTEGER NOT NULL
              )"""),
          List.of(
              """
              CREATE TABLE IF NOT EXISTS protection (
                disc INTEGER PRIMARY KEY,
                rows INTEGER NOT NULL         -- sectors of parity in each stripe of its image
              )""",
              """
              CREATE TABLE IF NOT EXISTS parity_disc (
                disc INTEGER PRIMARY KEY,
                row INTEGER NOT NULL, rows INTEGER NOT NULL,  -- which it is, and how many there are
                bytes INTEGER NOT NULL                        -- of parity
              )""",
              """
              CREATE TABLE IF NOT EXISTS covered (
                disc INTEGER NOT NULL,        -- a parity disc
                place INTEGER NOT NULL,       -- in the order of its code
                member INTEGER NOT NULL,      -- a disc it is of
                PRIMARY KEY (disc, place)
              ) WITHOUT ROWID""",
              """
              CREATE TABLE IF NOT EXISTS plan_parity (
                disc_set INTEGER PRIMARY KEY, -- beside its plan
                parity REAL NOT NULL, discs INTEGER NOT NULL
              )"""),
          List.of(
              """
              CREATE TABLE IF NOT EXISTS readable (
                disc INTEGER PRIMARY KEY      -- whose image lets everybody read all that is on it
              )"""));

  private CatalogueSchema() {}

  /** Makes the tables, or those that an older version has not got. */
  static void make(Connection connection, int from) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      if (from == 0) {
        for (String table : TABLES) {
          statement.execute(table);
        }
      }
      for (List<String> tables : ADDED.subList(Math.max(0, from - 1), ADDED.size())) {
        for (String table : tables) {
          statement.execute(table);
        }
      }
    }
    Sqlite.version(connection, CatalogueFile.VERSION);
  }
}
