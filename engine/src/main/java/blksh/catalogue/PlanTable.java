package blksh.catalogue;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;

/** What sets were planned with last, so that they can be planned so again. */
final class PlanTable {

  private PlanTable() {}

  /** To be used within a call of the file. */
  static void keep(CatalogueFile file, long set, SegmentOptions options) throws SQLException {
    file.execute(
        "INSERT OR REPLACE INTO plan (disc_set, media, bytes, together, first, reserve, span, made)"
            + " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        set,
        options.media().name(),
        options.media().bytes(),
        options.keepDirectoriesTogether() ? 1 : 0,
        String.join("\n", options.first()),
        options.reserve(),
        options.spanLargeFiles() ? 1 : 0,
        options.made().toEpochMilli());
    file.execute(
        "INSERT OR REPLACE INTO plan_parity VALUES (?, ?, ?)",
        set,
        options.parity(),
        options.parityDiscs());
  }

  /** What the set that is gone on with was planned with; null when none was, or not by this. */
  static SegmentOptions last(CatalogueFile file) {
    long set = DiscSetTable.current(file);
    return file.call(
        "look how discs were planned",
        () -> {
          try (ResultSet row =
              file.prepared(
                      "SELECT media, bytes, together, first, reserve, span, made, parity, discs"
                          + " FROM plan p LEFT JOIN plan_parity q ON q.disc_set = p.disc_set"
                          + " WHERE p.disc_set = ?",
                      set)
                  .executeQuery()) {
            if (!row.next()) {
              return null;
            }
            String first = row.getString(4);
            SegmentOptions options =
                new SegmentOptions(
                    new Media(row.getString(1), row.getLong(2)),
                    row.getBoolean(3),
                    first.isEmpty() ? List.of() : List.of(first.split("\n")),
                    row.getDouble(5),
                    row.getBoolean(6),
                    false,
                    Instant.ofEpochMilli(row.getLong(7)));
            return options.withParity(row.getDouble(8), row.getInt(9));
          }
        });
  }
}
