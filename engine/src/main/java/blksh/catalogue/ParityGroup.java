package blksh.catalogue;

import blksh.parity.ReedSolomon;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

/**
 * The discs that parity discs are of: as many of them as there are parity discs may be lost, and
 * come back from the others.
 *
 * @param row which of the parity discs one is, from 0 on
 * @param rows how many there are
 * @param bytes of the parity, which is as long as the longest image
 * @param members the discs, in the order of the code
 */
record ParityGroup(int row, int rows, long bytes, List<Disc> members) {

  /** Discs of a set that no written parity disc is of, and that are not lost. */
  private static final String UNCOVERED =
      """
      SELECT d.id FROM disc d WHERE d.disc_set = ?
      AND NOT EXISTS (SELECT 1 FROM parity_disc p WHERE p.disc = d.id)
      AND NOT EXISTS (SELECT 1 FROM lost l WHERE l.disc = d.id AND l.content = 0)
      AND NOT EXISTS (SELECT 1 FROM covered c JOIN disc o ON o.id = c.disc
        WHERE c.member = d.id AND o.written IS NOT NULL
        AND NOT EXISTS (SELECT 1 FROM lost l WHERE l.disc = o.id))
      ORDER BY d.number""";

  /** Planned parity discs beside which one of the same discs is written: these stay. */
  static final String BESIDE_WRITTEN =
      """
      SELECT c.disc FROM covered c JOIN covered w ON w.member = c.member
      JOIN disc o ON o.id = w.disc JOIN parity_disc p ON p.disc = c.disc
      JOIN parity_disc q ON q.disc = w.disc
      WHERE o.written IS NOT NULL AND q.rows = p.rows AND q.row <> p.row
      AND NOT EXISTS (SELECT 1 FROM lost l WHERE l.disc = o.id)""";

  ParityGroup {
    members = List.copyOf(members);
  }

  ReedSolomon code() {
    return new ReedSolomon(members.size(), rows);
  }

  /** What a parity disc is of; null of any other disc. */
  static ParityGroup of(CatalogueFile file, long disc) {
    return file.call(
        "look what a parity disc is of",
        () -> {
          int row;
          int rows;
          long bytes;
          try (ResultSet found =
              file.prepared("SELECT row, rows, bytes FROM parity_disc WHERE disc = ?", disc)
                  .executeQuery()) {
            if (!found.next()) {
              return null;
            }
            row = found.getInt(1);
            rows = found.getInt(2);
            bytes = found.getLong(3);
          }
          List<Long> ids =
              numbers(file, "SELECT member FROM covered WHERE disc = ? ORDER BY place", disc);
          List<Disc> members = new ArrayList<>();
          for (long each : ids) {
            members.add(DiscSetTable.planned(file, each).disc());
          }
          return new ParityGroup(row, rows, bytes, members);
        });
  }

  /** The discs of a set that parity discs would be of. To be used within a call of the file. */
  static List<Disc> uncovered(CatalogueFile file, long set) throws SQLException {
    List<Disc> discs = new ArrayList<>();
    for (long each : numbers(file, UNCOVERED, set)) {
      discs.add(DiscSetTable.planned(file, each).disc());
    }
    return discs;
  }

  /** All parity discs that are written. */
  static List<Long> written(CatalogueFile file) {
    return file.call(
        "list parity discs",
        () ->
            numbers(
                file,
                "SELECT p.disc FROM parity_disc p JOIN disc d ON d.id = p.disc"
                    + " WHERE d.written IS NOT NULL ORDER BY p.disc"));
  }

  /** Notes what a disc is. To be used within a call of the file. */
  void note(CatalogueFile file, long disc) throws SQLException {
    file.execute("INSERT INTO parity_disc VALUES (?, ?, ?, ?)", disc, row, rows, bytes);
    for (int i = 0; i < members.size(); i++) {
      file.execute("INSERT INTO covered VALUES (?, ?, ?)", disc, i, members.get(i).id());
    }
  }

  private static List<Long> numbers(CatalogueFile file, String sql, Object... values)
      throws SQLException {
    List<Long> numbers = new ArrayList<>();
    try (ResultSet rows = file.prepared(sql, values).executeQuery()) {
      while (rows.next()) {
        numbers.add(rows.getLong(1));
      }
    }
    return numbers;
  }
}
