package blksh.workspace;

import blksh.BlkshException;
import blksh.Place;
import blksh.image.Image;
import blksh.image.ImageOptions;
import blksh.image.Images;
import blksh.io.OwnerOnly;
import blksh.snapshot.LinkedSnapshots;
import blksh.snapshot.SnapshotSet;
import blksh.snapshot.StoredSnapshots;
import blksh.store.Manifest;
import blksh.store.Store;
import blksh.store.StoreOptions;
import blksh.store.bucket.BucketPlace;
import blksh.store.sealed.StoreKeys;
import blksh.store.sealed.Unlocking;
import blksh.task.CancelledException;
import blksh.task.Figures;
import blksh.task.Task;
import blksh.task.Tasks;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Future;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * Where somebody works: the operations running now, the history of all earlier ones, and the stores
 * and caches known from before. Remembered in one SQLite database under a home directory, which any
 * number of processes may share.
 *
 * <p>The database is touched only when something is to be remembered or recalled. A home that
 * cannot be written never makes an operation fail.
 */
public final class Workspace implements Closeable {

  private static final String STORES = "stores";
  private static final String DATABASE = "workspace.db";

  /** Where the indexes of compressed images are, within the home. */
  private static final String INDEXES = "indexes";

  /** How many findings of a run its message repeats. */
  private static final int FINDINGS_KEPT = 10;

  private final Path home;
  private final KeyedStores keyed = new KeyedStores();
  private final Tasks tasks = new Tasks();
  private final Consumer<BlkshException> warnings;
  private final Ledger ledger;
  private final ProgressNotes progress;
  private final LiveMounts mounts;
  private final RemoteHosts hosts = new RemoteHosts();
  private final LiveCaches caches;
  private final LiveCatalogues catalogues;

  private final OpenStores stores = new OpenStores();

  private Workspace(Path home, Consumer<BlkshException> warnings) {
    this.home = home.toAbsolutePath().normalize();
    this.warnings = warnings;
    this.ledger = new Ledger(this.home.resolve(DATABASE), warnings);
    this.progress = new ProgressNotes(ledger);
    this.mounts = new LiveMounts(this.home, warnings);
    this.caches = new LiveCaches(ledger, warnings);
    this.catalogues = new LiveCatalogues(this.home);
  }

  /** {@code $BLKSH_HOME}, or else {@code ~/.blksh}. */
  public static Path defaultHome(Map<String, String> environment) {
    String chosen = environment.getOrDefault("BLKSH_HOME", "");
    if (!chosen.isEmpty()) {
      return Path.of(chosen);
    }
    String user = environment.getOrDefault("HOME", "");
    return Path.of(user.isEmpty() ? System.getProperty("user.home") : user, ".blksh");
  }

  /** Opens the workspace of a home directory, which is created when something is remembered. */
  public static Workspace open(Path home) {
    return open(home, warning -> {});
  }

  /**
   * As above.
   *
   * @param warnings told from any thread of what went wrong without making anything fail: once,
   *     that the history cannot be kept; and of stores that cannot be looked into
   */
  public static Workspace open(Path home, Consumer<BlkshException> warnings) {
    return new Workspace(home, warnings);
  }

  /**
   * Opens a store, which is made where none can have been, see {@link Store#openOrCreate}; and
   * remembers it. It belongs to the workspace, which gives the same one to everybody who asks and
   * closes it in the end.
   *
   * @throws BlkshException when there is none and none may be made, it cannot be opened, or its
   *     place is beyond this machine
   */
  public Store store(Place place) {
    Place.Remote bucket = bucket(place);
    Store opened =
        bucket == null
            ? inDirectory(place, keyed::openOrCreate)
            : remembered(() -> bucket, task -> keyed.openOrCreate(bucket, task));
    mustBeMeant(opened);
    return opened;
  }

  /**
   * That a store may be filled: where a key was named it has to be an encrypted one, whoever put
   * another there.
   *
   * @throws BlkshException when not
   */
  public void mustBeMeant(Store store) {
    keyed.mustBeMeant(store);
  }

  /**
   * Opens a store as above, which must be there.
   *
   * @throws BlkshException when there is none, it cannot be opened, or its place is beyond this
   *     machine
   */
  public Store existingStore(Place place) {
    Place.Remote bucket = bucket(place);
    return bucket == null
        ? inDirectory(place, keyed::open)
        : remembered(() -> bucket, task -> keyed.open(bucket, task));
  }

  /**
   * Makes a store, and opens and remembers it as above.
   *
   * @throws BlkshException when there is something already, or it cannot be made
   */
  public Store createStore(Place place, StoreOptions options) {
    Place.Remote bucket = bucket(place);
    keyed.mustBeMeant(place, options);
    (bucket == null
            ? Store.create(place.path("make store", STORES), options)
            : BucketStores.create(bucket, options))
        .close();
    return bucket == null
        ? inDirectory(place, (directory, task) -> Store.open(directory, options.unlocking(), task))
        : remembered(() -> bucket, task -> BucketStores.open(bucket, options.unlocking(), task));
  }

  /** Says who is asked for what opens an encrypted store; nobody is before. */
  public void unlockWith(Unlocking asked) {
    keyed.unlockWith(asked);
  }

  /** The keys of the encrypted store in a place, which has to be opened by one of them. */
  public StoreKeys keys(Place place) {
    Place.Remote bucket = bucket(place);
    return bucket == null
        ? keyed.keys(place.path("look at the keys of store", "directories"))
        : keyed.keys(bucket);
  }

  /** A place that is in a bucket, as all call it, or null. */
  private static Place.Remote bucket(Place place) {
    return place instanceof Place.Remote remote && remote.scheme() == Place.Scheme.S3
        ? BucketPlace.plain(remote)
        : null;
  }

  private Store inDirectory(Place place, BiFunction<Path, Task, Store> opening) {
    Path directory = place.path("open store", STORES);
    // Told again when it is there: what was made may be behind a link.
    return remembered(
        () -> Place.of(withoutLinks(directory)), task -> opening.apply(directory, task));
  }

  private Store remembered(Supplier<Place> place, Function<Task, Store> opening) {
    Store store = open(place, opening);
    Place known = place.get();
    Instant now = Instant.now();
    ledger.note(
        connection -> {
          StoreTable.remember(connection, known, store.id(), now, Workspace::mayBeStore);
          return null;
        });
    return store;
  }

  /**
   * As {@link #isStore}, without asking a server: a store in a bucket may be there for all one
   * knows.
   */
  private static boolean mayBeStore(Place place) {
    return bucket(place) != null || isStore(place);
  }

  /**
   * The snapshots of file trees in a place: a store that is there, or a directory.
   *
   * @return to be closed; it does not close the store
   */
  public SnapshotSet snapshots(Place place) {
    return isStore(place)
        ? snapshotsInStore(place, false)
        : LinkedSnapshots.in(place.path("keep snapshots", "directories"));
  }

  /**
   * The snapshots in a directory.
   *
   * @param hash what a new one names contents by
   */
  public SnapshotSet snapshots(Place place, String hash) {
    return LinkedSnapshots.in(place.path("keep snapshots", "directories"), hash);
  }

  /**
   * The snapshots in a store.
   *
   * @param making whether it is made where none can have been, as by {@link #store(Place)}
   */
  public SnapshotSet snapshotsInStore(Place place, boolean making) {
    return new StoredSnapshots(making ? store(place) : existingStore(place), false);
  }

  /** The directories of snapshots that were used before. */
  public SnapshotPlaces snapshotPlaces() {
    return new SnapshotPlaces(ledger);
  }

  /** Opens a store by its directory, see {@link #store(Place)}. */
  public Store store(Path directory) {
    return store(Place.of(directory));
  }

  /** Whether there is a store at a place now, which can be opened. */
  public static boolean isStore(Place place) {
    Place.Remote bucket = bucket(place);
    return bucket != null
        ? BucketStores.isStore(bucket)
        : place instanceof Place.Local local && Store.isStore(local.path());
  }

  /**
   * That {@link #store(Place)} would open or make a store there.
   *
   * @throws BlkshException as it would
   */
  public static void mustBeMakeable(Place place) {
    Place.Remote bucket = bucket(place);
    if (bucket == null) {
      Store.mustBeMakeable(place.path("open store", STORES));
    } else {
      BucketStores.mustBeMakeable(bucket);
    }
  }

  /** Who waits for it is among the running tasks. */
  private Store open(Supplier<Place> place, Function<Task, Store> opening) {
    Task task = tasks.begin("open store", place.get().toString());
    try {
      return stores.get(place, () -> opening.apply(task));
    } finally {
      task.end();
    }
  }

  /** One store has one path, however it was asked for. */
  private static Path withoutLinks(Path directory) {
    try {
      return directory.toRealPath();
    } catch (IOException e) {
      return directory.toAbsolutePath().normalize();
    }
  }

  /**
   * The stores used before, by name.
   *
   * @throws BlkshException when the list cannot be read
   */
  public List<KnownStore> stores() {
    List<KnownStore> known = ledger.read(List.of(), StoreTable::list);
    return known.stream()
        .map(
            store ->
                new KnownStore(
                    store.name(),
                    store.place(),
                    store.id(),
                    store.lastUsed(),
                    isReachable(store.place())))
        .toList();
  }

  /** Whether there is a store now; of one in a bucket, whether it is open: no server is asked. */
  private boolean isReachable(Place place) {
    Place.Remote bucket = bucket(place);
    return bucket == null ? isStore(place) : stores.get(bucket) != null;
  }

  /** Takes a store off the list; the store itself is left as it is. */
  public void drop(KnownStore store) {
    ledger.change(
        connection -> {
          StoreTable.drop(connection, store.name());
          return null;
        });
  }

  /**
   * What the known stores hold that are reachable now, in buckets those that are open. One that
   * cannot be opened is told as a warning and left out.
   */
  public List<StoredManifest> manifests() {
    List<StoredManifest> all = new ArrayList<>();
    for (KnownStore known : stores()) {
      if (known.reachable()) {
        try {
          for (Manifest manifest : manifests(known.place())) {
            all.add(new StoredManifest(known, manifest));
          }
        } catch (BlkshException e) {
          warnings.accept(e);
        }
      }
    }
    return all;
  }

  private List<Manifest> manifests(Place place) {
    Place.Remote bucket = bucket(place);
    Store open = stores.get(bucket == null ? place : bucket);
    if (open != null) {
      return open.manifests();
    }
    try (Store store = keyed.openUnasked(place.path("open store", STORES))) {
      return store.manifests();
    }
  }

  /**
   * Opens an image by its content; what makes a compressed one quick to open again is kept in this
   * home.
   *
   * @return closed by the caller
   */
  public Image image(Path path, ImageOptions options) {
    try {
      OwnerOnly.makeDirectories(home);
    } catch (IOException unwritable) {
      // then no index is kept either, which makes nothing fail
    }
    return Images.open(path, options.withIndexDirectory(home.resolve(INDEXES)));
  }

  /** What is mounted and served. */
  public LiveMounts mounts() {
    return mounts;
  }

  /** The other machines whose drives are in use. */
  public RemoteHosts hosts() {
    return hosts;
  }

  /** The caches of media. */
  public LiveCaches caches() {
    return caches;
  }

  /** The catalogues of files. */
  public LiveCatalogues catalogues() {
    return catalogues;
  }

  /** The home directory, absolute. */
  public Path home() {
    return home;
  }

  /** The operations running now in this process. */
  public Tasks tasks() {
    return tasks;
  }

  /**
   * The history, newest first, with what other processes do now and how far they are.
   *
   * @throws BlkshException when it cannot be read
   */
  public List<Run> runs() {
    progress.now();
    return ledger.read(List.of(), RunTable::list);
  }

  /**
   * Carries out an operation as a task, and notes it in the history: that it began, how far it is,
   * and how it ended. What the operation throws is thrown on. Its result contributes {@link
   * Figures}.
   *
   * @param verb what it does: {@code "capture"}
   * @param subject to what: {@code "server01.sda"}
   */
  public <T> T run(String verb, String subject, Function<Task, T> operation) {
    Instant started = Instant.now();
    Task task = tasks.begin(verb, subject);
    Future<Long> begun =
        ledger.note(connection -> RunTable.insert(connection, verb, subject, started));
    progress.begin(task, begun);
    Outcome outcome = Outcome.FAILED;
    Map<String, Object> figures = Map.of();
    String message = "";
    try {
      T result = operation.apply(task);
      if (result instanceof Figures summed) {
        figures = summed.figures();
      }
      outcome = task.findings().isEmpty() ? Outcome.DONE : Outcome.FINDINGS;
      message = findings(task);
      return result;
    } catch (CancelledException e) {
      outcome = Outcome.INTERRUPTED;
      message = e.getMessage();
      throw e;
    } catch (RuntimeException | Error e) {
      message = String.valueOf(e.getMessage());
      throw e;
    } finally {
      task.end();
      progress.end(task);
      finish(begun, task, outcome, figures, message);
    }
  }

  private static String findings(Task task) {
    List<String> all = task.findings();
    String kept = String.join("; ", all.subList(0, Math.min(FINDINGS_KEPT, all.size())));
    int more = all.size() - FINDINGS_KEPT;
    return more > 0 ? kept + "; and " + more + " more" : kept;
  }

  private void finish(
      Future<Long> begun, Task task, Outcome outcome, Map<String, Object> figures, String message) {
    ledger.await(
        ledger.note(
            connection -> {
              Long id = Ledger.result(begun);
              if (id != null) {
                RunTable.finish(
                    connection, id, task.elapsed(), outcome, task.done(), figures, message);
              }
              return null;
            }));
  }

  @Override
  public void close() {
    mounts.close();
    hosts.close();
    catalogues.close();
    caches.close();
    ledger.close();
    stores.close();
  }
}
