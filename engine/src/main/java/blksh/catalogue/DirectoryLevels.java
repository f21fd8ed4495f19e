package blksh.catalogue;

import blksh.tree.TreeEntry;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/** Directories with all above them; those that were asked for last are kept. */
final class DirectoryLevels {

  private static final int KEPT = 4096;

  private final CatalogueFile file;
  private final SourcePrefixes prefixes;

  private final Map<Long, DirectoryLevel> known =
      new LinkedHashMap<>(256, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<Long, DirectoryLevel> eldest) {
          return size() > KEPT;
        }
      };

  DirectoryLevels(CatalogueFile file, SourcePrefixes prefixes) {
    this.file = file;
    this.prefixes = prefixes;
  }

  /** To be used within a call of the file. */
  DirectoryLevel of(long id) throws SQLException {
    DirectoryLevel level = known.get(id);
    if (level != null) {
      return level;
    }
    int source;
    byte[] path;
    try (ResultSet rows =
        file.prepared("SELECT source, path FROM directory WHERE id = ?", id).executeQuery()) {
      if (!rows.next()) {
        throw new SQLException("directory " + id + " is missing");
      }
      source = rows.getInt(1);
      path = PathKey.path(EntryState.bytes(rows, 2));
    }
    level = level(id, source, path);
    known.put(id, level);
    return level;
  }

  private DirectoryLevel level(long id, int source, byte[] path) throws SQLException {
    int slash = path.length;
    while (slash > 0 && path[slash - 1] != '/') {
      slash--;
    }
    byte[] name = Arrays.copyOfRange(path, slash, path.length);
    DirectoryLevel above = null;
    long parent = id;
    if (path.length > 0) {
      byte[] key = PathKey.of(Arrays.copyOf(path, Math.max(0, slash - 1)));
      parent =
          file.number(0, "SELECT id FROM directory WHERE source = ? AND path = ?", source, key);
      above = of(parent);
    }
    EntryState entry = null;
    try (ResultSet rows =
        file.prepared(
                "SELECT "
                    + EntryState.COLUMNS
                    + " FROM entry e WHERE e.directory = ? AND e.name = CAST(? AS TEXT)"
                    + " AND e.gone IS NULL",
                parent,
                name)
            .executeQuery()) {
      entry = rows.next() ? EntryState.of(rows) : null;
    }
    byte[] whole = prefixes.on(source, path);
    int line =
        entry == null
            ? 0
            : TreeLine.length(entry, new TreeLine.Place(whole, null, null, null, null, null));
    byte[] shown = path.length > 0 ? name : prefixes.of(source);
    return new DirectoryLevel(id, above, shown, whole, entry, line);
  }

  /** The path on a disc of something in a directory, below that of all data. */
  static byte[] path(DirectoryLevel directory, byte[] name) {
    return TreeEntry.path(directory.path(), name);
  }
}
