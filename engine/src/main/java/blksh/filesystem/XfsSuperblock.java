package blksh.filesystem;

import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32C;

/**
 * The superblock of XFS ("XFS Algorithms and Data Structures"; the kernel's xfs_format.h) and the
 * geometry that follows from it. Numbers are as they stand there: whoever uses them makes sure
 * first that they can be.
 */
final class XfsSuperblock {

  /** How much of it has a meaning, in bytes; its checksum is of the whole sector. */
  static final int LENGTH = 512;

  /** Unit in which blocks of metadata say where they are, in bytes. */
  static final int BASIC_BLOCK = 512;

  /** Where it has its checksum. */
  static final int CHECKSUM = 224;

  /** No inode has a higher number. */
  static final long LARGEST_INODE = (1L << 56) - 1;

  /** The version without checksums, and the one with them. */
  static final int OLD_VERSION = 4;

  static final int CHECKED_VERSION = 5;

  // What the version of version 4 says beside its number.
  private static final int SHARED = 0x200;
  private static final int DIRECTORIES_2 = 0x2000;
  private static final int IGNORES_CASE = 0x4000;
  private static final int MORE_BITS = 0x8000;

  // More features of version 4.
  private static final int OLD_FILE_TYPES = 0x200;

  /** Lazy counters, attributes of version 2, wide project numbers, checksums. */
  private static final int OLD_READ = 0x2 | 0x8 | 0x80 | 0x100 | OLD_FILE_TYPES;

  // Features of version 5 that whoever does not know them cannot read.
  private static final int FILE_TYPES = 0x1;
  private static final int SPARSE_INODES = 0x2;
  private static final int OWN_UUID = 0x4;
  private static final int WIDE_TIMES = 0x8;
  private static final int WIDE_COUNTS = 0x20;
  private static final int EXCHANGE = 0x40;

  private static final int READ =
      FILE_TYPES | SPARSE_INODES | OWN_UUID | WIDE_TIMES | WIDE_COUNTS | EXCHANGE;

  private static final int LARGEST_BLOCK = 1 << 16;
  private static final int LARGEST_SECTOR = 1 << 15;

  /** Sectors at the beginning of a group before anything else may be there. */
  private static final int HEADERS = 4;

  private final Structure bytes;
  private final int blockSize;
  private final int sector;
  private final long blocks;
  private final long groupBlocks;
  private final long groups;
  private final int groupBits;
  private final int inodeSize;
  private final int inodeBits;
  private final byte[] uuid;
  private final boolean fileTypes;

  /** A superblock with big-endian numbers. */
  XfsSuperblock(Structure bytes) {
    this.bytes = bytes;
    blockSize = bytes.i32(4);
    blocks = bytes.i64(8);
    groupBlocks = bytes.u32(84);
    groups = bytes.u32(88);
    sector = bytes.u16(102);
    inodeSize = bytes.u16(104);
    inodeBits = bytes.u8(123);
    groupBits = bytes.u8(124);
    uuid = bytes.bytes(isChecked() && (incompatible() & OWN_UUID) != 0 ? 248 : 32, 16);
    fileTypes =
        isChecked() ? (incompatible() & FILE_TYPES) != 0 : (oldFeatures() & OLD_FILE_TYPES) != 0;
  }

  static XfsSuperblock of(Head head) {
    return new XfsSuperblock(head.at(0, LENGTH).bigEndian());
  }

  /** Whether a block agrees with its CRC-32C, which is little-endian and of the others. */
  static boolean isSummed(Structure block, int at) {
    CRC32C crc = new CRC32C();
    crc.update(block.bytes(), 0, at);
    crc.update(new byte[Integer.BYTES]);
    crc.update(block.bytes(), at + Integer.BYTES, block.length() - at - Integer.BYTES);
    return Structure.of(block.bytes()).u32(at) == crc.getValue();
  }

  Structure bytes() {
    return bytes;
  }

  int version() {
    return bytes.u16(100) & 0xf;
  }

  /** Whether it is of the version in which metadata has checksums and knows where it belongs. */
  boolean isChecked() {
    return version() == CHECKED_VERSION;
  }

  /** Whether sectors have a size that can be: as long is what the checksum is of. */
  boolean hasSector() {
    return Integer.bitCount(sector) == 1 && sector >= BASIC_BLOCK && sector <= LARGEST_SECTOR;
  }

  /** Whether it is laid out in a way that can be, as far as blocks and groups go. */
  boolean hasGeometry() {
    return Integer.bitCount(blockSize) == 1
        && blockSize >= BASIC_BLOCK
        && blockSize <= LARGEST_BLOCK
        && hasSector()
        && groupBlocks > 0
        && blocks > 0
        && blocks <= Long.MAX_VALUE / blockSize
        && groups == (blocks - 1) / groupBlocks + 1;
  }

  /** As above, and as far as numbers of blocks and inodes and directories go. */
  boolean isSound() {
    return hasGeometry()
        && groupBits <= 32
        && 1L << groupBits >= groupBlocks
        && groupBits + Long.SIZE - Long.numberOfLeadingZeros(groups - 1) <= 52
        && Integer.bitCount(inodeSize) == 1
        && inodeSize >= 256
        && inodeSize <= 2048
        && inodeSize <= blockSize
        && (!isChecked() || inodeSize >= 512)
        && inodeBits <= 8
        && 1 << inodeBits == blockSize / inodeSize
        && bytes.u8(192) <= 7
        && blockSize << bytes.u8(192) <= LARGEST_BLOCK;
  }

  /** Whether mkfs was interrupted. */
  boolean isUnfinished() {
    return bytes.u8(126) != 0;
  }

  int blockSize() {
    return blockSize;
  }

  /** Bytes. */
  int sector() {
    return sector;
  }

  /** Blocks in the whole file system. */
  long blocks() {
    return blocks;
  }

  /** Blocks of every allocation group but the last. */
  long groupBlocks() {
    return groupBlocks;
  }

  long groups() {
    return groups;
  }

  /** Bits of the number of a block that count within its group. */
  int groupBits() {
    return groupBits;
  }

  /** Bytes. */
  int inodeSize() {
    return inodeSize;
  }

  /** Bytes of a block of a directory. */
  int directoryBlockSize() {
    return blockSize << bytes.u8(192);
  }

  /** The number of the root directory. */
  long root() {
    return bytes.i64(56);
  }

  /** What metadata says it belongs to, 16 bytes. */
  byte[] uuid() {
    return uuid;
  }

  String label() {
    return Volume.label(bytes.bytes(108, 12));
  }

  /** Whether directories know of what kind a file is. */
  boolean hasFileTypes() {
    return fileTypes;
  }

  /** Whether capitals of ASCII are the same as small letters. */
  boolean ignoresCase() {
    return (bytes.u16(100) & IGNORES_CASE) != 0;
  }

  /** Whether inodes may count times in nanoseconds. */
  boolean hasWideTimes() {
    return isChecked() && (incompatible() & WIDE_TIMES) != 0;
  }

  /** Whether inodes may count extents in 64 bits. */
  boolean hasWideCounts() {
    return isChecked() && (incompatible() & WIDE_COUNTS) != 0;
  }

  int incompatible() {
    return bytes.i32(216);
  }

  private int oldFeatures() {
    // some kernels wrote them four bytes later, and all take both
    return (bytes.u16(100) & MORE_BITS) == 0 ? 0 : bytes.i32(200) | bytes.i32(204);
  }

  /** What it has that is not read, by its names; usually nothing. */
  List<String> unknownFeatures() {
    List<String> unknown = new ArrayList<>();
    int version = bytes.u16(100);
    if (!isChecked()) {
      if ((version & DIRECTORIES_2) == 0) {
        unknown.add("directories of version 1");
      }
      if ((version & SHARED) != 0) {
        unknown.add("shared");
      }
      int more = oldFeatures() & ~OLD_READ;
      if (more != 0) {
        unknown.add("0x%x of version 4".formatted(more));
      }
      return unknown;
    }
    for (int bit = 0; bit < Integer.SIZE; bit++) {
      if ((incompatible() & ~READ & 1 << bit) != 0) {
        unknown.add(feature(bit));
      }
    }
    return unknown;
  }

  private static String feature(int bit) {
    return switch (bit) {
      case 4 -> "in need of xfs_repair";
      case 7 -> "parent pointers";
      case 8 -> "metadata directory";
      case 9 -> "zoned";
      case 10 -> "gaps between zones";
      default -> "0x%x".formatted(1 << bit);
    };
  }

  /**
   * The byte of blocks that lie in one group; -1 when the volume has none such for files or their
   * metadata.
   *
   * @param block its number, in which the group is above {@link #groupBits}
   */
  long position(long block, long count) {
    long group = block >>> groupBits;
    long within = block & (1L << groupBits) - 1;
    if (block < 0 || count <= 0 || group >= groups) {
      return -1;
    }
    long first = group * groupBlocks;
    boolean fits =
        within > (HEADERS - 1) * sector / blockSize
            && count <= groupBlocks
            && within + count <= Math.min(groupBlocks, blocks - first);
    return fits ? (first + within) * blockSize : -1;
  }

  /** The byte of an inode; -1 when there is none. */
  long inodePosition(long number) {
    if (number <= 0 || number > LARGEST_INODE) {
      return -1;
    }
    long block = position(number >>> inodeBits, 1);
    return block < 0 ? -1 : block + (number & (1L << inodeBits) - 1) * inodeSize;
  }
}
