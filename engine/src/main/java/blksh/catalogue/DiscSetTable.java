package blksh.catalogue;

import blksh.BlkshException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/** The sets of discs in the database. */
final class DiscSetTable {

  private static final String COLUMNS =
      "d.id, d.number, d.name, d.guid, d.capacity, d.size, d.files, d.bytes, d.written, d.image,"
          + " d.marked, s.imported, d.as_of, d.catalogue, d.own, d.tree, d.sums, d.made, d.total,"
          + " d.sources, d.script FROM disc d JOIN disc_set s ON s.id = d.disc_set";

  /** Tables of what discs have, in the order in which it goes: the last tell which discs stay. */
  private static final List<String> OF_DISCS =
      List.of("part", "place", "carried", "protection", "readable", "covered", "parity_disc");

  private DiscSetTable() {}

  /**
   * What is planned of a disc beside what it shows.
   *
   * @param asOf the scan whose findings it tells
   * @param catalogue bytes of its catalogue
   * @param own bytes of its own, 0 when the other is in plain
   * @param made when it was planned
   * @param total discs of the set then
   * @param sources the number of the last source there was then
   * @param script bytes of its restore.py
   */
  record Planned(
      Disc disc,
      long asOf,
      long catalogue,
      long own,
      long tree,
      long sums,
      Instant made,
      int total,
      int sources,
      int script) {}

  /**
   * The set that is gone on with: the last that was planned here, or else the last at all; or 0.
   */
  static long current(CatalogueFile file) {
    return file.call(
        "look", () -> file.number(0, "SELECT id FROM disc_set ORDER BY imported, id DESC LIMIT 1"));
  }

  /** On which disc of the current set contents are. */
  static DiscNumbers numbers(CatalogueFile file) {
    long set = current(file);
    return set == 0 ? DiscNumbers.NONE : numbers(file, set);
  }

  /** As above, of any set. */
  static DiscNumbers numbers(CatalogueFile file, long set) {
    return numbers(file, set, 0);
  }

  /**
   * On which disc of a set contents were when that had so many discs: the newest that has a
   * content, or the first part of one, as another is only made when those before have it not as
   * they should. What becomes of discs later changes nothing of that, so a disc says what was
   * planned.
   *
   * @param total discs; 0 for all
   */
  static DiscNumbers numbers(CatalogueFile file, long set, int total) {
    int[] discs =
        file.call(
            "look where contents are",
            () -> {
              int[] of = new int[(int) file.number(0, "SELECT max(id) FROM content") + 1];
              try (PreparedStatement statement =
                      file.own(
                          "SELECT p.content, d.number FROM disc d CROSS JOIN part p"
                              + " ON p.disc = d.id WHERE d.disc_set = ? AND p.number = 1"
                              + " AND (? = 0 OR d.number <= ?)",
                          set,
                          total,
                          total);
                  ResultSet rows = statement.executeQuery()) {
                while (rows.next()) {
                  int content = rows.getInt(1);
                  of[content] = Math.max(of[content], rows.getInt(2));
                }
              }
              return of;
            });
    return content -> content < discs.length ? discs[(int) content] : 0;
  }

  private static Planned row(ResultSet row) throws SQLException {
    long written = row.getLong(9);
    boolean isWritten = !row.wasNull();
    String image = row.getString(10);
    Disc disc =
        new Disc(
            row.getLong(1),
            row.getInt(2),
            row.getString(3),
            row.getString(4),
            row.getLong(5),
            row.getLong(6),
            row.getLong(7),
            row.getLong(8),
            isWritten ? Instant.ofEpochMilli(written) : null,
            image == null || !isWritten ? null : Path.of(image),
            row.getBoolean(11),
            row.getBoolean(12));
    return new Planned(
        disc,
        row.getLong(13),
        row.getLong(14),
        row.getLong(15),
        row.getLong(16),
        row.getLong(17),
        Instant.ofEpochMilli(row.getLong(18)),
        row.getInt(19),
        row.getInt(20),
        row.getInt(21));
  }

  /** The discs of a set by number; of all sets when that is 0. */
  static List<Disc> discs(CatalogueFile file, long set) {
    return file.call(
        "list discs",
        () -> {
          List<Disc> discs = new ArrayList<>();
          try (ResultSet rows =
              file.prepared(
                      "SELECT "
                          + COLUMNS
                          + " WHERE ? = 0 OR d.disc_set = ? ORDER BY d.disc_set, d.number",
                      set,
                      set)
                  .executeQuery()) {
            while (rows.next()) {
              discs.add(row(rows).disc());
            }
          }
          return discs;
        });
  }

  static Planned planned(CatalogueFile file, long disc) {
    return file.call(
        "look",
        () -> {
          try (ResultSet rows =
              file.prepared("SELECT " + COLUMNS + " WHERE d.id = ?", disc).executeQuery()) {
            if (rows.next()) {
              return row(rows);
            }
            throw new BlkshException("find the disc", "it was planned otherwise meanwhile");
          }
        });
  }

  static long setOf(CatalogueFile file, long disc) {
    return file.call("look", () -> file.number(0, "SELECT disc_set FROM disc WHERE id = ?", disc));
  }

  /**
   * Counts discs as written whose image got its name when whoever wrote it was ended: it has that
   * only when it is whole. For whoever works alone with the catalogue.
   */
  static void settle(CatalogueFile file) {
    file.whole(
        "look for images that are whole",
        () -> {
          List<Planned> named = new ArrayList<>();
          List<Path> images = new ArrayList<>();
          try (ResultSet rows =
              file.prepared(
                      "SELECT " + COLUMNS + " WHERE d.written IS NULL AND d.image IS NOT NULL")
                  .executeQuery()) {
            while (rows.next()) {
              named.add(row(rows));
              images.add(Path.of(rows.getString(10)));
            }
          }
          for (int i = 0; i < named.size(); i++) {
            Disc disc = named.get(i).disc();
            if (OpenDiscs.isImageOf(images.get(i), disc)) {
              noteWritten(file, disc);
            } else if (!Files.isDirectory(images.get(i).toAbsolutePath().getParent())) {
              throw new BlkshException(
                      "look for images of discs",
                      "the image of %s may be whole, and the directory of %s is not there"
                          .formatted(disc.name(), images.get(i)))
                  .suggest(
                      "mount what belongs there; or make that directory when it is gone for good");
            } else {
              file.execute("UPDATE disc SET image = NULL, marked = 0 WHERE id = ?", disc.id());
              file.execute("UPDATE part SET missing = 0, sha256 = NULL WHERE disc = ?", disc.id());
              file.execute("UPDATE place SET missing = 0 WHERE disc = ?", disc.id());
            }
          }
          return null;
        });
  }

  /** Notes that a disc is written, now. To be used within a call. */
  static void noteWritten(CatalogueFile file, Disc disc) throws SQLException {
    file.execute(
        "UPDATE disc SET written = ? WHERE id = ?", Instant.now().toEpochMilli(), disc.id());
  }

  /** Takes discs out that are planned and not written. To be used within a call. */
  static void dropPlanned(CatalogueFile file, long set) throws SQLException {
    long others =
        file.number(0, "SELECT count(*) FROM disc WHERE written IS NOT NULL OR disc_set <> ?", set);
    if (others == 0) {
      // All that there is: SQLite forgets a whole table at once, and rows one by one.
      for (String table : OF_DISCS) {
        file.execute("DELETE FROM " + table);
      }
      file.execute("DELETE FROM disc");
      return;
    }
    String planned =
        "written IS NULL AND disc_set = ? AND id NOT IN (" + ParityGroup.BESIDE_WRITTEN + ")";
    String discs = " (SELECT id FROM disc WHERE " + planned + ")";
    for (String table : OF_DISCS) {
      file.execute("DELETE FROM " + table + " WHERE disc IN" + discs, set);
    }
    file.execute("DELETE FROM disc WHERE " + planned, set);
  }
}
