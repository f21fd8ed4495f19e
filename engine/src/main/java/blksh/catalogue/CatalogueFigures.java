package blksh.catalogue;

import java.sql.ResultSet;

/**
 * What is in a catalogue.
 *
 * @param files regular files, hard links once for each name
 * @param bytes of these
 * @param contents that are not the same
 * @param contentBytes of these, each once
 * @param onDiscs contents that are, as a whole and as they should be, on discs written here
 * @param gone states of entries that are no more
 */
public record CatalogueFigures(
    long files,
    long bytes,
    long directories,
    long links,
    long others,
    long contents,
    long contentBytes,
    long onDiscs,
    long gone) {

  static CatalogueFigures of(CatalogueFile file) {
    return file.call(
        "count",
        () -> {
          long[] n = new long[6];
          try (ResultSet rows =
              file.prepared(
                      """
                      SELECT count(*) FILTER (WHERE type = 0), total(size) FILTER (WHERE type = 0),
                        count(*) FILTER (WHERE type = 1 AND name <> ''),
                        count(*) FILTER (WHERE type = 2), count(*) FILTER (WHERE type > 2)
                      FROM entry WHERE gone IS NULL""")
                  .executeQuery()) {
            rows.next();
            for (int i = 0; i < 5; i++) {
              n[i] = rows.getLong(i + 1);
            }
          }
          long contents;
          long contentBytes;
          try (ResultSet rows =
              file.prepared(
                      """
                      SELECT count(*), total(size) FROM content c WHERE EXISTS
                        (SELECT 1 FROM entry e WHERE e.content = c.id AND e.gone IS NULL)""")
                  .executeQuery()) {
            rows.next();
            contents = rows.getLong(1);
            contentBytes = rows.getLong(2);
          }
          return new CatalogueFigures(
              n[0],
              n[1],
              n[2],
              n[3],
              n[4],
              contents,
              contentBytes,
              file.number(
                  0,
                  "SELECT count(DISTINCT content) FROM (SELECT p.content FROM part p"
                      + " JOIN disc d ON d.id = p.disc JOIN disc_set s ON s.id = d.disc_set"
                      + " WHERE d.written IS NOT NULL AND s.imported = 0 AND p.missing = 0"
                      + " AND NOT "
                      + LostContents.OF_PART
                      + " GROUP BY p.content, d.disc_set, p.parts"
                      + " HAVING count(DISTINCT p.number) = p.parts)"),
              file.number(0, "SELECT count(*) FROM entry WHERE gone IS NOT NULL"));
        });
  }
}
