package blksh.catalogue;

import blksh.BlkshException;
import blksh.io.NameText;
import blksh.iso.DiscPlan;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

/**
 * Divides files that are larger than a disc into parts, which joined are the file again. Each but
 * the last is as long as an empty disc has room for. To be used within a call of the file.
 */
final class Spanning {

  private static final int MOST_PARTS = 4000;

  /** A way to call parts whose number is as long as any. */
  private static final int LONGEST_SCHEME = 99;

  /** Of a content its first name in the order of a walk. */
  private static final String FIRST =
      "SELECT "
          + EntryState.COLUMNS
          + " FROM entry e CROSS JOIN directory d ON d.id = e.directory"
          + " CROSS JOIN source s ON s.id = d.source WHERE e.content = ?"
          + " AND s.imported = 0 AND e.gone IS NULL"
          + EntryWalk.IN_ORDER
          + " LIMIT 1";

  private final CatalogueFile file;
  private final PartNames names;
  private final SegmentOptions options;
  private final DiscCargo cargo;
  private final String action;

  Spanning(CatalogueFile file, SegmentOptions options, DiscCargo cargo) {
    this.file = file;
    this.names = new PartNames(file);
    this.options = options;
    this.cargo = cargo;
    this.action = "plan discs of " + options.capacity() + " bytes";
  }

  /**
   * Requires that a file may be divided.
   *
   * @throws BlkshException when it may not, by the options of the plan
   */
  void requireAllowed(byte[] path, long size) {
    if (!options.spanLargeFiles()) {
      throw new BlkshException(
              action,
              "%s has %d bytes, and fits on none, as one file".formatted(NameText.of(path), size))
          .suggest("let large files be spanned, or take larger discs");
    }
  }

  /** The name of a content whose file is divided; its others refer to it. */
  EntryState first(long content) throws SQLException {
    try (ResultSet row = file.prepared(FIRST, content).executeQuery()) {
      row.next();
      return EntryState.of(row);
    }
  }

  /** A part of which a disc says as much as of any that the content can have. */
  static PartRow widest(long content, long size) {
    String suffix = PartRow.suffix(LONGEST_SCHEME, MOST_PARTS, MOST_PARTS);
    return new PartRow(0, content, MOST_PARTS, MOST_PARTS, size, size, suffix, 0);
  }

  /**
   * The parts of a file, on no disc yet.
   *
   * @param size bytes of its contents
   * @param widest what its {@link #widest} part is on a disc, without contents
   * @throws BlkshException when they would be too many
   */
  List<PartRow> parts(EntryState entry, long size, byte[] path, DiscItem widest)
      throws SQLException {
    DiscFill empty = new DiscFill(0, 0, options.plainCapacity(), cargo, (disc, each) -> {});
    long most = empty.most(widest) * DiscPlan.SECTOR;
    long count = most <= 0 ? MOST_PARTS + 1 : (size + most - 1) / most;
    if (count > MOST_PARTS) {
      throw new BlkshException(
              action, "%s would be more than %d parts".formatted(NameText.of(path), MOST_PARTS))
          .suggest("take larger discs");
    }
    int scheme = names.scheme(entry, (int) count);
    List<PartRow> parts = new ArrayList<>();
    for (int i = 1; i <= count; i++) {
      long start = (i - 1) * most;
      long bytes = Math.min(most, size - start);
      String suffix = PartRow.suffix(scheme, i, (int) count);
      parts.add(new PartRow(0, entry.content(), i, (int) count, start, bytes, suffix, 0));
    }
    return parts;
  }
}
