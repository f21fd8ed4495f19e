package blksh.filesystem;

/**
 * The superblock of ext2, ext3 and ext4 (kernel documentation, "ext4 Data Structures and
 * Algorithms") and the geometry that follows from it. Numbers are as they stand there: whoever uses
 * them makes sure first that they can be. Blocks and groups are counted from 0.
 *
 * @param blockSize bytes; 0 when there is no such size
 * @param blocks of the whole file system
 * @param firstBlock the first block of the first group
 * @param descriptorSize bytes a group descriptor takes
 * @param firstMetaBlock the first block of descriptors that lies in the groups it describes
 */
record ExtSuperblock(
    Structure bytes,
    int compatible,
    int incompatible,
    int readOnly,
    int blockSize,
    long blocks,
    long firstBlock,
    long blocksPerGroup,
    long inodesPerGroup,
    long inodes,
    int inodeSize,
    int descriptorSize,
    long firstMetaBlock) {

  /** Where it is, in bytes, and how long. */
  static final int POSITION = 1024;

  static final int LENGTH = 1024;

  // Compatible features.
  static final int HAS_JOURNAL = 0x4;
  static final int SPARSE_SUPER2 = 0x200;

  // Incompatible features.
  static final int FILETYPE = 0x2;
  static final int RECOVER = 0x4;
  static final int JOURNAL_DEVICE = 0x8;
  static final int META_BG = 0x10;
  static final int EXTENTS = 0x40;
  static final int WIDE = 0x80;
  static final int MMP = 0x100;
  static final int FLEX_BG = 0x200;
  static final int EA_INODE = 0x400;
  static final int CSUM_SEED = 0x2000;
  static final int LARGEDIR = 0x4000;
  static final int INLINE_DATA = 0x8000;
  static final int ENCRYPT = 0x10000;
  static final int CASEFOLD = 0x20000;

  // Features that forbid writing to whoever does not know them.
  static final int SPARSE_SUPER = 0x1;
  static final int GDT_CSUM = 0x10;
  static final int BIGALLOC = 0x200;
  static final int METADATA_CSUM = 0x400;
  static final int ORPHANS = 0x10000;

  private static final int MAGIC = 0xef53;
  private static final int OLD_INODE = 128;
  private static final int NARROW_DESCRIPTOR = 32;
  private static final int LARGEST_LOG_BLOCK = 6;

  static boolean isMarked(Head head) {
    return head.at(POSITION, LENGTH).u16(0x38) == MAGIC;
  }

  /** Whether there is more than a magic of two bytes to say so. */
  static boolean isPlausible(Head head) {
    ExtSuperblock superblock = of(head.at(POSITION, LENGTH));
    return isMarked(head) && superblock.blockSize > 0 && superblock.blocksPerGroup > 0;
  }

  static ExtSuperblock of(Structure bytes) {
    long logBlock = bytes.u32(0x18);
    int incompatible = bytes.i32(0x60);
    boolean wide = (incompatible & WIDE) != 0;
    return new ExtSuperblock(
        bytes,
        bytes.i32(0x5c),
        incompatible,
        bytes.i32(0x64),
        logBlock > LARGEST_LOG_BLOCK ? 0 : 1024 << logBlock,
        bytes.u32(4) | (wide ? bytes.u32(0x150) << 32 : 0),
        bytes.u32(0x14),
        bytes.u32(0x20),
        bytes.u32(0x28),
        bytes.u32(0),
        bytes.u32(0x4c) == 0 ? OLD_INODE : bytes.u16(0x58),
        wide ? bytes.u16(0xfe) : NARROW_DESCRIPTOR,
        (incompatible & META_BG) != 0 ? bytes.u32(0x104) : Long.MAX_VALUE);
  }

  /** The name mount(8) has for it. */
  String type() {
    if (hasIncompatible(EXTENTS | WIDE | FLEX_BG)) {
      return "ext4";
    }
    return (compatible & HAS_JOURNAL) != 0 ? "ext3" : "ext2";
  }

  String label() {
    return Volume.label(bytes.bytes(0x78, 16));
  }

  /** Whether it has any of these features. */
  boolean hasIncompatible(int features) {
    return (incompatible & features) != 0;
  }

  boolean hasReadOnly(int features) {
    return (readOnly & features) != 0;
  }

  boolean isWide() {
    return hasIncompatible(WIDE);
  }

  long groups() {
    return (blocks - firstBlock + blocksPerGroup - 1) / blocksPerGroup;
  }

  /** The first block of a group. */
  long groupStart(long group) {
    return firstBlock + group * blocksPerGroup;
  }

  /** Group descriptors a block holds. */
  int perBlock() {
    return blockSize / descriptorSize;
  }

  /** Where a block of the group descriptor table lies, the first being 0. */
  long descriptorBlock(long index) {
    if (index < firstMetaBlock) {
      return firstBlock + 1 + index + shift();
    }
    long group = index * perBlock();
    return groupStart(group) + (hasSuperblock(group) ? 1 : 0) + (group == 0 ? shift() : 0);
  }

  /** With blocks of 1 KiB the superblock is block 1, also where the first group begins at 0. */
  private int shift() {
    return blockSize == POSITION && firstBlock == 0 ? 1 : 0;
  }

  /** Whether a group begins with a copy of the superblock. */
  boolean hasSuperblock(long group) {
    if (group == 0) {
      return true;
    }
    if ((compatible & SPARSE_SUPER2) != 0) {
      return group == bytes.u32(0x24c) || group == bytes.u32(0x250);
    }
    if (!hasReadOnly(SPARSE_SUPER)) {
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

  /** Blocks at the start of a group for copies of the superblock and the descriptors. */
  long copies(long group) {
    boolean copy = hasSuperblock(group);
    if (group / perBlock() >= firstMetaBlock) {
      long within = group % perBlock();
      boolean descriptors = within == 0 || within == 1 || within == perBlock() - 1;
      return (copy ? 1 : 0) + (descriptors ? 1 : 0);
    }
    if (!copy) {
      return 0;
    }
    long table = Math.min((groups() + perBlock() - 1) / perBlock(), firstMetaBlock);
    return 1 + table + bytes.u16(0xce);
  }
}
