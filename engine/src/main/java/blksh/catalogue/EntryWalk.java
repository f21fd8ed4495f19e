package blksh.catalogue;

import blksh.task.CancelledException;
import blksh.task.Handoff;
import blksh.task.Task;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

/**
 * What is there now of all directories that were scanned, as it was committed. It is read ahead by
 * a thread and a connection of its own, so whoever takes it may use the catalogue meanwhile.
 */
final class EntryWalk {

  /** From the sources on, so that the order of a walk needs no sorting. */
  static final String FROM =
      " FROM source s CROSS JOIN directory d ON d.source = s.id CROSS JOIN entry e"
          + " ON e.directory = d.id LEFT JOIN content c ON c.id = e.content"
          + " WHERE s.imported = 0 AND e.gone IS NULL";

  /** The order of a walk. */
  static final String IN_ORDER = " ORDER BY s.id, d.path, e.name";

  private static final String COLUMNS = EntryState.COLUMNS + ", c.size, c.sha256";

  /** Rows that are handed over at once, and how many such pieces wait. */
  private static final int PIECE = 512;

  private static final int AHEAD = 16;

  private final CatalogueFile file;
  private final Task task;

  EntryWalk(CatalogueFile file, Task task) {
    this.file = file;
    this.task = task;
  }

  /**
   * An entry with its contents.
   *
   * @param contentSize bytes; 0 when it has none
   * @param sha256 null when it has none, or that is not known
   */
  record Row(EntryState entry, long contentSize, byte[] sha256) {

    static Row of(ResultSet row) throws SQLException {
      return new Row(
          EntryState.of(row),
          row.getLong(EntryState.WIDTH + 1),
          row.getBytes(EntryState.WIDTH + 2));
    }
  }

  /** Takes rows. */
  interface Visitor {
    void take(Row row) throws SQLException;
  }

  /**
   * Walks.
   *
   * @param more what else is asked of entries: {@code " AND ..."}
   * @param order of the rows
   * @param without numbers of entries that are passed over
   */
  void walk(String more, String order, BitSet without, Visitor visitor) throws SQLException {
    Handoff<List<Row>> pieces = new Handoff<>(AHEAD);
    BitSet passed = (BitSet) without.clone();
    String sql = "SELECT " + COLUMNS + FROM + more + order;
    try (Aside<Long> reading = new Aside<>("walk", () -> read(sql, passed, pieces))) {
      long taken = 0;
      try {
        for (List<Row> piece = pieces.take(); piece != null; piece = pieces.take()) {
          task.checkCancelled();
          for (Row each : piece) {
            visitor.take(each);
          }
          taken += piece.size();
        }
      } finally {
        pieces.end();
      }
      if (taken != reading.get()) {
        // An interrupt ends the waiting for more: what was taken is not all there is.
        throw new CancelledException(task.verb() + " " + task.subject());
      }
    }
  }

  /** Hands rows over. @return how many there are, as far as anybody wanted more */
  private long read(String sql, BitSet passed, Handoff<List<Row>> pieces) {
    try (CatalogueFile beside = CatalogueFile.open(file.path(), false)) {
      return beside.call(
          "walk",
          () -> {
            try (PreparedStatement statement = beside.own(sql);
                ResultSet rows = statement.executeQuery()) {
              List<Row> piece = new ArrayList<>(PIECE);
              long count = 0;
              while (rows.next()) {
                if (passed.get((int) rows.getLong(1))) {
                  continue;
                }
                piece.add(Row.of(rows));
                count++;
                if (piece.size() == PIECE) {
                  if (!pieces.put(piece)) {
                    return count;
                  }
                  piece = new ArrayList<>(PIECE);
                }
              }
              pieces.put(piece);
              return count;
            }
          });
    } finally {
      pieces.close();
    }
  }

  /** One entry, as the file that is given has it. To be used within a call of that. */
  static Row one(CatalogueFile file, long id) throws SQLException {
    try (ResultSet row =
        file.prepared(
                "SELECT "
                    + COLUMNS
                    + " FROM entry e LEFT JOIN content c ON c.id = e.content WHERE e.id = ?",
                id)
            .executeQuery()) {
      row.next();
      return Row.of(row);
    }
  }
}
