package blksh.catalogue;

import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.util.ArrayList;
import java.util.List;

/**
 * One row of figures about the files of a catalogue.
 *
 * @param label what they have in common: {@code "jpg"}, {@code "2019"}, {@code "1 MiB to 16 MiB"}
 * @param files how many there are
 * @param bytes of them
 */
public record FigureBar(String label, long files, long bytes) {

  /** Views on the files. */
  public enum By {
    /** The end of the name behind its last dot, in lower case; those that take most come first. */
    TYPE(
        """
        CASE WHEN instr(substr(name, 2), '.') = 0 THEN '(none)'
          ELSE lower(replace(name, rtrim(name, replace(name, '.', '')), '')) END""",
        "b DESC, l"),
    /** The year in which they were changed last, in UTC. */
    AGE("strftime('%Y', mtime, 'unixepoch')", "l"),
    /** How large they are. */
    SIZE(
        """
        CASE WHEN size = 0 THEN '0 empty' WHEN size < 4096 THEN '1 below 4 KiB'
          WHEN size < 65536 THEN '2 4 KiB to 64 KiB' WHEN size < 1048576 THEN '3 64 KiB to 1 MiB'
          WHEN size < 16777216 THEN '4 1 MiB to 16 MiB' WHEN size < 268435456 THEN '5 16 MiB to 256 MiB'
          WHEN size < 4294967296 THEN '6 256 MiB to 4 GiB' ELSE '7 4 GiB and more' END""",
        "l");

    private final String label;
    private final String order;

    By(String label, String order) {
      this.label = label;
      this.order = order;
    }
  }

  static List<FigureBar> of(CatalogueFile file, By by) {
    return file.call(
        "count",
        () -> {
          List<FigureBar> bars = new ArrayList<>();
          try (PreparedStatement statement =
                  file.own(
                      "SELECT %s AS l, count(*), total(size) AS b FROM entry".formatted(by.label)
                          + " WHERE gone IS NULL AND type = 0 GROUP BY l ORDER BY "
                          + by.order);
              ResultSet rows = statement.executeQuery()) {
            while (rows.next()) {
              String label = rows.getString(1);
              label = label == null ? "unknown" : by == By.SIZE ? label.substring(2) : label;
              bars.add(new FigureBar(label, rows.getLong(2), rows.getLong(3)));
            }
          }
          return bars;
        });
  }
}
