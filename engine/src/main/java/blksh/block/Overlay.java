package blksh.block;

import blksh.BlkshException;
import blksh.io.IoFailure;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * A source that can be written while what is underneath stays as it is: what is written goes into a
 * sparse file of the size of the source, block for block in its place, and a map beside it says
 * which blocks are there.
 *
 * <p>Durability: {@link #sync} makes the blocks durable first, and then appends them to the map and
 * makes that durable. So the map never names a block that is not, and a process killed at any
 * instant loses nothing that was synced. Blocks written since may be lost; one that had been synced
 * before may then hold its old or its new bytes, as on a drive.
 *
 * <p>Threads that write or sync must not be interrupted: that would close the file.
 */
public final class Overlay implements WritableSource, CacheFigures.Counting {

  /** Bytes of a block: what is copied up when a part of it is written. */
  public static final int BLOCK = 4096;

  private final BlockSource base;
  private final long size;
  private final OverlayFile file;
  private final OverlayMap map;
  private final ChangedBlocks blocks;
  private final CopyOnWrite copy;
  private final Object syncing = new Object();
  private final AtomicBoolean closed = new AtomicBoolean();

  private Overlay(BlockSource base, OverlayFile file, OverlayMap map, ChangedBlocks blocks) {
    this.base = base;
    this.size = base.size();
    this.file = file;
    this.map = map;
    this.blocks = blocks;
    this.copy = new CopyOnWrite(base, file, blocks);
  }

  /**
   * Lays a file over a source; a new one, or one that was laid over the same source before, with
   * all that was written into it then.
   *
   * @param base closed with the overlay
   * @param file the blocks; the map is beside it, under its name with {@code .map}
   * @throws BlkshException when the file is in use, damaged, or belongs to another source
   */
  public static Overlay open(BlockSource base, Path file) {
    String action = "lay overlay " + file + " over " + base.describe().name();
    OverlayMap map = null;
    OverlayFile opened = null;
    try {
      if (Files.exists(file) && Files.size(file) > 0 && !OverlayMap.isBegun(mapOf(file))) {
        throw new BlkshException(action, "the file exists and is no overlay: it has no map")
            .suggest("choose a name that is free");
      }
      map = OverlayMap.open(mapOf(file), base, action);
      ChangedBlocks blocks = new ChangedBlocks();
      map.replay(blocks::learn);
      opened = OverlayFile.open(file, base.size(), !blocks.isEmpty(), action);
      return new Overlay(base, opened, map, blocks);
    } catch (IOException e) {
      throw IoFailure.told(action, e);
    } finally {
      if (opened == null) {
        closeQuietly(map);
      }
    }
  }

  /** Where the map of an overlay is. */
  public static Path mapOf(Path file) {
    return file.resolveSibling(file.getFileName() + ".map");
  }

  private static void closeQuietly(OverlayMap map) {
    try {
      if (map != null) {
        map.close();
      }
    } catch (BlkshException e) {
      // what counts was made durable before, or a failure is being reported that came first
    }
  }

  @Override
  public long size() {
    return size;
  }

  @Override
  public int sectorSize() {
    return base.sectorSize();
  }

  // ---- reading and writing --------------------------------------------------------------------

  @Override
  public int read(long position, ByteBuffer target) {
    if (position < 0) {
      throw new IllegalArgumentException("position " + position);
    }
    mustBeOpen("read");
    long end = Math.min(size, BlockSource.saturatedEnd(position, target.remaining()));
    copy.read(position, end, target);
    return (int) Math.max(0, end - position);
  }

  /** Changed blocks are data or zero; elsewhere it is as underneath. */
  @Override
  public Iterator<Extent> extents(long position, long length) {
    long end = Math.min(size, BlockSource.saturatedEnd(position, length));
    return ExtentWalk.through(
        position,
        end,
        at -> {
          ChangedBlocks.Run run = blocks.runAt(at, end);
          return run.kind() == null
              ? base.extents(at, run.end() - at)
              : ExtentWalk.one(new Extent(at, run.end() - at, run.kind()));
        });
  }

  @Override
  public void write(long position, ByteBuffer bytes) {
    checkRange(position, bytes.remaining());
    mustBeOpen("write");
    copy.write(position, bytes);
  }

  @Override
  public void zero(long position, long length) {
    checkRange(position, length);
    mustBeOpen("write");
    copy.zero(position, length);
  }

  private void checkRange(long position, long length) {
    if (position < 0 || length < 0 || position > size - length) {
      throw new IllegalArgumentException(
          "%d bytes at %d of a source of %d bytes".formatted(length, position, size));
    }
  }

  /**
   * Makes durable what was written before. Writers that come late may be in it or not; one sync
   * goes on at a time, so that nobody returns before what another took up is durable.
   */
  @Override
  public void sync() {
    mustBeOpen("sync");
    String action = "sync overlay " + file.path();
    synchronized (syncing) {
      // Taken before the file is made durable: the map gets no block that was written after that.
      List<OverlayMap.Change> changes = blocks.takeUnsynced();
      try {
        file.force();
      } catch (IOException e) {
        throw IoFailure.told(action, e);
      }
      try {
        if (!changes.isEmpty()) {
          map.append(changes);
        }
      } catch (IOException e) {
        changes.forEach(blocks::giveBack);
        throw IoFailure.told(action, e);
      }
    }
  }

  // ---- the overlay itself --------------------------------------------------------------------

  /** What was changed since it is laid over its source: data and zeros, in order. */
  public List<Extent> changes() {
    ChangedExtents changes = new ChangedExtents();
    long at = 0;
    while (at < size) {
      ChangedBlocks.Run run = blocks.runAt(at, size);
      if (run.kind() != null) {
        changes.add(new Extent(at, run.end() - at, run.kind()));
      }
      at = run.end();
    }
    return changes.list();
  }

  /**
   * What was changed and made durable in an overlay, whether or not it is open somewhere: data and
   * zeros, in order; nothing when there is no such overlay yet.
   *
   * @throws BlkshException when its map is damaged or no map
   */
  public static List<Extent> changesIn(Path file) {
    String action = "read the changes in overlay " + file;
    ChangedExtents changes = new ChangedExtents();
    try {
      OverlayMap.read(
          mapOf(file),
          action,
          (first, count, zero) ->
              changes.add(
                  new Extent(
                      first * BLOCK, count * BLOCK, zero ? Extent.Kind.ZERO : Extent.Kind.DATA)));
    } catch (IOException e) {
      throw IoFailure.told(action, e);
    }
    return changes.list();
  }

  /**
   * Forgets all that was written: it is the source again. Nobody may have it open meanwhile who
   * remembers what was in it, such as a mounted file system.
   */
  public void discard() {
    mustBeOpen("discard");
    synchronized (syncing) {
      blocks.lockAll();
      try {
        // The map first: it never names what is not in the file.
        map.clear();
        blocks.clear();
        file.clear();
      } catch (IOException e) {
        throw IoFailure.told("discard overlay " + file.path(), e);
      } finally {
        blocks.unlockAll();
      }
    }
  }

  @Override
  public CacheFigures cacheFigures() {
    return CacheFigures.of(base);
  }

  /** The file that holds the changed blocks. */
  public Path file() {
    return file.path();
  }

  private void mustBeOpen(String verb) {
    if (closed.get()) {
      throw new BlkshException(verb + " overlay " + file.path(), "it was closed");
    }
  }

  @Override
  public SourceInfo describe() {
    SourceInfo below = base.describe();
    Map<String, String> details = new LinkedHashMap<>(below.details());
    details.put("over", below.location());
    return new SourceInfo("overlay", below.name(), file.path().toString(), details);
  }

  /** What it lies over. */
  public BlockSource base() {
    return base;
  }

  /** Syncs, and lets go of the files and of the source underneath. */
  @Override
  public void close() {
    if (closed.get()) {
      return;
    }
    try {
      sync();
    } finally {
      if (closed.compareAndSet(false, true)) {
        try {
          file.close();
        } finally {
          closeQuietly(map);
          base.close();
        }
      }
    }
  }
}
