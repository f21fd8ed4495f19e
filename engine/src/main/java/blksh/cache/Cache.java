package blksh.cache;

import blksh.BlkshException;
import blksh.block.BlockSource;
import blksh.block.CacheFigures;
import blksh.block.Extent;
import blksh.block.ExtentWalk;
import blksh.block.MediumGoneException;
import blksh.block.SourceInfo;
import blksh.block.WritableSource;
import blksh.io.DirectBuffer;
import blksh.io.IoFailure;
import blksh.io.UnreadableException;
import blksh.task.Task;
import blksh.task.Workers;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;

/**
 * A source read through a sparse file that keeps what was read, with a rescue map beside it that
 * says which bytes it holds. What is in the file is never read from the medium again. Both files
 * are GNU ddrescue's, which can finish what a cache began, and the other way round.
 *
 * <p>The map in memory claims a range only after its bytes were written to the data file; the map
 * on disk is a copy of it written after the data file was made durable. So whenever the process or
 * the machine dies, what the map on disk claims is in the data file, and at most the last
 * interval's reading is lost.
 *
 * <p>A sector that failed when it was tried alone fails at once from then on, until {@link #rescue}
 * tries it again.
 */
public final class Cache implements BlockSource, CacheFigures.Counting {

  /** How much of a failed large read is taken as failed; the rest counts as not tried. */
  static final int CLUSTER = 64 << 10;

  /** How long background work stays away after somebody read from the medium. */
  private static final long LULL_MILLIS = 20;

  private volatile BlockSource source;
  private final Path file;
  private final int sector;
  private final CacheOptions options;
  private final DataFile data;
  private final RescueMap map;
  private final Claims claims;
  private final Flights flights = new Flights();
  private final ReadAhead ahead;
  private final LongAdder hits = new LongAdder();
  private final LongAdder misses = new LongAdder();
  private final Object saving = new Object();
  private final Thread saver;

  /** Whether the saver is not to wait out its interval; under its monitor. */
  private boolean soon;

  // Guarded by flights.
  private int readers;
  private long lastMiss;

  // What the status line of the map says.
  private volatile char phase = RescueStatus.NON_TRIED.symbol();
  private volatile int pass = 1;
  private volatile long position;

  private volatile Medium medium;
  private volatile Path dataPath;
  private volatile Path mapPath;
  private volatile boolean changed;
  private volatile boolean closed;
  private volatile String problem = "";

  private Cache(
      BlockSource source,
      Medium medium,
      CacheOptions options,
      Path file,
      DataFile data,
      Path mapPath,
      RescueMap map) {
    this.source = source;
    this.medium = medium;
    this.file = file;
    this.sector = source.sectorSize();
    this.options = options.block() < sector ? options.withBlock(sector) : options;
    this.data = data;
    this.dataPath = data.path();
    this.mapPath = mapPath;
    this.map = map;
    this.claims = new Claims(map.copy());
    this.ahead = new ReadAhead(this.options.block(), this.options.largest());
    this.saver = new Thread(this::saveAtIntervals, "blksh-cache-map");
    saver.setDaemon(true);
    saver.start();
  }

  /**
   * Opens or begins the cache of a medium as blkcache names it: {@code FILE.cache.FINGERPRINT~} and
   * {@code FILE.cache.FINGERPRINT~.map}, where the fingerprint tells media apart.
   *
   * @param source closed with the cache
   * @param file what the two files are named after
   * @throws BlkshException when the files belong to another medium, are damaged, or in use; the
   *     source then stays open
   */
  public static Cache open(BlockSource source, Path file, CacheOptions options) {
    Medium medium = Medium.of(source);
    Path data = dataFile(file, medium);
    return open(source, medium, file, data, mapFile(data), options);
  }

  /**
   * Opens a cache whose medium is not there: what was read of it can be read, nothing else.
   *
   * @param location where the medium was, for people
   * @throws BlkshException when there is no such cache, or as above
   */
  public static Cache openAbsent(Path data, Path map, String location) {
    if (!Files.exists(data) || !Files.exists(map)) {
      throw new BlkshException("open cache " + data, "there is no such cache any more")
          .suggest("put the medium back and begin anew");
    }
    try {
      BlockSource absent = new AbsentMedium(location, Files.size(data));
      return open(
          absent,
          Medium.noted(Mapfile.read(map).notes(), absent),
          null,
          data,
          map,
          CacheOptions.defaults());
    } catch (IOException e) {
      throw new BlkshException("open cache " + data, String.valueOf(e.getMessage()), e);
    }
  }

  /** The data file the cache of a medium has, or would have. */
  public static Path dataFile(BlockSource source, Path file) {
    return dataFile(file, Medium.of(source));
  }

  private static Path dataFile(Path file, Medium medium) {
    return file.resolveSibling(file.getFileName() + ".cache." + medium.name() + "~");
  }

  private static Path mapFile(Path data) {
    return data.resolveSibling(data.getFileName() + ".map");
  }

  /**
   * Opens or begins the cache of a medium in two files of any name, such as a copy that ddrescue
   * began. Where the map does not tell the medium, what is there is compared with it.
   *
   * @param source closed with the cache
   * @throws BlkshException as above
   */
  public static Cache open(BlockSource source, Path data, Path map, CacheOptions options) {
    return open(source, Medium.of(source), null, data, map, options);
  }

  private static Cache open(
      BlockSource source, Medium medium, Path file, Path data, Path mapPath, CacheOptions options) {
    boolean fresh = !Files.exists(data);
    DataFile kept = DataFile.open(data);
    try {
      RescueMap map = load(source, medium, kept, mapPath);
      kept.grow(source.size());
      return new Cache(source, medium, options, file, kept, mapPath, map);
    } catch (RuntimeException e) {
      kept.close();
      if (fresh) {
        data.toFile().delete();
      }
      throw e;
    }
  }

  private static RescueMap load(BlockSource source, Medium medium, DataFile data, Path mapPath) {
    String action = "open cache " + data.path();
    if (data.size() > source.size()) {
      throw new BlkshException(
              action, "it has %d bytes and the medium %d".formatted(data.size(), source.size()))
          .suggest("it belongs to another medium; use another file");
    }
    if (!Files.exists(mapPath)) {
      return new RescueMap(source.size());
    }
    Mapfile mapfile = Mapfile.read(mapPath);
    medium.check(mapfile.notes(), action);
    RescueMap map = mapfile.map(mapPath, source.size());
    RescueRange last = map.previous(Long.MAX_VALUE, RescueStatus.FINISHED);
    if (last != null && last.end() > data.size()) {
      throw new BlkshException(
              action,
              "its map tells of bytes up to %d, but it ends at %d"
                  .formatted(last.end(), data.size()))
          .suggest("the file was cut; remove its map to begin anew");
    }
    if (!mapfile.notes().containsKey("fingerprint")) {
      compare(source, data, map, action);
    }
    return map;
  }

  /** Compares the first bytes a map claims with the medium, when the map does not tell which. */
  private static void compare(BlockSource source, DataFile data, RescueMap map, String action) {
    RescueRange first = map.next(0, RescueStatus.FINISHED);
    if (first == null) {
      return;
    }
    int length = (int) Math.min(first.length(), CLUSTER);
    ByteBuffer kept = ByteBuffer.allocate(length);
    ByteBuffer found = ByteBuffer.allocate(length);
    data.read(first.start(), kept);
    try {
      source.read(first.start(), found);
    } catch (UnreadableException e) {
      kept.position(found.position());
    }
    int differs = kept.flip().mismatch(found.flip());
    if (differs >= 0) {
      throw new BlkshException(action, "it holds other bytes than the medium")
          .at(first.start() + differs)
          .suggest("it belongs to another medium; use another file");
    }
  }

  /**
   * Goes on with a medium that was taken out and put back, opened anew.
   *
   * @param fresh takes the place of the source before, which is closed
   * @throws BlkshException when it is another medium; then nothing changes
   */
  public void reinsert(BlockSource fresh) {
    if (fresh.size() != size()) {
      throw new BlkshException(
          "go on with cache " + dataPath,
          "the medium has %d bytes, and had %d".formatted(fresh.size(), size()));
    }
    Medium.of(fresh).check(medium.notes(), "go on with cache " + dataPath);
    BlockSource before;
    synchronized (flights) {
      while (flights.any()) {
        flights.await(0, "go on with " + describe());
      }
      before = source;
      source = fresh;
    }
    before.close();
  }

  // ---- reading -------------------------------------------------------------------------------

  @Override
  public long size() {
    return map.size();
  }

  @Override
  public int sectorSize() {
    return sector;
  }

  @Override
  public int read(long position, ByteBuffer target) {
    if (position < 0) {
      throw new IllegalArgumentException("position " + position);
    }
    checkOpen();
    int limit = target.limit();
    int first = target.position();
    long end = Math.min(size(), BlockSource.saturatedEnd(position, target.remaining()));
    long at = position;
    try {
      while (at < end) {
        target.position(first + (int) (at - position));
        RescueRange range = map.at(at);
        long to = Math.min(end, range.end());
        switch (range.status()) {
          case FINISHED -> {
            target.limit(first + (int) (to - position));
            data.read(at, target);
            hits.increment();
            at = to;
          }
          case BAD_SECTOR -> throw unreadable(at, to);
          default -> {
            target.limit(first + (int) (end - position));
            at = miss(at, end, target);
          }
        }
      }
      return target.position() - first;
    } finally {
      target.limit(limit);
    }
  }

  @Override
  public CacheFigures cacheFigures() {
    return new CacheFigures(hits.sum(), misses.sum());
  }

  private UnreadableException unreadable(long from, long to) {
    return new UnreadableException(
        source.describe().location(), from, to - from, "the medium is bad there", null);
  }

  /**
   * Reads from the medium what is missing at a position, and some more when that is worthwhile.
   *
   * @return up to where the target was filled: {@code at} when something else has to be looked at
   */
  private long miss(long at, long end, ByteBuffer target) {
    long start;
    long to;
    int window = 0;
    synchronized (flights) {
      while (flights.covers(at)) {
        flights.await(0, "read " + describe());
      }
      RescueRange range = map.at(at);
      if (range.status() == RescueStatus.FINISHED || range.status() == RescueStatus.BAD_SECTOR) {
        return at;
      }
      if (range.status() == RescueStatus.NON_TRIED) {
        window = ahead.window(at);
        long block = options.block();
        start = at / block * block;
        to = Math.max(ceiling(end, block), start + window);
        to = Math.min(to, start + options.largest());
      } else {
        start = at / sector * sector;
        to = start + sector;
      }
      start = Math.max(Math.max(start, range.start()), flights.freeFrom(at));
      to = Math.min(Math.min(to, range.end()), flights.freeTo(at));
      flights.begin(start, to);
      misses.increment();
      readers++;
    }
    try {
      long began = System.nanoTime();
      long good = fetch(start, to, window > 0 ? CLUSTER : 0, at, Math.min(end, to), target, false);
      synchronized (flights) {
        if (good < to) {
          ahead.failed();
        } else if (window > 0) {
          ahead.done(at, to, (int) (to - start), System.nanoTime() - began);
        }
      }
      return Math.max(at, Math.min(good, end));
    } finally {
      synchronized (flights) {
        readers--;
        lastMiss = System.nanoTime();
        flights.end(start);
      }
    }
  }

  /**
   * Reads a range from the medium into the data file and notes in the map how it went.
   *
   * @param failed bytes to note as failed large read where it fails, or 0 when this is the last
   *     resort and what fails is bad
   * @param from what of it the target wants
   * @param to the end of that
   * @param target null when nobody wants it
   * @param strict whether not being able to keep the bytes is a failure
   * @return up to where it was read, whole sectors
   */
  private long fetch(
      long start, long end, int failed, long from, long to, ByteBuffer target, boolean strict) {
    try (DirectBuffer memory = DirectBuffer.borrow((int) (end - start))) {
      ByteBuffer buffer = memory.bytes();
      long good = start + readSource(start, buffer);
      if (good < end) {
        good = Math.max(start, good / sector * sector);
      }
      if (good > start) {
        buffer.position(0).limit((int) (good - start));
        keep(start, good, buffer, strict);
        if (target != null && good > from) {
          int wanted = (int) (Math.min(good, to) - from);
          target.put(target.position(), buffer, (int) (from - start), wanted);
          target.position(target.position() + wanted);
        }
      }
      if (good < end) {
        long bad = failed == 0 ? end : Math.min(end, (good / failed + 1) * failed);
        RescueStatus status = failed == 0 ? RescueStatus.BAD_SECTOR : RescueStatus.NON_TRIMMED;
        map.mark(good, bad, status);
        changed = true;
      }
      return good;
    }
  }

  private int readSource(long start, ByteBuffer buffer) {
    try {
      return source.read(start, buffer);
    } catch (MediumGoneException e) {
      throw e;
    } catch (UnreadableException e) {
      if (isGone(e)) {
        throw e.suggest("put the medium back; what was read is kept");
      }
      return (int) Math.max(0, Math.min(buffer.position(), e.start() - start));
    }
  }

  /** Whether a read failed because there is no medium or no drive any more: nothing is bad then. */
  private static boolean isGone(UnreadableException e) {
    IoFailure failure = IoFailure.of(e);
    return failure == IoFailure.NO_MEDIUM || failure == IoFailure.NO_DEVICE;
  }

  /** Writes bytes to the data file and only then claims them. */
  private void keep(long start, long end, ByteBuffer bytes, boolean strict) {
    try {
      data.write(start, bytes);
      map.mark(start, end, RescueStatus.FINISHED);
      changed = true;
    } catch (IOException e) {
      problem = String.valueOf(e.getMessage());
      if (strict) {
        throw new BlkshException("write cache " + data.path(), problem, e)
            .at(start)
            .suggest("what was read so far is kept");
      }
    }
  }

  private static long ceiling(long value, long unit) {
    return Math.min(Long.MAX_VALUE - unit, value + unit - 1) / unit * unit;
  }

  private void checkOpen() {
    if (closed) {
      throw new BlkshException("read " + describe(), "it was closed");
    }
  }

  // ---- background work -----------------------------------------------------------------------

  /**
   * Tries part of a range of one status, unless others have changed it meanwhile.
   *
   * @param failed as for {@link #fetch}
   * @return up to where it was read, {@code end} when all; or -1 when nothing was tried
   */
  long attempt(long start, long end, RescueStatus expected, int failed) {
    synchronized (flights) {
      while (flights.covers(start) || flights.freeTo(start) < end) {
        flights.await(0, "read " + describe());
      }
      RescueRange range = map.at(start);
      if (range.status() != expected || range.end() < end) {
        return -1;
      }
      flights.begin(start, end);
    }
    try {
      return fetch(start, end, failed, 0, 0, null, true);
    } finally {
      synchronized (flights) {
        flights.end(start);
      }
    }
  }

  /** Turns what is left of a range from one status into another. */
  void settle(long start, long end, RescueStatus from, RescueStatus to) {
    synchronized (flights) {
      for (long at = start; at < end; ) {
        RescueRange range = map.at(at);
        if (range.status() == from) {
          map.mark(at, Math.min(end, range.end()), to);
          changed = true;
        }
        at = range.end();
      }
    }
  }

  /** Returns when nobody has been reading from the medium for a moment. */
  void yieldToReaders(Task task) {
    synchronized (flights) {
      while (true) {
        task.checkCancelled();
        checkOpen();
        long quiet = (System.nanoTime() - lastMiss) / 1_000_000;
        if (readers == 0 && (lastMiss == 0 || quiet >= LULL_MILLIS)) {
          return;
        }
        flights.await(readers > 0 ? LULL_MILLIS : LULL_MILLIS - quiet, "read " + describe());
      }
    }
  }

  /** Tells what the status line of the map should say. */
  void now(char phase, int pass, long position) {
    this.phase = phase;
    this.pass = pass;
    this.position = position;
  }

  RescueMap liveMap() {
    return map;
  }

  /**
   * Reads everything not yet tried, largest and most promising areas first, as ddrescue's copying
   * passes do; waits whenever somebody else reads. Failed areas are left for {@link #rescue}.
   */
  public RescueReport fill(Task task) {
    return Workers.call(task, () -> new Rescue(this, RescueOptions.defaults(), task).copy());
  }

  /**
   * Reads all that can be read, as GNU ddrescue does: copies, trims the edges of what failed,
   * scrapes what lies between sector by sector, and retries the bad sectors. Bad ranges become
   * findings of the task.
   */
  public RescueReport rescue(RescueOptions options, Task task) {
    return Workers.call(task, () -> new Rescue(this, options, task).run());
  }

  /**
   * Writes what was read so far as an image of the medium; what was not reads as zeros there and
   * becomes findings of the task.
   *
   * @param target a file that does not exist, or any file or drive when overwriting
   * @throws BlkshException when the target exists, is in use or too small, or cannot be written
   */
  public RescueReport export(Path target, boolean overwrite, Task task) {
    return Workers.call(task, () -> new Export(this, target, overwrite, task).run());
  }

  // ---- the map -------------------------------------------------------------------------------

  /** The map as it is now; it does not change with the cache. */
  public RescueMap map() {
    return map.copy();
  }

  /** Whether it was closed. */
  public boolean isClosed() {
    return closed;
  }

  /** Which medium this is the cache of. */
  public Medium medium() {
    return medium;
  }

  /** The file with the bytes. */
  public Path dataFile() {
    return dataPath;
  }

  /** The file with the map. */
  public Path mapFile() {
    return mapPath;
  }

  /** Why bytes could not be kept or the map not be written, or empty when all is well. */
  public String problem() {
    return problem;
  }

  private void saveAtIntervals() {
    long interval = options.interval().toMillis();
    long pause = interval;
    while (!closed) {
      try {
        synchronized (saver) {
          if (!closed && !soon) {
            saver.wait(pause);
          }
          soon = false;
        }
      } catch (InterruptedException e) {
        return;
      }
      if (!closed && changed) {
        long began = System.nanoTime();
        try {
          save();
          problem = "";
        } catch (IOException | BlkshException e) {
          problem = String.valueOf(e.getMessage());
        }
        // A large map on a slow disk must not keep it busy all the time.
        pause = Math.max(interval, 20 * (System.nanoTime() - began) / 1_000_000);
      }
    }
  }

  /** Makes what was read durable, first the bytes and then the map that claims them. */
  public void flush() {
    flush(false);
  }

  /** Has what was read made durable in the background, at once: nobody waits for the disk. */
  void flushSoon() {
    synchronized (saver) {
      soon = true;
      saver.notifyAll();
    }
  }

  private void flush(boolean last) {
    try {
      Workers.call(
          Task.unwatched(),
          () -> {
            synchronized (saving) {
              save(last);
            }
            return null;
          });
    } catch (BlkshException e) {
      throw new BlkshException("write the map " + mapPath, e.problem(), e);
    }
  }

  private void save() throws IOException {
    synchronized (saving) {
      save(false);
    }
  }

  /**
   * Writes the map with the monitor of {@code saving} held.
   *
   * @param last whether nobody writes any more, so that all of the map may be claimed
   */
  private void save(boolean last) throws IOException {
    changed = false;
    try {
      boolean head = claims.isOpen(0);
      if (claims.settle(last)) {
        writableSource().sync(); // before the map claims that the medium holds the same
      }
      if (head && !claims.isOpen(0)) {
        medium = Medium.of(source);
      }
      // The copy is taken first: it claims only what was written before the force.
      RescueMap copy = map.copy();
      char status = statusOf(copy);
      claims.takeFrom(copy);
      data.force();
      Map<String, String> notes = medium.notes();
      if (claims.isOpen(0)) {
        notes.remove("fingerprint"); // it is about to be another
      }
      new Mapfile(position, status, pass, copy.ranges(), notes, false).write(mapPath);
      claims.saved(copy);
    } catch (IOException | RuntimeException e) {
      changed = true;
      throw e;
    }
  }

  private char statusOf(RescueMap copy) {
    return copy.isFinished() ? RescueStatus.FINISHED.symbol() : phase;
  }

  // ---- writing -------------------------------------------------------------------------------

  /**
   * This cache as a source that is written through: to the medium, and to what is kept of it.
   * Closing it closes the cache.
   *
   * @throws BlkshException when what the cache reads from cannot be written
   */
  public WritableCache writable() {
    writableSource();
    return new WritableCache(this);
  }

  private WritableSource writableSource() {
    if (source instanceof WritableSource writable) {
      return writable;
    }
    throw new BlkshException("write through " + describe(), "its source was opened to be read");
  }

  /** How a part of the medium is written: by a write or by zeroing. */
  interface Writing {
    void to(WritableSource medium);
  }

  /**
   * Writes a range to the medium, then to the data file. Before the medium changes, no map on disk
   * claims any of it, so a crash in between leaves old bytes in the data file that count for
   * nothing.
   *
   * @param bytes what is written, or null for zeros
   */
  void write(long start, long end, ByteBuffer bytes, Writing writing) {
    checkOpen();
    WritableSource target = writableSource();
    synchronized (flights) {
      while (flights.overlaps(start, end)) {
        flights.await(0, "write to " + describe());
      }
      flights.begin(start, end);
    }
    try {
      disown(start, end);
      RescueStatus outcome = RescueStatus.NON_TRIED;
      try {
        writing.to(target);
        outcome = keepWritten(start, end, bytes);
      } finally {
        map.mark(start, end, outcome);
        changed = true;
        claims.close(start, end);
      }
    } finally {
      synchronized (flights) {
        flights.end(start);
      }
    }
  }

  /** Makes sure that no map on disk claims any of a range until the claims are settled. */
  private void disown(long start, long end) {
    Workers.call(
        Task.unwatched(),
        () -> {
          synchronized (saving) {
            if (claims.open(start, end)) {
              try {
                save(false);
              } catch (IOException | RuntimeException e) {
                claims.abandon(start, end);
                throw e;
              }
            }
          }
          return null;
        });
  }

  /** Zeros and what cannot be kept are read again from the medium when somebody asks. */
  private RescueStatus keepWritten(long start, long end, ByteBuffer bytes) {
    if (bytes == null) {
      return RescueStatus.NON_TRIED;
    }
    try {
      data.write(start, bytes);
      return RescueStatus.FINISHED;
    } catch (IOException e) {
      problem = String.valueOf(e.getMessage());
      return RescueStatus.NON_TRIED;
    }
  }

  /** Returns when what was written before is durable on the medium. */
  void sync() {
    writableSource().sync();
  }

  // ---- as a source ---------------------------------------------------------------------------

  /**
   * What was read is DATA, bad sectors are BAD, what failed so far is UNTRIED, and what was never
   * tried is what the source says of it, its data being UNTRIED.
   */
  @Override
  public Iterator<Extent> extents(long position, long length) {
    long end = Math.min(size(), BlockSource.saturatedEnd(position, length));
    return ExtentWalk.through(position, end, at -> extentsFrom(at, end));
  }

  /** What was not tried is what the medium says, for all that can be told without reading it. */
  private Iterator<Extent> extentsFrom(long at, long end) {
    RescueRange range = map.at(at);
    if (range.status() != RescueStatus.NON_TRIED) {
      return ExtentWalk.one(new Extent(at, range.end() - at, kind(range.status())));
    }
    Iterator<Extent> below = source.extents(at, Math.min(end, range.end()) - at);
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
    SourceInfo whole = source.describe();
    Map<String, String> details = new LinkedHashMap<>(whole.details());
    details.put("cache", data.path().toString());
    return new SourceInfo("cached " + whole.type(), whole.name(), whole.location(), details);
  }

  /** Writes the map and lets go of both files and the source. */
  @Override
  public void close() {
    synchronized (saver) {
      if (closed) {
        return;
      }
      closed = true;
      saver.notifyAll();
    }
    Deque<RuntimeException> failures = new ArrayDeque<>();
    awaitFlights();
    for (Runnable step :
        new Runnable[] {this::flushLast, data::close, this::rename, source::close}) {
      try {
        step.run();
      } catch (RuntimeException e) {
        failures.add(e);
      }
    }
    if (!failures.isEmpty()) {
      throw failures.remove();
    }
  }

  private void flushLast() {
    flush(true);
  }

  /** A medium whose beginning was written has another fingerprint, and files are named after it. */
  private void rename() {
    Path renamed = file == null ? data.path() : dataFile(file, medium);
    if (!renamed.equals(data.path()) && !Files.exists(renamed)) {
      try {
        // In this order a crash in between leaves bytes without a map, which count for nothing.
        Files.move(data.path(), renamed);
        dataPath = renamed;
        Files.move(mapPath, mapFile(renamed));
        mapPath = mapFile(renamed);
      } catch (IOException e) {
        throw new BlkshException("rename cache " + data.path(), String.valueOf(e.getMessage()), e);
      }
    }
  }

  /** Lets reads that began before closing keep what they read. */
  private void awaitFlights() {
    synchronized (flights) {
      boolean interrupted = false;
      while (flights.any()) {
        try {
          flights.wait();
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
