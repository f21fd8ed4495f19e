package blksh.catalogue;

import blksh.task.Task;
import blksh.tree.TreeEntry;
import java.io.IOException;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;

/** What a disc tells of, in the order of a walk. */
final class DiscEntries {

  private static final String SELECT =
      "SELECT "
          + EntryState.COLUMNS
          + ", d.source, d.path, c.size, c.sha256, "
          + PartTable.COLUMNS
          + " FROM place o CROSS JOIN entry e ON e.id = o.entry"
          + " CROSS JOIN directory d ON d.id = e.directory LEFT JOIN content c ON c.id = e.content"
          // Its key, and not the index of contents: that leads to the key once more.
          + " LEFT JOIN part p INDEXED BY sqlite_autoindex_part_1"
          + " ON p.disc = o.disc AND p.content = e.content WHERE o.disc = ?"
          + " ORDER BY d.source, d.path, e.name, e.id, p.number";

  /** The column in which the parts begin. */
  private static final int PARTS = EntryState.WIDTH + 5;

  private final CatalogueFile file;
  private final SourcePrefixes prefixes;
  private final long disc;
  private final Task task;

  /** The path of the directory that was met last, in the one tree. */
  private byte[] directory;

  private long directoryId;

  DiscEntries(CatalogueFile file, SourcePrefixes prefixes, long disc, Task task) {
    this.file = file;
    this.prefixes = prefixes;
    this.disc = disc;
    this.task = task;
  }

  /**
   * An entry of it.
   *
   * @param path in the one tree of all sources; empty for the root
   * @param parts what the disc has of its contents
   * @param contentSize bytes; 0 when it has none
   */
  record Placed(
      EntryState entry, byte[] path, long contentSize, byte[] sha256, List<PartRow> parts) {

    /** The path of a part of its contents on the disc. */
    byte[] pathOf(PartRow part) {
      int slash = path.length;
      while (slash > 0 && path[slash - 1] != '/') {
        slash--;
      }
      byte[] in = Arrays.copyOf(path, Math.max(0, slash - 1));
      return onDisc(TreeEntry.path(in, part.name(entry.name())));
    }
  }

  /** Takes what there is. */
  interface Visitor {
    void take(Placed placed) throws SQLException, IOException;
  }

  /** A path on a disc, from its root on. */
  static byte[] onDisc(byte[] path) {
    return TreeEntry.path(DiscCargo.ascii(DiscCargo.DATA), path);
  }

  /**
   * Sees all, by source, directory and name. Of the names of contents in parts the first has what
   * is on the disc; others refer to it.
   */
  void visit(Visitor visitor) throws IOException {
    IOException[] failed = new IOException[1];
    file.call(
        "list what is on a disc",
        () -> {
          try (PreparedStatement statement = file.own(SELECT, disc);
              ResultSet rows = statement.executeQuery()) {
            all(rows, visitor);
          } catch (IOException e) {
            failed[0] = e;
          }
          return null;
        });
    if (failed[0] != null) {
      throw failed[0];
    }
  }

  private void all(ResultSet rows, Visitor visitor) throws SQLException, IOException {
    BitSet inParts = new BitSet();
    Placed last = null;
    while (rows.next()) {
      if (last != null && last.entry.id() == rows.getLong(1)) {
        last.parts.add(PartTable.row(rows, PARTS));
        continue;
      }
      if (last != null) {
        take(last, inParts, visitor);
      }
      last = placed(rows);
    }
    if (last != null) {
      take(last, inParts, visitor);
    }
  }

  private void take(Placed placed, BitSet inParts, Visitor visitor)
      throws SQLException, IOException {
    task.checkCancelled();
    Placed taken = placed;
    if (!placed.parts.isEmpty() && placed.parts.get(0).parts() > 1) {
      int content = (int) placed.entry.content();
      if (inParts.get(content)) {
        taken = new Placed(placed.entry, placed.path, placed.contentSize, placed.sha256, List.of());
      }
      inParts.set(content);
    }
    visitor.take(taken);
  }

  private Placed placed(ResultSet row) throws SQLException {
    EntryState entry = EntryState.of(row);
    if (directory == null || directoryId != entry.directory()) {
      directoryId = entry.directory();
      byte[] path = PathKey.path(EntryState.bytes(row, EntryState.WIDTH + 2));
      directory = prefixes.on(row.getInt(EntryState.WIDTH + 1), path);
    }
    List<PartRow> parts = new ArrayList<>(1);
    if (entry.isRegular() && row.getLong(PARTS) != 0) {
      parts.add(PartTable.row(row, PARTS));
    }
    return new Placed(
        entry,
        TreeEntry.path(directory, entry.name()),
        row.getLong(EntryState.WIDTH + 3),
        row.getBytes(EntryState.WIDTH + 4),
        parts);
  }
}
