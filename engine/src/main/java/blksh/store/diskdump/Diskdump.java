package blksh.store.diskdump;

import blksh.BlkshException;
import blksh.block.BlockSource;
import blksh.block.SourceInfo;
import blksh.io.IoFailure;
import blksh.io.PartFile;
import blksh.store.Damage;
import blksh.store.Store;
import blksh.task.Task;
import blksh.task.Workers;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.BooleanSupplier;

/**
 * A store of diskdump 0.1.5, in a directory with a {@code .blockstore}. To look at it changes
 * nothing in it, so it may be on a medium that cannot be written. What is recorded, collected or
 * reindexed here diskdump reads; while that goes on no diskdump may run, which knows no lock.
 *
 * <p>The format has no document but its program; docs/diskdump.md says what was read off that. All
 * methods may be called from any thread.
 */
public final class Diskdump {

  private final DiskdumpPlace place;
  private final DiskdumpConfig config;

  private Diskdump(DiskdumpPlace place, DiskdumpConfig config) {
    this.place = place;
    this.config = config;
  }

  /** Whether there is a diskdump store in a directory. */
  public static boolean isDiskdump(Path directory) {
    return DiskdumpPlace.of(directory).isThere();
  }

  /**
   * Opens the store in a directory.
   *
   * @param directory the one that has the {@code .blockstore}, or that itself
   * @throws BlkshException when there is none, or it is of a version nobody here knows
   */
  public static Diskdump open(Path directory) {
    DiskdumpPlace place = DiskdumpPlace.of(directory);
    String action = "open the diskdump store " + directory;
    if (!place.isThere()) {
      throw new BlkshException(
              action,
              Files.isDirectory(place.base())
                  ? "there is no .blockstore in it"
                  : "there is no such directory")
          .suggest("name the directory diskdump had as DISKDUMP_BASE, or was run in");
    }
    try {
      return new Diskdump(place, DiskdumpConfig.read(place.config()));
    } catch (IOException e) {
      throw new BlkshException(action, IoFailure.reason(e), e);
    }
  }

  /**
   * Makes an empty store in a directory, which is made too.
   *
   * @param blockSize bytes of a block, noted for those who look
   * @throws BlkshException when no block can have so many bytes, there is a store already, its file
   *     system is not mounted, or it cannot be written
   */
  public static Diskdump create(Path directory, int blockSize) {
    DiskdumpPlace place = DiskdumpPlace.of(directory);
    String action = "make the diskdump store " + directory;
    DumpRecording.checkBlockSize(blockSize, action);
    if (place.isThere()) {
      throw new BlkshException(action, "there is one already");
    }
    Store.mustBeMakeable(place.store()); // the drive it is meant for may not be mounted
    try {
      Files.createDirectories(place.manifests());
      BlockTable.open(place.table()).close();
      PartFile.syncDirectory(place.base());
      DiskdumpConfig config = DiskdumpConfig.of(blockSize);
      config.write(place.config());
      return new Diskdump(place, config);
    } catch (FileAlreadyExistsException e) {
      return open(directory); // somebody else has just made it
    } catch (IOException e) {
      throw new BlkshException(action, IoFailure.reason(e), e);
    }
  }

  /**
   * Opens the store in a directory, or makes one, also where somebody else just does.
   *
   * @throws BlkshException as {@link #open} and {@link #create}
   */
  public static Diskdump openOrCreate(Path directory, int blockSize) {
    if (isDiskdump(directory)) {
      return open(directory);
    }
    try {
      return create(directory, blockSize);
    } catch (BlkshException e) {
      if (isDiskdump(directory)) {
        return open(directory); // somebody else was faster
      }
      throw e;
    }
  }

  /** The directory that has the {@code .blockstore}, absolute. */
  public Path base() {
    return place.base();
  }

  /** Bytes of a block, as of its first run. */
  public int blockSize() {
    return config.blockSize();
  }

  // ---- looking -------------------------------------------------------------------------------

  /** Every dump, by name, oldest first: those by days, and then those with numbers. */
  public List<Dump> dumps() {
    return new DumpListing(place).readable().dumps();
  }

  /** The dumps of a name, oldest first; empty when there are none. */
  public List<Dump> dumps(String name) {
    return dumps().stream().filter(dump -> dump.name().equals(name)).toList();
  }

  /**
   * Manifests that are there and cannot be read, and why; and what else is not as diskdump has it
   * and may hold some.
   */
  public List<Damage> unreadable() {
    return new DumpListing(place).readable().damage();
  }

  /**
   * Finds a dump.
   *
   * @param reference {@code NAME} for the newest, {@code NAME@VERSION}, or as diskdump has it: the
   *     path of a manifest, absolute, or from the manifests or the base directory on
   * @throws BlkshException when there is none, or it cannot be read
   */
  public Dump dump(String reference) {
    DumpListing listing = new DumpListing(place);
    List<DumpListing.Found> all = listing.found();
    DumpListing.Found found = byPath(reference, all);
    for (DumpListing.Found each : all) {
      String numbered = each.name() + "@" + each.version();
      boolean meant = each.name().equals(reference) || numbered.equals(reference);
      found = meant ? each : found; // the last is the newest
    }
    if (found == null) {
      throw new BlkshException("find " + reference, "there is no such dump in " + place.base())
          .suggest("use NAME, NAME@NUMBER or the path of a manifest");
    }
    try (DumpManifest manifest = DumpManifest.open(found.file())) {
      return listing.dump(found, manifest);
    } catch (IOException e) {
      throw unread(found.file(), e);
    }
  }

  /** The manifest a path leads to; one that is elsewhere is of no name. */
  private DumpListing.Found byPath(String reference, List<DumpListing.Found> all) {
    Path path = Path.of(reference);
    for (Path from : List.of(place.manifests(), place.base())) {
      for (String ending : List.of("", DiskdumpPlace.MANIFEST_ENDING)) {
        Path file = from.resolve(reference + ending).normalize();
        for (DumpListing.Found each : all) {
          if (each.file().equals(file)) {
            return each;
          }
        }
      }
    }
    return path.isAbsolute() && Files.isRegularFile(path) ? DumpListing.elsewhere(path) : null;
  }

  private static BlkshException unread(Path manifest, IOException e) {
    return new DumpSource.OutOfReach("read manifest " + manifest, e);
  }

  /** The store in figures. Of many blocks that takes a while where their table is in use. */
  public DiskdumpInfo info() {
    BlockTable.Totals totals = null;
    try (BlockTable table = BlockTable.look(place.table())) {
      totals = table == null ? null : table.totals();
    } catch (BlkshException e) {
      // it is damaged: the files are what is there
    }
    try {
      totals = totals == null ? new BlockWalk(place, (directory, e) -> {}).totals() : totals;
    } catch (IOException e) {
      throw new BlkshException("look at the blocks of " + place.base(), IoFailure.reason(e), e);
    }
    int dumps = new DumpListing(place).found().size();
    return new DiskdumpInfo(blockSize(), totals.blocks(), totals.bytes(), dumps);
  }

  /**
   * A dump as a source. What it lacks at its end is bad, and every byte has its digest.
   *
   * @throws BlkshException when its manifest cannot be read any more
   */
  public BlockSource source(Dump dump) {
    Map<String, String> details = new LinkedHashMap<>();
    details.put("source", dump.source());
    details.put("date", dump.dateText());
    details.put("dump", dump.reference());
    String location = dump.manifest().toString();
    SourceInfo info = new SourceInfo("diskdump", dump.name(), location, details);
    try {
      return new DumpSource(place, DumpManifest.open(dump.manifest()), dump, info);
    } catch (IOException e) {
      throw unread(dump.manifest(), e);
    }
  }

  /** Counts the blocks of a dump. */
  public DumpCensus census(Dump dump, Task task) {
    return call(
        task,
        () -> {
          try (DumpManifest manifest = DumpManifest.open(dump.manifest())) {
            return DumpCensus.of(place, manifest, task);
          }
        });
  }

  /** Decodes every block, and looks whether every manifest has all of its own. */
  public DiskdumpReport verify(Task task) {
    return call(task, () -> new DiskdumpVerification(place, config, task).run());
  }

  // ---- changing ------------------------------------------------------------------------------

  /**
   * Records a source as the next dump of a name. It appears when all of it is durable.
   *
   * @throws BlkshException when the request makes no sense; when the source cannot be read as a
   *     whole, as a dump has no way to say so; or when the store cannot be written
   */
  public RecordedDump record(BlockSource source, DumpRequest request, Task task) {
    return record(source, request, () -> true, task).orElseThrow();
  }

  /**
   * As above, if that is still wanted once nobody else writes.
   *
   * @param wanted asked then
   * @return empty when it is not
   */
  Optional<RecordedDump> record(
      BlockSource source, DumpRequest request, BooleanSupplier wanted, Task task) {
    DumpRecording.check(request);
    if (task.total() < 0) {
      task.expect(source.size());
    }
    return call(
        task, () -> DiskdumpLock.holding(place, () -> recorded(source, request, wanted, task)));
  }

  private Optional<RecordedDump> recorded(
      BlockSource source, DumpRequest request, BooleanSupplier wanted, Task task)
      throws IOException {
    return wanted.getAsBoolean()
        ? Optional.of(new DumpRecording(place, request, source, task).run())
        : Optional.empty();
  }

  /**
   * Removes the blocks no manifest names, of those diskdump knows of.
   *
   * @throws BlkshException when a manifest cannot be read, and nothing is removed then
   */
  public CollectedBlocks collect(boolean dryRun, Task task) {
    return call(task, () -> new BlockCollection(place, task).run(dryRun));
  }

  /**
   * Makes the table of blocks again from their files.
   *
   * @return how many there are
   */
  public long reindex(Task task) {
    return call(task, () -> new BlockReindex(place, task).run());
  }

  private <T> T call(Task task, Callable<T> work) {
    return Workers.call(
        task,
        () -> {
          try {
            return work.call();
          } catch (IOException e) {
            throw new BlkshException(task.verb() + " " + task.subject(), IoFailure.reason(e), e);
          }
        });
  }

  /**
   * That a request makes sense.
   *
   * @throws BlkshException when it does not
   */
  public static void check(DumpRequest request) {
    DumpRecording.check(request);
  }

  /** What a store of blksh calls a dump, whose names hold no slash and no {@code @}. */
  public static String storeName(String name) {
    return DumpName.inStore(name);
  }

  /** The name diskdump gives a dump by itself: {@code HOST.DEVICE}, without {@code /dev/}. */
  public static String nameOf(String host, String device) {
    return DumpName.of(host, device);
  }

  /**
   * The instant of a date as diskdump has them: ISO 8601, without an offset in UTC.
   *
   * @throws BlkshException when it is none
   */
  public static Instant dateOf(String text) {
    return DumpDate.parse(text)
        .orElseThrow(
            () ->
                new BlkshException("take \"" + text + "\" for a date", "it is none")
                    .suggest("write it as ISO 8601 has it: 2026-04-24T02:00:00+00:00"));
  }
}
