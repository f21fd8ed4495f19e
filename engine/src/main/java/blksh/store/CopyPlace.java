package blksh.store;

import blksh.BlkshException;
import blksh.store.ManifestDirectory.Version;
import blksh.store.shelf.ShelfAwayException;
import java.io.IOException;
import java.util.Collections;
import java.util.List;

/**
 * Which number the copy of a version gets. A version is the same as one that is there when it is of
 * the same name, kind, size, contents (by the root digest) and beginning: numbers say nothing, as
 * each store gives its own. Decided by the manifests themselves.
 */
final class CopyPlace {

  /** A copy does not bring a number with it that leaves few for those to come. */
  private static final int MOST = GivenNumbers.MOST / 10;

  private final Repository repository;

  CopyPlace(Repository repository) {
    this.repository = repository;
  }

  /** There is no number for a copy that would keep versions in the order of their dates. */
  static final class None extends BlkshException {
    None(Manifest version, String place, String problem) {
      super("copy " + version.reference() + " to " + place, problem);
      suggest("copy it into another store, or delete the versions that stand in its way there");
    }
  }

  /** The versions of a name, oldest first. */
  List<Version> versions(String name) {
    return repository.manifests().versions(name);
  }

  /**
   * The version that is the same as another store's and has its number, as when somebody else has
   * just copied it; null when there is none.
   */
  Manifest same(Manifest wanted) throws IOException {
    Version version = new Version(wanted.name(), wanted.version());
    Manifest there = repository.manifests().exists(version) ? read(version) : null;
    return there != null && isSame(there, wanted) ? there : null;
  }

  static boolean isSame(Manifest a, Manifest b) {
    return a.name().equals(b.name())
        && a.kind() == b.kind()
        && a.size() == b.size()
        && a.started().equals(b.started())
        && !Collections.disjoint(roots(a), roots(b));
  }

  /** Its root digest, and that of the version with pages of another size that it is a copy of. */
  private static List<String> roots(Manifest manifest) {
    String root = manifest.root();
    return List.of(root, manifest.source().details().getOrDefault(RecutInput.COPIED_ROOT, root));
  }

  /** What a manifest says, or null when it cannot be read. */
  Manifest read(Version version) {
    try (ManifestFile file = repository.manifests().open(version)) {
      return file.manifest();
    } catch (BlkshException e) {
      ShelfAwayException.letPass(e);
      return null; // gone since, or reported by verify
    }
  }

  /**
   * That there is a number for a copy, as far as can be told before others are kept away.
   *
   * @throws None when there is none
   */
  void mustHavePlace(Manifest wanted) {
    number(wanted);
  }

  /**
   * The number for a copy, which is not there.
   *
   * @throws None when there is none
   */
  int number(Manifest wanted) {
    List<Version> versions = versions(wanted.name());
    Version lower = null;
    Version higher = null;
    boolean taken = wanted.version() > MOST || isOthersInTrash(wanted);
    for (Version version : versions) {
      taken |= version.number() == wanted.version();
      lower = version.number() < wanted.version() ? version : lower;
      higher = version.number() > wanted.version() && higher == null ? version : higher;
    }
    if (!taken && isBefore(lower, wanted) && isAfter(higher, wanted)) {
      return wanted.version();
    }
    Version newest = versions.isEmpty() ? null : versions.get(versions.size() - 1);
    if (!isBefore(newest, wanted)) {
      throw new None(
          wanted,
          repository.place(),
          (taken ? "its number is not free" : "that is not its place by its date")
              + ", and "
              + newest.reference()
              + " is later: a copy under the next number would become the newest");
    }
    return repository
        .indexes()
        .rows()
        .numbers()
        .next(wanted.name(), repository.manifests().highest(wanted.name()));
  }

  /** Whether another version has been deleted under its number, and may be wanted back. */
  boolean isOthersInTrash(Manifest wanted) {
    Version version = new Version(wanted.name(), wanted.version());
    for (Trash.Entry entry : repository.trash().entries(version)) {
      try (ManifestFile file = repository.trash().open(entry)) {
        if (!isSame(file.manifest(), wanted)) {
          return true;
        }
      } catch (BlkshException e) {
        ShelfAwayException.letPass(e);
        return true;
      }
    }
    return false;
  }

  /**
   * Whether a version, if there is one, began no later; of one that cannot be read nobody knows.
   */
  private boolean isBefore(Version version, Manifest wanted) {
    Manifest there = version == null ? null : read(version);
    return version == null || there != null && !there.started().isAfter(wanted.started());
  }

  private boolean isAfter(Version version, Manifest wanted) {
    Manifest there = version == null ? null : read(version);
    return version == null || there != null && !there.started().isBefore(wanted.started());
  }
}
