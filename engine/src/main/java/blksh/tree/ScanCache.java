package blksh.tree;

import blksh.BlkshException;
import blksh.io.FileStatus;
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
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * What was found when a tree was read last, so that what has not changed since is not read again. A
 * file is unchanged when its size, both its times to the nanosecond, its inode and its device are
 * what they were. One that changed so shortly before it was looked at that its file system's clock
 * would not show another change is looked upon as changed the next time.
 *
 * <p>Derived: a cache that is lost or damaged is made again, and all is read. A row is a part of a
 * directory, and is written only when it is another than before. Any number of threads may use one.
 */
public final class ScanCache implements Closeable {

  private static final int VERSION = 1;
  private static final int PATIENCE_MILLIS = 10_000;

  /** Bytes written before they are committed. */
  private static final long PIECE = 8 << 20;

  private final Path file;
  private final Connection connection;
  private final PreparedStatement select;
  private final PreparedStatement insert;
  private final PreparedStatement deletePart;
  private final PreparedStatement deleteRest;
  private final PreparedStatement deleteBelow;

  /** Bytes since the last commit; guarded by this. */
  private long written;

  private boolean inTransaction;

  private ScanCache(Path file, Connection connection) throws SQLException {
    this.file = file;
    this.connection = connection;
    this.select =
        connection.prepareStatement(
            """
            SELECT first, entries FROM part WHERE path = ?1 AND first <= ?3 AND first >= coalesce(
              (SELECT max(first) FROM part WHERE path = ?1 AND first <= ?2), x'') ORDER BY first""");
    this.insert = connection.prepareStatement("INSERT OR REPLACE INTO part VALUES (?, ?, ?)");
    this.deletePart =
        connection.prepareStatement("DELETE FROM part WHERE path = ? AND first > ? AND first <= ?");
    this.deleteRest = connection.prepareStatement("DELETE FROM part WHERE path = ? AND first > ?");
    this.deleteBelow =
        connection.prepareStatement("DELETE FROM part WHERE path = ? OR path > ? AND path < ?");
  }

  /** An entry, and what the caller wants to know of it the next time; null for nothing. */
  public record Kept(TreeEntry entry, byte[] token) {}

  /**
   * Opens a cache, or makes one.
   *
   * @throws BlkshException when it can neither be opened nor made
   */
  public static ScanCache open(Path file) {
    try {
      try {
        return opened(file);
      } catch (SQLException e) {
        if (Sqlite.failure(e) == Sqlite.Failure.BUSY) {
          throw e;
        }
        Sqlite.delete(file);
        return opened(file);
      }
    } catch (SQLException e) {
      throw new BlkshException("open the scan cache " + file, e.getMessage(), e);
    } catch (IOException e) {
      throw IoFailure.told("make the scan cache " + file, e);
    }
  }

  private static ScanCache opened(Path file) throws SQLException, IOException {
    Connection connection = Sqlite.open(file, Sqlite.Synchronous.NORMAL, PATIENCE_MILLIS);
    boolean ready = false;
    try {
      if (Sqlite.version(connection) != VERSION) {
        Sqlite.transaction(
            connection,
            () -> {
              try (Statement statement = connection.createStatement()) {
                statement.execute("DROP TABLE IF EXISTS part");
                statement.execute(
                    "CREATE TABLE part (path BLOB, first BLOB, entries BLOB, UNIQUE (path, first))");
              }
              Sqlite.version(connection, VERSION);
              return null;
            });
      }
      ScanCache cache = new ScanCache(file, connection);
      ready = true;
      return cache;
    } finally {
      if (!ready) {
        connection.close();
      }
    }
  }

  /** What is known of the entries of a part; damaged rows are as if there were none. */
  public synchronized ScanRow known(byte[] directory, TreePart part) {
    List<TreeEntry> entries = part.entries();
    if (entries.isEmpty()) {
      return ScanRow.NONE;
    }
    try {
      select.setBytes(1, directory);
      select.setBytes(2, first(part));
      select.setBytes(3, entries.get(entries.size() - 1).name());
      byte[] all = {};
      byte[] single = null;
      int count = 0;
      try (ResultSet rows = select.executeQuery()) {
        while (rows.next()) {
          byte[] row = rows.getBytes(2);
          single = count == 0 && Arrays.equals(rows.getBytes(1), first(part)) ? row : null;
          all = count == 0 ? row : joined(all, row);
          count++;
        }
      }
      return new ScanRow(all, single);
    } catch (SQLException e) {
      return ScanRow.NONE;
    }
  }

  private static byte[] joined(byte[] a, byte[] b) {
    byte[] both = Arrays.copyOf(a, a.length + b.length);
    System.arraycopy(b, 0, both, a.length, b.length);
    return both;
  }

  /** The key of the first part of a directory is empty, whatever its first entry is. */
  private static byte[] first(TreePart part) {
    return part.number() == 0 || part.entries().isEmpty()
        ? new byte[0]
        : part.entries().get(0).name();
  }

  /**
   * Keeps what is known of a part now.
   *
   * @param known what was known of it before
   * @param entries by name in the order of bytes; each with the status it had when it was read
   */
  public void keep(byte[] directory, TreePart part, ScanRow known, List<Kept> entries) {
    keep(directory, part, known, entries, part.began());
  }

  /** As above. @param looked a moment before any of them was looked at */
  void keep(byte[] directory, TreePart part, ScanRow known, List<Kept> entries, Instant looked) {
    byte[] row = ScanRow.packed(entries, looked);
    if (Arrays.equals(row, known.single()) && !part.isLast()
        || Arrays.equals(row, known.single()) && part.number() == 0) {
      return;
    }
    Set<String> here = new HashSet<>();
    entries.forEach(it -> here.add(text(it.entry().name())));
    List<byte[]> gone = new ArrayList<>();
    for (byte[] each : known.directories()) {
      if (!here.contains(text(each))) {
        gone.add(TreeEntry.path(directory, each));
      }
    }
    write(directory, part, row, entries, gone);
  }

  private static String text(byte[] name) {
    return new String(name, StandardCharsets.ISO_8859_1);
  }

  private synchronized void write(
      byte[] directory, TreePart part, byte[] row, List<Kept> entries, List<byte[]> gone) {
    try {
      begin();
      byte[] first = first(part);
      byte[] last = entries.isEmpty() ? first : entries.get(entries.size() - 1).entry().name();
      deletePart.setBytes(1, directory);
      deletePart.setBytes(2, first);
      deletePart.setBytes(3, last);
      deletePart.executeUpdate();
      if (part.isLast()) {
        deleteRest.setBytes(1, directory);
        deleteRest.setBytes(2, last);
        deleteRest.executeUpdate();
      }
      for (byte[] each : gone) {
        deleteBelow.setBytes(1, each);
        deleteBelow.setBytes(2, with(each, '/'));
        deleteBelow.setBytes(3, with(each, '/' + 1));
        deleteBelow.executeUpdate();
      }
      insert.setBytes(1, directory);
      insert.setBytes(2, first);
      insert.setBytes(3, row);
      insert.executeUpdate();
      written += row.length;
      if (written > PIECE) {
        commit();
      }
    } catch (SQLException e) {
      throw failure(e);
    }
  }

  /** What is below a directory lies between its path with a slash and with the byte after that. */
  private static byte[] with(byte[] directory, int last) {
    byte[] with = Arrays.copyOf(directory, directory.length + 1);
    with[directory.length] = (byte) last;
    return with;
  }

  private BlkshException failure(SQLException e) {
    return new BlkshException("write the scan cache " + file, e.getMessage(), e)
        .suggest("delete it: it is made again");
  }

  private void begin() throws SQLException {
    if (!inTransaction) {
      execute("BEGIN IMMEDIATE");
      inTransaction = true;
    }
  }

  private void execute(String sql) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  /** Makes what was kept known to the next who opens it. */
  public synchronized void commit() {
    try {
      if (inTransaction) {
        execute("COMMIT");
        inTransaction = false;
        written = 0;
      }
    } catch (SQLException e) {
      throw failure(e);
    }
  }

  /** Closes it; what was not committed is lost. */
  @Override
  public synchronized void close() {
    try {
      connection.close();
    } catch (SQLException e) {
      // nothing that is needed is lost by it
    }
  }

  /** Whether a change of a file after a moment would show in the time of the last one. */
  public static boolean isSettled(FileStatus status, Instant looked) {
    boolean coarse = status.ctimeNanos() == 0 && status.mtimeNanos() == 0;
    long seconds = looked.getEpochSecond() - status.ctimeSeconds();
    long nanos = looked.getNano() - status.ctimeNanos();
    if (seconds > 10 || seconds < -10) {
      return seconds > 0;
    }
    return seconds * 1_000_000_000L + nanos > (coarse ? COARSE_NANOS : FINE_NANOS);
  }

  /** The clock of file systems that keep whole seconds; FAT keeps every other. */
  private static final long COARSE_NANOS = 2_000_000_000L;

  /** The clock of the others, which the kernel moves a hundred times a second or more often. */
  private static final long FINE_NANOS = 30_000_000L;
}
