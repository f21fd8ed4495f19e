package blksh.snapshot;

import java.io.Closeable;
import java.sql.PreparedStatement;
import java.sql.ResultSet;

/** Digests of files by inode, as long as it is open; on disk when there are many. */
final class RememberedDigests implements Closeable {

  private final SnapshotRecord record;

  RememberedDigests(SnapshotRecord record) {
    this.record = record;
    record.call(
        "begin to read",
        () -> {
          record.execute("DROP TABLE IF EXISTS temp.digest");
          record.execute("CREATE TEMP TABLE digest (inode INTEGER PRIMARY KEY, digest BLOB)");
          return null;
        });
  }

  /** The digest of an inode; null when none is known. */
  byte[] of(long inode) {
    return record.call(
        "read",
        () -> {
          try (PreparedStatement statement =
              record.connection().prepareStatement("SELECT digest FROM digest WHERE inode = ?")) {
            statement.setLong(1, inode);
            try (ResultSet rows = statement.executeQuery()) {
              return rows.next() ? rows.getBytes(1) : null;
            }
          }
        });
  }

  void put(long inode, byte[] digest) {
    record.call(
        "remember a digest",
        () -> {
          record.execute("INSERT OR REPLACE INTO temp.digest VALUES (?, ?)", inode, digest);
          return null;
        });
  }

  @Override
  public void close() {
    record.call(
        "end reading",
        () -> {
          record.execute("DROP TABLE IF EXISTS temp.digest");
          return null;
        });
  }
}
