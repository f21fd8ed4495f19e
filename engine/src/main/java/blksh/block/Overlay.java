package blksh.block;

import blksh.BlkshException;
import blksh.io.IoFailure;
import blksh.io.OpenFile;
import blksh.io.PartFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantReadWriteLock;

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
 * <p>An interrupt of a thread that writes or syncs does not end that.
 */
public final class Overlay implements WritableSource, CacheFigures.Counting {

  /** Bytes of a block: what is copied up when a part of it is written. */
  public static final int BLOCK = 4096;

  /** Blocks in a group: what is locked, and known, together. */
  private static final int GROUP = 1024;

  private static final long GROUP_BYTES = (long) GROUP * BLOCK;
  private static final int LOCKS = 64;

  private static final ByteBuffer ZEROS = ByteBuffer.allocateDirect(BLOCK).asReadOnlyBuffer();

  private final BlockSource base;
  private final long size;
  private final OpenFile reading;
  private final OpenFile data;
  private final OverlayMap map;
  private final ReentrantReadWriteLock[] locks = new ReentrantReadWriteLock[LOCKS];
  private final ConcurrentSkipListMap<Long, Group> groups = new ConcurrentSkipListMap<>();
  private final Object syncing = new Object();

  /** Whether anything was written to the file since it was made durable last. */
  private volatile boolean dirty;

  /** Why written blocks are lost, when they are; guarded by {@link #syncing}. */
  private IOException lost;

  private final AtomicBoolean closed = new AtomicBoolean();

  /** What is known of the blocks of a group; guarded by its lock. */
  private static final class Group {
    /** Those that are in the file, or zero. */
    final BitSet changed = new BitSet();

    /** Those of them that are zero, whatever the file holds. */
    final BitSet zero = new BitSet();

    /** Those of them that may not be in the map as they are. */
    final BitSet unsynced = new BitSet();
  }

  private Overlay(BlockSource base, OpenFile reading, OpenFile data, OverlayMap map) {
    this.base = base;
    this.size = base.size();
    this.reading = reading;
    this.data = data;
    this.map = map;
    for (int i = 0; i < LOCKS; i++) {
      locks[i] = new ReentrantReadWriteLock();
    }
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
    OpenFile data = null;
    OpenFile reading = null;
    try {
      if (Files.exists(file) && Files.size(file) > 0 && !OverlayMap.isBegun(mapOf(file))) {
        throw new BlkshException(action, "the file exists and is no overlay: it has no map")
            .suggest("choose a name that is free");
      }
      map = OverlayMap.open(mapOf(file), base, action);
      data = OpenFile.open(file, OpenFile.Use.CREATE, OpenFile.WhenInterrupted.FINISH);
      boolean whole = data.length() >= base.size();
      if (!whole) {
        data.extend(base.size());
        data.force(true);
        PartFile.syncDirectory(file.toAbsolutePath().getParent());
      }
      reading = OpenFile.open(file);
      Overlay overlay = new Overlay(base, reading, data, map);
      map.replay(overlay::learn);
      if (!whole && !overlay.groups.isEmpty()) {
        throw new BlkshException(action, "its file was cut short, or is another one");
      }
      return overlay;
    } catch (IOException | RuntimeException e) {
      closeQuietly(data);
      closeQuietly(map);
      closeQuietly(reading);
      if (e instanceof IOException failure) {
        throw IoFailure.told(action, failure);
      }
      throw (RuntimeException) e;
    }
  }

  /** Where the map of an overlay is. */
  public static Path mapOf(Path file) {
    return file.resolveSibling(file.getFileName() + ".map");
  }

  private static void closeQuietly(AutoCloseable closeable) {
    try {
      if (closeable != null) {
        closeable.close();
      }
    } catch (Exception e) {
      // the failure that is being reported came first
    }
  }

  private void learn(long firstBlock, long count, boolean zero) {
    long block = firstBlock;
    long end = firstBlock + count;
    while (block < end) {
      Group group = group(block / GROUP);
      int from = (int) (block % GROUP);
      int to = (int) Math.min(GROUP, from + (end - block));
      group.changed.set(from, to);
      group.zero.set(from, to, zero);
      block += to - from;
    }
  }

  private Group group(long number) {
    return groups.computeIfAbsent(number, absent -> new Group());
  }

  private ReentrantReadWriteLock lock(long group) {
    return locks[(int) (group % LOCKS)];
  }

  @Override
  public long size() {
    return size;
  }

  @Override
  public int sectorSize() {
    return base.sectorSize();
  }

  // ---- reading -------------------------------------------------------------------------------

  @Override
  public int read(long position, ByteBuffer target) {
    if (position < 0) {
      throw new IllegalArgumentException("position " + position);
    }
    mustBeOpen("read");
    long end = Math.min(size, BlockSource.saturatedEnd(position, target.remaining()));
    long at = position;
    int limit = target.limit();
    try {
      while (at < end) {
        long number = at / GROUP_BYTES;
        long to = Math.min(end, (number + 1) * GROUP_BYTES);
        ReentrantReadWriteLock lock = lock(number);
        lock.readLock().lock();
        try {
          readGroup(groups.get(number), number, at, to, target, limit);
        } finally {
          lock.readLock().unlock();
        }
        at = to;
      }
      return (int) Math.max(0, end - position);
    } finally {
      target.limit(limit);
    }
  }

  private void readGroup(
      Group group, long number, long from, long to, ByteBuffer target, int limit) {
    long at = from;
    while (at < to) {
      int block = (int) (at / BLOCK - number * GROUP);
      int end = group == null ? GROUP : endOfRun(group, block);
      long runEnd = Math.min(to, (number * GROUP + end) * BLOCK);
      target.limit(target.position() + (int) (runEnd - at));
      if (group == null || !group.changed.get(block)) {
        base.read(at, target);
      } else if (group.zero.get(block)) {
        putZeros(target);
      } else {
        reading.read(at, target);
      }
      target.limit(limit);
      at = runEnd;
    }
  }

  /** The first block after those from one on that are all of the same kind. */
  private static int endOfRun(Group group, int block) {
    if (!group.changed.get(block)) {
      int next = group.changed.nextSetBit(block);
      return next < 0 ? GROUP : next;
    }
    int end = group.changed.nextClearBit(block);
    int turn =
        group.zero.get(block) ? group.zero.nextClearBit(block) : group.zero.nextSetBit(block);
    return Math.min(GROUP, turn < 0 ? end : Math.min(end, turn));
  }

  private static void putZeros(ByteBuffer target) {
    while (target.hasRemaining()) {
      ByteBuffer zeros = ZEROS.duplicate();
      zeros.limit(Math.min(target.remaining(), BLOCK));
      target.put(zeros);
    }
  }

  /** Changed blocks are data or zero; elsewhere it is as underneath. */
  @Override
  public Iterator<Extent> extents(long position, long length) {
    long end = Math.min(size, BlockSource.saturatedEnd(position, length));
    return ExtentWalk.through(
        position,
        end,
        at -> {
          Run run = runAt(at, end);
          return run.kind == null
              ? base.extents(at, run.end - at)
              : ExtentWalk.one(new Extent(at, run.end - at, run.kind));
        });
  }

  /** A range whose blocks are alike; the kind is null where the base shows through. */
  private record Run(long end, Extent.Kind kind) {}

  private Run runAt(long at, long to) {
    long number = at / GROUP_BYTES;
    Group group = groups.get(number);
    if (group == null) {
      Long next = groups.higherKey(number);
      return new Run(next == null ? to : Math.min(to, next * GROUP_BYTES), null);
    }
    ReentrantReadWriteLock lock = lock(number);
    lock.readLock().lock();
    try {
      int block = (int) (at / BLOCK - number * GROUP);
      long end = Math.min(to, (number * GROUP + endOfRun(group, block)) * BLOCK);
      Extent.Kind kind =
          !group.changed.get(block)
              ? null
              : group.zero.get(block) ? Extent.Kind.ZERO : Extent.Kind.DATA;
      return new Run(end, kind);
    } finally {
      lock.readLock().unlock();
    }
  }

  // ---- writing -------------------------------------------------------------------------------

  @Override
  public void write(long position, ByteBuffer bytes) {
    checkRange(position, bytes.remaining());
    mustBeOpen("write");
    int limit = bytes.limit();
    long at = position;
    long end = position + bytes.remaining();
    try {
      while (at < end) {
        long number = at / GROUP_BYTES;
        long to = Math.min(end, (number + 1) * GROUP_BYTES);
        bytes.limit(bytes.position() + (int) (to - at));
        ReentrantReadWriteLock lock = lock(number);
        lock.writeLock().lock();
        try {
          writeGroup(group(number), number, at, bytes);
        } finally {
          lock.writeLock().unlock();
        }
        bytes.limit(limit);
        at = to;
      }
    } catch (IOException e) {
      throw IoFailure.told("write overlay " + reading.path(), e).at(at);
    } finally {
      bytes.limit(limit);
    }
  }

  /** Writes whole blocks: what surrounds the bytes in the first and the last is copied up. */
  private void writeGroup(Group group, long number, long position, ByteBuffer bytes)
      throws IOException {
    long end = position + bytes.remaining();
    long firstBlock = position / BLOCK;
    long lastBlock = (end - 1) / BLOCK;
    copyUp(group, number, firstBlock, position, end);
    if (lastBlock != firstBlock) {
      copyUp(group, number, lastBlock, position, end);
    }
    data.write(position, bytes);
    int from = (int) (firstBlock - number * GROUP);
    int to = (int) (lastBlock - number * GROUP) + 1;
    for (int block = from; block < to; block++) {
      if (!group.changed.get(block) || group.zero.get(block)) {
        group.unsynced.set(block);
      }
    }
    group.changed.set(from, to);
    group.zero.clear(from, to);
    dirty = true;
  }

  /** Puts the block into the file when it is not there and will not be written whole. */
  private void copyUp(Group group, long number, long block, long from, long to) throws IOException {
    long start = block * BLOCK;
    long end = Math.min(size, start + BLOCK);
    int index = (int) (block - number * GROUP);
    boolean there = group.changed.get(index);
    if (from <= start && end <= to || there && !group.zero.get(index)) {
      return;
    }
    ByteBuffer whole = ByteBuffer.allocate((int) (end - start));
    if (!there) {
      base.read(start, whole);
    }
    whole.position(0).limit(whole.capacity());
    data.write(start, whole);
  }

  @Override
  public void zero(long position, long length) {
    checkRange(position, length);
    mustBeOpen("write");
    long end = position + length;
    long at = position;
    while (at < end) {
      long block = at / BLOCK;
      long blockEnd = Math.min(size, (block + 1) * BLOCK);
      if (at > block * BLOCK || end < blockEnd) {
        long to = Math.min(end, blockEnd);
        write(at, ByteBuffer.allocate((int) (to - at)));
        at = to;
      } else {
        at = zeroBlocks(block, end);
      }
    }
  }

  /** Zeroes the whole blocks before {@code end}, inside one group. */
  private long zeroBlocks(long block, long end) {
    long number = block / GROUP;
    long lastWhole = end == size ? (end + BLOCK - 1) / BLOCK : end / BLOCK;
    int from = (int) (block - number * GROUP);
    int to = (int) Math.min(GROUP, from + (lastWhole - block));
    ReentrantReadWriteLock lock = lock(number);
    lock.writeLock().lock();
    try {
      Group group = group(number);
      for (int index = from; index < to; index++) {
        if (!group.changed.get(index) || !group.zero.get(index)) {
          group.unsynced.set(index);
        }
      }
      group.changed.set(from, to);
      group.zero.set(from, to);
    } finally {
      lock.writeLock().unlock();
    }
    return Math.min(end, (number * GROUP + to) * BLOCK);
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
    synchronized (syncing) {
      String action = "sync overlay " + reading.path();
      if (lost != null) {
        throw IoFailure.told(action, lost);
      }
      boolean force = dirty;
      dirty = false;
      List<OverlayMap.Change> changes = takeUnsynced();
      try {
        if (force) {
          data.force(false);
        }
      } catch (IOException e) {
        // The kernel has dropped what it could not write, and would call the next try a success.
        lost = e;
        throw IoFailure.told(action, e);
      }
      try {
        if (!changes.isEmpty()) {
          map.append(changes);
        }
      } catch (IOException e) {
        changes.forEach(this::giveBack);
        throw IoFailure.told(action, e);
      }
    }
  }

  private List<OverlayMap.Change> takeUnsynced() {
    List<OverlayMap.Change> changes = new ArrayList<>();
    for (Map.Entry<Long, Group> entry : groups.entrySet()) {
      ReentrantReadWriteLock lock = lock(entry.getKey());
      lock.writeLock().lock();
      try {
        Group group = entry.getValue();
        int from = group.unsynced.nextSetBit(0);
        while (from >= 0) {
          int to = Math.min(group.unsynced.nextClearBit(from), endOfRun(group, from));
          long first = entry.getKey() * GROUP + from;
          changes.add(new OverlayMap.Change(first, to - from, group.zero.get(from)));
          from = group.unsynced.nextSetBit(to);
        }
        group.unsynced.clear();
      } finally {
        lock.writeLock().unlock();
      }
    }
    return changes;
  }

  private void giveBack(OverlayMap.Change change) {
    long number = change.first() / GROUP;
    int from = (int) (change.first() % GROUP);
    ReentrantReadWriteLock lock = lock(number);
    lock.writeLock().lock();
    try {
      group(number).unsynced.set(from, from + (int) change.count());
    } finally {
      lock.writeLock().unlock();
    }
  }

  // ---- the overlay itself --------------------------------------------------------------------

  /** What was changed since it is laid over its source: data and zeros, in order. */
  public List<Extent> changes() {
    List<Extent> found = new ArrayList<>();
    long at = 0;
    while (at < size) {
      Run run = runAt(at, size);
      if (run.kind != null) {
        Extent last = found.isEmpty() ? null : found.get(found.size() - 1);
        if (last != null && last.end() == at && last.kind() == run.kind) {
          found.set(found.size() - 1, new Extent(last.start(), run.end - last.start(), run.kind));
        } else {
          found.add(new Extent(at, run.end - at, run.kind));
        }
      }
      at = run.end;
    }
    return found;
  }

  /**
   * What was changed and made durable in an overlay, whether or not it is open somewhere: data and
   * zeros, in order; nothing when there is no such overlay yet.
   *
   * @throws BlkshException when its map is damaged or no map
   */
  public static List<Extent> changesIn(Path file) {
    TreeMap<Long, Extent> known = new TreeMap<>();
    String action = "read the changes in overlay " + file;
    try {
      OverlayMap.read(
          mapOf(file),
          action,
          (first, count, zero) ->
              lay(
                  known,
                  new Extent(
                      first * BLOCK, count * BLOCK, zero ? Extent.Kind.ZERO : Extent.Kind.DATA)));
    } catch (IOException e) {
      throw IoFailure.told(action, e);
    }
    List<Extent> found = new ArrayList<>();
    for (Extent extent : known.values()) {
      Extent last = found.isEmpty() ? null : found.get(found.size() - 1);
      if (last != null && last.end() == extent.start() && last.kind() == extent.kind()) {
        found.set(
            found.size() - 1, new Extent(last.start(), extent.end() - last.start(), last.kind()));
      } else {
        found.add(extent);
      }
    }
    return found;
  }

  /** Puts an extent over those that are known, which keep what it leaves of them. */
  private static void lay(TreeMap<Long, Extent> known, Extent over) {
    Map.Entry<Long, Extent> before = known.floorEntry(over.start());
    long from =
        before != null && before.getValue().end() > over.start() ? before.getKey() : over.start();
    List<Extent> cut = List.copyOf(known.subMap(from, over.end()).values());
    for (Extent old : cut) {
      known.remove(old.start());
      if (old.start() < over.start()) {
        known.put(old.start(), old.clip(old.start(), over.start()));
      }
      if (old.end() > over.end()) {
        known.put(over.end(), old.clip(over.end(), old.end()));
      }
    }
    known.put(over.start(), over);
  }

  /**
   * Forgets all that was written: it is the source again. Nobody may have it open meanwhile who
   * remembers what was in it, such as a mounted file system.
   */
  public void discard() {
    mustBeOpen("discard");
    synchronized (syncing) {
      for (ReentrantReadWriteLock lock : locks) {
        lock.writeLock().lock();
      }
      try {
        // The map first: it never names what is not in the file.
        map.clear();
        groups.clear();
        data.truncate(0);
        data.extend(size);
        data.force(true);
      } catch (IOException e) {
        throw IoFailure.told("discard overlay " + reading.path(), e);
      } finally {
        for (ReentrantReadWriteLock lock : locks) {
          lock.writeLock().unlock();
        }
      }
    }
  }

  @Override
  public CacheFigures cacheFigures() {
    return CacheFigures.of(base);
  }

  /** The file that holds the changed blocks. */
  public Path file() {
    return reading.path();
  }

  private void mustBeOpen(String verb) {
    if (closed.get()) {
      throw new BlkshException(verb + " overlay " + reading.path(), "it was closed");
    }
  }

  @Override
  public SourceInfo describe() {
    SourceInfo below = base.describe();
    Map<String, String> details = new LinkedHashMap<>(below.details());
    details.put("over", below.location());
    return new SourceInfo("overlay", below.name(), reading.path().toString(), details);
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
        closeQuietly(data);
        closeQuietly(map);
        reading.close();
        base.close();
      }
    }
  }
}
