package blksh.cache;

import blksh.BlkshException;
import blksh.io.IoFailure;
import blksh.task.Task;
import blksh.task.Workers;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;

/**
 * The map on disk: a copy of the one in memory, written after the data file was made durable. So
 * whenever the process or the machine dies, what it claims is in the data file. While the source is
 * written it claims nothing of what is about to change.
 *
 * <p>It is saved by one thread at a time, with this object's monitor held.
 */
final class SavedMap {

  private final Path path;
  private final SourceReader reader;
  private final CachedBytes held;
  private final Claims claims;
  private volatile SourceIdentity identity;

  // What its status line says.
  private volatile char phase = RescueStatus.NON_TRIED.symbol();
  private volatile int pass = 1;
  private volatile long position;

  /**
   * @param path may exist, and then holds the map as it is in memory
   * @param identity of the source, which it notes
   */
  SavedMap(Path path, SourceReader reader, CachedBytes held, SourceIdentity identity) {
    this.path = path;
    this.reader = reader;
    this.held = held;
    this.claims = new Claims(held.map().copy());
    this.identity = identity;
  }

  /**
   * Writes the map of a copy that nothing was read for.
   *
   * @throws BlkshException when it cannot be written
   */
  static void begin(FilePair files, RescueMap map, SourceIdentity identity) {
    try {
      new Mapfile(0, RescueStatus.NON_TRIED.symbol(), 1, map, notes(identity, false, files.data()))
          .write(files.map());
    } catch (IOException e) {
      throw IoFailure.told("write the map " + files.map(), e);
    }
  }

  private static Map<String, String> notes(SourceIdentity identity, boolean changing, Path copy) {
    Map<String, String> notes = identity.notes(changing);
    notes.put(CopyTarget.NOTE, CopyTarget.noteOf(copy));
    return notes;
  }

  /** Which source it is of, also after its beginning was written. */
  SourceIdentity identity() {
    return identity;
  }

  /** Tells what the status line should say from now on. */
  void now(char phase, int pass, long position) {
    this.phase = phase;
    this.pass = pass;
    this.position = position;
  }

  /** Makes what is held durable, first the bytes and then the map that claims them. */
  synchronized void save() throws IOException {
    save(false);
  }

  /**
   * Saves on a thread of the engine, so that an interrupt does no harm.
   *
   * @param last whether nobody writes any more, so that all of the map may be claimed
   */
  void flush(boolean last) {
    try {
      Workers.call(
          Task.unwatched(),
          () -> {
            synchronized (this) {
              save(last);
            }
            return null;
          });
    } catch (BlkshException e) {
      throw new BlkshException("write the map " + path, e.problem(), e);
    }
  }

  /** With the monitor held. */
  private void save(boolean last) throws IOException {
    try {
      settle(last);
      // The copy is taken first: it claims only what was written before the force.
      RescueMap copy = held.copyToSave();
      char status = copy.isFinished() ? RescueStatus.FINISHED.symbol() : phase;
      claims.takeFrom(copy);
      held.force();
      Map<String, String> notes = notes(identity, claims.isOpen(0), held.path());
      new Mapfile(position, status, pass, copy, notes).write(path);
      claims.saved(copy);
    } catch (IOException | RuntimeException e) {
      held.saveFailed();
      throw e;
    }
  }

  /** Has the source be durable, and known by its beginning, before the map claims so. */
  private void settle(boolean last) {
    boolean head = claims.isOpen(0);
    Map<Long, ?> settled = claims.settle(last);
    boolean known = false;
    try {
      if (!settled.isEmpty()) {
        reader.writable().sync();
      }
      if (head && !claims.isOpen(0)) {
        identity = SourceIdentity.of(reader.source());
      }
      known = true;
    } finally {
      if (!known) {
        claims.unsettle(settled);
      }
    }
  }

  /**
   * Returns when no map on disk claims any of a range, which stays so until its claims settle after
   * {@link #written}. An interrupt does no harm.
   */
  void disown(long start, long end) {
    Workers.call(
        Task.unwatched(),
        () -> {
          synchronized (this) {
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

  /** Ends the write that a range was disowned for. */
  void written(long start, long end) {
    claims.close(start, end);
  }
}
