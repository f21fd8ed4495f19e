package blksh.filesystem;

import blksh.block.BlockSource;

/**
 * ext2, ext3 and ext4 (kernel documentation, "ext4 Data Structures and Algorithms"): a bitmap for
 * each block group, except where a group is marked as never initialised and holds only what every
 * such group holds. Each group's free count, and their sum, must agree with the bitmaps.
 */
final class Ext implements FileSystem {

  private static final int SUPERBLOCK = 1024;

  private static final int HAS_JOURNAL = 0x4;
  private static final int SPARSE_SUPER2 = 0x200;

  /** Compatible features that do not change what the bitmaps mean. */
  private static final long COMPATIBLE = 0x1e3f;

  private static final int RECOVER = 0x4;
  private static final int META_BG = 0x10;
  private static final int EXTENTS = 0x40;
  private static final int WIDE = 0x80;
  private static final int FLEX_BG = 0x200;

  private static final long INCOMPATIBLE = 0x3e7d2;

  private static final int SPARSE_SUPER = 0x1;
  private static final int GDT_CSUM = 0x10;
  private static final int BIGALLOC = 0x200;
  private static final int METADATA_CSUM = 0x400;
  private static final int ORPHANS = 0x10000;

  /** Bit 7 (snapshots) and bit 11 (replicas) were never released. */
  private static final long READ_ONLY = 0xf77f;

  private static final int BLOCK_UNINIT = 2;

  @Override
  public String recognise(Bytes head) {
    if (head.u16(SUPERBLOCK + 0x38) != 0xef53) {
      return null;
    }
    long incompatible = head.u32(SUPERBLOCK + 0x60);
    if ((incompatible & (EXTENTS | WIDE | FLEX_BG)) != 0) {
      return "ext4";
    }
    return (head.u32(SUPERBLOCK + 0x5c) & HAS_JOURNAL) != 0 ? "ext3" : "ext2";
  }

  @Override
  public FreeRanges free(BlockSource source, Bytes head) throws Unmapped {
    return new Volume(source, Bytes.read(source, SUPERBLOCK, 1024)).free();
  }

  /** One file system and its geometry. Blocks and groups are counted from 0. */
  private static final class Volume {
    private final BlockSource source;
    private final Bytes superblock;
    private final int compatible;
    private final int incompatible;
    private final int readOnly;
    private final int blockSize;
    private final long blocks;
    private final long firstBlock;
    private final long blocksPerGroup;
    private final int clustersPerGroup;
    private final int clusterBlocks;
    private final int descriptorSize;
    private final int perBlock;
    private final long groups;
    private final FreeRanges free = new FreeRanges();
    private long freeClusters;

    Volume(BlockSource source, Bytes superblock) throws Unmapped {
      this.source = source;
      this.superblock = superblock;
      boolean dynamic = superblock.u32(0x4c) != 0;
      compatible = dynamic ? superblock.s32(0x5c) : 0;
      incompatible = dynamic ? superblock.s32(0x60) : 0;
      readOnly = dynamic ? superblock.s32(0x64) : 0;
      checkFeatures();
      long logBlock = superblock.u32(0x18);
      Unmapped.unless(logBlock <= 6, "its block size is unknown");
      blockSize = 1024 << logBlock;
      blocks = superblock.u32(4) | (wide() ? superblock.u32(0x150) << 32 : 0);
      firstBlock = superblock.u32(0x14);
      blocksPerGroup = superblock.u32(0x20);
      long logCluster = has(readOnly, BIGALLOC) ? superblock.u32(0x1c) : logBlock;
      Unmapped.unless(
          logCluster >= logBlock && logCluster - logBlock <= 20, "its cluster size is unknown");
      clusterBlocks = 1 << (logCluster - logBlock);
      long clusters = has(readOnly, BIGALLOC) ? superblock.u32(0x24) : blocksPerGroup;
      Unmapped.unless(
          clusters > 0
              && clusters <= 8L * blockSize
              && clusters * clusterBlocks == blocksPerGroup
              && firstBlock == (blockSize == 1024 && clusterBlocks == 1 ? 1 : 0)
              && blocks > firstBlock
              && blocks <= source.size() / blockSize,
          "its superblock makes no sense");
      clustersPerGroup = (int) clusters;
      descriptorSize = wide() ? superblock.u16(0xfe) : 32;
      Unmapped.unless(
          descriptorSize >= 32
              && descriptorSize <= 1024
              && Integer.bitCount(descriptorSize) == 1
              && (!wide() || descriptorSize >= 64),
          "its group descriptors are of unknown size");
      perBlock = blockSize / descriptorSize;
      groups = (blocks - firstBlock + blocksPerGroup - 1) / blocksPerGroup;
    }

    private void checkFeatures() throws Unmapped {
      long unknown =
          (compatible & 0xffffffffL & ~COMPATIBLE)
              | (incompatible & 0xffffffffL & ~(INCOMPATIBLE | RECOVER | 8))
              | (readOnly & 0xffffffffL & ~(READ_ONLY | ORPHANS));
      Unmapped.unless((incompatible & 8) == 0, "it is the journal of another file system");
      Unmapped.unless(unknown == 0, "it has features unknown here");
      Unmapped.unless(!has(incompatible, RECOVER), "its journal was not replayed");
      int state = superblock.u16(0x3a);
      Unmapped.unless(
          (state & 1) != 0 && (state & 2) == 0 && !has(readOnly, ORPHANS),
          "it was not unmounted cleanly");
    }

    private static boolean has(int features, int feature) {
      return (features & feature) != 0;
    }

    private boolean wide() {
      return has(incompatible, WIDE);
    }

    FreeRanges free() throws Unmapped {
      long expected = superblock.u32(0xc) | (wide() ? superblock.u32(0x158) << 32 : 0);
      long found = 0;
      Bytes descriptors = null;
      for (long group = 0; group < groups; group++) {
        if (group % perBlock == 0) {
          long block = descriptorBlock(group / perBlock);
          descriptors = Bytes.read(source, block * blockSize, blockSize);
        }
        found += group(group, descriptors, (int) (group % perBlock) * descriptorSize);
      }
      // A cluster cut off by the end counts as a whole one in the superblock.
      Unmapped.unless(
          found == expected || freeClusters * clusterBlocks == expected,
          "%d blocks are free, but its superblock tells of %d",
          found,
          expected);
      return free;
    }

    /** Where a block of the group descriptor table lies. */
    private long descriptorBlock(long index) {
      if (!has(incompatible, META_BG) || index < superblock.u32(0x104)) {
        return firstBlock + 1 + index + (blockSize == 1024 && firstBlock == 0 ? 1 : 0);
      }
      long group = index * perBlock;
      long first = firstBlock + group * blocksPerGroup;
      boolean shifted = blockSize == 1024 && firstBlock == 0 && group == 0;
      return first + (hasSuperblock(group) ? 1 : 0) + (shifted ? 1 : 0);
    }

    private boolean hasSuperblock(long group) {
      if (group == 0) {
        return true;
      }
      if (has(compatible, SPARSE_SUPER2)) {
        return group == superblock.u32(0x24c) || group == superblock.u32(0x250);
      }
      if (!has(readOnly, SPARSE_SUPER)) {
        return true;
      }
      return group == 1 || isPower(group, 3) || isPower(group, 5) || isPower(group, 7);
    }

    private static boolean isPower(long number, int base) {
      long rest = number;
      while (rest % base == 0) {
        rest /= base;
      }
      return rest == 1;
    }

    /** Adds a group's free blocks and returns how many they are. */
    private long group(long group, Bytes descriptors, int at) throws Unmapped {
      long start = firstBlock + group * blocksPerGroup;
      long end = Math.min(blocks, start + blocksPerGroup);
      int flags = descriptors.u16(at + 0x12);
      boolean checksums = has(readOnly, GDT_CSUM) || has(readOnly, METADATA_CSUM);
      Bytes bitmap;
      if (checksums && (flags & BLOCK_UNINIT) != 0) {
        bitmap = uninitialised(group, start, end, descriptors, at);
      } else {
        long block = field(descriptors, at, 0, 0x20);
        Unmapped.unless(block > 0 && block < blocks, "the bitmap of group %d lies outside", group);
        bitmap = Bytes.read(source, block * blockSize, blockSize);
      }
      long freeHere = 0;
      int clusters = (int) ((end - start + clusterBlocks - 1) / clusterBlocks);
      long found = 0;
      for (int i = 0; i < clusters; i++) {
        if (!bitmap.bit(i)) {
          long from = start + (long) i * clusterBlocks;
          long to = Math.min(end, from + clusterBlocks);
          free.add(from * blockSize, to * blockSize);
          found += to - from;
          freeHere++;
        }
      }
      long counted =
          descriptors.u16(at + 0xc) | (wide() ? (long) descriptors.u16(at + 0x2c) << 16 : 0);
      Unmapped.unless(
          counted == freeHere,
          "%d clusters of group %d are free, but its descriptor tells of %d",
          freeHere,
          group,
          counted);
      freeClusters += freeHere;
      return found;
    }

    /** A block number in two halves. */
    private long field(Bytes descriptors, int at, int low, int high) {
      return descriptors.u32(at + low) | (wide() ? descriptors.u32(at + high) << 32 : 0);
    }

    /** The bitmap of a group whose bitmap was never written: its own metadata and nothing else. */
    private Bytes uninitialised(long group, long start, long end, Bytes descriptors, int at) {
      Bytes bitmap = Bytes.of(new byte[blockSize]);
      mark(bitmap, start, end, start, copies(group));
      mark(bitmap, start, end, field(descriptors, at, 0, 0x20), 1);
      mark(bitmap, start, end, field(descriptors, at, 4, 0x24), 1);
      long inodes = superblock.u32(0x28) * inodeSize();
      long table = (inodes + blockSize - 1) / blockSize;
      mark(bitmap, start, end, field(descriptors, at, 8, 0x28), table);
      return bitmap;
    }

    private long inodeSize() {
      return superblock.u32(0x4c) == 0 ? 128 : superblock.u16(0x58);
    }

    private void mark(Bytes bitmap, long start, long end, long first, long count) {
      for (long block = Math.max(start, first); block < Math.min(end, first + count); block++) {
        bitmap.setBit((block - start) / clusterBlocks);
      }
    }

    /** Blocks at the start of a group for copies of the superblock and the descriptors. */
    private long copies(long group) {
      long firstMeta = has(incompatible, META_BG) ? superblock.u32(0x104) : Long.MAX_VALUE;
      long index = group / perBlock;
      boolean copy = hasSuperblock(group);
      if (index >= firstMeta) {
        long within = group % perBlock;
        boolean descriptors = within == 0 || within == 1 || within == perBlock - 1;
        return (copy ? 1 : 0) + (descriptors ? 1 : 0);
      }
      if (!copy) {
        return 0;
      }
      long table = Math.min((groups + perBlock - 1) / perBlock, firstMeta);
      return 1 + table + superblock.u16(0xce);
    }
  }
}
