package blksh.filesystem;

import blksh.block.BlockSource;

/**
 * The free blocks of ext2, ext3 and ext4: a bitmap for each block group, except where a group is
 * marked as never initialised and holds only what every such group holds. Each group's free count,
 * and their sum, must agree with the bitmaps.
 */
final class ExtBitmaps {

  /** Compatible features that do not change what the bitmaps mean. */
  private static final long COMPATIBLE = 0x1e3f;

  private static final long INCOMPATIBLE = 0x3e7d2;

  /** Bit 7 (snapshots) and bit 11 (replicas) were never released. */
  private static final long READ_ONLY = 0xf77f;

  private static final int BLOCK_UNINIT = 2;

  private final BlockSource source;
  private final ExtSuperblock superblock;
  private final int blockSize;
  private final int clusterBlocks;
  private final FreeRanges free = new FreeRanges();
  private long freeClusters;

  private ExtBitmaps(BlockSource source, ExtSuperblock superblock) throws Unmapped {
    this.source = source;
    this.superblock = superblock;
    checkFeatures();
    blockSize = superblock.blockSize();
    Unmapped.unless(blockSize > 0, "its block size is unknown");
    boolean bigalloc = superblock.hasReadOnly(ExtSuperblock.BIGALLOC);
    long logBlock = superblock.bytes().u32(0x18);
    long logCluster = bigalloc ? superblock.bytes().u32(0x1c) : logBlock;
    Unmapped.unless(
        logCluster >= logBlock && logCluster - logBlock <= 20, "its cluster size is unknown");
    clusterBlocks = 1 << (logCluster - logBlock);
    long clusters = bigalloc ? superblock.bytes().u32(0x24) : superblock.blocksPerGroup();
    long firstBlock = superblock.firstBlock();
    Unmapped.unless(
        clusters > 0
            && clusters <= 8L * blockSize
            && clusters * clusterBlocks == superblock.blocksPerGroup()
            && firstBlock == (blockSize == 1024 && clusterBlocks == 1 ? 1 : 0)
            && superblock.blocks() > firstBlock
            && superblock.blocks() <= source.size() / blockSize,
        "its superblock makes no sense");
    int descriptorSize = superblock.descriptorSize();
    Unmapped.unless(
        descriptorSize >= 32
            && descriptorSize <= 1024
            && Integer.bitCount(descriptorSize) == 1
            && (!superblock.isWide() || descriptorSize >= 64),
        "its group descriptors are of unknown size");
  }

  static FreeRanges free(BlockSource source) throws Unmapped {
    Structure bytes = Structure.read(source, ExtSuperblock.POSITION, ExtSuperblock.LENGTH);
    return new ExtBitmaps(source, ExtSuperblock.of(bytes)).free();
  }

  private void checkFeatures() throws Unmapped {
    int incompatible = superblock.incompatible();
    int readOnly = superblock.readOnly();
    long unknown =
        (superblock.compatible() & 0xffffffffL & ~COMPATIBLE)
            | (incompatible
                & 0xffffffffL
                & ~(INCOMPATIBLE | ExtSuperblock.RECOVER | ExtSuperblock.JOURNAL_DEVICE))
            | (readOnly & 0xffffffffL & ~(READ_ONLY | ExtSuperblock.ORPHANS));
    Unmapped.unless(
        !superblock.hasIncompatible(ExtSuperblock.JOURNAL_DEVICE),
        "it is the journal of another file system");
    Unmapped.unless(unknown == 0, "it has features unknown here");
    Unmapped.unless(
        !superblock.hasIncompatible(ExtSuperblock.RECOVER), "its journal was not replayed");
    int state = superblock.bytes().u16(0x3a);
    Unmapped.unless(
        (state & 1) != 0 && (state & 2) == 0 && !superblock.hasReadOnly(ExtSuperblock.ORPHANS),
        "it was not unmounted cleanly");
  }

  private FreeRanges free() throws Unmapped {
    long expected = field(superblock.bytes(), 0xc, 0, 0x14c);
    long found = 0;
    Structure descriptors = null;
    for (long group = 0; group < superblock.groups(); group++) {
      if (group % superblock.perBlock() == 0) {
        long block = superblock.descriptorBlock(group / superblock.perBlock());
        descriptors = Structure.read(source, block * blockSize, blockSize);
      }
      found +=
          group(
              group,
              descriptors,
              (int) (group % superblock.perBlock()) * superblock.descriptorSize());
    }
    // A cluster cut off by the end counts as a whole one in the superblock.
    Unmapped.unless(
        found == expected || freeClusters * clusterBlocks == expected,
        "%d blocks are free, but its superblock tells of %d",
        found,
        expected);
    return free;
  }

  /** Adds a group's free blocks and returns how many they are. */
  private long group(long group, Structure descriptors, int at) throws Unmapped {
    long start = superblock.groupStart(group);
    long end = Math.min(superblock.blocks(), superblock.groupStart(group + 1));
    int flags = descriptors.u16(at + 0x12);
    boolean checksums =
        superblock.hasReadOnly(ExtSuperblock.GDT_CSUM | ExtSuperblock.METADATA_CSUM);
    Structure bitmap;
    if (checksums && (flags & BLOCK_UNINIT) != 0) {
      bitmap = uninitialised(group, start, end, descriptors, at);
    } else {
      long block = field(descriptors, at, 0, 0x20);
      Unmapped.unless(
          block > 0 && block < superblock.blocks(), "the bitmap of group %d lies outside", group);
      bitmap = Structure.read(source, block * blockSize, blockSize);
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
        descriptors.u16(at + 0xc)
            | (superblock.isWide() ? (long) descriptors.u16(at + 0x2c) << 16 : 0);
    Unmapped.unless(
        counted == freeHere,
        "%d clusters of group %d are free, but its descriptor tells of %d",
        freeHere,
        group,
        counted);
    freeClusters += freeHere;
    return found;
  }

  /** A number in two halves. */
  private long field(Structure bytes, int at, int low, int high) {
    return bytes.u32(at + low) | (superblock.isWide() ? bytes.u32(at + high) << 32 : 0);
  }

  /** The bitmap of a group whose bitmap was never written: its own metadata and nothing else. */
  private Structure uninitialised(long group, long start, long end, Structure descriptors, int at) {
    Structure bitmap = Structure.of(new byte[blockSize]);
    mark(bitmap, start, end, start, superblock.copies(group));
    mark(bitmap, start, end, field(descriptors, at, 0, 0x20), 1);
    mark(bitmap, start, end, field(descriptors, at, 4, 0x24), 1);
    long inodes = superblock.inodesPerGroup() * superblock.inodeSize();
    long table = (inodes + blockSize - 1) / blockSize;
    mark(bitmap, start, end, field(descriptors, at, 8, 0x28), table);
    return bitmap;
  }

  private void mark(Structure bitmap, long start, long end, long first, long count) {
    for (long block = Math.max(start, first); block < Math.min(end, first + count); block++) {
      bitmap.setBit((block - start) / clusterBlocks);
    }
  }
}
