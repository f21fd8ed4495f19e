package blksh.store.diskdump;

import blksh.BlkshException;
import blksh.io.FileType;
import blksh.io.IoFailure;
import blksh.io.PartFile;
import blksh.io.Sqlite;
import blksh.io.WholeFile;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Collection;
import java.util.HexFormat;
import java.util.List;

/**
 * The table of blocks of a diskdump store, {@code blocks.db}: what diskdump believes is there,
 * whatever files there are. A row without its file makes its later dumps incomplete; a file without
 * its row is stored again. So a row comes after its file, and goes before it.
 */
final class BlockTable implements Closeable {

  private static final String MAKE =
      "CREATE TABLE IF NOT EXISTS blocks"
          + " (hash TEXT PRIMARY KEY, compressed_size INTEGER NOT NULL)";

  /** How long is waited for diskdump, which commits each block by itself. */
  private static final int PATIENCE_MILLIS = 30_000;

  private final Path file;
  private final Connection connection;

  private BlockTable(Path file, Connection connection) {
    this.file = file;
    this.connection = connection;
  }

  /** Opens the table to change it, or makes an empty one. */
  static BlockTable open(Path file) {
    try {
      for (String ending : List.of("", "-wal", "-shm")) {
        FileType.requirePlain(file.resolveSibling(file.getFileName() + ending));
      }
      make(file);
      Connection connection = Sqlite.open(file, Sqlite.Synchronous.FULL, PATIENCE_MILLIS);
      BlockTable table = new BlockTable(file, connection);
      boolean ready = false;
      try (Statement statement = connection.createStatement()) {
        statement.execute(MAKE);
        ready = true;
        return table;
      } finally {
        if (!ready) {
          table.close();
        }
      }
    } catch (SQLException e) {
      throw failure(file, e);
    } catch (IOException e) {
      throw IoFailure.told("open " + file, e);
    }
  }

  private static void make(Path file) throws IOException {
    try {
      if (!Files.exists(file)) {
        // What the umask allows, as diskdump makes it: others may have to read it.
        WholeFile.create(file, PartFile.Durability.DURABLE, new byte[0]);
      }
    } catch (FileAlreadyExistsException e) {
      // somebody else was faster
    }
  }

  /**
   * Opens the table to read it, and changes nothing: also not beside it, as SQLite would.
   *
   * @return null when there is none, or what was written last is not in it yet
   */
  static BlockTable look(Path file) {
    try {
      Path log = file.resolveSibling(file.getFileName() + "-wal");
      if (!Files.exists(file) || Files.exists(log) && Files.size(log) > 0) {
        return null;
      }
      return new BlockTable(file, Sqlite.openUnchanging(file));
    } catch (SQLException e) {
      throw failure(file, e);
    } catch (IOException e) {
      throw IoFailure.told("open " + file, e);
    }
  }

  private static BlkshException failure(Path file, SQLException e) {
    BlkshException failure = new BlkshException("use " + file, String.valueOf(e.getMessage()), e);
    return switch (Sqlite.failure(e)) {
      case DAMAGED, STATEMENT -> failure.suggest("reindex makes it again from the files of blocks");
      case BUSY -> failure.suggest("wait for the diskdump that uses it");
      default -> failure;
    };
  }

  private interface Work<T> {
    T run() throws SQLException;
  }

  private synchronized <T> T call(Work<T> work) {
    try {
      return work.run();
    } catch (SQLException e) {
      throw failure(file, e);
    }
  }

  private void transaction(Work<Void> work) {
    call(
        () -> {
          try {
            return Sqlite.transaction(connection, work::run);
          } catch (IOException e) {
            throw IoFailure.told("use " + file, e);
          }
        });
  }

  /**
   * That it is whole and of these columns.
   *
   * @throws BlkshException when it is not, as every other call does then
   */
  void check() {
    call(
        () -> {
          try (Statement statement = connection.createStatement()) {
            statement.executeQuery("SELECT hash, compressed_size FROM blocks LIMIT 1").close();
          }
          Sqlite.requireWhole(connection);
          return null;
        });
  }

  /** Whether a failure is one of the table itself, which is to be made again then. */
  static boolean isSpoiled(BlkshException e) {
    return e.getCause() instanceof SQLException cause
        && (Sqlite.failure(cause) == Sqlite.Failure.DAMAGED
            || Sqlite.failure(cause) == Sqlite.Failure.STATEMENT);
  }

  /** How many blocks it has, and how many bytes their files take. */
  record Totals(long blocks, long bytes) {}

  Totals totals() {
    return call(
        () -> {
          try (Statement statement = connection.createStatement();
              ResultSet rows =
                  statement.executeQuery(
                      "SELECT COUNT(*), COALESCE(SUM(compressed_size), 0) FROM blocks")) {
            rows.next();
            return new Totals(rows.getLong(1), rows.getLong(2));
          }
        });
  }

  /** Bytes of the file of a block, or -1 when it has no such row. */
  long size(String hex) {
    return call(
        () -> {
          try (PreparedStatement statement =
              connection.prepareStatement("SELECT compressed_size FROM blocks WHERE hash = ?")) {
            statement.setString(1, hex);
            try (ResultSet row = statement.executeQuery()) {
              return row.next() ? row.getLong(1) : -1;
            }
          }
        });
  }

  /** A block and the bytes of its file. */
  record Row(String hex, long bytes) {}

  /** Adds blocks, or corrects them; durable when it returns. */
  void put(Collection<Row> rows) {
    transaction(
        () -> {
          insert(rows);
          return null;
        });
  }

  private void insert(Collection<Row> rows) throws SQLException {
    try (PreparedStatement statement =
        connection.prepareStatement("INSERT OR REPLACE INTO blocks VALUES (?, ?)")) {
      for (Row row : rows) {
        statement.setString(1, row.hex());
        statement.setLong(2, row.bytes());
        statement.addBatch();
      }
      statement.executeBatch();
    }
  }

  /** Removes blocks; durable when it returns. */
  void remove(Collection<String> digests) {
    transaction(
        () -> {
          try (PreparedStatement statement =
              connection.prepareStatement("DELETE FROM blocks WHERE hash = ?")) {
            for (String hex : digests) {
              statement.setString(1, hex);
              statement.addBatch();
            }
            statement.executeBatch();
          }
          return null;
        });
  }

  /** Gives rows one after the other. */
  interface Rows {
    /** Some more; empty at the end. */
    Collection<Row> next() throws IOException;
  }

  /** Puts other rows in place of all, or leaves all as they are. */
  void replace(Rows rows) throws IOException {
    synchronized (this) {
      try {
        Sqlite.transaction(
            connection,
            () -> {
              try (Statement statement = connection.createStatement()) {
                statement.execute("DELETE FROM blocks");
              }
              for (Collection<Row> some = rows.next(); !some.isEmpty(); some = rows.next()) {
                insert(some);
              }
              return null;
            });
      } catch (SQLException e) {
        throw failure(file, e);
      }
    }
  }

  /**
   * All digests in order; a row whose hash is none is passed over.
   *
   * @throws BlkshException when the index of the table does not have them in order: what is looked
   *     for there would not be found
   */
  DigestTable digests() {
    return call(
        () -> {
          DigestTable.Maker maker = new DigestTable.Maker();
          try (Statement statement = connection.createStatement();
              ResultSet rows = statement.executeQuery("SELECT hash FROM blocks ORDER BY hash")) {
            while (rows.next()) {
              String hex = rows.getString(1);
              if (hex != null && DiskdumpPlace.isHex(hex)) {
                maker.add(HexFormat.of().parseHex(hex), 0);
              }
            }
          } catch (DigestTable.Disordered e) {
            throw new BlkshException("read " + file, "its index is damaged: " + e.getMessage(), e)
                .suggest("reindex");
          }
          return maker.finish();
        });
  }

  @Override
  public void close() {
    try {
      connection.close();
    } catch (SQLException e) {
      // what was committed is durable
    }
  }
}
