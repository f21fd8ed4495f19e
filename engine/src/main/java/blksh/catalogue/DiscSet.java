package blksh.catalogue;

import java.sql.ResultSet;
import java.time.Instant;
import java.util.List;

/**
 * Discs that were planned together, and one after the other.
 *
 * @param media what they are
 * @param capacity bytes of the longest image
 * @param bound how many discs no plan can do without
 * @param made when it was planned last; null when there is none
 * @param discs by number
 */
public record DiscSet(String media, long capacity, int bound, Instant made, List<Disc> discs) {

  public DiscSet {
    discs = List.copyOf(discs);
  }

  static DiscSet current(CatalogueFile file) {
    long set = DiscSetTable.current(file);
    if (set == 0) {
      return new DiscSet("", 0, 0, null, List.of());
    }
    return file.call(
        "look",
        () -> {
          try (ResultSet rows =
              file.prepared("SELECT media, capacity, bound, made FROM disc_set WHERE id = ?", set)
                  .executeQuery()) {
            rows.next();
            return new DiscSet(
                rows.getString(1),
                rows.getLong(2),
                rows.getInt(3),
                Instant.ofEpochMilli(rows.getLong(4)),
                DiscSetTable.discs(file, set));
          }
        });
  }
}
