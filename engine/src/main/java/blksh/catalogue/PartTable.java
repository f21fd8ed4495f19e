package blksh.catalogue;

import blksh.tree.TreeEntry;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

/** Which disc has which contents, or parts of them. To be used within a call of the file. */
final class PartTable {

  private static final String COLUMNS =
      "p.disc, p.content, p.number, p.parts, p.start, p.length, p.suffix, p.sector FROM part p";

  private PartTable() {}

  static PartRow row(ResultSet row, int from) throws SQLException {
    return new PartRow(
        row.getLong(from),
        row.getLong(from + 1),
        row.getInt(from + 2),
        row.getInt(from + 3),
        row.getLong(from + 4),
        row.getLong(from + 5),
        row.getString(from + 6),
        row.getLong(from + 7));
  }

  private static List<PartRow> rows(ResultSet rows) throws SQLException {
    List<PartRow> parts = new ArrayList<>();
    while (rows.next()) {
      parts.add(row(rows, 1));
    }
    return parts;
  }

  /** What a disc has of a content, by number. */
  static List<PartRow> ofContent(CatalogueFile file, long content, long disc) throws SQLException {
    try (ResultSet rows =
        file.prepared(
                "SELECT " + COLUMNS + " WHERE p.disc = ? AND p.content = ? ORDER BY p.number",
                disc,
                content)
            .executeQuery()) {
      return rows(rows);
    }
  }

  /** What there is of a content on discs, the first written first. */
  static List<PartRow> ofContent(CatalogueFile file, long content) throws SQLException {
    try (ResultSet rows =
        file.prepared(
                "SELECT " + COLUMNS + " WHERE p.content = ? ORDER BY p.disc, p.number", content)
            .executeQuery()) {
      return rows(rows);
    }
  }

  static void insert(CatalogueFile file, PartRow part) throws SQLException {
    file.execute(
        "INSERT INTO part (disc, content, number, parts, start, length, suffix)"
            + " VALUES (?, ?, ?, ?, ?, ?, ?)",
        part.disc(),
        part.content(),
        part.number(),
        part.parts(),
        part.start(),
        part.length(),
        part.suffix());
  }

  /** What a disc says of a file whose contents another has. */
  static TreeLine.Place reference(
      CatalogueFile file, SourcePrefixes prefixes, EntryState entry, byte[] path, byte[] sha256)
      throws SQLException {
    String disc = null;
    long row = 0;
    try (ResultSet rows =
        file.prepared(
                """
                SELECT d.id, d.name FROM part p JOIN disc d ON d.id = p.disc
                JOIN disc_set s ON s.id = d.disc_set WHERE p.content = ? AND s.imported = 0
                ORDER BY p.missing OR %s, d.disc_set DESC, d.id LIMIT 1"""
                    .formatted(LostContents.OF_PART),
                entry.content())
            .executeQuery()) {
      if (rows.next()) {
        row = rows.getLong(1);
        disc = rows.getString(2);
      }
    }
    byte[] same = null;
    try (ResultSet rows =
        file.prepared(
                """
                SELECT d.source, d.path, CAST(e.name AS BLOB) FROM entry e
                JOIN directory d ON d.id = e.directory JOIN place p ON p.entry = e.id AND p.disc = ?
                WHERE e.content = ? ORDER BY d.source, d.path, e.name LIMIT 1""",
                row,
                entry.content())
            .executeQuery()) {
      if (rows.next()) {
        byte[] directory = PathKey.path(EntryState.bytes(rows, 2));
        same = prefixes.on(rows.getInt(1), TreeEntry.path(directory, EntryState.bytes(rows, 3)));
      }
    }
    return new TreeLine.Place(
        path, HardLinkNames.first(file, prefixes, entry), sha256, null, disc, same);
  }
}
