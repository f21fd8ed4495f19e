package blksh.workspace;

import blksh.BlkshException;
import blksh.block.BlockSource;
import blksh.mount.Traffic;
import blksh.mount.fuse.FuseMount;
import blksh.mount.fuse.Holder;
import blksh.mount.fuse.LoopMount;
import blksh.mount.fuse.MountOptions;
import blksh.mount.fuse.SystemMounts;
import blksh.mount.nbd.NbdServer;
import blksh.mount.nbd.ServeOptions;
import java.io.Closeable;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * Sources put where other programs can use them, by this and by other processes of the same home.
 * What this process mounts ends with it.
 */
public final class LiveMounts implements Closeable {

  private final Consumer<BlkshException> warnings;
  private final MountRegistry registry;

  /** A mount or a server that has begun. */
  private record Service(
      String place,
      Supplier<Traffic> traffic,
      Supplier<List<Holder>> unmount,
      Consumer<Runnable> whenEnded) {}

  LiveMounts(Path home, Consumer<BlkshException> warnings) {
    this.warnings = warnings;
    this.registry = new MountRegistry(home, warnings);
  }

  /**
   * Mounts a source as a tree of files.
   *
   * @param source closed when the mount ends, also when it cannot be mounted; one that can be
   *     written is mounted so
   * @param point an empty directory, or one to be made
   */
  public MountEntry mount(MountSource source, Path point, MountOptions options) {
    return begin(
        MountEntry.Kind.FUSE,
        source,
        () -> {
          FuseMount mount =
              FuseMount.mount(
                  point, source.tree(), source.isWritable() ? options.withWriting() : options);
          String place = mount.path().toString();
          return new Service(place, mount::traffic, mount::unmount, mount::whenEnded);
        });
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
    return begin(
        MountEntry.Kind.FILE_SYSTEM,
        MountSource.of(source),
        () -> {
          FileSystemMount mount =
              FileSystemMount.mount(source, fileSystem, directory, registry.freshName(""));
          String place = mount.path().toString();
          return new Service(place, mount::traffic, mount::unmount, mount::whenEnded);
        });
  }

  /**
   * Serves a source over NBD.
   *
   * @param source closed when the server ends, also when it cannot begin
   */
  public MountEntry serve(MountSource source, ServeOptions options) {
    return begin(
        MountEntry.Kind.NBD,
        source,
        () -> {
          NbdServer server = NbdServer.listen(source.exports(), options);
          Supplier<List<Holder>> end =
              () -> {
                server.close();
                return List.of();
              };
          return new Service(server.uri().toString(), server::traffic, end, server::whenEnded);
        });
  }

  private MountEntry begin(MountEntry.Kind kind, MountSource source, Supplier<Service> start) {
    String description;
    String overlay;
    Service service;
    try {
      description = source.description();
      overlay = source.overlay();
      service = start.get();
    } catch (RuntimeException | Error e) {
      closeQuietly(source);
      throw e;
    }
    MountRecord record =
        new MountRecord(
            kind, service.place, description, overlay, Instant.now(), ProcessIdentity.own());
    ServedMount served =
        new ServedMount(
            record, () -> service.traffic.get().withCache(source.cacheFigures()), service.unmount);
    Path file = registry.add(served);
    service.whenEnded.accept(() -> registry.end(file, served, () -> closeQuietly(source)));
    return served.entry();
  }

  private void closeQuietly(MountSource source) {
    try {
      source.close();
    } catch (BlkshException e) {
      warnings.accept(e);
    }
  }

  /**
   * What is mounted and served now by blksh, oldest first: by this process, by others of this home,
   * and as far as the system knows by those of other homes.
   */
  public List<MountEntry> list() {
    return registry.list();
  }

  /**
   * Ends a mount or a server, of whatever process. A busy mount vanishes at once and goes on
   * serving those who use it until they are done; a server cuts its clients off.
   *
   * @return who still uses it
   * @throws BlkshException when it cannot be ended
   */
  public List<Holder> unmount(MountEntry entry) {
    Optional<ServedMount> own = registry.here(entry.place());
    if (own.isPresent()) {
      return own.get().unmount();
    }
    if (entry.kind() == MountEntry.Kind.FUSE) {
      List<Holder> holders = SystemMounts.unmount(Path.of(entry.place()));
      if (entry.state() == MountEntry.State.DEAD) {
        registry.askToEnd(entry.place()); // there is nobody who would forget it
      }
      return holders;
    }
    List<Holder> holders =
        entry.kind() == MountEntry.Kind.FILE_SYSTEM
            ? LoopMount.unmount(Path.of(entry.place()))
            : List.of();
    registry.askToEnd(entry.place());
    return holders;
  }

  /**
   * Cleans up after processes that were killed: takes their mounts away and forgets them.
   *
   * @return what was cleaned up
   */
  public List<MountEntry> prune() {
    return registry.prune();
  }

  /** Waits until something this process serves has ended; at once when it has already. */
  public void awaitEnd(MountEntry entry) throws InterruptedException {
    for (ServedMount served : registry.unfinished()) {
      if (served.record().place().equals(entry.place())) {
        served.awaitEnd();
      }
    }
  }

  /**
   * Waits until nothing is served by this process any more; what a process in the background does.
   */
  public void awaitEnd() throws InterruptedException {
    for (ServedMount served : registry.unfinished()) {
      served.awaitEnd();
    }
  }

  /** Ends everything this process serves. */
  @Override
  public void close() {
    registry.unfinished().forEach(registry::unmountQuietly);
  }
}
