package blksh.cache;

import blksh.BlkshException;
import blksh.block.BlockSource;
import blksh.block.CacheFigures;
import blksh.block.Extent;
import blksh.block.ExtentWalk;
import blksh.block.PlacedSource;
import blksh.block.SourceInfo;
import blksh.io.BlockDevice;
import blksh.io.IoFailure;
import blksh.task.Task;
import blksh.task.Workers;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.LongAdder;
import java.util.stream.IntStream;

/**
 * A source read through a sparse file that keeps what was read, with a rescue map beside it that
 * says which bytes it holds. What is in the file is never read from the source again. Both files
 * are GNU ddrescue's, which can finish what a cache began, and the other way round.
 *
 * <p>The map in memory claims a range only after its bytes were written to the data file ({@link
 * CachedBytes}); the map on disk is a copy of it written after the data file was made durable
 * ({@link SavedMap}). So whenever the process or the machine dies, what the map on disk claims is
 * in the data file, and at most the last interval's reading is lost.
 *
 * <p>A sector that failed when it was tried alone fails at once from then on, until {@link #rescue}
 * tries it again.
 */
public final class Cache implements PlacedSource, CacheFigures.Counting {

  /** Media that begin alike, and have caches of one name, are few. */
  private static final int MOST_ALIKE = 99;

  private final CachedBytes held;
  private final SourceReader reader;
  private final SavedMap saved;
  private final Saver saver;
  private final LongAdder hits = new LongAdder();

  /** What its files are named after, or null when they have names of their own. */
  private final Path file;

  /** What they were named after when it was opened. */
  private final String named;

  private volatile FilePair files;

  private Cache(
      BlockSource source,
      SourceIdentity identity,
      Path file,
      FilePair files,
      CacheOptions options,
      CachedBytes held) {
    this.file = file;
    this.files = files;
    this.named = identity.name();
    this.held = held;
    this.reader = new SourceReader(source, options, held);
    this.saved = new SavedMap(files.map(), reader, held, identity);
    this.saver = Saver.of(saved, held, options.interval());
  }

  /**
   * Opens or begins the cache of a source as blkcache names it: {@code FILE.cache.FINGERPRINT~} and
   * {@code FILE.cache.FINGERPRINT~.map}. Where another source that begins alike has these, it gets
   * files of its own, which have more of its identity in their names.
   *
   * @param source closed with the cache
   * @param file what the two files are named after
   * @throws BlkshException when the files are damaged or in use, or there are too many of sources
   *     that begin alike; the source then stays open
   */
  public static Cache open(BlockSource source, Path file, CacheOptions options) {
    SourceIdentity identity = SourceIdentity.of(source);
    for (int number = 0; ; number++) {
      FilePair files = FilePair.named(file, identity, number);
      try {
        return open(source, identity, file, files, options);
      } catch (BlkshException e) {
        boolean other =
            e instanceof OtherMediumException || CachedBytes.areOfAnother(source, identity, files);
        if (!other || number == MOST_ALIKE) {
          throw e;
        }
      }
    }
  }

  /**
   * Opens or begins the cache of a source in two files of any name, such as a copy that ddrescue
   * began. Some of what is there is compared with the source.
   *
   * @param source closed with the cache
   * @throws BlkshException as above, and when the copy is a drive, or a file with something in it
   *     that no map belongs to
   */
  public static Cache open(BlockSource source, Path data, Path map, CacheOptions options) {
    return open(source, data, map, options, false);
  }

  /**
   * As above.
   *
   * @param overwrite whether the copy may be a drive, or a file with something else in it, which is
   *     emptied then
   */
  public static Cache open(
      BlockSource source, Path data, Path map, CacheOptions options, boolean overwrite) {
    FilePair files = new FilePair(data, map);
    new CopyTarget(source, files, overwrite).prepare();
    return open(source, SourceIdentity.of(source), null, files, options);
  }

  /**
   * Opens a cache whose source is not there: what was read of it can be read, nothing else.
   *
   * @param location where the source was, for people
   * @throws BlkshException when there is no such cache, or as above
   */
  public static Cache openAbsent(Path data, Path map, String location) {
    FilePair files = new FilePair(data, map);
    if (!files.exist()) {
      throw new BlkshException("open cache " + data, "there is no such cache any more")
          .suggest("put the medium back and begin anew");
    }
    try {
      Map<String, String> notes = Mapfile.read(map, 0).notes();
      // Of a drive that was copied to, the map tells how much of it.
      long size =
          BlockDevice.isAt(data)
              ? Long.parseLong(notes.getOrDefault("size", "0"))
              : Files.size(data);
      BlockSource absent = new AbsentSource(location, size);
      SourceIdentity noted = SourceIdentity.noted(notes, absent);
      return open(absent, noted, null, files, CacheOptions.defaults());
    } catch (IOException e) {
      throw IoFailure.told("open cache " + data, e);
    }
  }

  private static Cache open(
      BlockSource source,
      SourceIdentity identity,
      Path file,
      FilePair files,
      CacheOptions options) {
    int sector = source.sectorSize();
    CacheOptions fitting = options.block() < sector ? options.withBlock(sector) : options;
    CachedBytes held = CachedBytes.open(source, identity, files, file == null);
    return new Cache(source, identity, file, files, fitting, held);
  }

  /** The data files the cache of a source may have, in the order in which they are tried. */
  public static List<Path> dataFiles(BlockSource source, Path file) {
    SourceIdentity identity = SourceIdentity.of(source);
    return IntStream.rangeClosed(0, MOST_ALIKE)
        .mapToObj(number -> FilePair.named(file, identity, number).data())
        .toList();
  }

  /**
   * Goes on with a medium that was taken out and put back, opened anew.
   *
   * @param fresh takes the place of the source before, which is closed
   * @throws OtherMediumException when it is another medium; then nothing changes
   */
  public void reinsert(BlockSource fresh) {
    String action = "go on with cache " + dataFile();
    if (fresh.size() != size()) {
      throw new OtherMediumException(
          action,
          "the medium has %d bytes, and had %d".formatted(fresh.size(), size()),
          "put that medium back, or use another file");
    }
    SourceIdentity.of(fresh).check(identity().notes(false), action);
    held.compare(fresh, action);
    reader.replace(fresh).close();
  }

  // ---- as a source ----------------------------------------------------------------------------

  @Override
  public BlockSource whole() {
    return reader.source();
  }

  @Override
  public long size() {
    return held.map().size();
  }

  @Override
  public int sectorSize() {
    return reader.sectorSize();
  }

  @Override
  public int cuts() {
    return reader.source().cuts();
  }

  @Override
  public Optional<String> twoInstants() {
    return reader.source().twoInstants();
  }

  @Override
  public Optional<List<Extent>> written() {
    return reader.source().written();
  }

  @Override
  public int read(long position, ByteBuffer target) {
    if (position < 0) {
      throw new IllegalArgumentException("position " + position);
    }
    reader.checkOpen();
    int limit = target.limit();
    int first = target.position();
    long end = Math.min(size(), BlockSource.saturatedEnd(position, target.remaining()));
    long at = position;
    try {
      while (at < end) {
        target.position(first + (int) (at - position));
        RescueRange range = held.map().at(at);
        long to = Math.min(end, range.end());
        switch (range.status()) {
          case FINISHED -> {
            target.limit(first + (int) (to - position));
            held.read(at, target);
            hits.increment();
            at = to;
          }
          case BAD_SECTOR -> throw reader.bad(at, to);
          default -> {
            target.limit(first + (int) (end - position));
            at = reader.miss(at, end, target);
          }
        }
      }
      return target.position() - first;
    } finally {
      target.limit(limit);
    }
  }

  /**
   * What was read is DATA, bad sectors are BAD, what failed so far is UNTRIED, and what was never
   * tried is what the source says of it, its data being UNTRIED.
   */
  @Override
  public Iterator<Extent> extents(long position, long length) {
    long end = Math.min(size(), BlockSource.saturatedEnd(position, length));
    return ExtentWalk.through(position, end, at -> extentsFrom(at, end));
  }

  /** What was not tried is what the source says, for all that can be told without reading it. */
  private Iterator<Extent> extentsFrom(long at, long end) {
    RescueRange range = held.map().at(at);
    if (range.status() != RescueStatus.NON_TRIED) {
      return ExtentWalk.one(new Extent(at, range.end() - at, kind(range.status())));
    }
    Iterator<Extent> below = reader.source().extents(at, Math.min(end, range.end()) - at);
    return ExtentWalk.each(below, Cache::untried);
  }

  private static Extent untried(Extent extent) {
    return extent.kind() == Extent.Kind.DATA
        ? new Extent(extent.start(), extent.length(), Extent.Kind.UNTRIED)
        : extent;
  }

  private static Extent.Kind kind(RescueStatus status) {
    return switch (status) {
      case FINISHED -> Extent.Kind.DATA;
      case BAD_SECTOR -> Extent.Kind.BAD;
      default -> Extent.Kind.UNTRIED;
    };
  }

  @Override
  public SourceInfo describe() {
    return reader.describe();
  }

  @Override
  public CacheFigures cacheFigures() {
    return new CacheFigures(hits.sum(), reader.misses());
  }

  /**
   * This cache as a source that is written through: to the source, and to what is held of it.
   * Closing it closes the cache.
   *
   * @throws BlkshException when what the cache reads from cannot be written
   */
  public WritableCache writable() {
    reader.writable();
    return new WritableCache(this, new WriteThrough(reader, held, saved));
  }

  // ---- reading all of it ----------------------------------------------------------------------

  /**
   * Reads everything not yet tried, largest and most promising areas first, as ddrescue's copying
   * passes do; waits whenever somebody else reads. Failed areas are left for {@link #rescue}.
   */
  public RescueReport fill(Task task) {
    return Workers.call(task, () -> rescueOf(RescueOptions.defaults(), task).copy());
  }

  /**
   * Reads all that can be read, as GNU ddrescue does: copies, trims the edges of what failed,
   * scrapes what lies between sector by sector, and retries the bad sectors. Bad ranges become
   * findings of the task.
   */
  public RescueReport rescue(RescueOptions options, Task task) {
    return Workers.call(task, () -> rescueOf(options, task).run());
  }

  private Rescue rescueOf(RescueOptions options, Task task) {
    return new Rescue(reader, saved, saver, options, task);
  }

  /**
   * Writes what was read so far as an image of the source; what was not reads as zeros there and
   * becomes findings of the task.
   *
   * @param target a file that does not exist, or any file or drive when overwriting; a file appears
   *     only when it is whole
   * @throws BlkshException when the target exists, is in use or too small, or cannot be written
   */
  public RescueReport export(Path target, boolean overwrite, Task task) {
    return Workers.call(task, () -> new Export(this, target, overwrite, task).run());
  }

  // ---- the cache itself -----------------------------------------------------------------------

  /** The map as it is now; it does not change with the cache. */
  public RescueMap map() {
    return held.map().copy();
  }

  /** Whether it was closed. */
  public boolean isClosed() {
    return reader.isClosed();
  }

  /** What the source is called among those that begin alike, in the names of the files too. */
  public String medium() {
    return files.medium(identity());
  }

  /** Which source this is the cache of. */
  public SourceIdentity identity() {
    return saved.identity();
  }

  /** The file with the bytes. */
  public Path dataFile() {
    return files.data();
  }

  /** The file with the map. */
  public Path mapFile() {
    return files.map();
  }

  /** Why bytes could not be kept or the map not be written, or empty when all is well. */
  public String problem() {
    return held.problem();
  }

  /** Makes what was read durable, first the bytes and then the map that claims them. */
  public void flush() {
    saved.flush(false);
  }

  /** Writes the map and lets go of both files and the source. */
  @Override
  public void close() {
    if (!reader.shut()) {
      return;
    }
    saver.end();
    reader.awaitFlights();
    List<RuntimeException> failures = new ArrayList<>();
    List<Runnable> steps =
        List.of(() -> saved.flush(true), held::close, this::rename, reader.source()::close);
    for (Runnable step : steps) {
      try {
        step.run();
      } catch (RuntimeException e) {
        failures.add(e);
      }
    }
    if (!failures.isEmpty()) {
      throw failures.get(0);
    }
  }

  /** A source whose beginning was written has another fingerprint, and files are named after it. */
  private void rename() {
    if (file == null || identity().name().equals(named)) {
      return;
    }
    FilePair renamed = FilePair.named(file, identity());
    if (!Files.exists(renamed.data())) {
      files = files.moveTo(renamed);
    }
  }
}
