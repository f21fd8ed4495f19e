package blksh.store;

import blksh.BlkshException;
import blksh.store.shelf.ShelfAwayException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Which versions there are and what they say. That there is one, its blob says; the rows of the
 * index only spare to open it. Nobody is kept away for it and nobody is waited for: a row that came
 * too late or stayed too long changes nothing of what is listed.
 */
final class Listing {

  private final ManifestDirectory manifests;
  private final StoreIndex rows;

  Listing(ManifestDirectory manifests, StoreIndex rows) {
    this.manifests = manifests;
    this.rows = rows;
  }

  /**
   * The versions of one name or (null) of all, by name, oldest first. One whose row is missing or
   * of another blob is read; one that cannot be is left out, and verify reports it.
   */
  List<Manifest> manifests(String name) {
    Map<String, StoreIndex.ManifestRow> known = new HashMap<>();
    for (StoreIndex.ManifestRow row : rows.manifests(name)) {
      known.put(row.manifest().reference(), row);
    }
    List<Manifest> found = new ArrayList<>();
    for (Map.Entry<ManifestDirectory.Version, Long> each : manifests.sizes(name).entrySet()) {
      ManifestDirectory.Version version = each.getKey();
      StoreIndex.ManifestRow row = known.get(version.reference());
      long bytes = bytes(each);
      if (row != null && row.blobBytes() == bytes) {
        found.add(row.manifest());
      } else {
        Manifest read = read(version);
        if (read != null) {
          found.add(read);
          note(read, bytes);
        }
      }
    }
    return found;
  }

  /** Of a version's blob: a list that tells it spares to ask for each. */
  private long bytes(Map.Entry<ManifestDirectory.Version, Long> listed) {
    return listed.getValue() == ManifestDirectory.UNTOLD
        ? manifests.bytes(listed.getKey())
        : listed.getValue();
  }

  /** What is wrong with the versions that {@link #manifests} leaves out. */
  List<Damage> unreadable() {
    List<Damage> found = new ArrayList<>();
    for (ManifestDirectory.Version version : unnoted(rows.blobBytes())) {
      try {
        manifests.open(version).close();
      } catch (BlkshException e) {
        ShelfAwayException.letPass(e);
        AffectedRange all = new AffectedRange(version.reference(), 0, 0);
        found.add(
            new Damage(
                manifests.blob(version), 0, manifests.bytes(version), e.problem(), List.of(all)));
      }
    }
    return found;
  }

  /**
   * The versions that have no row, or one of another blob.
   *
   * @param known how long the blobs of all rows were; those of the other versions are taken out
   */
  private List<ManifestDirectory.Version> unnoted(Map<ManifestDirectory.Version, Long> known) {
    List<ManifestDirectory.Version> found = new ArrayList<>();
    for (Map.Entry<ManifestDirectory.Version, Long> each : manifests.sizes(null).entrySet()) {
      if (!known.remove(each.getKey(), bytes(each))) {
        found.add(each.getKey());
      }
    }
    return found;
  }

  /** The names that have versions, sorted. */
  List<String> names() {
    return manifests.versions().stream().map(ManifestDirectory.Version::name).distinct().toList();
  }

  /** Takes away the rows of versions that are gone, and makes those that are missing. */
  void settle() {
    Map<ManifestDirectory.Version, Long> known = rows.blobBytes();
    for (ManifestDirectory.Version version : unnoted(known)) {
      Manifest read = read(version);
      if (read != null) {
        known.remove(version);
        note(read, manifests.bytes(version));
      }
    }
    rows.removeManifests(List.copyOf(known.keySet()));
  }

  private Manifest read(ManifestDirectory.Version version) {
    try (ManifestFile file = manifests.open(version)) {
      return file.manifest();
    } catch (BlkshException e) {
      ShelfAwayException.letPass(e);
      return null; // deleted since, or reported by verify
    }
  }

  private void note(Manifest manifest, long bytes) {
    try {
      if (rows.changeable()) {
        rows.putManifest(manifest, bytes);
      }
    } catch (BlkshException e) {
      // it is read again the next time
    }
  }
}
