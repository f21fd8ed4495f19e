package blksh.catalogue;

import blksh.BlkshException;
import blksh.io.NameText;
import blksh.iso.DiscPlan;
import blksh.tree.TreeEntry;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;

/**
 * What was put onto discs by hand, for as long as the set is gone on with. To be used within a call
 * of the file.
 */
final class Assignments {

  private final CatalogueFile file;
  private final SourcePrefixes prefixes;
  private final List<CatalogueSource> sources;

  Assignments(Catalogue catalogue) {
    this.file = catalogue.file();
    this.prefixes = catalogue.prefixes();
    this.sources = catalogue.sources().stream().filter(each -> !each.imported()).toList();
  }

  /** All, by the number of the disc, and of a disc in the order in which they were made. */
  static List<Assignment> all(CatalogueFile file) throws SQLException {
    List<Assignment> all = new ArrayList<>();
    try (ResultSet rows =
        file.prepared("SELECT id, path, disc FROM assignment ORDER BY disc, id").executeQuery()) {
      while (rows.next()) {
        all.add(new Assignment(rows.getLong(1), rows.getBytes(2), rows.getInt(3)));
      }
    }
    return all;
  }

  /**
   * Puts something onto a disc; what was said of the very path before is forgotten.
   *
   * @throws BlkshException when nothing is there under that path
   */
  void add(byte[] path, int disc) throws SQLException {
    if (rows(path) == null) {
      throw new BlkshException(
          "put %s onto disc %d".formatted(NameText.of(path), disc),
          "nothing is there under that path");
    }
    remove(file, path);
    file.execute("INSERT INTO assignment (path, disc) VALUES (?, ?)", path, disc);
  }

  /** Forgets what was said of a path. @return whether anything was */
  static boolean remove(CatalogueFile file, byte[] path) throws SQLException {
    return file.execute("DELETE FROM assignment WHERE path = ?", path) > 0;
  }

  static void removeAll(CatalogueFile file) throws SQLException {
    file.execute("DELETE FROM assignment");
  }

  /**
   * What is asked of entries that are at or below a path, as a condition of an {@link EntryWalk};
   * null when there are none.
   */
  String rows(byte[] path) throws SQLException {
    for (CatalogueSource each : sources) {
      byte[] in = within(prefixes.of(each.id()), path);
      if (in == null) {
        continue;
      }
      byte[] key = PathKey.of(in);
      String source = " AND s.id = " + each.id();
      if (has(each.id(), key)) {
        return key.length == 0
            ? source
            : source
                + " AND (d.path = %s OR d.path > %s AND d.path < %s)"
                    .formatted(blob(key), blob(PathKey.firstBelow(key)), blob(PathKey.behind(key)));
      }
      int slash = in.length;
      while (slash > 0 && in[slash - 1] != '/') {
        slash--;
      }
      byte[] above = PathKey.of(Arrays.copyOf(in, Math.max(0, slash - 1)));
      byte[] name = Arrays.copyOfRange(in, slash, in.length);
      long entry =
          file.number(
              0,
              "SELECT e.id FROM directory d JOIN entry e ON e.directory = d.id WHERE d.source = ?"
                  + " AND d.path = ? AND e.name = CAST(? AS TEXT) AND e.gone IS NULL",
              each.id(),
              above,
              name);
      if (entry != 0) {
        return source + " AND d.path = %s AND e.id = %d".formatted(blob(above), entry);
      }
    }
    return null;
  }

  /** What is said when a disc has no room for what was put onto it. */
  static BlkshException noRoom(Assignment assigned, DiscItem item, long length, DiscFill disc) {
    byte[] path = DirectoryLevels.path(item.directory(), item.entry().name());
    return new BlkshException(
            "put %s onto disc %d".formatted(assigned.text(), assigned.disc()),
            "%s with %d bytes does not fit beside what is there: about %d bytes are free"
                .formatted(NameText.of(path), length, disc.mayBeFree() * DiscPlan.SECTOR))
        .suggest("put less onto it, or onto another disc");
  }

  /** Requires that none of the discs that were begun by hand is left with nothing. */
  static void requireUsed(List<DiscFill> discs) {
    for (DiscFill each : discs) {
      if (each.isEmpty()) {
        throw new BlkshException(
                "plan disc " + each.number(),
                "nothing is left for it beside what was put onto other discs by hand")
            .suggest("put something onto it, or less onto the others; unassign takes back");
      }
    }
  }

  /** Whether something is in a directory now. */
  private boolean has(int source, byte[] key) throws SQLException {
    return file.number(
            0,
            "SELECT d.id FROM directory d WHERE d.source = ? AND d.path = ? AND EXISTS"
                + " (SELECT 1 FROM entry e WHERE e.directory = d.id AND e.gone IS NULL)",
            source,
            key)
        != 0;
  }

  private static String blob(byte[] bytes) {
    return "X'" + HexFormat.of().formatHex(bytes) + "'";
  }

  /** A path of the one tree in a source; null when it is not in that. */
  private static byte[] within(byte[] prefix, byte[] path) {
    if (prefix.length == 0) {
      return path;
    }
    if (Arrays.equals(prefix, path)) {
      return new byte[0];
    }
    byte[] below = TreeEntry.path(prefix, new byte[] {'x'});
    int length = below.length - 1;
    return path.length > length && Arrays.equals(path, 0, length, below, 0, length)
        ? Arrays.copyOfRange(path, length, path.length)
        : null;
  }
}
