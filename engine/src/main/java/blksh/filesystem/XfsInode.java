package blksh.filesystem;

import java.time.Instant;
import java.util.Arrays;

/**
 * An inode of XFS, of version 1, 2 or 3, that is what it should be: in version 3 its checksum, its
 * number and the file system it belongs to agree.
 *
 * @param position where it is, in bytes
 * @param bytes all of it, with big-endian numbers
 */
record XfsInode(
    Volume volume, XfsSuperblock superblock, long number, long position, Structure bytes) {

  // How a fork keeps what it holds.
  static final int DEVICE = 0;
  static final int LOCAL = 1;
  static final int EXTENTS = 2;
  static final int TREE = 3;

  // Flags.
  private static final int REAL_TIME = 0x1;
  private static final int IMMUTABLE = 0x8;
  private static final int APPEND = 0x10;

  // More flags, of version 3.
  private static final int WIDE_TIME = 0x8;
  private static final int WIDE_COUNTS = 0x10;

  private static final int CHECKSUM = 100;
  private static final int OLD_CORE = 100;
  private static final int CORE = 176;

  /** Where it says how many blocks it has, of both kinds and for their trees. */
  private static final int BLOCKS = 64;

  /** Bytes an extent takes. */
  private static final int EXTENT = 16;

  private static final long NANOS = 1_000_000_000;

  /** Times of version 3 may be counted from here, in seconds. */
  private static final long WIDE_EPOCH = Integer.MIN_VALUE;

  /**
   * What an inode holds of one kind, contents or attributes.
   *
   * @param position where it is, in bytes
   * @param extents how many it has, when it has them by itself
   */
  record Fork(int format, long position, Structure bytes, long extents) {}

  /**
   * @throws FileSystemDamageException when there is none, or it is not that one
   */
  static XfsInode read(Volume volume, XfsSuperblock superblock, long number) {
    long position = superblock.inodePosition(number);
    if (position < 0) {
      throw volume.damage("there is no inode %s".formatted(Long.toUnsignedString(number)));
    }
    Structure bytes = volume.read(position, superblock.inodeSize()).bigEndian();
    XfsInode inode = new XfsInode(volume, superblock, number, position, bytes);
    inode.prove();
    return inode;
  }

  private void prove() {
    boolean checked = superblock.isChecked();
    int version = bytes.u8(4);
    if (!bytes.has(0, "IN") || (checked ? version != 3 : version < 1 || version > 2)) {
      throw damage("is none");
    }
    if (checked && !XfsSuperblock.isSummed(bytes, CHECKSUM)) {
      throw damage("fails its checksum");
    }
    if (checked && !Arrays.equals(bytes.bytes(160, 16), superblock.uuid())) {
      throw damage("is of another file system");
    }
    if (checked && bytes.i64(152) != number) {
      throw damage("belongs elsewhere");
    }
    if (hasMore(WIDE_TIME) && !superblock.hasWideTimes()
        || hasMore(WIDE_COUNTS) && !superblock.hasWideCounts()) {
      throw damage("has what its file system has not");
    }
    if (bytes.u16(2) == 0) {
      throw damage("is in use by nobody");
    }
  }

  FileSystemDamageException damage(String problem) {
    return volume.damage("inode %d at byte %d %s".formatted(number, position, problem));
  }

  int mode() {
    return bytes.u16(2);
  }

  FileEntry.Kind kind() {
    return switch (mode() >> 12) {
      case 0x4 -> FileEntry.Kind.DIRECTORY;
      case 0x8 -> FileEntry.Kind.FILE;
      case 0xa -> FileEntry.Kind.LINK;
      case 0x1, 0x2, 0x6, 0xc -> FileEntry.Kind.SPECIAL;
      default -> throw damage("is none of a file");
    };
  }

  int user() {
    return bytes.i32(8);
  }

  int group() {
    return bytes.i32(12);
  }

  /** How many names it has. */
  long names() {
    return version() == 1 ? bytes.u16(6) : bytes.u32(16);
  }

  Instant modified() {
    if (hasMore(WIDE_TIME)) {
      long nanos = bytes.i64(40);
      return Instant.ofEpochSecond(
          Long.divideUnsigned(nanos, NANOS) + WIDE_EPOCH, Long.remainderUnsigned(nanos, NANOS));
    }
    return Instant.ofEpochSecond(bytes.i32(40), Math.min(bytes.u32(44), NANOS - 1));
  }

  /** Bytes; 0 or more. */
  long size() {
    long size = bytes.i64(56);
    if (size < 0) {
      throw damage("has an impossible size");
    }
    return size;
  }

  boolean isRealTime() {
    return (flags() & REAL_TIME) != 0;
  }

  boolean isImmutable() {
    return (flags() & IMMUTABLE) != 0;
  }

  boolean isAppendOnly() {
    return (flags() & APPEND) != 0;
  }

  private int flags() {
    return bytes.u16(90);
  }

  private int version() {
    return bytes.u8(4);
  }

  private boolean hasMore(int flag) {
    return version() == 3 && (bytes.i64(120) & flag) != 0;
  }

  private int core() {
    return version() == 3 ? CORE : OLD_CORE;
  }

  /** The byte of the inode where its attributes begin; its end when it has none. */
  private int attributesAt() {
    int offset = bytes.u8(82) * 8;
    if (offset == 0) {
      return bytes.length();
    }
    if (core() + offset >= bytes.length()) {
      throw damage("has its attributes outside");
    }
    return core() + offset;
  }

  /** Its content. */
  Fork content() {
    long extents = hasMore(WIDE_COUNTS) ? bytes.i64(24) : bytes.u32(76);
    return fork(bytes.u8(5), core(), attributesAt(), extents);
  }

  /** Its attributes; null when it has none. */
  Fork attributes() {
    int start = attributesAt();
    if (start == bytes.length()) {
      return null;
    }
    long extents = hasMore(WIDE_COUNTS) ? bytes.u32(76) : bytes.u16(80);
    return fork(bytes.u8(83), start, bytes.length(), extents);
  }

  private Fork fork(int format, int from, int to, long extents) {
    Structure held = Structure.of(bytes.bytes(from, to - from)).bigEndian();
    int room = held.length() / EXTENT;
    if (format == EXTENTS && (extents < 0 || extents > room)) {
      throw damage("has more extents than it holds");
    }
    if (format == TREE && extents <= room) {
      throw damage("has a tree of too few extents");
    }
    if ((format == EXTENTS || format == TREE)
        && Long.compareUnsigned(extents, bytes.i64(BLOCKS)) > 0) {
      throw damage("has more extents than blocks");
    }
    return new Fork(format, position + from, held, extents);
  }
}
