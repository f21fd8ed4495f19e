package blksh.store;

import blksh.BlkshException;
import blksh.retention.Policy;
import java.util.ArrayList;
import java.util.List;

/**
 * Decides which versions of a name may go, by the manifests themselves and never by what is derived
 * from them. A version whose manifest cannot be read is neither kept in the place of another nor
 * chosen to go.
 */
final class Retention {

  private final ManifestDirectory manifests;

  Retention(ManifestDirectory manifests) {
    this.manifests = manifests;
  }

  /** The versions of a name that a policy does not keep, oldest first. */
  List<Manifest> expendable(String name, Policy policy) {
    List<Manifest> readable = new ArrayList<>();
    for (ManifestDirectory.Version version : manifests.versions(name)) {
      try (ManifestFile file = manifests.open(version)) {
        readable.add(file.manifest());
      } catch (BlkshException e) {
        // reported by verify
      }
    }
    return List.copyOf(policy.expendable(readable));
  }
}
