package blksh.store;

import blksh.store.pack.Pack;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What verifications found damaged and none has seen whole since, in {@code index.db}: pages that
 * fail their digests, and damaged places of files with what they mean for images. A row goes only
 * when the place was read again and is sound, or is not there any more.
 */
final class KnownDamage {

  private final IndexConnection database;

  KnownDamage(IndexConnection database) {
    this.database = database;
  }

  // ---- pages ---------------------------------------------------------------------------------

  /**
   * Replaces what is known of some pages of a pack; what is known of its others stays.
   *
   * @param looked the pages that were looked at
   * @param found those of them, and of others, that are bad
   */
  void replacePages(long pack, BitSet looked, List<StoreIndex.BadPages> found) {
    database.transaction(
        () -> {
          BitSet bad = new BitSet();
          for (StoreIndex.BadPages range : pages(pack)) {
            if (range.first() >= 0 && range.past() <= Pack.MAX_PAGES) {
              bad.set(range.first(), Math.max(range.first(), range.past()));
            }
          }
          bad.andNot(looked);
          found.forEach(range -> bad.set(range.first(), range.past()));
          delete("DELETE FROM bad WHERE pack = ?", pack);
          List<StoreIndex.BadPages> now = new ArrayList<>();
          for (int first = bad.nextSetBit(0); first >= 0; ) {
            int past = bad.nextClearBit(first);
            now.add(new StoreIndex.BadPages(pack, first, past));
            first = bad.nextSetBit(past);
          }
          insertPages(now);
          return null;
        });
  }

  /** Replaces what is known of the bad pages of a pack. */
  void putPages(long pack, List<StoreIndex.BadPages> ranges) {
    database.transaction(
        () -> {
          delete("DELETE FROM bad WHERE pack = ?", pack);
          insertPages(ranges);
          return null;
        });
  }

  /** As {@link #putPages}, of all packs, in the caller's transaction. */
  void replaceAllPages(Collection<StoreIndex.BadPages> ranges) throws SQLException {
    delete("DELETE FROM bad");
    insertPages(ranges);
  }

  private void insertPages(Collection<StoreIndex.BadPages> ranges) throws SQLException {
    try (PreparedStatement insert =
        database.prepare("INSERT INTO bad(pack, first, past) VALUES(?, ?, ?)")) {
      for (StoreIndex.BadPages range : ranges) {
        insert.setLong(1, range.pack());
        insert.setInt(2, range.first());
        insert.setInt(3, range.past());
        insert.executeUpdate();
      }
    }
  }

  /** The pages that failed their digests when they were last read, of one pack or (null) of all. */
  List<StoreIndex.BadPages> pages(Long pack) {
    return database.query(
        () -> {
          List<StoreIndex.BadPages> found = new ArrayList<>();
          try (PreparedStatement select =
              database.prepare(
                  "SELECT pack, first, past FROM bad" + (pack == null ? "" : " WHERE pack = ?"))) {
            if (pack != null) {
              select.setLong(1, pack);
            }
            try (ResultSet row = select.executeQuery()) {
              while (row.next()) {
                found.add(new StoreIndex.BadPages(row.getLong(1), row.getInt(2), row.getInt(3)));
              }
            }
          }
          return found;
        });
  }

  /** Is another whenever other pages are known to be bad. */
  String stateOfPages() {
    return database.query(
        () -> {
          // Of a table without numbers of rows.
          String state =
              "count(*) || ' ' || total(first) || ' ' || total(past) || ' '"
                  + " || total(pack % 65521 * (first + past))";
          try (PreparedStatement select = database.prepare("SELECT " + state + " FROM bad");
              ResultSet row = select.executeQuery()) {
            return row.next() ? String.valueOf(row.getString(1)) : "";
          }
        });
  }

  /** Forgets what is known of a pack, which is gone; in the caller's transaction. */
  void forgetPack(long pack, String file) throws SQLException {
    delete("DELETE FROM bad WHERE pack = ?", pack);
    delete("DELETE FROM damage WHERE file = ?", file);
  }

  // ---- places --------------------------------------------------------------------------------

  /**
   * A damaged place of a file.
   *
   * @param explained whether what it means for images was looked at: a verification that was
   *     stopped did not come to that
   * @param since when it was found first
   */
  record Place(Damage damage, boolean explained, Instant since) {}

  /** All that are known, by file. */
  List<Place> places() {
    return database.query(
        () -> {
          List<Place> found = new ArrayList<>();
          try (PreparedStatement select =
                  database.prepare(
                      "SELECT file, start, length, problem, affected, since FROM damage"
                          + " ORDER BY file, start");
              ResultSet row = select.executeQuery()) {
            while (row.next()) {
              String affected = row.getString(5);
              Damage damage =
                  new Damage(
                      row.getString(1),
                      row.getLong(2),
                      row.getLong(3),
                      row.getString(4),
                      affected == null ? List.of() : ranges(affected));
              found.add(new Place(damage, affected != null, Instant.parse(row.getString(6))));
            }
          } catch (DateTimeException | IllegalArgumentException e) {
            throw new IndexConnection.DamagedIndexException(
                database.location(), "a row is damaged: " + e.getMessage(), e);
          }
          return found;
        });
  }

  /** Adds places of a file at once, of which it is not known yet what they mean for images. */
  void addUnexplained(List<Damage> found, Instant now) {
    database.transaction(
        () -> {
          for (Damage damage : found) {
            insert(damage, null, now, "IGNORE");
          }
          return null;
        });
  }

  /**
   * Replaces the places that were looked at again.
   *
   * @param looked those that were known before, by {@link #key}, and were looked at
   * @param files files that were read whole: all their places go
   * @param found what there is now; those known before keep their date
   * @param cut files of which it is not known all that they mean for images
   */
  void replacePlaces(
      Set<String> looked, Set<String> files, List<Damage> found, Set<String> cut, Instant now) {
    database.transaction(
        () -> {
          List<Place> before = places();
          Map<String, Instant> since = new HashMap<>();
          for (Place place : before) {
            since.merge(key(place.damage()), place.since(), (a, b) -> a.isBefore(b) ? a : b);
            if (looked.contains(key(place.damage())) || files.contains(place.damage().file())) {
              delete(
                  "DELETE FROM damage WHERE file = ? AND start = ? AND problem = ?",
                  place.damage().file(),
                  place.damage().start(),
                  place.damage().problem());
            }
          }
          for (Damage damage : together(found)) {
            String affected = cut.contains(damage.file()) ? null : text(damage.affected());
            insert(damage, affected, since.getOrDefault(key(damage), now), "REPLACE");
          }
          return null;
        });
  }

  /** One for each place and problem, with all that they mean for images. */
  private static List<Damage> together(List<Damage> found) {
    Map<String, Damage> merged = new LinkedHashMap<>();
    for (Damage damage : found) {
      merged.merge(
          key(damage) + '\n' + damage.problem(),
          damage,
          (a, b) -> {
            List<AffectedRange> all = new ArrayList<>(a.affected());
            all.addAll(b.affected());
            return new Damage(a.file(), a.start(), a.length(), a.problem(), List.copyOf(all));
          });
    }
    return List.copyOf(merged.values());
  }

  /** What begins the keys under which {@code meta} holds the places that were told of. */
  private static final String TOLD = "told ";

  /** The places that the last verification which came to its end told of, by {@link #key}. */
  Set<String> told() {
    return database.query(
        () -> {
          Set<String> told = new HashSet<>();
          try (PreparedStatement select =
                  database.prepare("SELECT key FROM meta WHERE key LIKE '" + TOLD + "%'");
              ResultSet row = select.executeQuery()) {
            while (row.next()) {
              told.add(row.getString(1).substring(TOLD.length()));
            }
          }
          return told;
        });
  }

  /** Notes what a verification told of, in place of what one before did. */
  void replaceTold(List<Damage> found) {
    database.transaction(
        () -> {
          delete("DELETE FROM meta WHERE key LIKE '" + TOLD + "%'");
          try (PreparedStatement insert =
              database.prepare("INSERT OR REPLACE INTO meta(key, value) VALUES(?, '')")) {
            for (Damage damage : found) {
              insert.setString(1, TOLD + key(damage));
              insert.executeUpdate();
            }
          }
          return null;
        });
  }

  /** Notes that it has to be looked at anew what known damage means: there are other versions. */
  void unexplain() {
    database.update("UPDATE damage SET affected = NULL");
  }

  /** What tells a place. */
  static String key(Damage damage) {
    return damage.start() + " " + damage.file();
  }

  private void insert(Damage damage, String affected, Instant since, String conflict)
      throws SQLException {
    try (PreparedStatement insert =
        database.prepare(
            "INSERT OR "
                + conflict
                + " INTO damage(file, start, length, problem, affected, since)"
                + " VALUES(?, ?, ?, ?, ?, ?)")) {
      insert.setString(1, damage.file());
      insert.setLong(2, damage.start());
      insert.setLong(3, damage.length());
      insert.setString(4, damage.problem());
      insert.setString(5, affected);
      insert.setString(6, since.toString());
      insert.executeUpdate();
    }
  }

  /** A line for each range: first byte, bytes, version. */
  private static String text(List<AffectedRange> ranges) {
    StringBuilder text = new StringBuilder();
    for (AffectedRange range : ranges) {
      text.append(range.start()).append(' ').append(range.length()).append(' ');
      text.append(range.manifest()).append('\n');
    }
    return text.toString();
  }

  private static List<AffectedRange> ranges(String text) {
    List<AffectedRange> ranges = new ArrayList<>();
    for (String line : text.split("\n")) {
      String[] parts = line.split(" ", 3);
      if (parts.length == 3) {
        ranges.add(new AffectedRange(parts[2], Long.parseLong(parts[0]), Long.parseLong(parts[1])));
      } else if (!line.isEmpty()) {
        throw new IllegalArgumentException("\"" + line + "\" is no range of an image");
      }
    }
    return List.copyOf(ranges);
  }

  private void delete(String sql, Object... values) throws SQLException {
    try (PreparedStatement delete = database.prepare(sql)) {
      for (int i = 0; i < values.length; i++) {
        delete.setObject(i + 1, values[i]);
      }
      delete.executeUpdate();
    }
  }
}
