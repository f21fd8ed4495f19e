package blksh.store;

import blksh.BlkshException;
import blksh.io.IoFailure;
import blksh.store.pack.CodecChoice;
import blksh.store.pack.FrameCache;
import blksh.store.pack.PackDirectory;
import blksh.store.pack.PageReader;
import blksh.store.pack.PageSize;
import blksh.store.parity.ParityBlobs;
import blksh.store.sealed.SealedShelf;
import blksh.store.shelf.Blob;
import blksh.store.shelf.BufferedSpool;
import blksh.store.shelf.Exclusion;
import blksh.store.shelf.LocalExclusion;
import blksh.store.shelf.LocalSpool;
import blksh.store.shelf.Shelf;
import blksh.store.shelf.Spool;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.function.BiFunction;

/**
 * What every verb stands on: where a store is, what it is known by, its packs, its manifests and
 * what is derived from them. Knows no verb.
 */
final class Repository implements Closeable {

  private final Shelf shelf;
  private final Path local;
  private final Exclusion exclusion;
  private final PackDirectory packs;
  private final ManifestDirectory manifests;
  private final Spool spool;
  private final Trash trash;
  private final MarksFiles marks;
  private final ParityBlobs parity;
  private final StoreIdentity identity;
  private final DerivedIndexes indexes;
  private int users = 1;

  private Repository(
      Shelf shelf,
      Path local,
      Exclusion exclusion,
      Spool spool,
      PackDirectory packs,
      ManifestDirectory manifests,
      ParityBlobs parity,
      StoreIdentity identity) {
    this.shelf = shelf;
    this.parity = parity;
    this.spool = spool;
    this.trash = new Trash(shelf, manifests, !exclusion.keepsEverybodyAway());
    this.marks = new MarksFiles(shelf, manifests, isEncrypted());
    this.local = local;
    this.exclusion = exclusion;
    this.packs = packs;
    this.manifests = manifests;
    this.identity = identity;
    this.indexes = new DerivedIndexes(local, exclusion, packs, manifests, identity);
  }

  /**
   * Opens the store on a shelf, which is closed with it, for one user.
   *
   * @param local the directory for what is derived
   * @throws BlkshException when it is being repaired
   * @throws IOException as {@link StoreIdentity#read}
   */
  static Repository open(Shelf shelf, Path local) throws IOException {
    boolean noted = Files.isWritable(local);
    Spool spool =
        shelf.spool().orElseGet(() -> noted ? spoolIn(local, shelf) : new BufferedSpool(shelf));
    PackDirectory packs = new PackDirectory(shelf, spool);
    ManifestDirectory manifests = new ManifestDirectory(shelf, spool);
    ParityBlobs parity = new ParityBlobs(shelf, spool);
    StoreIdentity identity = StoreIdentity.read(shelf, packs, manifests, parity);
    Exclusion exclusion =
        shelf
            .exclusion()
            .orElseGet(() -> noted ? LocalExclusion.share(local, shelf.place()) : Exclusion.NONE);
    return new Repository(shelf, local, exclusion, spool, packs, manifests, parity, identity);
  }

  private static Spool spoolIn(Path local, Shelf shelf) {
    return shelf instanceof SealedShelf sealed
        ? sealed.spoolIn(local)
        : new LocalSpool(shelf, local);
  }

  /**
   * As above, with what is derived in a directory of its own on this machine, which is made.
   *
   * @throws IOException as {@link StoreIdentity#read}
   */
  static Repository open(Shelf shelf, DerivedDirectory derived) throws IOException {
    return open(shelf, derived.make(StoreIdentity.idOf(shelf), shelf.address()));
  }

  /**
   * Counts one more user, who closes it too.
   *
   * @throws BlkshException when it is being repaired, or was closed
   */
  synchronized Repository again() {
    if (users == 0) {
      throw new BlkshException("use store " + place(), "it was closed");
    }
    exclusion.again();
    users++;
    return this;
  }

  /** Where its blobs are, for people. */
  String place() {
    return shelf.place();
  }

  /** As {@link Store#traffic}. */
  Map<String, Long> traffic() {
    return shelf.traffic();
  }

  /** Whether nobody reads it without a key. */
  boolean isEncrypted() {
    return shelf instanceof SealedShelf;
  }

  /** The directory of what is derived; of a store in a directory, that itself. */
  Path local() {
    return local;
  }

  /** The directory it is in, where it is in one; else that of what is derived. */
  Path path() {
    Path place = Path.of(shelf.place());
    return Files.isDirectory(place) ? place : local;
  }

  /** Whether another is in the same place. */
  boolean isAt(Repository other) {
    if (shelf.address().equals(other.shelf.address())
        && identity.id().equals(other.identity.id())) {
      return true;
    }
    try {
      return Files.isSameFile(local, other.local);
    } catch (IOException e) {
      return local.equals(other.local);
    }
  }

  StoreIdentity identity() {
    return identity;
  }

  /** How new frames are compressed. */
  CodecChoice codec() {
    return identity.codec();
  }

  /** How large its pages are; asked for once by whoever does something with them. */
  PageSize pageSize() {
    return identity.pageSize();
  }

  PackDirectory packs() {
    return packs;
  }

  ManifestDirectory manifests() {
    return manifests;
  }

  /**
   * Opens a version for as long as its pages are read: until it is closed a compaction leaves them,
   * also when the version is deleted meanwhile.
   *
   * @throws BlkshException as {@link ManifestDirectory#open(Manifest)}
   */
  ManifestFile open(Manifest manifest) {
    return open(ManifestDirectory.Version.of(manifest));
  }

  /** As above. */
  ManifestFile open(ManifestDirectory.Version version) {
    // In this order: what is not in use may be gone between a look and the next.
    Closeable use = exclusion.using(version.reference());
    boolean opened = false;
    try {
      ManifestFile file = manifests.open(version).inUse(use);
      opened = true;
      return file;
    } finally {
      if (!opened) {
        end(use);
      }
    }
  }

  /**
   * Opens what has the store and a version open for itself; neither stays so when that fails.
   *
   * @param opening makes of them what closes both
   */
  <T> T opened(Manifest manifest, BiFunction<Repository, ManifestFile, T> opening) {
    Repository used = again();
    T found = null;
    ManifestFile file = null;
    try {
      file = used.open(manifest);
      found = opening.apply(used, file);
      return found;
    } finally {
      if (found == null) {
        try (used) {
          if (file != null) {
            file.close();
          }
        }
      }
    }
  }

  private void end(Closeable use) {
    try {
      use.close();
    } catch (IOException e) {
      throw new BlkshException("use store " + place(), IoFailure.reason(e), e);
    }
  }

  /** The versions that were deleted and can be taken back. */
  Trash trash() {
    return trash;
  }

  /** What was said of versions. */
  MarksFiles marks() {
    return marks;
  }

  /** By which what is lost of blobs comes back. */
  ParityBlobs parity() {
    return parity;
  }

  /** Where its blobs grow. */
  Spool spool() {
    return spool;
  }

  /** Bytes of a blob, 0 when they cannot be told. */
  long bytes(String blob) {
    try {
      return shelf.size(blob).orElse(0);
    } catch (IOException e) {
      return 0;
    }
  }

  private boolean isMissing(String blob) {
    try {
      return !isThere(blob);
    } catch (IOException e) {
      return false;
    }
  }

  /** Whether there is a blob of a name. */
  boolean isThere(String blob) throws IOException {
    return shelf.size(blob).isPresent();
  }

  /**
   * Opens a blob as it is.
   *
   * @throws java.nio.file.NoSuchFileException when there is none of that name
   */
  Blob open(String blob) throws IOException {
    return shelf.open(blob);
  }

  /** Removes a pack, which nobody needs, and then its parity. */
  void removePack(long id) throws IOException {
    String name = PackDirectory.nameOf(id);
    shelf.delete(name);
    packs.forget(id);
    parity.remove(name);
  }

  DerivedIndexes indexes() {
    return indexes;
  }

  Exclusion exclusion() {
    return exclusion;
  }

  boolean writable() {
    return shelf.writable();
  }

  /**
   * That it may be changed.
   *
   * @param action what is to be done, for people
   * @throws BlkshException when it cannot be written, or has to be repaired first
   */
  void mustBeWhole(String action) {
    if (identity.problem() != null) {
      throw new BlkshException(action, identity.problem())
          .suggest(
              exclusion.keepsEverybodyAway() || isMissing(StoreDescriptor.FILE)
                  ? "nothing is lost: run reindex, which makes it again"
                  : "nothing is lost: copy the store to a directory, run reindex there, and put its"
                      + " store.json back");
    }
    if (!writable()) {
      throw new BlkshException(action, "the store cannot be written");
    }
  }

  /**
   * That whoever uses it is kept away while that is needed.
   *
   * @param action what is to be done, for people
   * @throws BlkshException when nobody knows of those of other machines
   */
  void mustKeepOthersAway(String action) {
    if (!exclusion.keepsEverybodyAway()) {
      throw new BlkshException(
              action, "other machines may be using it, and nothing there keeps them away")
          .suggest("copy the store to a directory with run copy, and do it there");
    }
  }

  /** Reads its pages through a cache. */
  PageReader pages(FrameCache cache, FrameCache.Owner owner) {
    return new PageReader(packs, indexes, cache, owner);
  }

  /** Bytes of all it takes, where it is. */
  long storedBytes() {
    try {
      return shelf.bytes();
    } catch (IOException e) {
      throw new BlkshException("measure store " + place(), IoFailure.reason(e), e);
    }
  }

  /** Gives up one use; with the last everything is closed. */
  @Override
  public synchronized void close() {
    if (--users == 0) {
      packs.close();
      indexes.close();
    }
    exclusion.close();
    if (users == 0) {
      shelf.close();
    }
  }
}
