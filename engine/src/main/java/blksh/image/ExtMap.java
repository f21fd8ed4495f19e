package blksh.image;

import blksh.block.BlockSource;
import java.nio.ByteBuffer;
import java.util.Optional;

/** Which blocks an ext2, ext3 or ext4 file system uses, by its block bitmaps. */
final class ExtMap {

  private static final int SUPERBLOCK = 1024;
  private static final int SUPERBLOCK_SIZE = 1024;

  private static final int INCOMPAT_RECOVER = 0x4;
  private static final int INCOMPAT_JOURNAL_DEVICE = 0x8;
  private static final int INCOMPAT_META_BG = 0x10;
  private static final int INCOMPAT_64BIT = 0x80;
  private static final int RO_SPARSE_SUPER = 0x1;
  private static final int RO_GDT_CSUM = 0x10;
  private static final int RO_BIGALLOC = 0x200;
  private static final int RO_METADATA_CSUM = 0x400;
  private static final int COMPAT_SPARSE_SUPER2 = 0x200;
  private static final int BLOCK_UNINIT = 0x2;

  /** Blocks no group has fewer of, except the last. */
  private static final int SMALLEST_GROUP = 256;

  private final BlockSource source;
  private final HeaderBytes superblock;
  private final int blockSize;
  private final long blocks;
  private final long firstBlock;
  private final long perGroup;
  private final long groups;
  private final int descriptorSize;
  private final int clusterBlocks;
  private final int incompat;
  private final int roCompat;

  private ExtMap(BlockSource source, HeaderBytes superblock) {
    this.source = source;
    this.superblock = superblock;
    this.incompat = superblock.i32(0x60);
    this.roCompat = superblock.i32(0x64);
    this.blockSize = 1024 << superblock.i32(0x18);
    boolean large = (incompat & INCOMPAT_64BIT) != 0;
    this.blocks = superblock.u32(0x4) | (large ? superblock.u32(0x150) << 32 : 0);
    this.firstBlock = superblock.u32(0x14);
    this.perGroup = superblock.u32(0x20);
    this.groups = perGroup == 0 ? 0 : (blocks - firstBlock + perGroup - 1) / perGroup;
    this.descriptorSize = large ? superblock.u16(0xFE) : 32;
    int ratio = superblock.i32(0x1C) - superblock.i32(0x18);
    this.clusterBlocks = (roCompat & RO_BIGALLOC) != 0 && ratio > 0 && ratio < 20 ? 1 << ratio : 1;
  }

  static Optional<UsedBlocks> of(BlockSource source) {
    HeaderBytes superblock = read(source, SUPERBLOCK, SUPERBLOCK_SIZE);
    if (superblock == null || superblock.u16(0x38) != 0xEF53 || superblock.u32(0x18) > 6) {
      return Optional.empty();
    }
    ExtMap map = new ExtMap(source, superblock);
    return map.isSound()
        ? map.bitmap().map(used -> new UsedBlocks(source, "EXTFS", used, map.blockSize))
        : Optional.empty();
  }

  private boolean isSound() {
    return (incompat & (INCOMPAT_RECOVER | INCOMPAT_JOURNAL_DEVICE)) == 0
        && blocks > 0
        && blocks <= source.size() / blockSize
        && firstBlock <= 1
        && perGroup >= SMALLEST_GROUP
        && perGroup % clusterBlocks == 0
        && perGroup / clusterBlocks <= blockSize * 8L
        && descriptorSize >= 32
        && descriptorSize <= blockSize
        && Integer.bitCount(descriptorSize) == 1
        && blocks / 8 <= Runtime.getRuntime().maxMemory() / 4;
  }

  /** The map, or nothing when it contradicts itself. */
  private Optional<Bitmap> bitmap() {
    Bitmap.Builder used = new Bitmap.Builder(blocks);
    used.addRun(true, firstBlock);
    int perBlock = blockSize / descriptorSize;
    HeaderBytes descriptors = null;
    for (long group = 0; group < groups; group++) {
      if (group % perBlock == 0) {
        descriptors = block(descriptorBlock(group / perBlock));
        if (descriptors == null) {
          return Optional.empty();
        }
      }
      int at = (int) (group % perBlock) * descriptorSize;
      long count = Math.min(perGroup, blocks - firstBlock - group * perGroup);
      boolean checked = (roCompat & (RO_GDT_CSUM | RO_METADATA_CSUM)) != 0;
      if (checked && (descriptors.u16(at + 0x12) & BLOCK_UNINIT) != 0) {
        addUninitialised(used, group, count, descriptors, at);
      } else if (!addGroup(used, count, number(descriptors, at, 0x0, 0x20))) {
        return Optional.empty();
      }
    }
    return Optional.of(used.build());
  }

  private boolean addGroup(Bitmap.Builder used, long count, long bitmapBlock) {
    HeaderBytes bits = block(bitmapBlock);
    if (bits == null) {
      return false;
    }
    long done = 0;
    while (done < count) {
      int cluster = (int) (done / clusterBlocks);
      boolean isUsed = isSet(bits, cluster);
      int end = cluster + 1;
      while ((long) end * clusterBlocks < count && isSet(bits, end) == isUsed) {
        end++;
      }
      long run = Math.min(count, (long) end * clusterBlocks) - done;
      used.addRun(isUsed, run);
      done += run;
    }
    return true;
  }

  private static boolean isSet(HeaderBytes bits, int index) {
    return (bits.bytes()[index / 8] >> (index % 8) & 1) != 0;
  }

  /** A group whose bitmap was never written holds nothing but metadata. */
  private void addUninitialised(
      Bitmap.Builder used, long group, long count, HeaderBytes descriptors, int at) {
    long first = firstBlock + group * perGroup;
    Bitmap.Builder one = new Bitmap.Builder(count);
    long head = 0;
    long tables = (groups * descriptorSize + blockSize - 1) / blockSize;
    boolean meta = (incompat & INCOMPAT_META_BG) != 0;
    long ordinary = meta ? Math.min(tables, superblock.u32(0x104)) : tables;
    if (hasSuperblock(group)) {
      head = 1 + ordinary + (meta ? 0 : superblock.u16(0xCE));
    }
    int perBlock = blockSize / descriptorSize;
    if (meta && group / perBlock >= superblock.u32(0x104)) {
      long place = group % perBlock;
      head = (hasSuperblock(group) ? 1 : 0) + (place < 2 || place == perBlock - 1 ? 1 : 0);
    }
    long inodeBlocks = (superblock.u32(0x28) * superblock.u16(0x58) + blockSize - 1) / blockSize;
    long[][] ranges = {
      {first, head},
      {number(descriptors, at, 0x0, 0x20), 1},
      {number(descriptors, at, 0x4, 0x24), 1},
      {number(descriptors, at, 0x8, 0x28), inodeBlocks}
    };
    one.addRun(false, count);
    for (long[] range : ranges) {
      long end = Math.min(range[0] + range[1], first + count);
      for (long b = Math.max(range[0], first); b < end; b++) {
        one.set((b - first) / clusterBlocks * clusterBlocks, Math.min(clusterBlocks, count));
      }
    }
    Bitmap bits = one.build();
    for (long b = 0; b < count; ) {
      long end = bits.nextUsed(b, count);
      used.addRun(false, end - b);
      b = bits.nextUnused(end, count);
      used.addRun(true, b - end);
    }
  }

  /** Where the descriptors of some groups lie. @param index of their block, from 0 */
  private long descriptorBlock(long index) {
    boolean meta = (incompat & INCOMPAT_META_BG) != 0;
    if (!meta || index < superblock.u32(0x104)) {
      return firstBlock + 1 + index;
    }
    long group = index * (blockSize / descriptorSize);
    return firstBlock + group * perGroup + (hasSuperblock(group) ? 1 : 0);
  }

  private boolean hasSuperblock(long group) {
    if (group == 0) {
      return true;
    }
    if ((superblock.i32(0x5C) & COMPAT_SPARSE_SUPER2) != 0) {
      return group == superblock.u32(0x24C) || group == superblock.u32(0x250);
    }
    return (roCompat & RO_SPARSE_SUPER) == 0
        || group == 1
        || isPower(group, 3)
        || isPower(group, 5)
        || isPower(group, 7);
  }

  private static boolean isPower(long value, int base) {
    long power = base;
    while (power < value) {
      power *= base;
    }
    return power == value;
  }

  /** A block number of a descriptor, of which wide descriptors have the upper half further on. */
  private long number(HeaderBytes descriptors, int at, int low, int high) {
    return descriptors.u32(at + low)
        | (descriptorSize >= 64 ? descriptors.u32(at + high) << 32 : 0);
  }

  private HeaderBytes block(long number) {
    return number < 0 || number >= blocks ? null : read(source, number * blockSize, blockSize);
  }

  private static HeaderBytes read(BlockSource source, long position, int length) {
    ByteBuffer buffer = ByteBuffer.allocate(length);
    return source.read(position, buffer) < length ? null : new HeaderBytes(buffer.array());
  }
}
