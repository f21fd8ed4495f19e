package blksh.catalogue;

import blksh.tree.TreeEntry;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What discs say of files whose contents others have: which disc, and a path of theirs there. A
 * content may have any number of names that refer to it, so it is looked for once as long as it is
 * among the last that were asked for. To be used within a call of the file, while no content comes
 * onto another disc.
 */
final class ContentReferences {

  private static final int KEPT = 1024;

  /**
   * The disc that has a content: one that has it as it should before others, of the newest set, the
   * first of that. Joined in this order, from the content on: SQLite knows nothing of how many rows
   * there are.
   */
  private static final String DISC =
      """
      SELECT d.id, d.name FROM part p CROSS JOIN disc d ON d.id = p.disc
      CROSS JOIN disc_set s ON s.id = d.disc_set WHERE p.content = ? AND s.imported = 0
      ORDER BY p.missing OR %s, d.disc_set DESC, d.id LIMIT 1"""
          .formatted(LostContents.OF_PART);

  /** As above: from a disc on it would be all entries that the disc tells of. */
  private static final String NAME =
      """
      SELECT d.source, d.path, CAST(e.name AS BLOB) FROM entry e
      CROSS JOIN place p ON p.entry = e.id AND p.disc = ?
      CROSS JOIN directory d ON d.id = e.directory
      WHERE e.content = ? ORDER BY d.source, d.path, e.name LIMIT 1""";

  private final CatalogueFile file;
  private final SourcePrefixes prefixes;

  private final Map<Long, Where> known =
      new LinkedHashMap<>(64, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<Long, Where> eldest) {
          return size() > KEPT;
        }
      };

  /** Where a content is. @param disc null when it is on none */
  private record Where(String disc, byte[] same) {}

  ContentReferences(CatalogueFile file, SourcePrefixes prefixes) {
    this.file = file;
    this.prefixes = prefixes;
  }

  /** What a disc says of a file that refers to its contents. */
  TreeLine.Place of(EntryState entry, byte[] path, byte[] sha256) throws SQLException {
    Where where = known.get(entry.content());
    if (where == null) {
      where = look(entry.content());
      known.put(entry.content(), where);
    }
    byte[] link = HardLinkNames.first(file, prefixes, entry);
    return new TreeLine.Place(path, link, sha256, null, where.disc, where.same);
  }

  private Where look(long content) throws SQLException {
    String disc = null;
    long row = 0;
    try (ResultSet rows = file.prepared(DISC, content).executeQuery()) {
      if (rows.next()) {
        row = rows.getLong(1);
        disc = rows.getString(2);
      }
    }
    byte[] same = null;
    try (ResultSet rows = file.prepared(NAME, row, content).executeQuery()) {
      if (rows.next()) {
        byte[] directory = PathKey.path(EntryState.bytes(rows, 2));
        same = prefixes.on(rows.getInt(1), TreeEntry.path(directory, EntryState.bytes(rows, 3)));
      }
    }
    return new Where(disc, same);
  }
}
