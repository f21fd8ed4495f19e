package blksh.store;

import blksh.BlkshException;
import blksh.block.Extent;
import blksh.store.ManifestDirectory.Version;
import blksh.store.shelf.ShelfAwayException;
import blksh.task.Task;
import java.io.IOException;
import java.util.Set;
import java.util.TreeSet;

/**
 * Walks what versions need, one after another, beside whoever deletes some: a version that goes
 * meanwhile is left out, and named once. It is in use for as long as it is walked, so its pages
 * stay.
 */
final class VersionWalk {

  private final Repository repository;
  private final Task task;
  private final Set<String> gone = new TreeSet<>();

  VersionWalk(Repository repository, Task task) {
    this.repository = repository;
    this.task = task;
  }

  /** Sees pages of a pack that lie together. */
  interface Visitor {
    /**
     * @param image the first page's number in the image
     */
    void pages(long image, long pack, int first, int count);
  }

  /**
   * Sees all stored pages that a version needs, in the order of its image.
   *
   * @return false when it is gone
   * @throws BlkshException when it is there and cannot be read
   */
  boolean each(Manifest manifest, Visitor visitor) {
    task.checkCancelled();
    Version version = Version.of(manifest);
    try (ManifestFile file = repository.open(version)) {
      ExtentCursor extent = new ExtentCursor(file);
      while (extent.next()) {
        if (extent.kind == Extent.Kind.DATA) {
          visitor.pages(
              extent.start,
              file.packs()[extent.pack],
              extent.first,
              (int) (extent.end - extent.start));
        }
      }
      return true;
    } catch (ManifestFile.DamagedManifest e) {
      throw new BlkshException("read manifest " + manifest.reference(), e.getMessage(), e)
          .suggest("verify the store");
    } catch (BlkshException e) {
      ShelfAwayException.letPass(e);
      if (isThere(repository, version)) {
        throw e;
      }
      if (gone.add(manifest.reference())) {
        task.note(manifest.reference() + " is left out: it was deleted meanwhile");
      }
      return false;
    }
  }

  /** Whether a version is there, or may be. */
  static boolean isThere(Repository repository, Version version) {
    try {
      return repository.manifests().exists(version);
    } catch (IOException e) {
      return true;
    }
  }
}
