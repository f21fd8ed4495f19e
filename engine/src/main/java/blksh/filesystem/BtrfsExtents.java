package blksh.filesystem;

import blksh.block.BlockSource;
import blksh.io.Sha256;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.zip.CRC32C;

/**
 * btrfs (its documentation, "On-disk Format") on one device: what no extent lies on is free. The
 * chunks say where each extent has its copies, and must add up to what the device says is
 * allocated; the extents must add up to what the superblock says is used. While there is a log to
 * be replayed, whose blocks are in no tree, all of a chunk counts as used.
 */
final class BtrfsExtents {

  private static final int SUPERBLOCK = 64 << 10;
  private static final int SUPERBLOCK_SIZE = 4096;
  private static final long[] MIRRORS = {64L << 20, 256L << 30};

  /** Never allocated, but boot loaders live there. */
  private static final long RESERVED = 1 << 20;

  private static final long INCOMPATIBLE = 0x10fff;
  private static final int ROOT_ITEM = 132;
  private static final int EXTENT_ITEM = 168;
  private static final int METADATA_ITEM = 169;
  private static final int CHUNK_ITEM = 228;

  /** The object in the tree of roots that is the tree of extents. */
  private static final long EXTENT_TREE = 2;

  private static final int KEY = 17;

  /** Where the superblock has the address of the log. */
  private static final int LOG_ROOT = 96;

  private static final int NODE_HEADER = 101;
  private static final int MAX_LEVEL = 7;

  /** Data, system and metadata, once or twice on the device. */
  private static final long PROFILES = 0x1 | 0x2 | 0x4 | 0x20;

  /** Where a chunk's copies lie on the device. */
  private record Chunk(long logical, long length, List<Long> copies) {
    long end() {
      return logical + length;
    }

    boolean holds(long address) {
      return address >= logical && address < end();
    }
  }

  /** A copy of a chunk on the device, with its runs of extents: from the first up to the last. */
  private record Placed(long start, Chunk chunk, int first, int last) {
    long end() {
      return start + chunk.length();
    }
  }

  /** Chunks there is memory for; a chunk of data has a gigabyte where there are many. */
  private static final int MOST_CHUNKS = 100_000;

  private final BlockSource source;
  private final Structure superblock;
  private final int checksum;
  private final int nodeSize;
  private final long device;
  private final long deviceSize;
  private final List<Chunk> system = new ArrayList<>();

  /** All chunks by their logical address. */
  private final NavigableMap<Long, Chunk> chunks = new TreeMap<>();

  /** Runs of extents in order, each in one chunk: logical addresses. */
  private final RangeList runs = new RangeList();

  /** Whether what is in a chunk is not known. */
  private boolean whole;

  /** Nodes read of all trees. */
  private long nodes;

  /** The root of the tree of extents: logical address, 0 until it is found. */
  private long extentTree;

  private long extentGeneration;
  private int extentLevel;

  /** The extents read last that touch each other, as logical addresses. */
  private long runStart;

  private long runEnd;

  /** Structure of all extents read. */
  private long extentBytes;

  /** The end of what was noted as used, and the copy of the superblock that comes next. */
  private long usedUpTo;

  private int nextMirror;

  private BtrfsExtents(BlockSource source, Structure superblock) throws Unmapped {
    this.source = source;
    this.superblock = superblock;
    checksum = superblock.u16(196);
    check(superblock, "its superblock");
    Unmapped.unless(superblock.i64(48) == SUPERBLOCK, "its superblock makes no sense");
    Unmapped.unless(superblock.i64(136) == 1, "it is on several devices");
    Unmapped.unless(
        superblock.i64(56) == 1 && (superblock.i64(188) & ~INCOMPATIBLE) == 0,
        "it has features unknown here");
    nodeSize = superblock.i32(148);
    device = superblock.i64(201);
    deviceSize = superblock.i64(209);
    Unmapped.unless(
        nodeSize >= 4096
            && nodeSize <= 65536
            && Integer.bitCount(nodeSize) == 1
            && deviceSize > RESERVED
            && deviceSize <= source.size(),
        "its superblock makes no sense");
  }

  private void check(Structure block, String what) throws Unmapped {
    byte[] bytes = block.bytes();
    boolean right;
    if (checksum == 0) {
      CRC32C crc = new CRC32C();
      crc.update(bytes, 32, bytes.length - 32);
      right = block.u32(0) == crc.getValue();
    } else {
      Unmapped.unless(checksum == 2, "its kind of checksum is unknown here");
      MessageDigest sha = Sha256.begin();
      sha.update(bytes, 32, bytes.length - 32);
      byte[] digest = sha.digest();
      right = Arrays.equals(digest, Arrays.copyOf(bytes, digest.length));
    }
    Unmapped.unless(right, "%s fails its checksum", what);
  }

  static FreeRanges free(BlockSource source) throws Unmapped {
    return new BtrfsExtents(source, Structure.read(source, SUPERBLOCK, SUPERBLOCK_SIZE)).free();
  }

  private FreeRanges free() throws Unmapped {
    int end = 0x32b + superblock.i32(160);
    Unmapped.unless(end > 0x32b && end <= SUPERBLOCK_SIZE, "its superblock makes no sense");
    for (int at = 0x32b; at < end; ) {
      Chunk chunk = chunk(superblock, at, at + KEY, end);
      system.add(chunk);
      at += KEY + 48 + 32 * superblock.u16(at + KEY + 44);
    }
    walk("chunk tree", superblock.i64(88), superblock.i64(164), superblock.u8(199), this::addChunk);
    long allocated =
        chunks.values().stream().mapToLong(each -> each.length() * each.copies().size()).sum();
    Unmapped.unless(
        allocated == superblock.i64(217),
        "its chunks take %d bytes, but its superblock tells of %d",
        allocated,
        superblock.i64(217));
    whole = superblock.i64(LOG_ROOT) != 0;
    if (!whole) {
      useExtents();
    }
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

  /** All copies of chunks in the order of the device. */
  private List<Placed> placed() {
    List<Placed> all = new ArrayList<>();
    int run = 0;
    for (Chunk chunk : chunks.values()) {
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
    while (nextMirror < MIRRORS.length && MIRRORS[nextMirror] <= start) {
      long mirror = MIRRORS[nextMirror++];
      free.add(usedUpTo, Math.min(deviceSize, mirror));
      usedUpTo = Math.max(usedUpTo, mirror + SUPERBLOCK_SIZE);
    }
    free.add(usedUpTo, Math.min(deviceSize, start));
    usedUpTo = Math.max(usedUpTo, end);
  }

  private void useExtents() throws Unmapped {
    walk("root tree", superblock.i64(80), superblock.i64(72), superblock.u8(198), this::findTree);
    Unmapped.unless(extentTree > 0, "it has no tree of extents");
    walk("extent tree", extentTree, extentGeneration, extentLevel, this::addExtent);
    useRun();
    Unmapped.unless(
        extentBytes == superblock.i64(120),
        "its extents take %d bytes, but its superblock tells of %d",
        extentBytes,
        superblock.i64(120));
  }

  /** Notes the present run, chunk by chunk. */
  private void useRun() throws Unmapped {
    for (long at = runStart; at < runEnd; ) {
      Chunk chunk = chunkOf(at);
      Unmapped.unless(chunk != null, "an extent lies outside its chunks");
      long to = Math.min(runEnd, chunk.end());
      runs.add(at, to);
      at = to;
    }
  }

  /** The chunk that holds a logical address, or null. */
  private Chunk chunkOf(long logical) {
    Map.Entry<Long, Chunk> before = chunks.floorEntry(logical);
    return before != null && before.getValue().holds(logical) ? before.getValue() : null;
  }

  private void addChunk(Structure node, int key, int at, int end) throws Unmapped {
    if (node.u8(key + 8) == CHUNK_ITEM) {
      Chunk chunk = chunk(node, key, at, end);
      Map.Entry<Long, Chunk> before = chunks.floorEntry(chunk.logical());
      Unmapped.unless(
          chunk.logical() >= 0
              && chunk.end() > chunk.logical()
              && (before == null || before.getValue().end() <= chunk.logical()),
          "its list of chunks is damaged");
      Unmapped.unless(chunks.size() < MOST_CHUNKS, "it has more than %d chunks", MOST_CHUNKS);
      chunks.put(chunk.logical(), chunk);
    }
  }

  private void findTree(Structure node, int key, int at, int end) throws Unmapped {
    if (node.i64(key) == EXTENT_TREE && node.u8(key + 8) == ROOT_ITEM) {
      Unmapped.unless(end - at >= 239, "its root tree is damaged");
      extentGeneration = node.i64(at + 160);
      extentTree = node.i64(at + 176);
      extentLevel = node.u8(at + 238);
    }
  }

  /** Extents come by their logical address, none over another. */
  private void addExtent(Structure node, int key, int at, int end) throws Unmapped {
    int type = node.u8(key + 8);
    if (type != EXTENT_ITEM && type != METADATA_ITEM) {
      return;
    }
    long start = node.i64(key);
    long length = type == METADATA_ITEM ? nodeSize : node.i64(key + 9);
    Unmapped.unless(
        start >= runEnd && length > 0 && length <= deviceSize && start + length > start,
        "its extent tree is damaged");
    extentBytes += length;
    if (start > runEnd) {
      useRun();
      runStart = start;
    }
    runEnd = start + length;
  }

  /** A chunk item, its key before it. */
  private Chunk chunk(Structure block, int key, int at, int end) throws Unmapped {
    Unmapped.unless(
        at + 48 <= end && block.u8(key + 8) == CHUNK_ITEM, "its list of chunks is damaged");
    int stripes = block.u16(at + 44);
    Unmapped.unless(stripes > 0 && at + 48 + 32 * stripes <= end, "its list of chunks is damaged");
    Unmapped.unless((block.i64(at + 24) & ~PROFILES) == 0, "a chunk is of a profile unknown here");
    long length = block.i64(at);
    List<Long> copies = new ArrayList<>();
    for (int i = 0; i < stripes; i++) {
      int stripe = at + 48 + 32 * i;
      long offset = block.i64(stripe + 8);
      Unmapped.unless(
          block.i64(stripe) == device && length > 0 && offset >= 0 && offset <= deviceSize - length,
          "a chunk lies outside");
      copies.add(offset);
    }
    return new Chunk(block.i64(key + 9), length, copies);
  }

  /** Takes an item of a leaf. */
  private interface Items {
    /**
     * @param key where in the node its key is
     * @param at where its data is
     * @param end where that ends, within the node
     */
    void take(Structure node, int key, int at, int end) throws Unmapped;
  }

  /** Reads a tree from left to right, proving each node. */
  private void walk(String tree, long logical, long generation, int level, Items items)
      throws Unmapped {
    // A forged tree may lead to the same node again and again; three trees are read.
    Unmapped.unless(++nodes <= 3 * (deviceSize / nodeSize), "its %s has no end", tree);
    Structure node = Structure.read(source, physical(logical, tree), nodeSize);
    check(node, "its " + tree);
    long count = node.u32(96);
    boolean sound =
        level <= MAX_LEVEL
            && node.i64(48) == logical
            && node.i64(80) == generation
            && node.u8(100) == level
            && NODE_HEADER + count * (level == 0 ? 25 : 33) <= nodeSize;
    Unmapped.unless(sound, "its %s is damaged", tree);
    for (int i = 0; i < count; i++) {
      if (level > 0) {
        int key = NODE_HEADER + 33 * i;
        walk(tree, node.i64(key + KEY), node.i64(key + KEY + 8), level - 1, items);
      } else {
        int key = NODE_HEADER + 25 * i;
        long at = NODE_HEADER + node.u32(key + KEY);
        long end = at + node.u32(key + KEY + 4);
        Unmapped.unless(end <= nodeSize, "its %s is damaged", tree);
        items.take(node, key, (int) at, (int) end);
      }
    }
  }

  private long physical(long logical, String tree) throws Unmapped {
    Chunk chunk = chunkOf(logical);
    for (Chunk each : system) {
      chunk = chunk == null && each.holds(logical) ? each : chunk;
    }
    Unmapped.unless(
        chunk != null && logical <= chunk.end() - nodeSize,
        "its %s leads outside its chunks",
        tree);
    return chunk.copies().get(0) + (logical - chunk.logical());
  }
}
