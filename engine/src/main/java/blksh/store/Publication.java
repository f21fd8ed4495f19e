package blksh.store;

import blksh.BlkshException;
import blksh.block.Extent;
import java.util.List;

/**
 * How a version appears and how it vanishes: an unsettled row, the blob, a settled row or none.
 * Whoever finds an unsettled row while others are kept from publishing knows that its writer died,
 * and believes the blob.
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
   */
  Manifest publish(ManifestWriter writer, Manifest described, List<Extent> bad) {
    // Opened before others are kept away: opening may keep them away too.
    StoreIndex rows = repository.indexes().rows();
    ManifestDirectory manifests = repository.manifests();
    return repository
        .exclusion()
        .publishing(
            () -> {
              String name = described.name();
              int version = rows.nextVersion(name, manifests.newest(name).orElse(0));
              Manifest numbered = described.withVersion(version);
              writer.finish(numbered, bad, repository.identity().idBytes());
              rows.putManifest(numbered, false);
              manifests.publish(writer, numbered);
              try {
                rows.putManifest(numbered, true);
              } catch (BlkshException e) {
                // the manifest is there; whoever finds its row unsettled settles it
              }
              return numbered;
            });
  }

  /**
   * Removes a version. Its pages stay, for later captures to share, until compaction.
   *
   * @throws BlkshException when it is not there
   */
  void delete(Manifest manifest) {
    StoreIndex rows = repository.indexes().rows();
    ManifestDirectory manifests = repository.manifests();
    var version = new ManifestDirectory.Version(manifest.name(), manifest.version());
    repository
        .exclusion()
        .publishing(
            () -> {
              rows.unsettle(manifest.name(), manifest.version());
              boolean was = manifests.exists(version);
              if (was) {
                manifests.delete(version);
              }
              rows.removeManifest(manifest.name(), manifest.version());
              if (!was) {
                throw manifests.noSuch(manifest.reference());
              }
              return null;
            });
  }
}
