package blksh.catalogue;

import blksh.tree.TreeEntry;
import java.sql.ResultSet;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/**
 * A scan of the past.
 *
 * @param id its number, larger than any before
 * @param ended null when it was broken off, or runs
 * @param files regular files that were there
 * @param bytes of these
 * @param read files that were read
 * @param gone entries that were no more, or another than before
 */
public record PastScan(
    long id,
    CatalogueSource source,
    Instant began,
    Instant ended,
    long files,
    long bytes,
    long read,
    long gone,
    long problems) {

  static List<PastScan> of(CatalogueFile file, List<CatalogueSource> sources) {
    return file.call(
        "list scans",
        () -> {
          List<PastScan> scans = new ArrayList<>();
          try (ResultSet rows =
              file.prepared(
                      "SELECT id, source, began, ended, files, bytes, read_files, gone, problems"
                          + " FROM scan ORDER BY id DESC")
                  .executeQuery()) {
            while (rows.next()) {
              long ended = rows.getLong(4);
              scans.add(
                  new PastScan(
                      rows.getLong(1),
                      source(sources, rows.getInt(2)),
                      Instant.ofEpochMilli(rows.getLong(3)),
                      ended == 0 ? null : Instant.ofEpochMilli(ended),
                      rows.getLong(5),
                      rows.getLong(6),
                      rows.getLong(7),
                      rows.getLong(8),
                      rows.getLong(9)));
            }
          }
          return scans;
        });
  }

  private static CatalogueSource source(List<CatalogueSource> sources, int id) {
    return sources.stream().filter(each -> each.id() == id).findFirst().orElseThrow();
  }

  static List<CatalogueEntry> gone(
      CatalogueFile file, List<CatalogueSource> sources, long scan, int most) {
    return file.call(
        "list what is gone",
        () -> {
          List<CatalogueEntry> gone = new ArrayList<>();
          try (ResultSet rows =
              file.prepared(
                      "SELECT "
                          + EntryState.COLUMNS
                          + ", d.source, d.path FROM entry e JOIN directory d ON d.id = e.directory"
                          + " WHERE e.gone = ? ORDER BY d.source, d.path, e.name LIMIT ?",
                      scan,
                      most)
                  .executeQuery()) {
            while (rows.next()) {
              EntryState state = EntryState.of(rows);
              byte[] directory = PathKey.path(EntryState.bytes(rows, EntryState.WIDTH + 2));
              gone.add(
                  new CatalogueEntry(
                      TreeEntry.path(directory, state.name()),
                      source(sources, rows.getInt(EntryState.WIDTH + 1)),
                      state.type(),
                      state.size(),
                      state.mtime(),
                      state.mtimeNanos(),
                      state.told(),
                      null,
                      List.of()));
            }
          }
          return gone;
        });
  }
}
