package blksh.filesystem;

import blksh.block.BlockSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * btrfs (its documentation, "On-disk Format") on one device: what no extent lies on is free. The
 * chunks say where each extent has its copies, and must add up to what the device says is
 * allocated; the extents must add up to what the superblock says is used. While there is a log to
 * be replayed, whose blocks are in no tree, all of a chunk counts as used.
 */
final class BtrfsExtents {

  /** Never allocated, but boot loaders live there. */
  private static final long RESERVED = 1 << 20;

  private static final int EXTENT_ITEM = 168;
  private static final int METADATA_ITEM = 169;

  /** A copy of a chunk on the device, with its runs of extents: from the first up to the last. */
  private record Placed(long start, BtrfsChunks.Chunk chunk, int first, int last) {
    long end() {
      return start + chunk.length();
    }
  }

  private final BtrfsSuperblock superblock;
  private final BtrfsChunks chunks;
  private final BtrfsCopies copies = new BtrfsCopies();
  private final BtrfsNodes nodes;
  private final long deviceSize;

  /** Runs of extents in order, each in one chunk: logical addresses. */
  private final RangeList runs = new RangeList();

  /** Whether what is in a chunk is not known. */
  private boolean whole;

  /** The extents read last that touch each other, as logical addresses. */
  private long runStart;

  private long runEnd;

  /** Bytes of all extents read. */
  private long extentBytes;

  /** The end of what was noted as used, and the copy of the superblock that comes next. */
  private long usedUpTo;

  private int nextMirror;

  private BtrfsExtents(BlockSource source) throws Unmapped {
    Volume volume = new Volume(source);
    superblock = BtrfsSuperblock.first(volume);
    deviceSize = superblock.deviceSize();
    Unmapped.unless(superblock.devices() == 1, "it is on several devices");
    Unmapped.unless(
        superblock.isPlain() && deviceSize > RESERVED && deviceSize <= source.size(),
        "its superblock makes no sense");
    chunks = new BtrfsChunks(volume, superblock);
    nodes = new BtrfsNodes(volume, superblock, chunks, copies);
  }

  static FreeRanges free(BlockSource source) throws Unmapped {
    return new BtrfsExtents(source).free();
  }

  private FreeRanges free() throws Unmapped {
    walk(
        nodes.rootOfChunks(),
        item -> {
          if (item.key().type() == BtrfsKey.CHUNK) {
            chunks.add(item);
          }
          return true;
        });
    long allocated = 0;
    for (BtrfsChunks.Chunk chunk : chunks.all()) {
      Unmapped.unless(chunk.elsewhere() == 0, "a chunk lies outside");
      allocated += chunk.length() * chunk.copies().size();
    }
    Unmapped.unless(
        allocated == superblock.deviceUsed(),
        "its chunks take %d bytes, but its superblock tells of %d",
        allocated,
        superblock.deviceUsed());
    whole = superblock.hasLog();
    if (!whole) {
      useExtents();
    }
    Unmapped.unless(copies.told().isEmpty(), "a copy of its trees is damaged");
    FreeRanges free = new FreeRanges();
    use(0, RESERVED, free);
    long past = 0;
    for (Placed placed : placed()) {
      Unmapped.unless(placed.start() >= past, "its chunks lie over each other");
      past = placed.end();
      if (whole) {
        use(placed.start(), past, free);
      }
      long shift = placed.start() - placed.chunk().logical();
      for (int i = placed.first(); !whole && i < placed.last(); i++) {
        use(runs.start(i) + shift, runs.end(i) + shift, free);
      }
    }
    use(deviceSize, deviceSize, free);
    return free;
  }

  private void walk(BtrfsNodes.Root root, BtrfsNodes.Items<Unmapped> items) throws Unmapped {
    nodes.walk(
        root,
        BtrfsKey.LEAST,
        BtrfsKey.GREATEST,
        problem -> {
          throw problem;
        },
        items);
  }

  /** All copies of chunks in the order of the device. */
  private List<Placed> placed() {
    List<Placed> all = new ArrayList<>();
    int run = 0;
    for (BtrfsChunks.Chunk chunk : chunks.all()) {
      int first = run;
      while (run < runs.count() && runs.start(run) < chunk.end()) {
        run++;
      }
      for (long copy : chunk.copies()) {
        all.add(new Placed(copy, chunk, first, run));
      }
    }
    all.sort(Comparator.comparingLong(Placed::start));
    return all;
  }

  /** Notes what is used, in order of where it begins; copies of the superblock come between. */
  private void use(long start, long end, FreeRanges free) {
    while (nextMirror < BtrfsSuperblock.MIRRORS.length
        && BtrfsSuperblock.MIRRORS[nextMirror] <= start) {
      long mirror = BtrfsSuperblock.MIRRORS[nextMirror++];
      free.add(usedUpTo, Math.min(deviceSize, mirror));
      usedUpTo = Math.max(usedUpTo, mirror + BtrfsSuperblock.LENGTH);
    }
    free.add(usedUpTo, Math.min(deviceSize, start));
    usedUpTo = Math.max(usedUpTo, end);
  }

  private void useExtents() throws Unmapped {
    walk(nodes.root(BtrfsNodes.EXTENTS), this::addExtent);
    useRun();
    Unmapped.unless(
        extentBytes == superblock.bytesUsed(),
        "its extents take %d bytes, but its superblock tells of %d",
        extentBytes,
        superblock.bytesUsed());
  }

  /** Notes the present run, chunk by chunk. */
  private void useRun() throws Unmapped {
    for (long at = runStart; at < runEnd; ) {
      BtrfsChunks.Chunk chunk = chunks.of(at);
      Unmapped.unless(chunk != null, "an extent lies outside its chunks");
      long to = Math.min(runEnd, chunk.end());
      runs.add(at, to);
      at = to;
    }
  }

  /** Extents come by their logical address, none over another. */
  private boolean addExtent(BtrfsItem item) throws Unmapped {
    int type = item.key().type();
    if (type != EXTENT_ITEM && type != METADATA_ITEM) {
      return true;
    }
    long start = item.key().object();
    long length = type == METADATA_ITEM ? superblock.nodeSize() : item.key().offset();
    Unmapped.unless(
        start >= runEnd && length > 0 && length <= deviceSize && start + length > start,
        "its extent tree is damaged");
    extentBytes += length;
    if (start > runEnd) {
      useRun();
      runStart = start;
    }
    runEnd = start + length;
    return true;
  }
}
