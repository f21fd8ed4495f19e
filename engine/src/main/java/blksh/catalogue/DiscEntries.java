package blksh.catalogue;

import blksh.task.Task;
import blksh.tree.TreeEntry;
import java.io.IOException;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;

/** What a disc tells of, in the order of a walk. */
final class DiscEntries {

  private final CatalogueFile file;
  private final SourcePrefixes prefixes;
  private final long disc;
  private final Task task;

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
    BitSet inParts = new BitSet();
    IOException[] failed = new IOException[1];
    file.call(
        "list what is on a disc",
        () -> {
          try (PreparedStatement statement =
                  file.own(
                      "SELECT "
                          + EntryState.COLUMNS
                          + ", d.source, d.path, c.size, c.sha256 FROM place p"
                          + " JOIN entry e ON e.id = p.entry JOIN directory d ON d.id = e.directory"
                          + " LEFT JOIN content c ON c.id = e.content WHERE p.disc = ?"
                          + " ORDER BY d.source, d.path, e.name",
                      disc);
              ResultSet rows = statement.executeQuery()) {
            while (rows.next()) {
              task.checkCancelled();
              visitor.take(placed(rows, inParts));
            }
          } catch (IOException e) {
            failed[0] = e;
          }
          return null;
        });
    if (failed[0] != null) {
      throw failed[0];
    }
  }

  private Placed placed(ResultSet row, BitSet inParts) throws SQLException {
    EntryState entry = EntryState.of(row);
    byte[] directory = PathKey.path(EntryState.bytes(row, EntryState.WIDTH + 2));
    byte[] path =
        prefixes.on(row.getInt(EntryState.WIDTH + 1), TreeEntry.path(directory, entry.name()));
    List<PartRow> parts =
        entry.isRegular() && entry.content() != 0
            ? PartTable.ofContent(file, entry.content(), disc)
            : List.of();
    if (!parts.isEmpty() && parts.get(0).parts() > 1) {
      int content = (int) entry.content();
      parts = inParts.get(content) ? List.of() : parts;
      inParts.set(content);
    }
    return new Placed(
        entry, path, row.getLong(EntryState.WIDTH + 3), row.getBytes(EntryState.WIDTH + 4), parts);
  }
}
