package blksh.filesystem;

import blksh.block.BlockSource;

/**
 * XFS ("XFS Algorithms and Data Structures"): each allocation group has a B+tree of its free
 * extents by block number. The trees are right only when the log ends in an unmount record. Each
 * group's free count must agree with its tree, and in version 5 every checksum must.
 */
final class XfsFreeTrees {

  private static final int NONE = 0xffffffff;
  private static final int BASIC_BLOCK = XfsSuperblock.BASIC_BLOCK;
  private static final int RECORD_MAGIC = 0xfeedbabe;
  private static final int RECORD_HEADER_SPAN = 32 << 10;
  private static final int UNMOUNT = 0x20;
  private static final int LOG_CHUNK = 1 << 20;

  private static final long READ_ONLY = 0xf;

  /** All released by now but the one that asks for a repair, 0x10. */
  private static final long INCOMPATIBLE = 0xef;

  private static final int MAX_LEVELS = 9;

  private final BlockSource source;
  private final XfsSuperblock superblock;
  private final boolean checksums;
  private final int blockSize;
  private final int sector;
  private final long blocks;
  private final long groupBlocks;
  private final FreeRanges free = new FreeRanges();

  private XfsFreeTrees(BlockSource source, XfsSuperblock superblock) throws Unmapped {
    this.source = source;
    this.superblock = superblock;
    int version = superblock.version();
    Unmapped.unless(
        version == XfsSuperblock.OLD_VERSION || version == XfsSuperblock.CHECKED_VERSION,
        "its version is unknown");
    checksums = superblock.isChecked();
    blockSize = superblock.blockSize();
    sector = superblock.sector();
    blocks = superblock.blocks();
    groupBlocks = superblock.groupBlocks();
    Unmapped.unless(
        superblock.hasGeometry() && blocks <= source.size() / blockSize,
        "its superblock makes no sense");
    Unmapped.unless(!superblock.isUnfinished(), "it was not made to the end");
    if (checksums) {
      Structure bytes = superblock.bytes();
      Unmapped.unless(
          (bytes.u32(212) & ~READ_ONLY) == 0
              && (bytes.u32(216) & ~INCOMPATIBLE) == 0
              && bytes.u32(220) == 0,
          "it has features unknown here");
      checkSum(Structure.read(source, 0, sector), XfsSuperblock.CHECKSUM, "its superblock");
    }
  }

  static FreeRanges free(BlockSource source, Head head) throws Unmapped {
    return new XfsFreeTrees(source, XfsSuperblock.of(head)).free();
  }

  private FreeRanges free() throws Unmapped {
    checkLog();
    for (long group = 0; group < superblock.groups(); group++) {
      group(group);
    }
    return free;
  }

  private static void checkSum(Structure block, int at, String what) throws Unmapped {
    Unmapped.unless(XfsSuperblock.isSummed(block, at), "%s fails its checksum", what);
  }

  private void group(long group) throws Unmapped {
    long base = group * groupBlocks;
    Structure raw = Structure.read(source, base * blockSize + sector, sector);
    Structure header = raw.bigEndian();
    long length = Math.min(groupBlocks, blocks - base);
    String name = "the header of group " + group;
    Unmapped.unless(
        header.has(0, "XAGF") && header.u32(8) == group && header.u32(12) == length,
        "%s makes no sense",
        name);
    if (checksums) {
      checkSum(raw, 216, name);
    }
    int levels = header.i32(28);
    Unmapped.unless(levels > 0 && levels <= MAX_LEVELS, "%s makes no sense", name);
    Structure block = node(group, header.u32(16), length, levels - 1);
    for (int level = levels - 2; level >= 0; level--) {
      block = node(group, firstChild(block), length, level);
    }
    leaves(group, block, length, header.u32(52));
  }

  private long firstChild(Structure node) {
    int most = (blockSize - headerSize()) / 12;
    return node.u32(headerSize() + 8 * most);
  }

  private int headerSize() {
    return checksums ? 56 : 16;
  }

  private Structure node(long group, long number, long length, int level) throws Unmapped {
    Unmapped.unless(number > 0 && number < length, "a tree of group %d leads outside", group);
    long position = (group * groupBlocks + number) * blockSize;
    Structure raw = Structure.read(source, position, blockSize);
    Structure block = raw.bigEndian();
    int most = (blockSize - headerSize()) / (level == 0 ? 8 : 12);
    Unmapped.unless(
        block.has(0, checksums ? "AB3B" : "ABTB")
            && block.u16(4) == level
            && block.u16(6) <= most
            && (level == 0 || block.u16(6) > 0),
        "a tree of group %d is damaged",
        group);
    if (checksums) {
      Unmapped.unless(
          block.i64(16) == position / BASIC_BLOCK && block.u32(48) == group,
          "a tree of group %d leads astray",
          group);
      checkSum(raw, 52, "a tree of group " + group);
    }
    return block;
  }

  private void leaves(long group, Structure first, long length, long expected) throws Unmapped {
    long base = group * groupBlocks;
    long end = 0;
    long found = 0;
    Structure leaf = first;
    while (true) {
      for (int i = 0; i < leaf.u16(6); i++) {
        long start = leaf.u32(headerSize() + 8 * i);
        long count = leaf.u32(headerSize() + 8 * i + 4);
        Unmapped.unless(
            count > 0 && start >= end && start + count <= length,
            "a tree of group %d is out of order",
            group);
        free.add((base + start) * blockSize, (base + start + count) * blockSize);
        end = start + count;
        found += count;
      }
      if (leaf.i32(12) == NONE) {
        break;
      }
      Unmapped.unless(leaf.u16(6) > 0, "a tree of group %d is damaged", group);
      leaf = node(group, leaf.u32(12), length, 0);
    }
    Unmapped.unless(
        found == expected,
        "%d blocks of group %d are free, but its header tells of %d",
        found,
        group,
        expected);
  }

  /** The newest record of the log must say that the file system was unmounted. */
  private void checkLog() throws Unmapped {
    long start = superblock.bytes().i64(48);
    long size = superblock.bytes().u32(96) * blockSize;
    Unmapped.unless(start != 0 && size > 0, "its log is on another device");
    int shift = superblock.groupBits();
    Unmapped.unless(shift > 0 && shift < 32, "its superblock makes no sense");
    long block = (start >>> shift) * groupBlocks + (start & (1L << shift) - 1);
    long log = block * blockSize;
    Unmapped.unless(log >= 0 && log <= source.size() - size, "its log lies outside");
    long newest = -1;
    boolean unmounted = false;
    for (long at = 0; at < size; at += LOG_CHUNK) {
      Structure chunk =
          Structure.read(source, log + at, (int) Math.min(LOG_CHUNK, size - at)).bigEndian();
      for (int i = 0; i < chunk.length(); i += BASIC_BLOCK) {
        if (chunk.i32(i) == RECORD_MAGIC) {
          long sequence = chunk.i64(i + 16);
          boolean own = (sequence & 0xffffffffL) == (at + i) / BASIC_BLOCK;
          if (own && sequence > newest) {
            newest = sequence;
            unmounted = isUnmount(chunk, i, log, size, at + i);
          }
        }
      }
    }
    Unmapped.unless(unmounted, "its log was not replayed");
  }

  private boolean isUnmount(Structure chunk, int i, long log, long size, long at) throws Unmapped {
    if (chunk.i32(i + 40) != 1) {
      return false;
    }
    long span = (chunk.i32(i + 8) & 2) != 0 ? chunk.u32(i + 320) : RECORD_HEADER_SPAN;
    long headers = Math.max(1, (span + RECORD_HEADER_SPAN - 1) / RECORD_HEADER_SPAN);
    long operation = (at + headers * BASIC_BLOCK) % size;
    return (Structure.read(source, log + operation, BASIC_BLOCK).u8(9) & UNMOUNT) != 0;
  }
}
