package blksh.store;

import blksh.BlkshException;
import blksh.block.BlockSource;
import blksh.block.BlockStream;
import blksh.block.PageTarget;
import blksh.retention.Policy;
import blksh.store.pack.CodecChoice;
import blksh.store.pack.PageSize;
import blksh.store.sealed.Unlocking;
import blksh.store.shelf.DirectoryShelf;
import blksh.store.shelf.Shelf;
import blksh.task.Task;
import blksh.task.Workers;
import java.io.Closeable;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.function.BiFunction;

/**
 * A deduplicating store of disk images: packs (what images hold) and manifests (what each image is
 * made of). Any number of processes may use it at once; only repair needs it alone.
 *
 * <p>The format is specified in docs/store-format.md. Everything in {@code index.db} and {@code
 * pages.idx} is derived: when either is missing or damaged it is made again from packs and
 * manifests.
 *
 * <p>All methods may be called from any thread. An interrupt of the calling thread cancels the task
 * of the call, and never leaves a file of the store in pieces.
 */
public final class Store implements Closeable {

  private final Repository repository;
  private boolean isNew;
  private boolean closed;

  private Store(Repository repository) {
    this.repository = repository;
  }

  // ---- opening -------------------------------------------------------------------------------

  /** Whether there is a store in a directory, whole or not. */
  public static boolean isStore(Path directory) {
    try (Shelf shelf = new DirectoryShelf(directory)) {
      return isStore(shelf);
    } catch (IOException e) {
      return false;
    }
  }

  /** Whether there is a store on a shelf, whole or not. */
  public static boolean isStore(Shelf shelf) throws IOException {
    return StoreOpening.isStore(shelf);
  }

  /**
   * Makes a store in a directory that does not exist, or in which there is nothing.
   *
   * @throws BlkshException when there is something, its file system is not mounted, or it cannot be
   *     written
   */
  public static Store create(Path directory, StoreOptions options) {
    StoreOpening.make(directory, options);
    Store made = open(directory, options.unlocking(), new Task("open store", directory.toString()));
    KeptVersions.noteNone(made.repository);
    return made;
  }

  /** Makes an empty store on a shelf that holds none. */
  public static void create(Shelf shelf, StoreOptions options) throws IOException {
    StoreIdentity.make(shelf, options);
  }

  /**
   * Opens a store.
   *
   * @throws BlkshException when there is none, or it was made by a newer blksh
   */
  public static Store open(Path directory) {
    return open(directory, new Task("open store", directory.toString()));
  }

  /** As above, with a task that is told when it has to wait, as for a repair. */
  public static Store open(Path directory, Task task) {
    return open(directory, Unlocking.NONE, task);
  }

  /** As above, also one that is encrypted, if what was said opens it. */
  public static Store open(Path directory, Unlocking unlocking, Task task) {
    Shelf shelf = StoreOpening.shelf(directory, unlocking, task);
    return Workers.call(task, () -> new Store(StoreOpening.in(directory, shelf)));
  }

  /**
   * Opens the store on a shelf, which is closed with it.
   *
   * @param local the directory for what is derived
   */
  static Store open(Shelf shelf, Path local) {
    return Workers.call(
        new Task("open store", shelf.place()), () -> new Store(StoreOpening.of(shelf, local)));
  }

  /**
   * Opens the store on a shelf whose place is not for what is derived: that is in a directory of
   * its own on this machine. The shelf is closed with the store.
   *
   * @param unlocking asked for what opens it, where it is encrypted
   * @param made whether it was made just now
   * @param task told when it has to wait
   * @throws BlkshException as {@link #open(Path, Unlocking, Task)}
   */
  public static Store openApart(Shelf shelf, Unlocking unlocking, boolean made, Task task) {
    Shelf unlocked = StoreOpening.unlocked(shelf, unlocking, task);
    return openApart(unlocked, DerivedDirectory.of(System.getenv()), task).made(made);
  }

  /** As above, in a directory of others. */
  static Store openApart(Shelf shelf, DerivedDirectory derived, Task task) {
    return Workers.call(task, () -> new Store(StoreOpening.apart(shelf, derived)));
  }

  /**
   * Opens the store in a directory, or makes one where none can have been: where there is no such
   * directory, or a file system in which nothing was ever put.
   *
   * @throws BlkshException when there is none and it may only be out of sight, as on a drive that
   *     is not mounted
   */
  public static Store openOrCreate(Path directory) {
    return openOrCreate(directory, new Task("open store", directory.toString()));
  }

  /**
   * As above.
   *
   * @param task told when it has to wait, as for a repair
   */
  public static Store openOrCreate(Path directory, Task task) {
    if (isStore(directory)) {
      return open(directory, task);
    }
    boolean made = StoreOpening.makeUnasked(directory);
    return open(directory, task).made(made);
  }

  private Store made(boolean now) {
    isNew = now;
    return this;
  }

  /**
   * That {@link #openOrCreate} would open or make a store there.
   *
   * @throws BlkshException as it would
   */
  public static void mustBeMakeable(Path directory) {
    StoreOpening.mustBeMakeable(directory);
  }

  /** Whether {@link #openOrCreate} made it. */
  public boolean isNew() {
    return isNew;
  }

  /**
   * That a capture may be called so.
   *
   * @throws BlkshException when it may not be
   */
  public static void checkName(String name) {
    ManifestName.check(name);
  }

  /**
   * The directory it is in; of one that is in none, that of what is derived from it on this
   * machine.
   */
  public Path path() {
    return repository.path();
  }

  /** Where it is, for people: its directory, or what was named. */
  public String place() {
    return repository.place();
  }

  /**
   * What went between this process and its place since it was opened: {@code requests}, and {@code
   * sent} and {@code received}, bytes; empty where that costs nothing.
   */
  public Map<String, Long> traffic() {
    return repository.traffic();
  }

  /** What packs and manifests know the store by. */
  public String id() {
    return repository.identity().id().toString();
  }

  /** How new frames are compressed. */
  public CodecChoice codec() {
    return repository.codec();
  }

  /** How large its pages are. */
  public PageSize pageSize() {
    return repository.pageSize();
  }

  // ---- verbs ---------------------------------------------------------------------------------

  /** Carries out a verb on a thread of the engine; repair keeps away from the store meanwhile. */
  <T> T call(Task task, Callable<T> verb) {
    return Workers.call(
        task,
        () -> {
          Repository used = repository.again();
          try {
            return verb.call();
          } finally {
            used.close();
          }
        });
  }

  private Listing listing() {
    return repository.indexes().listing();
  }

  /**
   * Captures a source as the next version of a name. Ranges that cannot be read are recorded as
   * bad. Where its changes were recorded, what has not changed is taken from the version before.
   *
   * @throws BlkshException when the store cannot be written; nothing is published then, and what
   *     was stored already is found again by the next capture
   */
  public CaptureResult capture(BlockSource source, String name, CaptureOptions options, Task task) {
    return captured(name, task, () -> ChangedCapture.run(repository, source, name, options, task));
  }

  /** Captures a stream, as standard input, up to its end. */
  public CaptureResult capture(BlockStream stream, String name, CaptureOptions options, Task task) {
    return capture(CaptureInput.of(stream), name, options, task);
  }

  /**
   * Captures a snapshot of a file tree, which is put together meanwhile, as the next version of a
   * name.
   *
   * @throws BlkshException as {@link #capture(BlockSource, String, CaptureOptions, Task)}
   * @throws StoredPages.LostPages when what was to be kept of an earlier version cannot be
   */
  public CaptureResult capture(PiecedImage tree, String name, CaptureOptions options, Task task) {
    return capture(new PiecedInput(tree), name, options, task);
  }

  private CaptureResult capture(
      CaptureInput input, String name, CaptureOptions options, Task task) {
    return captured(name, task, () -> new Capture(repository, input, name, options, task).run());
  }

  private CaptureResult captured(String name, Task task, Callable<CaptureResult> capture) {
    ManifestName.check(name);
    repository.mustBeWhole("capture " + name + " into " + repository.place());
    return call(task, capture);
  }

  /**
   * Restores an image to a file or a drive. A new file is sparse and appears when it is whole; an
   * existing file or drive is written only with {@code overwrite}.
   *
   * @throws BlkshException when the target is refused, before anything is written; or when a page
   *     is damaged, naming the range: no wrong byte is written
   */
  public RestoreResult restore(Manifest manifest, Path target, RestoreOptions options, Task task) {
    ManifestKind.IMAGE.require(manifest, "restore");
    return call(
        task, () -> Restore.run(repository, source(manifest), manifest, target, options, task));
  }

  /**
   * Restores an image to a drive or a file of another machine, by the same rules.
   *
   * @param target opened for the size of the image; it is closed
   */
  public RestoreResult restore(
      Manifest manifest, PageTarget target, RestoreOptions options, Task task) {
    try (target) {
      ManifestKind.IMAGE.require(manifest, "restore");
      return call(
          task, () -> Restore.run(repository, source(manifest), manifest, target, options, task));
    }
  }

  /** Restores an image to a stream, in order; holes are written as zeros. */
  public RestoreResult restore(Manifest manifest, OutputStream out, Task task) {
    ManifestKind.IMAGE.require(manifest, "restore");
    return call(task, () -> Restore.run(repository, manifest, out, task));
  }

  /** A captured image as a source, which has the store open for itself until it is closed. */
  public BlockSource source(Manifest manifest) {
    ManifestKind.IMAGE.require(manifest, "open");
    return contents(manifest);
  }

  /** As {@link #source}, of a snapshot: the contents of its files, and the table of its entries. */
  public BlockSource treeSource(Manifest manifest) {
    ManifestKind.TREE.require(manifest, "open");
    return contents(manifest);
  }

  /** The pages of a version, for a later one to keep. */
  public StoredPages pages(Manifest manifest) {
    return opened(manifest, StoredPages::new);
  }

  private BlockSource contents(Manifest manifest) {
    return opened(manifest, ManifestSource::new);
  }

  /** What is opened of a version has the store open for itself. */
  private <T> T opened(Manifest manifest, BiFunction<Repository, ManifestFile, T> opening) {
    return Workers.call(
        new Task("open", manifest.reference()), () -> repository.opened(manifest, opening));
  }

  /** Checks what was written. Damage is reported, not thrown. */
  public VerifyReport verify(VerifyOptions options, Task task) {
    return call(task, () -> new Verification(repository, options, task).run());
  }

  /** Compares two captured images. */
  public ManifestDiff diff(Manifest from, Manifest to) {
    ManifestKind.IMAGE.require(from, "diff");
    ManifestKind.IMAGE.require(to, "diff");
    return call(
        new Task("diff", from.reference() + " " + to.reference()),
        () -> {
          try (ManifestFile a = repository.open(from);
              ManifestFile b = repository.open(to)) {
            return new Diff(repository.packs(), a, b).run();
          }
        });
  }

  /**
   * Removes a captured version. It can be taken back, and its pages stay, until compaction.
   *
   * @throws BlkshException when it is not there, or pinned
   */
  public void delete(Manifest manifest) {
    delete(ManifestDirectory.Version.of(manifest));
  }

  /**
   * The full reference, {@code NAME@VERSION}, of a version that is there, whole or not.
   *
   * @param reference as of {@link #manifest}
   * @throws BlkshException when there is none
   */
  public String resolve(String reference) {
    return repository.manifests().existing(reference).reference();
  }

  /**
   * Removes a captured version, and what has its place: it need not be whole.
   *
   * @param reference as of {@link #manifest}
   * @throws BlkshException when it is not there
   */
  public void delete(String reference) {
    delete(repository.manifests().version(reference));
  }

  private void delete(ManifestDirectory.Version version) {
    repository.mustBeWhole("delete " + version.reference() + " from " + repository.place());
    call(
        new Task("delete", version.reference()),
        () -> {
          new Publication(repository).delete(version);
          return null;
        });
  }

  /** The versions of a name that go if so many of the newest stay, at least 1; oldest first. */
  public List<Manifest> expendable(String name, int keepLast) {
    if (keepLast < 1) {
      throw new BlkshException(
          "keep the last " + keepLast + " of " + name, "at least one must stay");
    }
    return new Retention(repository).expendable(name, new Policy(keepLast));
  }

  /** What it stands on, for verbs of two stores. */
  Repository repository() {
    return repository;
  }

  /** What keeps it in shape over years. */
  public Upkeep upkeep() {
    return new Upkeep(this, repository);
  }

  /**
   * Makes everything derived again, and repairs what packs say twice. Needs the store alone.
   *
   * @throws BlkshException when somebody else has it open
   */
  public ReindexReport reindex(Task task) {
    return Workers.call(
        task, () -> repository.exclusion().alone(() -> new Reindex(repository, task).run()));
  }

  /**
   * Says what {@link #reindex} would find and repair, and changes nothing. Others may use the store
   * meanwhile.
   */
  public ReindexReport reindexDryRun(Task task) {
    return call(task, () -> new Reindex(repository, task).dryRun());
  }

  /**
   * How the captured versions use the stored pages, for a picture.
   *
   * @param parts into how many equal parts to divide the pages, 1 or more
   */
  public StoreUse use(int parts, Task task) {
    return call(task, () -> new UseCount(repository, task).run(parts));
  }

  /**
   * What of the stored pages each version of a list needs alone, and with others.
   *
   * @return in their order; null for one that was deleted meanwhile, which is noted
   */
  public List<StoreUse.Version> shares(List<Manifest> manifests, Task task) {
    return call(task, () -> new ShareCount(repository, task).run(manifests));
  }

  /** The store in figures. */
  public StoreInfo info() {
    return new Inventory(repository).run();
  }

  // ---- looking -------------------------------------------------------------------------------

  /** The names that have captured versions, sorted. */
  public List<String> names() {
    return listing().names();
  }

  /** Every captured version, by name, oldest first. */
  public List<Manifest> manifests() {
    return listing().manifests(null);
  }

  /** Versions that are there and are not listed, as their manifests cannot be read. */
  public List<Damage> unreadable() {
    return listing().unreadable();
  }

  /** The captured versions of a name, oldest first; empty when there are none. */
  public List<Manifest> manifests(String name) {
    return listing().manifests(ManifestName.check(name));
  }

  /** The numbers of the captured versions of a name, oldest first; without reading any. */
  public List<Integer> versions(String name) {
    return repository.manifests().versions(name).stream()
        .map(ManifestDirectory.Version::number)
        .toList();
  }

  /**
   * Finds a captured version.
   *
   * @param reference {@code NAME} or {@code NAME@latest} for the newest, or {@code NAME@VERSION}
   * @throws BlkshException when there is none, or it is damaged
   */
  public Manifest manifest(String reference) {
    return repository.manifests().find(reference);
  }

  @Override
  public synchronized void close() {
    if (!closed) {
      closed = true;
      repository.close();
    }
  }
}
