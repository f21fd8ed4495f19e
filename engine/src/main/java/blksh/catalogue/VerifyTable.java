package blksh.catalogue;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/** When discs were verified, and what was found. */
final class VerifyTable {

  private VerifyTable() {}

  /** Notes a verify. To be used within a call of the file. */
  static void insert(CatalogueFile file, long disc, PastVerify found) throws SQLException {
    file.execute(
        "INSERT INTO verify (disc, began, took, place, drive, sectors, unreadable, corrected,"
            + " faults) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        disc,
        found.began().toEpochMilli(),
        found.took().toMillis(),
        found.place(),
        found.drive(),
        found.sectors(),
        found.unreadable(),
        found.corrected(),
        found.faults());
  }

  /** All of a disc, in the order in which they ended. */
  static List<PastVerify> of(CatalogueFile file, long disc) {
    return file.call(
        "list verifies",
        () -> {
          List<PastVerify> all = new ArrayList<>();
          try (ResultSet rows =
              file.prepared(
                      "SELECT began, took, place, drive, sectors, unreadable, corrected, faults"
                          + " FROM verify WHERE disc = ? ORDER BY id",
                      disc)
                  .executeQuery()) {
            while (rows.next()) {
              all.add(
                  new PastVerify(
                      Instant.ofEpochMilli(rows.getLong(1)),
                      Duration.ofMillis(rows.getLong(2)),
                      rows.getString(3),
                      rows.getString(4),
                      rows.getLong(5),
                      rows.getLong(6),
                      rows.getLong(7),
                      rows.getLong(8)));
            }
          }
          return all;
        });
  }
}
