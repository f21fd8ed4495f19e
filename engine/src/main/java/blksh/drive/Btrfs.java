package blksh.drive;

import blksh.block.BlockSource;
import blksh.block.Sha256;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.zip.CRC32C;

/**
 * btrfs (its documentation, "On-disk Format") on one device: what no chunk lies on is free. Blocks
 * free within a chunk count as used. The chunks must add up to what the device says is allocated.
 */
final class Btrfs implements FileSystem {

  private static final int SUPERBLOCK = 64 << 10;
  private static final int SUPERBLOCK_SIZE = 4096;
  private static final long[] MIRRORS = {64L << 20, 256L << 30};

  /** Never allocated, but boot loaders live there. */
  private static final long RESERVED = 1 << 20;

  private static final long INCOMPATIBLE = 0x10fff;
  private static final int CHUNK_ITEM = 228;
  private static final int KEY = 17;
  private static final int NODE_HEADER = 101;
  private static final int MAX_LEVEL = 7;

  /** Data, system and metadata, once or twice on the device. */
  private static final long PROFILES = 0x1 | 0x2 | 0x4 | 0x20;

  @Override
  public String recognise(Bytes head) {
    return head.has(SUPERBLOCK + 0x40, "_BHRfS_M") ? "btrfs" : null;
  }

  @Override
  public FreeRanges free(BlockSource source, Bytes head) throws Unmapped {
    return new Volume(source, Bytes.read(source, SUPERBLOCK, SUPERBLOCK_SIZE)).free();
  }

  /** Where a chunk's copies lie on the device. */
  private record Chunk(long logical, long length, List<Long> copies) {}

  private record Range(long start, long end) {}

  private static final class Volume {
    private final BlockSource source;
    private final Bytes superblock;
    private final int checksum;
    private final int nodeSize;
    private final long device;
    private final long deviceSize;
    private final List<Chunk> system = new ArrayList<>();
    private final List<Range> used = new ArrayList<>();

    Volume(BlockSource source, Bytes superblock) throws Unmapped {
      this.source = source;
      this.superblock = superblock;
      checksum = superblock.u16(196);
      check(superblock, "its superblock");
      Unmapped.unless(superblock.u64(48) == SUPERBLOCK, "its superblock makes no sense");
      Unmapped.unless(superblock.u64(136) == 1, "it is on several devices");
      Unmapped.unless(
          superblock.u64(56) == 1 && (superblock.u64(188) & ~INCOMPATIBLE) == 0,
          "it has features unknown here");
      nodeSize = superblock.s32(148);
      device = superblock.u64(201);
      deviceSize = superblock.u64(209);
      Unmapped.unless(
          nodeSize >= 4096
              && nodeSize <= 65536
              && Integer.bitCount(nodeSize) == 1
              && deviceSize > RESERVED
              && deviceSize <= source.size(),
          "its superblock makes no sense");
    }

    private void check(Bytes block, String what) throws Unmapped {
      byte[] bytes = block.array();
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

    FreeRanges free() throws Unmapped {
      int end = 0x32b + superblock.s32(160);
      Unmapped.unless(end > 0x32b && end <= SUPERBLOCK_SIZE, "its superblock makes no sense");
      for (int at = 0x32b; at < end; ) {
        Chunk chunk = chunk(superblock, at, at + KEY, end);
        system.add(chunk);
        at += KEY + 48 + 32 * superblock.u16(at + KEY + 44);
      }
      walk(superblock.u64(0x58), superblock.u8(199));
      long allocated = used.stream().mapToLong(range -> range.end() - range.start()).sum();
      Unmapped.unless(
          allocated == superblock.u64(217),
          "its chunks take %d bytes, but its superblock tells of %d",
          allocated,
          superblock.u64(217));
      used.add(new Range(0, RESERVED));
      for (long mirror : MIRRORS) {
        used.add(new Range(mirror, mirror + SUPERBLOCK_SIZE));
      }
      used.sort(Comparator.comparingLong(Range::start));
      FreeRanges free = new FreeRanges();
      long at = 0;
      for (Range range : used) {
        free.add(at, Math.min(deviceSize, range.start()));
        at = Math.max(at, range.end());
      }
      free.add(at, deviceSize);
      return free;
    }

    /** A chunk item, its key before it. */
    private Chunk chunk(Bytes block, int key, int at, int end) throws Unmapped {
      Unmapped.unless(
          at + 48 <= end && block.u8(key + 8) == CHUNK_ITEM, "its list of chunks is damaged");
      int stripes = block.u16(at + 44);
      Unmapped.unless(
          stripes > 0 && at + 48 + 32 * stripes <= end, "its list of chunks is damaged");
      Unmapped.unless(
          (block.u64(at + 24) & ~PROFILES) == 0, "a chunk is of a profile unknown here");
      long length = block.u64(at);
      List<Long> copies = new ArrayList<>();
      for (int i = 0; i < stripes; i++) {
        int stripe = at + 48 + 32 * i;
        long offset = block.u64(stripe + 8);
        Unmapped.unless(
            block.u64(stripe) == device
                && length > 0
                && offset >= 0
                && offset <= deviceSize - length,
            "a chunk lies outside");
        copies.add(offset);
      }
      return new Chunk(block.u64(key + 9), length, copies);
    }

    private void walk(long logical, int level) throws Unmapped {
      Unmapped.unless(level <= MAX_LEVEL, "its chunk tree is damaged");
      Bytes node = Bytes.read(source, physical(logical), nodeSize);
      check(node, "its chunk tree");
      long items = node.u32(96);
      Unmapped.unless(
          node.u64(48) == logical
              && node.u8(100) == level
              && NODE_HEADER + items * (level == 0 ? 25 : 33) <= nodeSize,
          "its chunk tree is damaged");
      for (int i = 0; i < items; i++) {
        if (level > 0) {
          walk(node.u64(NODE_HEADER + 33 * i + KEY), level - 1);
          continue;
        }
        int key = NODE_HEADER + 25 * i;
        if (node.u8(key + 8) == CHUNK_ITEM) {
          long at = NODE_HEADER + node.u32(key + KEY);
          long end = at + node.u32(key + KEY + 4);
          Unmapped.unless(end <= nodeSize, "its chunk tree is damaged");
          Chunk chunk = chunk(node, key, (int) at, (int) end);
          for (long copy : chunk.copies()) {
            used.add(new Range(copy, copy + chunk.length()));
          }
        }
      }
    }

    private long physical(long logical) throws Unmapped {
      for (Chunk chunk : system) {
        long within = logical - chunk.logical();
        if (within >= 0 && within <= chunk.length() - nodeSize) {
          return chunk.copies().get(0) + within;
        }
      }
      throw new Unmapped("its chunk tree leads outside its system chunks");
    }
  }
}
