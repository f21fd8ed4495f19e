package blksh.cache;

import blksh.BlkshException;
import blksh.block.BlockSource;
import blksh.block.FileSource;
import blksh.io.IoFailure;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;

/**
 * What a cache holds of its source: the bytes in the data file, and the map in memory, which claims
 * a range only after its bytes were written to the data file.
 */
final class CachedBytes implements Closeable {

  private final DataFile data;
  private final RescueMap map;

  /** Held for reading to write bytes and claim them, for writing to take claims back. */
  private final ReadWriteLock claiming = new ReentrantReadWriteLock();

  /** What was written to the data file since the last {@link #force}, as finished. Guarded so. */
  private RescueMap unforced;

  private volatile long forgotten;

  /** Whether the map changed since it was copied to be saved. */
  private volatile boolean unsaved;

  private volatile String problem = "";

  private CachedBytes(DataFile data, RescueMap map) {
    this.data = data;
    this.map = map;
    this.unforced = new RescueMap(map.size());
  }

  /**
   * Opens what is held of a source, or begins with nothing.
   *
   * @param copy whether the files may have any name: the map then is on disk before the data file
   *     gets its length, so that what is in that is known for a copy that was begun
   * @throws BlkshException when the files belong to another source, are damaged, or in use
   */
  static CachedBytes open(
      BlockSource source, SourceIdentity identity, FilePair files, boolean copy) {
    boolean fresh = !Files.exists(files.data());
    DataFile data = DataFile.open(files.data(), source.size());
    try {
      RescueMap map = load(source, identity, data, files.map());
      if (copy && !Files.exists(files.map())) {
        SavedMap.begin(files, map, identity);
      }
      data.grow(source.size());
      return new CachedBytes(data, map);
    } catch (RuntimeException e) {
      data.close();
      if (fresh) {
        files.data().toFile().delete();
      }
      throw e;
    }
  }

  private static RescueMap load(
      BlockSource source, SourceIdentity identity, DataFile data, Path path) {
    String action = "open cache " + data.path();
    if (!data.isDrive() && data.size() > source.size()) {
      throw new OtherMediumException(
          action,
          "it has %d bytes and the medium %d".formatted(data.size(), source.size()),
          "it belongs to another medium; use another file");
    }
    if (!Files.exists(path)) {
      return new RescueMap(source.size());
    }
    Mapfile mapfile = Mapfile.read(path, source.size());
    identity.check(mapfile.notes(), action);
    RescueMap map = mapfile.map(path);
    RescueRange last = map.previous(Long.MAX_VALUE, RescueStatus.FINISHED);
    if (last != null && last.end() > data.size()) {
      throw new BlkshException(
              action,
              "its map tells of bytes up to %d, but it ends at %d"
                  .formatted(last.end(), data.size()))
          .suggest("the file was cut; remove its map to begin anew");
    }
    new KeptSamples(map, data::read).compare(source, action);
    return map;
  }

  /**
   * Whether files that are in use are of another source: looked at without claiming them, as they
   * are on disk.
   */
  static boolean areOfAnother(BlockSource source, SourceIdentity identity, FilePair files) {
    if (!files.exist()) {
      return false;
    }
    String action = "look at cache " + files.data();
    try (FileSource data = FileSource.open(files.data())) {
      Mapfile mapfile = Mapfile.read(files.map(), source.size());
      identity.check(mapfile.notes(), action);
      new KeptSamples(mapfile.map(files.map()), data::read).compare(source, action);
      return false;
    } catch (OtherMediumException e) {
      return true;
    }
  }

  /**
   * Compares what is held with a medium that was put back.
   *
   * @throws OtherMediumException when it holds other bytes
   */
  void compare(BlockSource medium, String action) {
    new KeptSamples(map.copy(), data::read).compare(medium, action);
  }

  /** The map as it changes. */
  RescueMap map() {
    return map;
  }

  /** The data file as it was named when opened. */
  Path path() {
    return data.path();
  }

  /** Fills the target with bytes that the map claims. */
  void read(long position, ByteBuffer target) {
    data.read(position, target);
  }

  /** Writes bytes to the data file and only then claims them. */
  void keep(long start, long end, ByteBuffer bytes) throws IOException {
    claiming.readLock().lock();
    try {
      write(start, bytes);
      mark(start, end, RescueStatus.FINISHED);
    } finally {
      claiming.readLock().unlock();
    }
  }

  private void write(long start, ByteBuffer bytes) throws IOException {
    unforced.mark(start, start + bytes.remaining(), RescueStatus.FINISHED);
    try {
      data.write(start, bytes);
    } catch (IOException e) {
      problem = IoFailure.reason(e);
      throw e;
    }
  }

  /** Notes in the map how a range is now. */
  void mark(long start, long end, RescueStatus status) {
    map.mark(start, end, status);
    unsaved = true;
  }

  /** Why bytes could not be kept or the map not be saved, or empty when all is well. */
  String problem() {
    return problem;
  }

  void noteProblem(String problem) {
    this.problem = problem;
  }

  // ---- for whoever saves the map --------------------------------------------------------------

  boolean isUnsaved() {
    return unsaved;
  }

  /** A copy to save: what it claims is in the data file, and durable after {@link #force}. */
  RescueMap copyToSave() {
    unsaved = false;
    return map.copy();
  }

  /** The copy taken last was not saved. */
  void saveFailed() {
    unsaved = true;
  }

  /**
   * Returns when all bytes written before are durable. When that fails the system may have dropped
   * any of what was written since it went well last: none of that is claimed any more.
   */
  void force() throws IOException {
    RescueMap written = takeUnforced();
    try {
      data.force();
    } catch (IOException e) {
      long before = forgotten;
      forget(written);
      throw new IOException(
          "its disk failed (%s), and %d bytes count as not read"
              .formatted(IoFailure.reason(e), forgotten - before),
          e);
    } catch (RuntimeException e) {
      putBack(written);
      throw e;
    }
  }

  /** When nobody is writing, so that what is written later is in the next. */
  private RescueMap takeUnforced() {
    claiming.writeLock().lock();
    try {
      RescueMap taken = unforced;
      unforced = new RescueMap(map.size());
      return taken;
    } finally {
      claiming.writeLock().unlock();
    }
  }

  private void putBack(RescueMap written) {
    claiming.writeLock().lock();
    try {
      for (RescueRange range : written.ranges(RescueStatus.FINISHED)) {
        unforced.mark(range.start(), range.end(), RescueStatus.FINISHED);
      }
    } finally {
      claiming.writeLock().unlock();
    }
  }

  private void forget(RescueMap written) {
    claiming.writeLock().lock();
    try {
      for (RescueMap each : List.of(written, takeUnforced())) {
        each.ranges(RescueStatus.FINISHED).forEach(this::forget);
      }
      data.writeOff();
    } finally {
      claiming.writeLock().unlock();
    }
  }

  private void forget(RescueRange range) {
    for (long at = range.start(); at < range.end(); ) {
      RescueRange now = map.at(at);
      long end = Math.min(now.end(), range.end());
      if (now.status() == RescueStatus.FINISHED) {
        mark(at, end, RescueStatus.NON_TRIED);
        forgotten += end - at;
      }
      at = end;
    }
  }

  /** Bytes that were claimed once and are no more, as their disk failed. */
  long forgotten() {
    return forgotten;
  }

  @Override
  public void close() {
    data.close();
  }
}
