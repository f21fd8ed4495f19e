package blksh.store;

import blksh.BlkshException;
import blksh.store.ManifestDirectory.Version;
import blksh.store.pack.PackDirectory;
import java.time.Instant;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;

/**
 * The versions a compaction goes by: all there are in one instant, in which none is published,
 * deleted or taken back; and of the trash those that stay and those that go. Whatever else lies
 * among manifests may be one that needs pages: it is refused by name.
 */
final class KeptVersions {

  /** Blobs that are named when they are not understood. */
  private static final int NAMED = 5;

  /** In {@link StoreIndex#meta}: the numbers given when the last version had left the trash. */
  private static final String NOTHING_LEFT = "nothing left";

  /** No word that numbers make. */
  private static final String SOMETHING_LEFT = "-";

  private final Repository repository;
  private final Set<Version> versions = new TreeSet<>(ManifestDirectory.ORDER);
  private final List<Trash.Entry> going = new ArrayList<>();
  private final Map<Trash.Entry, String> staying = new LinkedHashMap<>();
  private final List<String> unknown = new ArrayList<>();

  private KeptVersions(Repository repository) {
    this.repository = repository;
  }

  /**
   * Looks at what there is.
   *
   * <p>Who reads a version may note its pages in one he publishes, before he stops reading. So it
   * is asked who reads before the versions are listed: if nobody does, all that was noted is
   * listed. What came to the trash in between stays.
   *
   * @throws BlkshException when something is there that is not understood, or nothing where
   *     something must be
   */
  static KeptVersions list(Repository repository, CompactOptions options) {
    // Also has the directories in memory, before anybody has to wait.
    Set<Trash.Entry> unread = new TreeSet<>(Trash.ORDER);
    for (Trash.Entry entry : repository.trash().entries()) {
      if (repository.exclusion().unlessUsed(entry.version().reference(), () -> null)) {
        unread.add(entry);
      }
    }
    Instant until =
        options.grace() == null
            ? Instant.MAX
            : options.grace().before(Instant.now(), ZoneId.systemDefault());
    KeptVersions found = new KeptVersions(repository);
    List<String> blobs = repository.exclusion().publishing(() -> repository.manifests().blobs());
    List<Trash.Entry> trash = new ArrayList<>();
    blobs.forEach(blob -> found.sort(blob, trash));
    trash.sort(Trash.ORDER);
    for (Trash.Entry entry : trash) {
      if (entry.deleted().isAfter(until)) {
        found.staying.put(entry, "grace");
      } else if (unread.contains(entry)) {
        found.going.add(entry);
      } else {
        found.staying.put(entry, "is read");
      }
    }
    found.mustBeUnderstood();
    found.mustNotHaveVanished();
    return found;
  }

  /** Notes of a store that was just made that it has no versions, as none was given a number. */
  static void noteNone(Repository repository) {
    if (repository.indexes().writable()) {
      repository.indexes().rows().meta(NOTHING_LEFT, "");
    }
  }

  /** Notes that the last version goes for good, whose number was noted. */
  static void noteNothingLeft(StoreIndex rows) {
    rows.meta(NOTHING_LEFT, rows.numbers().all());
  }

  /**
   * Takes back what the others above noted, before a version appears that no number was given for:
   * one that was deleted, or the copy of another store's.
   */
  static void noteSomethingLeft(StoreIndex rows) {
    String noted = rows.meta(NOTHING_LEFT);
    if (noted != null && !noted.equals(SOMETHING_LEFT)) {
      rows.meta(NOTHING_LEFT, SOMETHING_LEFT);
    }
  }

  private void sort(String blob, List<Trash.Entry> trash) {
    Matcher manifest = ManifestDirectory.BLOB.matcher(blob);
    Matcher deleted = Trash.BLOB.matcher(blob);
    boolean known;
    if (manifest.matches()) {
      known = versions.add(versionOf(manifest));
    } else if (deleted.matches()) {
      known = Trash.entry(versionOf(deleted), deleted).map(trash::add).orElse(false);
    } else {
      known = MarksFiles.BLOB.matcher(blob).matches();
    }
    if (!known) {
      unknown.add(blob);
    }
  }

  private Version versionOf(Matcher matcher) {
    return repository.manifests().versionOf(matcher.group(1), matcher.group(2));
  }

  private void mustBeUnderstood() {
    if (!unknown.isEmpty()) {
      int more = unknown.size() - NAMED;
      throw new BlkshException(
              "compact store " + repository.place(),
              "what lies among its manifests is not understood, so nothing is removed: "
                  + String.join("; ", unknown.subList(0, Math.min(NAMED, unknown.size())))
                  + (more > 0 ? "; and %d more".formatted(more) : ""))
          .suggest("a newer blksh may know it; if nothing needs it, move it out of the store");
    }
  }

  /**
   * Where there are no versions at all any more the last was deleted, or what holds them is away.
   */
  private void mustNotHaveVanished() {
    if (!versions.isEmpty() || !going.isEmpty() || !staying.isEmpty()) {
      return;
    }
    List<Long> packs = repository.packs().sealed();
    StoreIndex rows = repository.indexes().rows();
    String numbers = rows.numbers().all();
    // Of an encrypted store others have rows of their own, on their machines.
    boolean noted = !repository.isEncrypted() && numbers.equals(rows.meta(NOTHING_LEFT));
    if (!packs.isEmpty() && !noted) {
      throw new BlkshException(
              "compact store " + repository.place(),
              "there is no version, none in the trash, and no word that the last was deleted, but"
                  + " packs such as "
                  + PackDirectory.nameOf(packs.get(0)))
          .suggest(
              "see whether its manifests lie on a drive that is not mounted; or capture again");
    }
  }

  // ---- what there is -------------------------------------------------------------------------

  /** Those that are there, by name. */
  Set<Version> versions() {
    return Collections.unmodifiableSet(versions);
  }

  /** Of the trash: what the grace does not keep and nobody reads. */
  List<Trash.Entry> going() {
    return going;
  }

  /** Of the trash: the rest, and why. */
  Map<Trash.Entry, String> staying() {
    return staying;
  }

  // ---- numbers -------------------------------------------------------------------------------

  /**
   * Remembers the numbers of those that go, as no later version may have them; where that cannot be
   * done the highest of each name stays.
   */
  void rememberNumbers() {
    Map<String, Integer> highest = new HashMap<>();
    going.forEach(
        entry -> highest.merge(entry.version().name(), entry.version().number(), Math::max));
    if (highest.isEmpty()) {
      return;
    }
    try {
      StoreIndex rows = repository.indexes().rows();
      if (repository.indexes().writable()) {
        rows.numbers().used(highest);
        if (versions.isEmpty() && staying.isEmpty()) {
          noteNothingLeft(rows);
        }
        return;
      }
    } catch (IndexConnection.UnusableException e) {
      // as below
    }
    for (Trash.Entry entry : List.copyOf(going)) {
      Version version = entry.version();
      if (version.number() == repository.manifests().highest(version.name())) {
        going.remove(entry);
        staying.put(entry, "its number cannot be noted");
      }
    }
  }
}
