package blksh.catalogue;

import blksh.io.NameText;
import blksh.tree.TreeEntry;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/**
 * A content that several files have; names of one file count once.
 *
 * @param sha512 in hexadecimal
 * @param size bytes of one of them
 * @param files how many there are
 * @param paths the first of them, as they are shown
 */
public record DuplicateContent(String sha512, long size, long files, List<String> paths) {

  private static final int PATHS = 20;

  public DuplicateContent {
    paths = List.copyOf(paths);
  }

  /** Bytes that one of them would save. */
  public long wasted() {
    return size * (files - 1);
  }

  static List<DuplicateContent> of(CatalogueFile file, List<CatalogueSource> sources, int most) {
    SourcePrefixes prefixes = new SourcePrefixes(file, sources);
    return file.call(
        "look for duplicates",
        () -> {
          List<DuplicateContent> all = new ArrayList<>();
          try (PreparedStatement statement =
                  file.own(
                      """
                      SELECT c.id, c.sha512, c.size, count(DISTINCT CASE WHEN e.links > 1 AND e.inode <> 0
                        THEN -e.inode ELSE e.id END) AS n
                      FROM entry e JOIN content c ON c.id = e.content
                      WHERE e.gone IS NULL AND c.size > 0
                      GROUP BY e.content HAVING n > 1 ORDER BY c.size * (n - 1) DESC, c.id LIMIT ?""",
                      most);
              ResultSet rows = statement.executeQuery()) {
            while (rows.next()) {
              all.add(
                  new DuplicateContent(
                      HexFormat.of().formatHex(rows.getBytes(2)),
                      rows.getLong(3),
                      rows.getLong(4),
                      paths(file, prefixes, rows.getLong(1))));
            }
          }
          return all;
        });
  }

  private static List<String> paths(CatalogueFile file, SourcePrefixes prefixes, long content)
      throws SQLException {
    List<String> paths = new ArrayList<>();
    try (ResultSet rows =
        file.prepared(
                """
                SELECT d.source, d.path, CAST(e.name AS BLOB) FROM entry e
                JOIN directory d ON d.id = e.directory WHERE e.content = ? AND e.gone IS NULL
                ORDER BY d.source, d.path, e.name LIMIT ?""",
                content,
                PATHS)
            .executeQuery()) {
      while (rows.next()) {
        byte[] directory = PathKey.path(EntryState.bytes(rows, 2));
        byte[] path = TreeEntry.path(directory, EntryState.bytes(rows, 3));
        paths.add(NameText.of(prefixes.on(rows.getInt(1), path)));
      }
    }
    return paths;
  }
}
