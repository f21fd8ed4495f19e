package blksh.catalogue;

import blksh.BlkshException;
import blksh.io.NameText;
import blksh.tree.TreeEntry;
import java.nio.charset.StandardCharsets;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Where the files of each source are when those of all are in one tree: of a single one at its
 * root, of several each in a directory that is called as the source is, with a number when that is
 * taken. Once discs were planned a source stays where it was then, so that all discs make one tree.
 */
final class SourcePrefixes {

  private static final byte[] NONE = {};

  private final Map<Integer, byte[]> prefixes = new HashMap<>();

  SourcePrefixes(CatalogueFile file, List<CatalogueSource> sources) {
    List<byte[]> taken = new ArrayList<>();
    int atRoot = 0;
    for (CatalogueSource each : sources) {
      if (each.prefix() != null) {
        prefixes.put(each.id(), each.prefix());
        taken.add(each.prefix());
        atRoot = each.prefix().length == 0 ? each.id() : atRoot;
      }
    }
    long scanned = sources.stream().filter(each -> !each.imported()).count();
    for (CatalogueSource each : sources) {
      if (each.prefix() != null) {
        continue;
      }
      if (sources.size() == 1 || !each.imported() && scanned == 1) {
        prefixes.put(each.id(), NONE);
        continue;
      }
      byte[] name = each.lastName();
      boolean below = atRoot != 0 && !each.imported();
      for (int i = 2; isTaken(taken, name) || below && isIn(file, atRoot, name); i++) {
        byte[] end = ("-" + i).getBytes(StandardCharsets.US_ASCII);
        byte[] first = each.lastName();
        name = Arrays.copyOf(first, first.length + end.length);
        System.arraycopy(end, 0, name, first.length, end.length);
      }
      taken.add(name);
      prefixes.put(each.id(), name);
    }
  }

  /** Whether a source has, or had, something of that name at its root. */
  private static boolean isIn(CatalogueFile file, int source, byte[] name) {
    return file.call(
        "look where sources are",
        () ->
            file.number(
                    0,
                    """
                    SELECT e.id FROM directory d JOIN entry e ON e.directory = d.id
                    WHERE d.source = ? AND d.path = ? AND e.name = CAST(? AS TEXT) LIMIT 1""",
                    source,
                    PathKey.of(NONE),
                    name)
                != 0);
  }

  /** Has every directory that was scanned stay where it is. To be used within a call. */
  void keep(CatalogueFile file) throws SQLException {
    for (Map.Entry<Integer, byte[]> each : prefixes.entrySet()) {
      file.execute(
          "UPDATE source SET prefix = ? WHERE id = ? AND imported = 0 AND prefix IS NULL",
          each.getValue(),
          each.getKey());
    }
  }

  /**
   * Requires that nothing of the source at the root is called as the directory of another by now:
   * it was not when that was chosen. To be used within a call.
   *
   * @throws BlkshException when something is
   */
  static void requireApart(CatalogueFile file) throws SQLException {
    try (ResultSet rows =
        file.prepared(
                """
                SELECT r.root, s.root, s.prefix FROM source r CROSS JOIN source s
                WHERE r.imported = 0 AND length(r.prefix) = 0 AND s.imported = 0
                  AND length(s.prefix) > 0 AND EXISTS
                  (SELECT 1 FROM directory d JOIN entry e ON e.directory = d.id
                   WHERE d.source = r.id AND d.path = ? AND e.name = CAST(s.prefix AS TEXT)
                     AND e.gone IS NULL)""",
                PathKey.of(NONE))
            .executeQuery()) {
      if (rows.next()) {
        String name = NameText.of(EntryState.bytes(rows, 3));
        throw new BlkshException(
                "plan discs",
                "%s has %s by now, and what is in %s is called so on the discs"
                    .formatted(NameText.of(rows.getBytes(1)), name, NameText.of(rows.getBytes(2))))
            .suggest("call " + name + " otherwise, and scan again");
      }
    }
  }

  private static boolean isTaken(List<byte[]> taken, byte[] name) {
    return taken.stream().anyMatch(it -> Arrays.equals(it, name));
  }

  /** The path in the one tree of a path in a source. */
  byte[] on(int source, byte[] path) {
    return TreeEntry.path(prefixes.get(source), path);
  }

  /** The directory of a source in the one tree; empty for its root. */
  byte[] of(int source) {
    return prefixes.get(source);
  }
}
