package blksh.store;

import blksh.BlkshException;
import blksh.store.ManifestDirectory.Version;
import blksh.store.shelf.Shelf;
import java.io.IOException;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The versions that were deleted and not yet compacted away: their manifests, under the names
 * {@code manifests/NAME/N.TIME.deleted}, TIME being the second of the deletion in UTC. So a copy of
 * the store has them too, and a process that dies leaves a version that is either there or here.
 */
final class Trash {

  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("uuuuMMdd'T'HHmmss'Z'").withZone(ZoneOffset.UTC);

  /** The name of the blob of an entry. */
  static final Pattern BLOB =
      Pattern.compile(ManifestDirectory.OF_VERSION + "\\.([0-9]{8}T[0-9]{6}Z)\\.deleted");

  static final Comparator<Entry> ORDER =
      Comparator.comparing(Entry::version, ManifestDirectory.ORDER).thenComparing(Entry::deleted);

  private final Shelf shelf;
  private final ManifestDirectory manifests;
  private final boolean keeps;

  /**
   * @param keeps whether what is taken back stays here as well: where a request may be done long
   *     after it was given up, that which put it here may remove it from there once more
   */
  Trash(Shelf shelf, ManifestDirectory manifests, boolean keeps) {
    this.shelf = shelf;
    this.manifests = manifests;
    this.keeps = keeps;
  }

  /** A version in the trash; whether its manifest is whole is not known. */
  record Entry(Version version, Instant deleted) {

    private String ending() {
      return "." + TIME.format(deleted) + ".deleted";
    }
  }

  /** All there are, by name, oldest first; also of versions that are there again. */
  List<Entry> entries() {
    return below(List.of(ManifestDirectory.PREFIX));
  }

  /** As above, without those that stayed when their version was taken back. */
  List<Entry> deleted() {
    List<Entry> all = entries();
    if (!keeps) {
      return all;
    }
    Set<Version> there = all.isEmpty() ? Set.of() : Set.copyOf(manifests.versions());
    return all.stream().filter(entry -> !there.contains(entry.version())).toList();
  }

  /** The oldest whose manifest had a name. */
  Optional<Entry> of(String manifest) {
    if (!manifest.startsWith(ManifestDirectory.PREFIX)) {
      return Optional.empty();
    }
    return below(List.of(manifest.substring(0, manifest.lastIndexOf('/') + 1))).stream()
        .filter(entry -> manifests.blob(entry.version()).equals(manifest))
        .findFirst();
  }

  private List<Entry> below(List<String> prefixes) {
    List<Entry> found = new ArrayList<>();
    for (String prefix : prefixes) {
      manifests.each(
          prefix, BLOB, (version, matcher) -> entry(version, matcher).ifPresent(found::add));
    }
    found.sort(ORDER);
    return found;
  }

  /**
   * The entry that a blob is, if it is one: nobody that deletes names a second there is none of.
   *
   * @param matcher which {@link #BLOB} fits the blob's name
   */
  static Optional<Entry> entry(Version version, Matcher matcher) {
    try {
      return Optional.of(new Entry(version, TIME.parse(matcher.group(3), Instant::from)));
    } catch (DateTimeException e) {
      return Optional.empty();
    }
  }

  /**
   * Those of a version, the last deleted last: more than one where a shelf cannot rename, or where
   * it was deleted, copied from another store again, and deleted once more.
   */
  List<Entry> entries(Version version) {
    return below(manifests.foldersOf(version.name())).stream()
        .filter(entry -> entry.version().equals(version))
        .toList();
  }

  String blob(Entry entry) {
    return manifests.beside(entry.version(), entry.ending());
  }

  /** Whether it is still here. */
  boolean holds(Entry entry) throws IOException {
    return shelf.size(blob(entry)).isPresent();
  }

  /** Bytes of its manifest, 0 when they cannot be told. */
  long bytes(Entry entry) {
    try {
      return shelf.size(blob(entry)).orElse(0);
    } catch (IOException e) {
      return 0;
    }
  }

  /**
   * Opens the manifest of a version that is here.
   *
   * @throws BlkshException when it is gone, or damaged
   */
  ManifestFile open(Entry entry) {
    return manifests.open(entry.version(), blob(entry));
  }

  /** Puts versions of a name here. Whoever calls keeps others from publishing. */
  void put(List<Version> versions, Instant now) throws IOException {
    Map<String, String> moves = new LinkedHashMap<>();
    for (Version version : versions) {
      Entry entry = new Entry(version, now.truncatedTo(ChronoUnit.SECONDS));
      moves.put(manifests.blob(version), blob(entry));
    }
    shelf.moveWithin(moves);
  }

  /**
   * Makes a version be there again. Whoever calls keeps others from publishing.
   *
   * @throws BlkshException when it is not here, or there is one of its number
   */
  void takeBack(Version version) throws IOException {
    String action = "bring back " + version.reference();
    List<Entry> entries = entries(version);
    if (manifests.exists(version)) {
      throw new BlkshException(action, "it is there");
    }
    if (entries.isEmpty()) {
      throw new BlkshException(action, "it is not in the trash of store " + shelf.place())
          .suggest("list the trash; what a compaction has emptied from it is gone");
    }
    String last = blob(entries.get(entries.size() - 1));
    if (!keeps) {
      shelf.move(last, manifests.blob(version));
      return;
    }
    if (!shelf.copyIfAbsent(last, manifests.blob(version))) {
      throw new BlkshException(action, "it is there");
    }
  }

  /**
   * Removes a version for good, with what was said of it unless there is another of its number,
   * here or not deleted. Whoever calls keeps others from publishing.
   *
   * @return null
   */
  Void removeForGood(Entry entry, MarksFiles marks) throws IOException {
    if (!manifests.exists(entry.version()) && entries(entry.version()).size() <= 1) {
      marks.remove(entry.version());
    }
    shelf.delete(blob(entry));
    return null;
  }
}
