package blksh.catalogue;

import blksh.tree.TreeEntry;
import java.sql.ResultSet;
import java.sql.SQLException;

/** The names of files that have several. To be used within a call of the file. */
final class HardLinkNames {

  private HardLinkNames() {}

  /**
   * The path in the one tree of the first name of a file, in the order of a walk.
   *
   * @return null when that is this one, or there is no other
   */
  static byte[] first(CatalogueFile file, SourcePrefixes prefixes, EntryState entry)
      throws SQLException {
    if (!entry.isLinked()) {
      return null;
    }
    try (ResultSet rows =
        file.prepared(
                """
                SELECT e.id, d.source, d.path, CAST(e.name AS BLOB) FROM entry e
                JOIN directory d ON d.id = e.directory
                WHERE e.content = ? AND e.inode = ? AND e.device = ? AND e.links > 1
                  AND e.gone IS NULL AND d.source = (SELECT source FROM directory WHERE id = ?)
                ORDER BY d.path, e.name LIMIT 1""",
                entry.content(),
                entry.inode(),
                entry.device(),
                entry.directory())
            .executeQuery()) {
      if (!rows.next() || rows.getLong(1) == entry.id()) {
        return null;
      }
      byte[] directory = PathKey.path(EntryState.bytes(rows, 3));
      return prefixes.on(rows.getInt(2), TreeEntry.path(directory, EntryState.bytes(rows, 4)));
    }
  }
}
