package blksh.store;

import blksh.BlkshException;

/**
 * How a version appears and how it vanishes: its blob does, and is believed. The row that spares to
 * open it comes after the blob, and its number is remembered before it goes; a writer that dies in
 * between leaves a row too few or too many, which nobody believes.
 */
final class Publication {

  private final Repository repository;

  Publication(Repository repository) {
    this.repository = repository;
  }

  /**
   * Publishes a manifest under the next free version of its name. All packs it names are durable.
   *
   * @param described with any version
   * @param after the number of the newest version there must be, 0 for none; null for any
   * @throws CaptureOptions.Overtaken when there is another
   */
  Manifest publish(ManifestWriter writer, Manifest described, Integer after) {
    // Opened before others are kept away: opening may keep them away too.
    StoreIndex rows = repository.indexes().rows();
    ManifestDirectory manifests = repository.manifests();
    return repository
        .exclusion()
        .publishing(
            () -> {
              String name = described.name();
              int newest = manifests.newest(name).orElse(0);
              if (after != null && after != newest) {
                throw new CaptureOptions.Overtaken(name, after, newest);
              }
              int version = rows.nextVersion(name, newest);
              Manifest numbered = described.withVersion(version);
              writer.finish(numbered, repository.identity().idBytes());
              manifests.publish(writer, numbered);
              try {
                rows.putManifest(numbered, manifests.bytes(ManifestDirectory.Version.of(numbered)));
              } catch (BlkshException e) {
                // the manifest is there; whoever lists it makes the row
              }
              return numbered;
            });
  }

  /**
   * Removes a version. Its pages stay, for later captures to share, until compaction. Also on a
   * disk that is full, where this is what makes room: the number is remembered afterwards then, so
   * that a process that dies in between may leave it to be given again.
   *
   * @throws BlkshException when it is not there
   */
  void delete(ManifestDirectory.Version version) {
    StoreIndex rows = repository.indexes().rows();
    ManifestDirectory manifests = repository.manifests();
    repository
        .exclusion()
        .publishing(
            () -> {
              if (!manifests.exists(version)) {
                rows.removeManifest(version.name(), version.number());
                throw manifests.noSuch(version.reference());
              }
              boolean remembered = remember(rows, version);
              manifests.delete(version);
              if (!remembered) {
                remember(rows, version);
              }
              try {
                rows.removeManifest(version.name(), version.number());
              } catch (IndexConnection.UnusableException e) {
                // the row of a version that is gone is believed by nobody
              }
              return null;
            });
  }

  /** Remembers the number of a version; false when there is no room for it. */
  private static boolean remember(StoreIndex rows, ManifestDirectory.Version version) {
    try {
      rows.numberUsed(version.name(), version.number());
      return true;
    } catch (IndexConnection.UnusableException e) {
      return false;
    }
  }
}
