package blksh.store;

import blksh.BlkshException;
import blksh.store.pack.PackDirectory;
import java.io.Closeable;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * {@code index.db}: what can be known of packs and manifests without opening them. What there is
 * says the shelf, and never a row: a row only spares to open the blob it was made of. All of it can
 * be made again but the dates of packs, what verifications found damaged, and the numbers of
 * versions that are gone.
 *
 * <p>A pack's ordinal is what the page index calls it. A pack is listed only after all its pages
 * are in the page index, so a pack file without a row is one to be indexed. Rows are durable before
 * the page index names their ordinals: none is given twice.
 */
final class StoreIndex implements Closeable {

  private final IndexConnection database;
  private final GivenNumbers numbers;
  private final KnownDamage damage;
  private final boolean changeable;

  private StoreIndex(IndexConnection database, boolean changeable) {
    this.database = database;
    this.numbers = new GivenNumbers(database);
    this.damage = new KnownDamage(database);
    this.changeable = changeable;
  }

  /** Whether rows can be made. */
  boolean changeable() {
    return changeable;
  }

  /** Opens the index of a store, or makes an empty one. */
  static StoreIndex open(Path file) {
    return new StoreIndex(IndexConnection.open(file), true);
  }

  /** An index that lives as long as it is open, for a store that cannot be written. */
  static StoreIndex inMemory() {
    return new StoreIndex(IndexConnection.inMemory(), true);
  }

  /**
   * The index of a store that cannot be written, as it is.
   *
   * @throws BlkshException when it is of another version, or cannot be used
   */
  static StoreIndex openUnchanging(Path file) {
    return new StoreIndex(IndexConnection.openUnchanging(file), false);
  }

  private <T> T transaction(IndexConnection.Work<T> work) {
    return database.transaction(work);
  }

  private <T> T query(IndexConnection.Work<T> work) {
    return database.query(work);
  }

  /**
   * A pack as listed.
   *
   * @param dates when it was entered and read
   */
  record PackRow(
      long ordinal,
      long id,
      long pages,
      long frames,
      long rawBytes,
      long fileBytes,
      boolean indexed,
      PackDates dates) {

    /** When it was last read whole and found sound; null when it never was. */
    Instant verified() {
      return dates.verified();
    }
  }

  List<PackRow> packs() {
    return query(
        () -> {
          List<PackRow> rows = new ArrayList<>();
          try (PreparedStatement select =
                  database.prepare(
                      "SELECT ordinal, id, pages, frames, raw_bytes, file_bytes, indexed,"
                          + " entered, checked, verified FROM packs ORDER BY ordinal");
              ResultSet row = select.executeQuery()) {
            while (row.next()) {
              rows.add(
                  new PackRow(
                      row.getLong(1),
                      row.getLong(2),
                      row.getLong(3),
                      row.getLong(4),
                      row.getLong(5),
                      row.getLong(6),
                      row.getBoolean(7),
                      PackDates.parse(row.getString(8), row.getString(9), row.getString(10))));
            }
          } catch (DateTimeParseException e) {
            throw new IndexConnection.DamagedIndexException(
                database.location(), "a row is damaged: " + e.getMessage(), e);
          }
          return rows;
        });
  }

  /** The id of the pack with an ordinal, if there is one. */
  Optional<Long> packId(long ordinal) {
    return query(
        () -> {
          try (PreparedStatement select =
              database.prepare("SELECT id FROM packs WHERE ordinal = ?")) {
            select.setLong(1, ordinal);
            try (ResultSet row = select.executeQuery()) {
              return row.next() ? Optional.of(row.getLong(1)) : Optional.empty();
            }
          }
        });
  }

  /** Gives a pack its ordinal; it counts as not yet in the page index. */
  long addPack(long id, long pages, long frames, long rawBytes, long fileBytes) {
    return transaction(
        () -> {
          try (PreparedStatement insert =
              database.prepare(
                  "INSERT INTO packs(id, pages, frames, raw_bytes, file_bytes, indexed, entered)"
                      + " VALUES(?, ?, ?, ?, ?, 0, ?) ON CONFLICT(id) DO UPDATE SET"
                      + " pages = excluded.pages, frames = excluded.frames,"
                      + " raw_bytes = excluded.raw_bytes, file_bytes = excluded.file_bytes,"
                      + " entered = coalesce(entered, excluded.entered)")) {
            insert.setLong(1, id);
            insert.setLong(2, pages);
            insert.setLong(3, frames);
            insert.setLong(4, rawBytes);
            insert.setLong(5, fileBytes);
            insert.setString(6, Instant.now().toString());
            insert.executeUpdate();
          }
          try (PreparedStatement select =
              database.prepare("SELECT ordinal FROM packs WHERE id = ?")) {
            select.setLong(1, id);
            try (ResultSet row = select.executeQuery()) {
              return row.getLong(1);
            }
          }
        });
  }

  /** The ordinal after all that were ever given. */
  long nextOrdinal() {
    return query(
        () -> {
          try (PreparedStatement select =
                  database.prepare("SELECT seq FROM sqlite_sequence WHERE name = 'packs'");
              ResultSet row = select.executeQuery()) {
            return row.next() ? row.getLong(1) + 1 : 1L;
          }
        });
  }

  /** Enters packs, of which there is none yet, all or none. */
  void putPacks(List<PackRow> rows) {
    transaction(
        () -> {
          try (PreparedStatement insert =
              database.prepare(
                  "INSERT INTO packs(ordinal, id, pages, frames, raw_bytes, file_bytes, indexed,"
                      + " entered, checked, verified) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")) {
            for (PackRow row : rows) {
              insert.setLong(1, row.ordinal());
              insert.setLong(2, row.id());
              insert.setLong(3, row.pages());
              insert.setLong(4, row.frames());
              insert.setLong(5, row.rawBytes());
              insert.setLong(6, row.fileBytes());
              insert.setBoolean(7, row.indexed());
              row.dates().put(insert, 8);
              insert.executeUpdate();
            }
          }
          return null;
        });
  }

  /** Notes that all pages of a pack are in the page index. */
  void packIndexed(long ordinal) {
    update("UPDATE packs SET indexed = 1 WHERE ordinal = ?", ordinal);
  }

  /** The highest ordinal of a pack whose pages are in the page index, 0 when there is none. */
  long highestIndexed() {
    return query(
        () -> {
          try (PreparedStatement select =
                  database.prepare("SELECT max(ordinal) FROM packs WHERE indexed = 1");
              ResultSet row = select.executeQuery()) {
            return row.next() ? row.getLong(1) : 0;
          }
        });
  }

  /** The ordinal of a pack that is listed, if it is. */
  Optional<Long> ordinal(long id) {
    return query(
        () -> {
          try (PreparedStatement select =
              database.prepare("SELECT ordinal FROM packs WHERE id = ?")) {
            select.setLong(1, id);
            try (ResultSet row = select.executeQuery()) {
              return row.next() ? Optional.of(row.getLong(1)) : Optional.empty();
            }
          }
        });
  }

  /** Whether all pages of a pack are in the page index. */
  boolean isIndexed(long id) {
    return query(
        () -> {
          try (PreparedStatement select =
              database.prepare("SELECT indexed FROM packs WHERE id = ?")) {
            select.setLong(1, id);
            try (ResultSet row = select.executeQuery()) {
              return row.next() && row.getBoolean(1);
            }
          }
        });
  }

  /** Notes that a pack is about to be another, or gone: it counts as not in the page index. */
  void packChanging(long id) {
    update(
        "UPDATE packs SET indexed = 0, entered = NULL, checked = NULL, verified = NULL WHERE id = ?",
        id);
  }

  /** Forgets a pack. Its ordinal is never given again. */
  void removePack(long id) {
    transaction(
        () -> {
          try (PreparedStatement delete = database.prepare("DELETE FROM packs WHERE id = ?")) {
            delete.setLong(1, id);
            delete.executeUpdate();
          }
          damage.forgetPack(id, PackDirectory.nameOf(id));
          return null;
        });
  }

  /**
   * Notes that all of a pack was read.
   *
   * @param bytes of the file that was read: another generation of it was not
   */
  void packChecked(long id, long bytes, boolean sound, Instant when) {
    update(
        "UPDATE packs SET checked = ?, verified = ? WHERE id = ? AND file_bytes = ?",
        when.toString(),
        sound ? when.toString() : null,
        id,
        bytes);
  }

  private void update(String sql, Object... values) {
    database.update(sql, values);
  }

  /** Forgets all packs, as when the page index is made anew. Their dates are kept aside, by id. */
  Map<Long, PackDates> clearPacks() {
    Map<Long, PackDates> dates = new HashMap<>();
    packs().forEach(row -> dates.put(row.id(), row.dates()));
    update("DELETE FROM packs");
    return dates;
  }

  String meta(String key) {
    return query(
        () -> {
          try (PreparedStatement select =
              database.prepare("SELECT value FROM meta WHERE key = ?")) {
            select.setString(1, key);
            try (ResultSet row = select.executeQuery()) {
              return row.next() ? row.getString(1) : null;
            }
          }
        });
  }

  void meta(String key, String value) {
    update("INSERT OR REPLACE INTO meta(key, value) VALUES(?, ?)", key, value);
  }

  /** The numbers that versions were given. */
  GivenNumbers numbers() {
    return numbers;
  }

  /**
   * Notes what a manifest says, so that it need not be opened to be listed.
   *
   * @param blobBytes of its blob
   */
  void putManifest(Manifest manifest, long blobBytes) {
    transaction(
        () -> {
          insertManifest(manifest, blobBytes);
          return null;
        });
  }

  private void insertManifest(Manifest manifest, long blobBytes) throws SQLException {
    try (PreparedStatement insert =
        database.prepare(
            "INSERT OR REPLACE INTO manifests(name, version, description, size, blob_bytes)"
                + " VALUES(?, ?, ?, ?, ?)")) {
      insert.setString(1, manifest.name());
      insert.setInt(2, manifest.version());
      insert.setString(3, new String(ManifestJson.write(manifest), StandardCharsets.UTF_8));
      insert.setLong(4, manifest.size());
      insert.setLong(5, blobBytes);
      insert.executeUpdate();
      numbers.use(manifest.name(), manifest.version());
    } catch (IOException e) {
      throw new SQLException(e);
    }
  }

  /** Forgets versions that are gone. */
  void removeManifests(List<ManifestDirectory.Version> gone) {
    if (gone.isEmpty()) {
      return;
    }
    transaction(
        () -> {
          try (PreparedStatement delete =
              database.prepare("DELETE FROM manifests WHERE name = ? AND version = ?")) {
            for (ManifestDirectory.Version version : gone) {
              delete.setString(1, version.name());
              delete.setInt(2, version.number());
              delete.executeUpdate();
            }
          }
          return null;
        });
  }

  /** What a manifest said, and how long its blob was then. */
  record ManifestRow(Manifest manifest, long blobBytes) {}

  /** The noted manifests, of one name or (null) of all, by name then version. */
  List<ManifestRow> manifests(String name) {
    return query(
        () -> {
          List<ManifestRow> found = new ArrayList<>();
          try (PreparedStatement select =
              database.prepare(
                  "SELECT description, blob_bytes FROM manifests"
                      + (name == null ? "" : " WHERE name = ?")
                      + " ORDER BY name, version")) {
            if (name != null) {
              select.setString(1, name);
            }
            try (ResultSet row = select.executeQuery()) {
              while (row.next()) {
                found.add(new ManifestRow(parse(row.getString(1)), row.getLong(2)));
              }
            }
          }
          return found;
        });
  }

  /** How long the blob of every noted manifest was. */
  Map<ManifestDirectory.Version, Long> blobBytes() {
    return query(
        () -> {
          Map<ManifestDirectory.Version, Long> found = new HashMap<>();
          try (PreparedStatement select =
                  database.prepare("SELECT name, version, blob_bytes FROM manifests");
              ResultSet row = select.executeQuery()) {
            while (row.next()) {
              found.put(
                  new ManifestDirectory.Version(row.getString(1), row.getInt(2)), row.getLong(3));
            }
          }
          return found;
        });
  }

  // ---- pages that were found bad -------------------------------------------------------------

  /** Pages of a pack, from first up to, and without, past. */
  record BadPages(long pack, int first, int past) {}

  /** What verifications found damaged. */
  KnownDamage damage() {
    return damage;
  }

  /** The pages that failed their digests when they were last read, of one pack or (null) of all. */
  List<BadPages> bad(Long pack) {
    return damage.pages(pack);
  }

  /**
   * Forgets what manifests say and which pages were bad, all or nothing.
   *
   * @param bad the pages that are bad now, of all packs
   */
  void forget(Collection<BadPages> bad) {
    transaction(
        () -> {
          try (PreparedStatement delete = database.prepare("DELETE FROM manifests")) {
            delete.executeUpdate();
          }
          damage.replaceAllPages(bad);
          return null;
        });
  }

  private Manifest parse(String description) {
    try {
      return ManifestJson.read(description.getBytes(StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new IndexConnection.DamagedIndexException(
          database.location(), "a row is damaged: " + e.getMessage(), e);
    }
  }

  /** What SQLite's own check finds wrong, or null. */
  String integrity() {
    return database.integrity();
  }

  @Override
  public void close() {
    database.close();
  }
}
