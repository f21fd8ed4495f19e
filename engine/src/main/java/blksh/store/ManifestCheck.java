package blksh.store;

import blksh.BlkshException;
import blksh.block.Extent;
import blksh.io.IoFailure;
import blksh.store.pack.FrameCache;
import blksh.store.pack.PackCheck;
import blksh.store.pack.PackDigests;
import blksh.store.pack.Page;
import blksh.store.pack.PageReader;
import blksh.store.pack.PageSize;
import blksh.store.shelf.Blob;
import blksh.store.shelf.ShelfAwayException;
import blksh.task.CancelledException;
import blksh.task.Task;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/**
 * The check of manifests, once all packs were checked: that each is whole, that its pages are
 * there, and, when all is read, that they give its root digest. May be used by several workers at
 * once.
 */
final class ManifestCheck {

  /** Digests read at once. */
  private static final int SOME = 256;

  private final Repository repository;
  private final Map<Long, PackCheck> packs;
  private final Predicate<String> rooted;
  private final DamageReport report;
  private final Task task;

  /**
   * @param packs the checks of all packs there are
   * @param rooted whether the root digest is wanted of the manifest in a blob
   */
  ManifestCheck(
      Repository repository,
      Map<Long, PackCheck> packs,
      Predicate<String> rooted,
      DamageReport report,
      Task task) {
    this.repository = repository;
    this.packs = packs;
    this.rooted = rooted;
    this.report = report;
    this.task = task;
  }

  /** Whether the manifest of a version is as it was written, whatever became of what it names. */
  static boolean isWhole(Repository repository, ManifestDirectory.Version version)
      throws IOException {
    return isWhole(repository, version, repository.manifests().blob(version));
  }

  /** As above, where it lies elsewhere. */
  static boolean isWhole(Repository repository, ManifestDirectory.Version version, String blob)
      throws IOException {
    try (Blob file = repository.open(blob)) {
      return isWhole(repository, version, file);
    } catch (NoSuchFileException e) {
      return false;
    }
  }

  /** As above, of what may become its blob, which is closed. */
  static boolean isWhole(Repository repository, ManifestDirectory.Version version, Blob file) {
    byte[] store = repository.identity().idBytes();
    PageSize pageSize = repository.pageSize();
    try (ManifestFile manifest =
        ManifestFile.read(file, version.reference(), version, store, pageSize)) {
      manifest.eachBad(0, manifest.manifest().size(), range -> true);
      for (int chunk = 0; chunk < manifest.groupChunks(); chunk++) {
        manifest.groupChunk(chunk);
      }
      ExtentCursor cursor = new ExtentCursor(manifest);
      while (cursor.next()) {
        // each chunk of extents is read, and compared with its checksum
      }
      return true;
    } catch (IOException | BlkshException e) {
      ShelfAwayException.letPass(e);
      return false;
    }
  }

  void check(ManifestDirectory.Version version) {
    ManifestDirectory manifests = repository.manifests();
    String blob = manifests.blob(version);
    try (ManifestFile file = open(version);
        PackDigests digests = new PackDigests(repository.packs())) {
      Manifest manifest = file.manifest();
      file.eachBad(0, manifest.size(), range -> true);
      groups(file, blob);
      walk(file, blob, digests);
    } catch (CancelledException e) {
      throw e;
    } catch (BlkshException e) {
      ShelfAwayException.letPass(e);
      if (!VersionWalk.isThere(repository, version)) {
        return; // deleted since it was listed
      }
      long size = listedSize(version);
      report.add(
          new Damage(
              blob,
              0,
              manifests.bytes(version),
              e.problem(),
              List.of(new AffectedRange(version.reference(), 0, size))));
    }
  }

  /** Twice if need be: what failed for a moment is no damage. */
  private ManifestFile open(ManifestDirectory.Version version) {
    try {
      return repository.open(version);
    } catch (CancelledException e) {
      throw e;
    } catch (BlkshException e) {
      ShelfAwayException.letPass(e);
      return repository.open(version);
    }
  }

  /** Checks that what proves the pages is there. */
  private void groups(ManifestFile file, String blob) {
    for (int chunk = 0; chunk < file.groupChunks(); chunk++) {
      try {
        file.groupChunk(chunk);
      } catch (IOException e) {
        long[] range = file.groupChunkRange(chunk);
        report.add(
            blob,
            "what proves its pages is damaged: " + IoFailure.reason(e),
            range(file.manifest(), range[0], range[1]));
      }
    }
  }

  /** The size of the image as it is listed, 0 when it is not. */
  private long listedSize(ManifestDirectory.Version version) {
    try {
      return repository.indexes().rows().manifests(version.name()).stream()
          .map(StoreIndex.ManifestRow::manifest)
          .filter(m -> m.version() == version.number())
          .mapToLong(Manifest::size)
          .findAny()
          .orElse(0);
    } catch (BlkshException e) {
      ShelfAwayException.letPass(e);
      return 0;
    }
  }

  private void walk(ManifestFile file, String blob, PackDigests digests) {
    Manifest manifest = file.manifest();
    RootDigest root = rooted.test(blob) ? new RootDigest() : null;
    byte[] digest = new byte[Page.DIGEST * SOME];
    ExtentCursor cursor = new ExtentCursor(file);
    boolean provable = true;
    long at = 0;
    while (at < file.pages()) {
      task.checkCancelled();
      try {
        if (at > 0 || cursor.end > 0) {
          cursor.seek(at);
        } else {
          cursor.next();
        }
      } catch (ManifestFile.DamagedManifest e) {
        provable = false;
        long end = Math.max(at + 1, e.end);
        report.add(blob, e.getMessage(), range(manifest, Math.max(at, e.first), end));
        at = end;
        continue;
      }
      if (cursor.start != at) {
        report.add(blob, "no extent holds page " + at, range(manifest, at, cursor.end));
        provable = false;
      }
      if (cursor.kind == Extent.Kind.DATA) {
        provable &= data(file, cursor, root, digest, digests);
      } else if (root != null) {
        root.add(cursor.kind, cursor.end - cursor.start);
      }
      at = cursor.end;
    }
    if (root != null && provable && !root.finish(manifest.size()).equals(manifest.root())) {
      report.add(
          blob,
          "its pages do not give its root digest",
          new AffectedRange(manifest.reference(), 0, manifest.size()));
    }
  }

  private AffectedRange range(Manifest manifest, long first, long end) {
    PageSize pageSize = repository.pageSize();
    long from = pageSize.at(first);
    return new AffectedRange(
        manifest.reference(), from, Math.min(manifest.size(), pageSize.at(end)) - from);
  }

  /** Checks that the pages of an extent are there; false when the root cannot be had any more. */
  private boolean data(
      ManifestFile file, ExtentCursor cursor, RootDigest root, byte[] digest, PackDigests digests) {
    long packId = file.packs()[cursor.pack];
    int count = (int) (cursor.end - cursor.start);
    PackCheck check = packs.get(packId);
    Manifest manifest = file.manifest();
    if (check == null || check.shape() == null) {
      report.affect(packId, range(manifest, cursor.start, cursor.end));
      return false;
    }
    long shift = cursor.start - cursor.first;
    check.badWithin(
        cursor.first,
        cursor.first + count,
        (first, end) -> lost(check, manifest, shift, first, end));
    check.droppedWithin(
        cursor.first,
        cursor.first + count,
        (first, end) -> lost(check, manifest, shift, first, end));
    boolean[] absent = {false};
    check.absentWithin(
        cursor.first,
        cursor.first + count,
        (first, end) -> {
          absent[0] = true;
          lost(check, manifest, shift, first, end);
        });
    if (absent[0] || root == null) {
      return !absent[0];
    }
    for (int i = 0; i < count; i += SOME) {
      int some = Math.min(SOME, count - i);
      for (int j = 0; j < some; j++) {
        if (!digests.read(packId, cursor.first + i + j, digest, j * Page.DIGEST)) {
          return false;
        }
      }
      root.addData(digest, 0, some);
    }
    return true;
  }

  /** Notes damaged pages that a manifest needs, unless they are stored again elsewhere. */
  private void lost(PackCheck check, Manifest manifest, long shift, int first, int end) {
    FrameCache.Owner owner = new FrameCache.Owner();
    try (PageReader reader = repository.pages(new FrameCache(0), owner)) {
      byte[] bytes = new byte[repository.pageSize().bytes()];
      byte[] digest = new byte[Page.DIGEST];
      int from = -1;
      for (int page = first; page <= end; page++) {
        task.checkCancelled();
        boolean gone = page < end && reader.read(check.id(), page, bytes, 0, digest, 0) < 0;
        if (gone && from < 0) {
          from = page;
        } else if (!gone && from >= 0) {
          report.affect(check.id(), range(manifest, shift + from, shift + page));
          from = -1;
        }
      }
    }
  }
}
