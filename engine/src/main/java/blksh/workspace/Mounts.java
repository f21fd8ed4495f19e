package blksh.workspace;

import blksh.BlkshException;
import blksh.block.BlockSource;
import blksh.block.CacheFigures;
import blksh.block.Overlay;
import blksh.block.WritableSource;
import blksh.mount.FuseMount;
import blksh.mount.Holder;
import blksh.mount.LoopMount;
import blksh.mount.MountDirectory;
import blksh.mount.MountOptions;
import blksh.mount.NbdExport;
import blksh.mount.NbdExports;
import blksh.mount.NbdServer;
import blksh.mount.SystemMounts;
import blksh.mount.Traffic;
import blksh.mount.TreeExports;
import blksh.store.Store;
import java.io.Closeable;
import java.io.IOException;
import java.net.URI;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * Sources put where other programs can use them, by this and by other processes of the same home.
 * What this process mounts ends with it.
 */
public final class Mounts implements Closeable {

  private static final String DIRECTORY = "mounts";

  /** How often what is served is noted, and wishes to end it are looked for. */
  private static final long NOTE_MILLIS = 1000;

  private static final int PATIENCE_SECONDS = 10;

  private final Path directory;
  private final Consumer<BlkshException> warnings;
  private final Map<Path, Served> served = new ConcurrentHashMap<>();
  private Thread scribe;
  private long count;
  private boolean warned;

  /** Something this process serves. */
  private record Served(
      MountRecord mount,
      Supplier<Traffic> traffic,
      Supplier<List<Holder>> end,
      CountDownLatch ended) {

    MountEntry entry() {
      return Mounts.entry(mount, MountEntry.State.HERE, traffic.get());
    }
  }

  Mounts(Path home, Consumer<BlkshException> warnings) {
    this.directory = home.resolve(DIRECTORY);
    this.warnings = warnings;
  }

  // ---- mounting ------------------------------------------------------------------------------

  /**
   * Mounts a source as a file of its name, with its partitions beside it as {@code NAME.p1}.
   *
   * @param source closed when the mount ends, also when it cannot be mounted; the file can be
   *     written when the source can
   * @param point an empty directory, or one to be made
   */
  public MountEntry mount(BlockSource source, Path point, MountOptions options) {
    boolean writable = source instanceof WritableSource;
    return mount(
        SourceTree.of(source),
        point,
        writable ? options.withWriting() : options,
        description(source),
        overlayOf(source),
        () -> CacheFigures.of(source),
        source);
  }

  /** Mounts all versions of all names of a store; it stays open until after the mount has ended. */
  public MountEntry mount(Store store, Path point, MountOptions options) {
    StoreTree tree = new StoreTree(store);
    String description = "store " + store.path();
    return mount(tree, point, options, description, "", tree::cacheFigures, () -> {});
  }

  /**
   * Mounts the file system in a source read-only, through a loop device on a mount of the source
   * that nobody sees. Only root may.
   *
   * @param source closed when the mount ends, also when it cannot be mounted
   * @param fileSystem its kind, such as {@code "ext4"}, or empty; decides on options
   * @param directory made when there is none
   */
  public MountEntry mountFileSystem(BlockSource source, String fileSystem, Path directory) {
    Path inner;
    FuseMount below;
    Path point = directory.toAbsolutePath().normalize();
    try {
      synchronized (this) {
        ProcessIdentity own = ProcessIdentity.own();
        inner = this.directory.resolve("%d-%d-%d".formatted(own.pid(), own.start(), ++count));
      }
      below = FuseMount.mount(inner, SourceTree.of(source), MountOptions.defaults());
    } catch (RuntimeException | Error e) {
      closeQuietly(source);
      throw e;
    }
    Thread atExit = new Thread(() -> unmountQuietly(point), "blksh-unmount-file-system");
    try {
      LoopMount.mount(below.path().resolve(SourceTree.fileName(source)), point, fileSystem);
      Runtime.getRuntime().addShutdownHook(atExit);
    } catch (RuntimeException | Error e) {
      below.close();
      closeQuietly(source);
      throw e;
    }
    Supplier<List<Holder>> end =
        () -> {
          List<Holder> holders = LoopMount.unmount(point);
          return holders.isEmpty() ? below.unmount() : holders;
        };
    Served entry =
        new Served(
            record(MountEntry.Kind.FILE_SYSTEM, point.toString(), source.describe().toString(), ""),
            () -> below.traffic().withCache(CacheFigures.of(source)),
            end,
            new CountDownLatch(1));
    Path file = note(entry);
    below.whenEnded(
        () -> {
          forgetHook(atExit);
          end(file, entry, source);
        });
    return entry.entry();
  }

  private static void unmountQuietly(Path point) {
    try {
      LoopMount.unmount(point);
    } catch (BlkshException e) {
      // nobody is left to be told; the next prune finds it
    }
  }

  private static void forgetHook(Thread atExit) {
    try {
      Runtime.getRuntime().removeShutdownHook(atExit);
    } catch (IllegalStateException e) {
      // the process ends
    }
  }

  /**
   * Mounts a tree.
   *
   * @param description what it shows, for people
   * @param onEnd closed when the mount ends, also when it cannot be mounted
   */
  public MountEntry mount(
      MountDirectory root, Path point, MountOptions options, String description, Closeable onEnd) {
    return mount(root, point, options, description, "", () -> CacheFigures.NONE, onEnd);
  }

  private MountEntry mount(
      MountDirectory root,
      Path point,
      MountOptions options,
      String description,
      String overlay,
      Supplier<CacheFigures> cache,
      Closeable onEnd) {
    FuseMount mount;
    try {
      mount = FuseMount.mount(point, root, options);
    } catch (RuntimeException | Error e) {
      closeQuietly(onEnd);
      throw e;
    }
    Served entry =
        new Served(
            record(MountEntry.Kind.FUSE, mount.path().toString(), description, overlay),
            () -> mount.traffic().withCache(cache.get()),
            mount::unmount,
            new CountDownLatch(1));
    Path file = note(entry);
    mount.whenEnded(() -> end(file, entry, onEnd));
    return entry.entry();
  }

  /**
   * Serves sources over NBD on a Unix socket.
   *
   * @param sources by the name clients ask for; closed when the server ends, also when it cannot
   *     begin
   */
  public MountEntry serve(Map<String, BlockSource> sources, Path socket) {
    return serve(sources, () -> closeAll(sources), exports -> NbdServer.listen(socket, exports));
  }

  /**
   * Serves a source by its name, which is also the default, and its partitions as {@code NAME.p1},
   * over NBD on a Unix socket.
   *
   * @param source closed when the server ends, also when it cannot begin
   */
  public MountEntry serve(BlockSource source, Path socket) {
    return serve(named(source), source, exports -> NbdServer.listen(socket, exports));
  }

  /**
   * As above, on a port of this machine.
   *
   * @param port 1 to 65535, or 0 for one that is free
   */
  public MountEntry serve(BlockSource source, int port) {
    return serve(named(source), source, exports -> NbdServer.listen(port, exports));
  }

  private static Map<String, BlockSource> named(BlockSource source) {
    return SourceTree.parts(source, SourceTree.fileName(source));
  }

  private static void closeAll(Map<String, BlockSource> sources) {
    sources.values().forEach(BlockSource::close);
  }

  /**
   * As above, on a port of this machine.
   *
   * @param port 1 to 65535, or 0 for one that is free
   */
  public MountEntry serve(Map<String, BlockSource> sources, int port) {
    return serve(sources, () -> closeAll(sources), exports -> NbdServer.listen(port, exports));
  }

  private MountEntry serve(
      Map<String, BlockSource> sources, Closeable onEnd, Function<NbdExports, NbdServer> listen) {
    Supplier<String> description =
        () ->
            String.join(
                ", ",
                sources.values().stream()
                    .filter(source -> !SourceTree.isPart(source))
                    .map(Mounts::description)
                    .toList());
    Supplier<String> overlay =
        () ->
            String.join(
                ", ",
                sources.values().stream()
                    .map(Mounts::overlayOf)
                    .filter(file -> !file.isEmpty())
                    .toList());
    Supplier<CacheFigures> cache =
        () ->
            sources.values().stream()
                .map(CacheFigures::of)
                .reduce(CacheFigures.NONE, CacheFigures::plus);
    Supplier<NbdServer> begin =
        () ->
            listen.apply(
                NbdExports.of(
                    sources.entrySet().stream()
                        .map(export -> new NbdExport(export.getKey(), export.getValue()))
                        .toArray(NbdExport[]::new)));
    return serve(begin, description, overlay, cache, onEnd);
  }

  /**
   * Serves the files of a tree over NBD on a Unix socket, by their paths.
   *
   * @param description what it shows, for people
   */
  public MountEntry serve(MountDirectory root, Path socket, String description) {
    return serve(root, exports -> NbdServer.listen(socket, exports), description);
  }

  /**
   * As above, on a port of this machine.
   *
   * @param port 1 to 65535, or 0 for one that is free
   */
  public MountEntry serve(MountDirectory root, int port, String description) {
    return serve(root, exports -> NbdServer.listen(port, exports), description);
  }

  private MountEntry serve(
      MountDirectory root, Function<NbdExports, NbdServer> listen, String description) {
    Supplier<CacheFigures> cache =
        () ->
            root instanceof CacheFigures.Counting counting
                ? counting.cacheFigures()
                : CacheFigures.NONE;
    return serve(
        () -> listen.apply(new TreeExports(root)), () -> description, () -> "", cache, () -> {});
  }

  /**
   * Serves all versions of all names of a store over NBD on a Unix socket, as {@code NAME/VERSION}
   * and {@code NAME/latest}; the store stays open until after the server has ended.
   */
  public MountEntry serve(Store store, Path socket) {
    return serve(new StoreTree(store), socket, "store " + store.path());
  }

  /**
   * As above, on a port of this machine.
   *
   * @param port 1 to 65535, or 0 for one that is free
   */
  public MountEntry serve(Store store, int port) {
    return serve(new StoreTree(store), port, "store " + store.path());
  }

  private MountEntry serve(
      Supplier<NbdServer> listen,
      Supplier<String> description,
      Supplier<String> overlay,
      Supplier<CacheFigures> cache,
      Closeable onEnd) {
    NbdServer server;
    String shown;
    String file;
    try {
      shown = description.get();
      file = overlay.get();
      server = listen.get();
    } catch (RuntimeException | Error e) {
      closeQuietly(onEnd);
      throw e;
    }
    Supplier<List<Holder>> end =
        () -> {
          server.close();
          return List.of();
        };
    Served entry =
        new Served(
            record(MountEntry.Kind.NBD, server.uri().toString(), shown, file),
            () -> server.traffic().withCache(cache.get()),
            end,
            new CountDownLatch(1));
    Path noted = note(entry);
    server.whenEnded(() -> end(noted, entry, onEnd));
    return entry.entry();
  }

  private static MountRecord record(
      MountEntry.Kind kind, String place, String description, String overlay) {
    return new MountRecord(kind, place, description, overlay, Instant.now(), ProcessIdentity.own());
  }

  /** What is shown; of an overlay what it lies over, as its file is told beside. */
  private static String description(BlockSource source) {
    BlockSource shown = source instanceof Overlay overlay ? overlay.base() : source;
    return shown.describe().toString();
  }

  private static String overlayOf(BlockSource source) {
    return source instanceof Overlay overlay ? overlay.file().toString() : "";
  }

  private void closeQuietly(Closeable closeable) {
    try {
      closeable.close();
    } catch (IOException | BlkshException e) {
      warnings.accept(
          e instanceof BlkshException failure
              ? failure
              : new BlkshException("close what was mounted", String.valueOf(e.getMessage()), e));
    }
  }

  // ---- what is remembered --------------------------------------------------------------------

  private synchronized Path note(Served entry) {
    ProcessIdentity own = ProcessIdentity.own();
    Path file =
        directory.resolve(
            "%d-%d-%d%s".formatted(own.pid(), own.start(), ++count, MountRecord.ENDING));
    write(file, entry);
    served.put(file, entry);
    if (scribe == null) {
      scribe = new Thread(this::keepNotes, "mounts");
      scribe.setDaemon(true);
      scribe.start();
    }
    return file;
  }

  private void write(Path file, Served entry) {
    try {
      Files.createDirectories(directory);
      entry.mount().write(file, entry.traffic().get());
    } catch (IOException e) {
      synchronized (this) {
        if (warned) {
          return;
        }
        warned = true;
      }
      warnings.accept(
          new BlkshException("note what is mounted", String.valueOf(e.getMessage()), e)
              .suggest("other processes do not see it; the mount itself is not affected"));
    }
  }

  private void keepNotes() {
    Map<Path, Traffic> noted = new ConcurrentHashMap<>();
    while (true) {
      try {
        Thread.sleep(NOTE_MILLIS);
      } catch (InterruptedException e) {
        return;
      }
      synchronized (this) {
        if (served.isEmpty()) {
          scribe = null;
          return;
        }
      }
      served.forEach(
          (file, entry) -> {
            if (!Files.exists(file) && Files.isDirectory(directory) && !warned) {
              endQuietly(entry);
            } else if (!entry.traffic().get().equals(noted.put(file, entry.traffic().get()))) {
              write(file, entry);
            }
          });
    }
  }

  private void endQuietly(Served entry) {
    try {
      if (entry.end().get().isEmpty()) {
        await(entry.ended());
      }
    } catch (BlkshException e) {
      warnings.accept(e);
    }
  }

  private void end(Path file, Served entry, Closeable onEnd) {
    served.remove(file);
    closeQuietly(onEnd);
    try {
      Files.deleteIfExists(file);
    } catch (IOException e) {
      // pruning will
    }
    entry.ended().countDown();
  }

  private static MountEntry entry(MountRecord mount, MountEntry.State state, Traffic traffic) {
    return new MountEntry(
        mount.kind(),
        mount.place(),
        mount.source(),
        mount.overlay(),
        mount.since(),
        mount.server().pid(),
        state,
        traffic);
  }

  /**
   * What is mounted and served now by blksh, oldest first: by this process, by others of this home,
   * and as far as the system knows by those of other homes.
   */
  public List<MountEntry> list() {
    List<MountEntry> found = new ArrayList<>();
    Set<String> places = new HashSet<>();
    for (Path file : files()) {
      Served own = served.get(file);
      Optional<MountRecord.Noted> noted = MountRecord.read(file);
      if (own != null) {
        found.add(own.entry());
      } else if (noted.isPresent()) {
        MountRecord mount = noted.get().mount();
        found.add(
            entry(
                mount,
                mount.server().mayBeAlive() ? MountEntry.State.ELSEWHERE : MountEntry.State.DEAD,
                noted.get().traffic()));
      }
    }
    served.forEach(
        (file, own) -> {
          if (!Files.exists(file)) {
            found.add(own.entry());
          }
        });
    found.forEach(entry -> places.add(entry.place()));
    found.sort(java.util.Comparator.comparing(MountEntry::since));
    for (SystemMounts.Mounted mounted : SystemMounts.all()) {
      boolean below = mounted.alive() && mounted.path().startsWith(directory);
      if (!below && !places.contains(mounted.path().toString())) {
        found.add(
            new MountEntry(
                MountEntry.Kind.FUSE,
                mounted.path().toString(),
                "",
                "",
                null,
                mounted.pid(),
                mounted.alive() ? MountEntry.State.ELSEWHERE : MountEntry.State.DEAD,
                null));
      }
    }
    return found;
  }

  private List<Path> files() {
    List<Path> files = new ArrayList<>();
    if (Files.isDirectory(directory)) {
      try (DirectoryStream<Path> entries =
          Files.newDirectoryStream(directory, "*" + MountRecord.ENDING)) {
        entries.forEach(files::add);
      } catch (IOException | java.nio.file.DirectoryIteratorException e) {
        throw new BlkshException("list mounts", String.valueOf(e.getMessage()), e);
      }
    }
    return files;
  }

  // ---- ending --------------------------------------------------------------------------------

  /**
   * Ends a mount or a server, of whatever process. A busy mount vanishes at once and goes on
   * serving those who use it until they are done; a server cuts its clients off.
   *
   * @return who still uses it
   * @throws BlkshException when it cannot be ended
   */
  public List<Holder> unmount(MountEntry entry) {
    Optional<Served> own =
        served.values().stream()
            .filter(here -> here.mount().place().equals(entry.place()))
            .findFirst();
    if (own.isPresent()) {
      List<Holder> holders = own.get().end().get();
      if (holders.isEmpty()) {
        await(own.get().ended());
      }
      return holders;
    }
    if (entry.kind() == MountEntry.Kind.FUSE) {
      return SystemMounts.unmount(Path.of(entry.place()));
    }
    List<Holder> holders =
        entry.kind() == MountEntry.Kind.FILE_SYSTEM
            ? LoopMount.unmount(Path.of(entry.place()))
            : List.of();
    for (Path file : files()) {
      Optional<MountRecord.Noted> noted = MountRecord.read(file);
      if (noted.isPresent() && noted.get().mount().place().equals(entry.place())) {
        try {
          Files.deleteIfExists(file);
        } catch (IOException e) {
          throw new BlkshException("end " + entry.place(), String.valueOf(e.getMessage()), e);
        }
      }
    }
    return holders;
  }

  /**
   * Cleans up after processes that were killed: takes their mounts away and forgets them.
   *
   * @return what was cleaned up
   */
  public List<MountEntry> prune() {
    List<MountEntry> dead =
        list().stream().filter(entry -> entry.state() == MountEntry.State.DEAD).toList();
    for (MountEntry entry : dead) {
      if (entry.kind() == MountEntry.Kind.FILE_SYSTEM) {
        LoopMount.unmount(Path.of(entry.place()));
      }
    }
    SystemMounts.prune();
    for (Path file : files()) {
      boolean alive =
          served.containsKey(file)
              || MountRecord.read(file)
                  .map(noted -> noted.mount().server().mayBeAlive())
                  .orElse(false);
      if (!alive) {
        MountRecord.read(file)
            .filter(noted -> noted.mount().kind() == MountEntry.Kind.NBD)
            .ifPresent(noted -> NbdServer.removeDead(URI.create(noted.mount().place())));
        try {
          Files.deleteIfExists(file);
        } catch (IOException e) {
          throw new BlkshException("forget a mount", String.valueOf(e.getMessage()), e);
        }
      }
    }
    return dead;
  }

  /** Waits until something this process serves has ended; at once when it has already. */
  public void awaitEnd(MountEntry entry) throws InterruptedException {
    for (Served here : served.values()) {
      if (here.mount().place().equals(entry.place())) {
        here.ended().await();
      }
    }
  }

  /**
   * Waits until nothing is served by this process any more; what a process in the background does.
   */
  public void awaitEnd() throws InterruptedException {
    for (Served entry : served.values()) {
      entry.ended().await();
    }
  }

  private static void await(CountDownLatch ended) {
    boolean interrupted = false;
    while (true) {
      try {
        ended.await(PATIENCE_SECONDS, TimeUnit.SECONDS);
        break;
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** Ends everything this process serves. */
  @Override
  public void close() {
    for (Served entry : List.copyOf(served.values())) {
      endQuietly(entry);
    }
  }
}
