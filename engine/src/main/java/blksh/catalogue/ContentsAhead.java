package blksh.catalogue;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.Map;

/**
 * What is known of the contents of a disc, in the order in which they are written: looked for
 * ahead, many at a time. For one thread.
 */
final class ContentsAhead {

  /** Contents that are looked for at once. */
  private static final int PIECE = 256;

  /** Of each the name that is tried first, as {@link ContentFiles#of} has them. */
  private static final String SELECT =
      "SELECT "
          + ContentFiles.COLUMNS
          + ", c.sha256, p.sha256, "
          + PartTable.COLUMNS
          + """
             FROM json_each(?) j CROSS JOIN part p INDEXED BY sqlite_autoindex_part_1
              ON p.disc = ? AND p.content = j.value >> %1$d AND p.number = j.value & %2$d
            CROSS JOIN content c ON c.id = p.content
            CROSS JOIN entry e ON e.id = (
              SELECT n.id FROM entry n CROSS JOIN place o ON o.entry = n.id AND o.disc = p.disc
              CROSS JOIN directory i ON i.id = n.directory
              CROSS JOIN source t ON t.id = i.source AND t.imported = 0
              WHERE n.content = p.content
              ORDER BY n.gone IS NOT NULL, i.source, i.path, n.name LIMIT 1)
            CROSS JOIN directory d ON d.id = e.directory
            CROSS JOIN source s ON s.id = d.source"""
              .formatted(DiscContentIds.PART_BITS, DiscContentIds.NUMBERS);

  private static final int DIGESTS = ContentFiles.WIDTH + 1;
  private static final int PARTS = DIGESTS + 2;

  private final CatalogueFile file;
  private final long disc;

  /** Numbers of {@link DiscContentIds}, in order. */
  private final long[] ids;

  private final Map<Long, Known> known = new HashMap<>();
  private int next;

  /**
   * What is known of one.
   *
   * @param first the name that is tried first
   * @param sha256 what it must come to; null when nobody knows
   */
  record Known(ContentFiles.Found first, PartRow part, byte[] sha256) {}

  /**
   * @param ids of all contents, in the order in which they are asked for
   */
  ContentsAhead(CatalogueFile file, long disc, long[] ids) {
    this.file = file;
    this.disc = disc;
    this.ids = ids;
  }

  /**
   * What is known of a content; null when no file has it.
   *
   * @throws IllegalStateException when it is asked for out of order: nobody would know then what it
   *     must come to
   */
  Known of(long id) {
    while (!known.containsKey(id)) {
      if (next == ids.length) {
        throw new IllegalStateException(
            "content %d of disc %d is not in the order of that".formatted(id, disc));
      }
      known.clear();
      file.call("look for files", this::look);
    }
    return known.get(id);
  }

  private Void look() throws SQLException {
    StringBuilder json = new StringBuilder("[");
    int end = Math.min(ids.length, next + PIECE);
    for (int i = next; i < end; i++) {
      json.append(i == next ? "" : ",").append(ids[i]);
      known.put(ids[i], null);
    }
    next = end;
    try (ResultSet rows = file.prepared(SELECT, json.append(']').toString(), disc).executeQuery()) {
      while (rows.next()) {
        PartRow part = PartTable.row(rows, PARTS);
        byte[] sha256 = rows.getBytes(part.parts() == 1 ? DIGESTS : DIGESTS + 1);
        known.put(DiscContentIds.of(part), new Known(ContentFiles.found(rows), part, sha256));
      }
    }
    return null;
  }
}
