package blksh.catalogue;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

/** Which disc has which contents, or parts of them. To be used within a call of the file. */
final class PartTable {

  /** What a query selects for {@link #row}, from {@code part p}. */
  static final String COLUMNS =
      "p.disc, p.content, p.number, p.parts, p.start, p.length, p.suffix, p.sector";

  private static final String FROM = COLUMNS + " FROM part p";

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
                "SELECT " + FROM + " WHERE p.disc = ? AND p.content = ? ORDER BY p.number",
                disc,
                content)
            .executeQuery()) {
      return rows(rows);
    }
  }

  /** What there is of a content on discs, the first written first. */
  static List<PartRow> ofContent(CatalogueFile file, long content) throws SQLException {
    try (ResultSet rows =
        file.prepared("SELECT " + FROM + " WHERE p.content = ? ORDER BY p.disc, p.number", content)
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
}
