package blksh.store;

import blksh.BlkshException;
import blksh.block.BlockSource;
import blksh.block.BlockStream;
import blksh.block.Extent;
import blksh.io.PartFile;
import blksh.task.Task;
import blksh.task.Workers;
import java.io.Closeable;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.DirectoryStream;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A deduplicating store of disk images: a directory of packs (what images hold) and manifests (what
 * each image is made of). Any number of processes may use it at once; only repair needs it alone.
 *
 * <p>The format is specified in docs/store-format.md. Everything in {@code index.db} and {@code
 * pages.idx} is derived: when either is missing or damaged it is made again from packs and
 * manifests.
 *
 * <p>All methods may be called from any thread. An interrupt of the calling thread cancels the task
 * of the call, and never leaves a file of the store in pieces.
 */
public final class Store implements Closeable {

  static final String INDEX = "index.db";
  static final String PAGE_INDEX = "pages.idx";
  static final String GENERATION = "pages.idx generation";
  static final String NO_GENERATION = "none";
  private static final String PACKS = "packs";
  private static final String MANIFESTS = "manifests";
  private static final Pattern MANIFEST_FILE = Pattern.compile("([1-9][0-9]{0,8})\\.manifest");
  private static final SecureRandom RANDOM = new SecureRandom();

  private final Path path;
  private final StoreLock lock;
  private final PackDirectory packs;
  private StoreDescriptor descriptor;
  private String descriptorProblem;
  private StoreIndex index;
  private String indexProblem;
  private PageIndex pageIndex;
  private boolean closed;

  private Store(Path path, StoreLock lock, StoreDescriptor descriptor, String problem) {
    this.path = path;
    this.lock = lock;
    this.descriptor = descriptor;
    this.descriptorProblem = problem;
    this.packs = new PackDirectory(path.resolve(PACKS));
  }

  // ---- opening -------------------------------------------------------------------------------

  /** Whether there is a store in a directory, whole or not. */
  public static boolean isStore(Path directory) {
    return Files.exists(directory.resolve(StoreDescriptor.FILE)) || looksLikeStore(directory);
  }

  private static boolean looksLikeStore(Path directory) {
    return Files.isDirectory(directory.resolve(PACKS))
        && Files.isDirectory(directory.resolve(MANIFESTS));
  }

  /**
   * Makes a store in a directory that is empty or does not exist.
   *
   * @throws BlkshException when there is something, or it cannot be written
   */
  public static Store create(Path directory, StoreOptions options) {
    String action = "make store " + directory;
    try {
      Files.createDirectories(directory);
      try (Stream<Path> entries = Files.list(directory)) {
        if (entries.findAny().isPresent()) {
          throw new BlkshException(action, "the directory is not empty")
              .suggest("name a new directory, or one that is a store");
        }
      }
      StoreDescriptor descriptor = new StoreDescriptor(randomId(), options.codec());
      descriptor.write(directory);
      Files.createDirectories(directory.resolve(PACKS));
      Files.createDirectories(directory.resolve(MANIFESTS));
      PartFile.syncDirectory(directory);
    } catch (IOException e) {
      throw new BlkshException(action, Bytes.reason(e), e);
    }
    return open(directory);
  }

  private static UUID randomId() {
    byte[] bytes = new byte[16];
    RANDOM.nextBytes(bytes);
    return StoreDescriptor.uuid(bytes);
  }

  /**
   * Opens a store.
   *
   * @throws BlkshException when there is none, it was made by a newer blksh, or it is being
   *     repaired
   */
  public static Store open(Path directory) {
    return Workers.call(new Task("open store", directory.toString()), () -> doOpen(directory));
  }

  private static Store doOpen(Path directory) {
    String action = "open store " + directory;
    StoreDescriptor descriptor = null;
    String problem = null;
    try {
      descriptor = StoreDescriptor.read(directory);
    } catch (NoSuchFileException e) {
      if (!looksLikeStore(directory)) {
        throw new BlkshException(
                action,
                Files.isDirectory(directory) ? "there is no store.json" : "no such directory")
            .suggest("name the directory of a store");
      }
      problem = "store.json is missing";
    } catch (StoreDescriptor.NewerFormat e) {
      throw new BlkshException(action, e.getMessage(), e).suggest("use a newer blksh");
    } catch (StoreDescriptor.DamagedDescriptor e) {
      problem = "store.json is damaged: " + e.getMessage();
    } catch (IOException e) {
      throw new BlkshException(action, Bytes.reason(e), e);
    }
    return new Store(directory, StoreLock.share(directory), descriptor, problem);
  }

  /** Opens the store in a directory, or makes one when the directory is empty or missing. */
  public static Store openOrCreate(Path directory) {
    return isStore(directory) ? open(directory) : create(directory, StoreOptions.defaults());
  }

  public Path path() {
    return path;
  }

  /** What packs and manifests know the store by. */
  public String id() {
    return descriptor().id().toString();
  }

  byte[] idBytes() {
    return descriptor().idBytes();
  }

  /** How new frames are compressed. */
  public Codec codec() {
    return descriptor().codec();
  }

  /** What is wrong with store.json, or null. */
  synchronized String descriptorProblem() {
    return descriptorProblem;
  }

  /** The descriptor; when its file is lost, what packs and manifests say of it. */
  private synchronized StoreDescriptor descriptor() {
    if (descriptor == null) {
      descriptor = new StoreDescriptor(StoreDescriptor.uuid(idFromContents()), codecFromContents());
    }
    return descriptor;
  }

  private byte[] idFromContents() {
    for (ManifestEntry entry : manifestEntries()) {
      try (ManifestFile file = ManifestFile.open(entry.path())) {
        return file.storeId();
      } catch (BlkshException e) {
        // another one will do
      }
    }
    for (long id : packs.list().sealed()) {
      try (ReadOnlyFile file = new ReadOnlyFile(packs.pathOf(id))) {
        byte[] header = file.read(0, Pack.HEADER);
        if (LittleEndian.i32(header, 36) == Checksum.of(header, 0, 36)) {
          return java.util.Arrays.copyOfRange(header, 16, 32);
        }
      } catch (IOException e) {
        // another one will do
      }
    }
    return StoreDescriptor.bytes(randomId());
  }

  /** The codec of the first frame that was compressed at all. */
  private Codec codecFromContents() {
    for (long id : packs.list().sealed()) {
      try (Pack pack = packs.acquire(id)) {
        PackFooter footer = pack.footer();
        for (int frame = 0; frame < footer.frames(); frame++) {
          if (footer.codec(frame) != Codec.RAW) {
            return footer.codec(frame);
          }
        }
      } catch (BlkshException e) {
        // another one will do
      }
    }
    return Codec.LZ4;
  }

  PackDirectory packs() {
    return packs;
  }

  private boolean writable() {
    return Files.isWritable(path);
  }

  private void mustBeWhole(String action) {
    if (descriptorProblem() != null) {
      throw new BlkshException(action, descriptorProblem())
          .suggest("nothing is lost: run reindex, which makes it again");
    }
    if (!writable()) {
      throw new BlkshException(action, "the store cannot be written");
    }
  }

  // ---- what is derived -----------------------------------------------------------------------

  /** The index of packs and manifests; made again when it is missing or no database. */
  synchronized StoreIndex index() {
    if (closed) {
      throw new BlkshException("use store " + path, "it was closed");
    }
    if (index == null) {
      index = writable() ? openIndex() : indexInMemory();
    }
    return index;
  }

  private StoreIndex indexInMemory() {
    StoreIndex made = StoreIndex.inMemory();
    made.replaceManifests(readableManifests(new ArrayList<>()));
    return made;
  }

  private StoreIndex openIndex() {
    Path file = path.resolve(INDEX);
    try {
      return complete(StoreIndex.open(file));
    } catch (StoreIndex.DamagedIndexException e) {
      indexProblem = e.problem();
      return lock.publishing(
          () -> {
            StoreIndex.delete(file);
            return complete(StoreIndex.open(file));
          });
    }
  }

  /** Lists the manifests in an index that is new. */
  private StoreIndex complete(StoreIndex opened) {
    boolean done = false;
    try {
      if (!"1".equals(opened.meta("complete"))) {
        lock.publishing(
            () -> {
              opened.replaceManifests(readableManifests(new ArrayList<>()));
              opened.meta("complete", "1");
              return null;
            });
      }
      settle(opened);
      done = true;
      return opened;
    } finally {
      if (!done) {
        opened.close();
      }
    }
  }

  /** What was wrong with an index that was made again since it was last asked, or null. */
  synchronized String takeIndexProblem() {
    String problem = indexProblem;
    indexProblem = null;
    return problem;
  }

  /** The page index, holding every pack; made again when it is missing or of other packs. */
  synchronized PageIndex pageIndex() {
    if (pageIndex == null) {
      if (!writable()) {
        PageIndex readOnly = PageIndex.open(path.resolve(PAGE_INDEX), false);
        return pageIndex = readOnly;
      }
      StoreIndex rows = index();
      pageIndex =
          lock.indexing(
              () -> {
                PageIndex opened = PageIndex.open(path.resolve(PAGE_INDEX), true);
                boolean current =
                    opened != null
                        && Long.toString(opened.generation()).equals(rows.meta(GENERATION));
                return current ? opened : makePageIndex(rows);
              });
    }
    return pageIndex;
  }

  /** Makes an empty page index and forgets all packs, so that they are indexed again. */
  private PageIndex makePageIndex(StoreIndex rows) throws IOException {
    long pages = rows.packs().stream().mapToLong(StoreIndex.PackRow::pages).sum();
    rows.meta(GENERATION, NO_GENERATION);
    var verified = rows.clearPacks();
    PageIndex fresh = PageIndex.create(path.resolve(PAGE_INDEX), pages);
    rows.meta(GENERATION, Long.toString(fresh.generation()));
    for (long id : packs.list().sealed()) {
      indexSealed(rows, fresh, id);
      if (verified.containsKey(id)) {
        rows.packVerified(id, verified.get(id));
      }
    }
    return fresh;
  }

  private void indexSealed(StoreIndex rows, PageIndex into, long id) throws IOException {
    Pack pack;
    try {
      pack = packs.acquire(id);
    } catch (BlkshException e) {
      return; // verify reports it
    }
    try (pack) {
      int count = pack.footer().pages();
      byte[] digests = new byte[count * Page.DIGEST];
      for (int page = 0; page < count; page++) {
        if (!copyDigest(pack, page, digests)) {
          java.util.Arrays.fill(digests, page * Page.DIGEST, (page + 1) * Page.DIGEST, (byte) 0);
        }
      }
      enter(rows, into, id, pack.footer(), digests, Files.size(pack.path()));
    }
  }

  private static boolean copyDigest(Pack pack, int page, byte[] to) throws IOException {
    if (page % PackFooter.DIGEST_BLOCK == 0) {
      byte[] block = pack.footer().digestBlock(pack.file(), page / PackFooter.DIGEST_BLOCK);
      if (block != null) {
        System.arraycopy(block, 0, to, page * Page.DIGEST, block.length);
        return true;
      }
    } else if (!Page.isZero(to, page * Page.DIGEST, Page.DIGEST)) {
      return true; // came with its block
    }
    return pack.digest(page, to, page * Page.DIGEST);
  }

  private static void enter(
      StoreIndex rows, PageIndex into, long id, PackFooter footer, byte[] digests, long fileBytes)
      throws IOException {
    long ordinal = rows.addPack(id, footer, fileBytes);
    into.addAll(ordinal, digests, footer.pages());
    rows.packIndexed(ordinal);
  }

  // ---- writing packs and manifests -----------------------------------------------------------

  PackWriter newPack(long id) throws IOException {
    return PackWriter.create(id, packs.pathOf(id), idBytes());
  }

  /**
   * Makes a pack durable, then known. When sealing fails its space is given back; when only
   * indexing fails the pack stays and is indexed by the next capture.
   */
  void seal(PackWriter writer) throws IOException {
    try {
      writer.seal();
    } catch (IOException e) {
      writer.discard();
      throw e;
    }
    PageIndex into = pageIndex();
    StoreIndex rows = index();
    lock.indexing(
        () -> {
          enter(rows, into, writer.id(), writer.footer(), writer.digests(), writer.length());
          return null;
        });
  }

  ManifestWriter newManifest() throws IOException {
    Path part =
        path.resolve(MANIFESTS).resolve(".%016x%s".formatted(RANDOM.nextLong(), PartFile.ENDING));
    return new ManifestWriter(part);
  }

  /**
   * Publishes a manifest under the next free version of its name. All packs it names are durable.
   *
   * <p>Order: an unsettled row, the file under its name, a settled row. Whoever finds an unsettled
   * row while holding the publishing lock knows its writer died, and believes the file.
   */
  Manifest publish(ManifestWriter writer, Manifest described, List<Extent> bad) {
    StoreIndex rows = index(); // opened before the lock is taken: opening may take it too
    return lock.publishing(
        () -> {
          String name = described.name();
          Path directory = path.resolve(MANIFESTS).resolve(name);
          boolean fresh = !Files.isDirectory(directory);
          Files.createDirectories(directory);
          int last = versionsOnDisk(name).stream().mapToInt(Integer::intValue).max().orElse(0);
          int version = rows.nextVersion(name, last);
          Manifest numbered =
              new Manifest(
                  name,
                  version,
                  described.size(),
                  described.started(),
                  described.finished(),
                  described.source(),
                  described.figures(),
                  described.root());
          writer.finish(numbered, bad, idBytes());
          rows.putManifest(numbered, false);
          writer.publish(manifestPath(name, version));
          if (fresh) {
            PartFile.syncDirectory(path.resolve(MANIFESTS));
          }
          try {
            rows.putManifest(numbered, true);
          } catch (BlkshException e) {
            // the manifest is there; whoever finds its row unsettled settles it
          }
          return numbered;
        });
  }

  private Path manifestPath(String name, int version) {
    return path.resolve(MANIFESTS).resolve(name).resolve(version + ".manifest");
  }

  /**
   * Finishes what dead processes left: whole frames of their open packs become packs, sealed packs
   * are indexed, half-written manifests are removed, rows of manifests are set right.
   */
  void recover() {
    PageIndex into = pageIndex();
    StoreIndex rows = index();
    PackDirectory.Listing listing = packs.list();
    try {
      for (long id : listing.parts()) {
        PackWriter writer = PackWriter.recover(id, packs.pathOf(id), idBytes());
        if (writer != null) {
          lock.indexing(
              () -> {
                enter(rows, into, id, writer.footer(), writer.digests(), writer.length());
                return null;
              });
        }
      }
      var indexed =
          rows.packs().stream()
              .filter(StoreIndex.PackRow::indexed)
              .map(StoreIndex.PackRow::id)
              .collect(java.util.stream.Collectors.toSet());
      for (long id : listing.sealed()) {
        if (!indexed.contains(id)) {
          lock.indexing(
              () -> {
                indexSealed(rows, into, id);
                return null;
              });
        }
      }
      removeDeadManifests();
    } catch (IOException e) {
      throw new BlkshException("recover store " + path, Bytes.reason(e), e);
    }
    settle();
  }

  private void removeDeadManifests() throws IOException {
    try (DirectoryStream<Path> parts =
        Files.newDirectoryStream(path.resolve(MANIFESTS), ".*" + PartFile.ENDING)) {
      for (Path part : parts) {
        PartFile dead = PartFile.takeOver(part);
        if (dead != null) {
          dead.discard();
        }
      }
    }
  }

  private void settleIfPossible() {
    try {
      if (writable()) {
        settle();
      }
    } catch (BlkshException e) {
      // an index that cannot be used is reported by the verification
    }
  }

  private void settle() {
    settle(index());
  }

  private void settle(StoreIndex rows) {
    if (rows.unsettled().isEmpty()) {
      return;
    }
    lock.publishing(
        () -> {
          for (Manifest m : rows.unsettled()) {
            if (Files.exists(manifestPath(m.name(), m.version()))) {
              rows.putManifest(m, true);
            } else {
              rows.removeManifest(m.name(), m.version());
            }
          }
          return null;
        });
  }

  // ---- verbs ---------------------------------------------------------------------------------

  /** Carries out a verb on a thread of the engine; repair keeps away from the store meanwhile. */
  private <T> T call(Task task, java.util.concurrent.Callable<T> verb) {
    return Workers.call(
        task,
        () -> {
          lock.again();
          try {
            return verb.call();
          } finally {
            lock.close();
          }
        });
  }

  /**
   * Captures a source as the next version of a name. Ranges that cannot be read are recorded as
   * bad.
   *
   * @throws BlkshException when the store cannot be written; nothing is published then, and what
   *     was stored already is found again by the next capture
   */
  public CaptureResult capture(BlockSource source, String name, CaptureOptions options, Task task) {
    return capture(CaptureInput.of(source), name, options, task);
  }

  /** Captures a stream, as standard input, up to its end. */
  public CaptureResult capture(BlockStream stream, String name, CaptureOptions options, Task task) {
    return capture(CaptureInput.of(stream), name, options, task);
  }

  private CaptureResult capture(
      CaptureInput input, String name, CaptureOptions options, Task task) {
    ManifestName.check(name);
    mustBeWhole("capture " + name + " into " + path);
    return call(task, () -> new Capture(this, input, name, options, task).run());
  }

  /**
   * Restores an image to a file or a drive. A new file is sparse and appears when it is whole; an
   * existing file or drive is written only with {@code overwrite}.
   *
   * @throws BlkshException when the target is refused, before anything is written; or when a page
   *     is damaged, naming the range: no wrong byte is written
   */
  public RestoreResult restore(Manifest manifest, Path target, RestoreOptions options, Task task) {
    return call(
        task,
        () -> {
          try (ManifestFile file = openManifest(manifest.name(), manifest.version());
              RestoreTarget to = RestoreTarget.of(target, file.manifest().size(), options)) {
            return new Restore(this, file, to, target.toString(), task).run();
          } catch (IOException e) {
            throw new BlkshException("restore to " + target, Bytes.reason(e), e);
          }
        });
  }

  /** Restores an image to a stream, in order; holes are written as zeros. */
  public RestoreResult restore(Manifest manifest, OutputStream out, Task task) {
    return call(
        task,
        () -> {
          try (ManifestFile file = openManifest(manifest.name(), manifest.version());
              RestoreTarget to = RestoreTarget.of(out)) {
            return new Restore(this, file, to, "-", task).run();
          }
        });
  }

  /** A captured image as a source; the store stays open until it is closed. */
  public BlockSource source(Manifest manifest) {
    return Workers.call(
        new Task("open", manifest.reference()),
        () -> {
          Store own = open(path);
          try {
            ManifestFile file = own.openManifest(manifest.name(), manifest.version());
            return new ManifestSource(own, file, own::close);
          } catch (RuntimeException e) {
            own.close();
            throw e;
          }
        });
  }

  /** Checks what was written. Damage is reported, not thrown. */
  public VerifyReport verify(VerifyOptions options, Task task) {
    return call(
        task,
        () -> {
          settleIfPossible();
          return new Verification(this, options, task).run();
        });
  }

  /** Compares two captured images. */
  public ManifestDiff diff(Manifest from, Manifest to) {
    return call(
        new Task("diff", from.reference() + " " + to.reference()),
        () -> {
          try (ManifestFile a = openManifest(from.name(), from.version());
              ManifestFile b = openManifest(to.name(), to.version())) {
            return new Diff(this, a, b).run();
          }
        });
  }

  /**
   * Removes a captured version. Its pages stay, for later captures to share, until compaction.
   *
   * @throws BlkshException when it is not there
   */
  public void delete(Manifest manifest) {
    mustBeWhole("delete " + manifest.reference() + " from " + path);
    StoreIndex rows = index();
    call(
        new Task("delete", manifest.reference()),
        () ->
            lock.publishing(
                () -> {
                  Path file = manifestPath(manifest.name(), manifest.version());
                  rows.unsettle(manifest.name(), manifest.version());
                  boolean was = Files.deleteIfExists(file);
                  if (was) {
                    PartFile.syncDirectory(file.getParent());
                  }
                  rows.removeManifest(manifest.name(), manifest.version());
                  if (!was) {
                    throw noSuch(manifest.reference());
                  }
                  removeIfEmpty(file.getParent());
                  return null;
                }));
  }

  private static void removeIfEmpty(Path directory) {
    try {
      Files.deleteIfExists(directory);
    } catch (IOException e) {
      // it holds other versions
    }
  }

  /**
   * Makes everything derived again, and repairs what packs say twice. Needs the store alone.
   *
   * @throws BlkshException when somebody else has it open
   */
  public ReindexReport reindex(Task task) {
    return Workers.call(task, () -> lock.alone(() -> new Reindex(this, task).run()));
  }

  /**
   * Says what {@link #reindex} would find and repair, and changes nothing. Others may use the store
   * meanwhile.
   */
  public ReindexReport reindexDryRun(Task task) {
    return call(task, () -> new Reindex(this, task).dryRun());
  }

  /**
   * How the captured versions use the stored pages, for a picture.
   *
   * @param parts into how many equal parts to divide the pages, 1 or more
   */
  public StoreUse use(int parts, Task task) {
    return call(task, () -> new UseCount(this, task).run(parts));
  }

  /** For {@link Reindex}, which has the store alone: writes store.json again if it is not whole. */
  synchronized boolean repairDescriptor() throws IOException {
    if (descriptorProblem == null) {
      return false;
    }
    descriptor().write(path);
    Files.createDirectories(path.resolve(PACKS));
    descriptorProblem = null;
    return true;
  }

  /** For {@link Reindex}: drops what is derived and makes it again. */
  synchronized void remake(List<Damage> damage) throws IOException {
    packs.close();
    List<Manifest> manifests = readableManifests(damage);
    try {
      if (index().integrity() != null) {
        throw new StoreIndex.DamagedIndexException(INDEX, "it fails its check", null);
      }
      index().replaceManifests(manifests);
    } catch (BlkshException e) {
      if (index != null) {
        index.close();
        index = null;
      }
      StoreIndex.delete(path.resolve(INDEX));
      index().replaceManifests(manifests);
    }
    takeIndexProblem();
    index().meta("complete", "1");
    index().meta(GENERATION, NO_GENERATION);
    pageIndex = null;
    pageIndex();
    recover();
  }

  // ---- looking -------------------------------------------------------------------------------

  /** The names that have captured versions, sorted. */
  public List<String> names() {
    return index().names();
  }

  /** Every captured version, by name, oldest first. */
  public List<Manifest> manifests() {
    return index().manifests(null);
  }

  /** The captured versions of a name, oldest first; empty when there are none. */
  public List<Manifest> manifests(String name) {
    return index().manifests(ManifestName.check(name));
  }

  /** The numbers of the captured versions of a name, oldest first; without reading any. */
  public List<Integer> versions(String name) {
    return versionsOnDisk(ManifestName.check(name)).stream().sorted().toList();
  }

  /**
   * Finds a captured version.
   *
   * @param reference {@code NAME} or {@code NAME@latest} for the newest, or {@code NAME@VERSION}
   * @throws BlkshException when there is none, or it is damaged
   */
  public Manifest manifest(String reference) {
    int at = reference.lastIndexOf('@');
    String name = ManifestName.check(at < 0 ? reference : reference.substring(0, at));
    String version = at < 0 ? "latest" : reference.substring(at + 1);
    int wanted;
    if (version.equals("latest")) {
      wanted =
          versionsOnDisk(name).stream()
              .mapToInt(Integer::intValue)
              .max()
              .orElseThrow(() -> noSuch(reference));
    } else if (version.matches("[1-9][0-9]{0,8}")) {
      wanted = Integer.parseInt(version);
    } else {
      throw new BlkshException("find " + reference, "\"" + version + "\" is no version")
          .suggest("use NAME, NAME@latest or NAME@NUMBER");
    }
    try (ManifestFile file = openManifest(name, wanted)) {
      return file.manifest();
    }
  }

  private BlkshException noSuch(String reference) {
    return new BlkshException("find " + reference, "store " + path + " has no such manifest")
        .suggest("list the store to see what it has");
  }

  ManifestFile openManifest(String name, int version) {
    ManifestName.check(name);
    Path file = manifestPath(name, version);
    if (!Files.exists(file)) {
      throw noSuch(name + "@" + version);
    }
    return ManifestFile.open(file);
  }

  private List<Integer> versionsOnDisk(String name) {
    List<Integer> versions = new ArrayList<>();
    for (ManifestEntry entry : versionsIn(path.resolve(MANIFESTS).resolve(name))) {
      versions.add(entry.version());
    }
    return versions;
  }

  /** A manifest file by where it is. */
  record ManifestEntry(String name, int version, Path path) {}

  private static List<ManifestEntry> versionsIn(Path directory) {
    List<ManifestEntry> entries = new ArrayList<>();
    if (!Files.isDirectory(directory)) {
      return entries;
    }
    try (DirectoryStream<Path> files = Files.newDirectoryStream(directory)) {
      for (Path file : files) {
        Matcher number = MANIFEST_FILE.matcher(file.getFileName().toString());
        if (number.matches()) {
          entries.add(
              new ManifestEntry(
                  directory.getFileName().toString(), Integer.parseInt(number.group(1)), file));
        }
      }
    } catch (IOException e) {
      throw new BlkshException("list manifests in " + directory, Bytes.reason(e), e);
    }
    return entries;
  }

  /** All manifest files there are, by name, oldest first. */
  List<ManifestEntry> manifestEntries() {
    List<ManifestEntry> entries = new ArrayList<>();
    Path root = path.resolve(MANIFESTS);
    if (!Files.isDirectory(root)) {
      return entries;
    }
    try (DirectoryStream<Path> names = Files.newDirectoryStream(root)) {
      names.forEach(name -> entries.addAll(versionsIn(name)));
    } catch (IOException e) {
      throw new BlkshException("list manifests in " + root, Bytes.reason(e), e);
    }
    entries.sort(Comparator.comparing(ManifestEntry::name).thenComparing(ManifestEntry::version));
    return entries;
  }

  /** What all whole manifest files say of themselves; of the others, a damage. */
  List<Manifest> readableManifests(List<Damage> damage) {
    List<Manifest> found = new ArrayList<>();
    for (ManifestEntry entry : manifestEntries()) {
      try (ManifestFile file = ManifestFile.open(entry.path())) {
        found.add(file.manifest());
      } catch (BlkshException e) {
        String reference = entry.name() + "@" + entry.version();
        damage.add(
            new Damage(
                path.relativize(entry.path()).toString(),
                0,
                0,
                e.problem(),
                List.of(new AffectedRange(reference, 0, 0))));
      }
    }
    return found;
  }

  /** The size the index has for a manifest, 0 when it has none. */
  long listedSize(String name, int version) {
    try {
      return index().manifests(name).stream()
          .filter(m -> m.version() == version)
          .mapToLong(Manifest::size)
          .findAny()
          .orElse(0);
    } catch (BlkshException e) {
      return 0;
    }
  }

  /** What rows of manifests say that their files do not, or null. */
  String manifestRowProblem() {
    record Both(List<Manifest> rows, List<ManifestEntry> files) {}
    Both both = lock.publishing(() -> new Both(index().manifests(null), manifestEntries()));
    var rows = new java.util.HashMap<String, Manifest>();
    both.rows().forEach(row -> rows.put(row.reference(), row));
    for (ManifestEntry entry : both.files()) {
      String reference = entry.name() + "@" + entry.version();
      Manifest row = rows.remove(reference);
      try (ManifestFile file = ManifestFile.open(entry.path())) {
        if (row == null) {
          return "it does not list " + reference;
        }
        if (!row.equals(file.manifest())) {
          return "what it says of " + reference + " is wrong";
        }
      } catch (BlkshException e) {
        // reported with the file
      }
    }
    return rows.isEmpty()
        ? null
        : "it lists " + rows.keySet().iterator().next() + ", which is gone";
  }

  /** Runs something while nobody adds to the page index. */
  <T> T withIndexLocked(StoreLock.Locked<T> action) {
    return lock.indexing(action);
  }

  void packVerified(long id, Instant when) {
    try {
      if (writable()) {
        index().packVerified(id, when);
      }
    } catch (BlkshException e) {
      // the pack is sound whether or not that can be remembered
    }
  }

  /** Takes damaged pages out of the page index: the next capture of them stores them again. */
  void forgetPages(PackCheck check) {
    try {
      if (!check.bad().isEmpty() && writable()) {
        forget(check);
      }
    } catch (BlkshException e) {
      // an index that cannot be used is reported by the verification
    }
  }

  private void forget(PackCheck check) {
    PageIndex from = pageIndex();
    long ordinal =
        index().packs().stream()
            .filter(row -> row.id() == check.id())
            .mapToLong(StoreIndex.PackRow::ordinal)
            .findAny()
            .orElse(-1);
    byte[] digest = new byte[Page.DIGEST];
    lock.indexing(
        () -> {
          for (int page = 0; ordinal >= 0 && page < check.pack().footer().pages(); page++) {
            if (check.bad().contains(page) && check.pack().digest(page, digest, 0)) {
              from.remove(PageIndex.keyOf(digest, 0), PageIndex.address(ordinal, page));
            }
          }
          return null;
        });
  }

  /** The packs as listed; of a store that cannot be written, as they are. */
  private List<StoreIndex.PackRow> packRows() {
    if (writable()) {
      return index().packs();
    }
    List<StoreIndex.PackRow> rows = new ArrayList<>();
    for (long id : packs.list().sealed()) {
      try (Pack pack = packs.acquire(id)) {
        PackFooter footer = pack.footer();
        rows.add(
            new StoreIndex.PackRow(
                0,
                id,
                footer.pages(),
                footer.frames(),
                footer.rawBytes(),
                Files.size(pack.path()),
                false,
                null));
      } catch (BlkshException | IOException e) {
        // verify reports it
      }
    }
    return rows;
  }

  /** The store in figures. */
  public StoreInfo info() {
    List<StoreIndex.PackRow> rows = packRows();
    List<Manifest> manifests = manifests();
    boolean never = rows.stream().anyMatch(row -> row.verified() == null);
    return new StoreInfo(
        path,
        id(),
        codec(),
        names().size(),
        manifests.size(),
        rows.size(),
        rows.stream().mapToLong(StoreIndex.PackRow::pages).sum(),
        storedBytes(),
        rows.stream().mapToLong(StoreIndex.PackRow::rawBytes).sum(),
        manifests.stream().mapToLong(Manifest::size).sum(),
        never || rows.isEmpty()
            ? null
            : rows.stream()
                .map(StoreIndex.PackRow::verified)
                .min(Comparator.naturalOrder())
                .orElse(null));
  }

  private long storedBytes() {
    long[] sum = {0};
    try {
      Files.walkFileTree(
          path,
          new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
              sum[0] += attributes.isRegularFile() ? attributes.size() : 0;
              return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFileFailed(Path file, IOException e) throws IOException {
              if (e instanceof NoSuchFileException && !file.equals(path)) {
                return FileVisitResult.CONTINUE; // renamed or removed since it was listed
              }
              throw e;
            }
          });
      return sum[0];
    } catch (IOException e) {
      throw new BlkshException("measure store " + path, Bytes.reason(e), e);
    }
  }

  @Override
  public synchronized void close() {
    if (closed) {
      return;
    }
    closed = true;
    packs.close();
    if (index != null) {
      index.close();
    }
    if (pageIndex != null) {
      pageIndex.close();
    }
    lock.close();
  }
}
