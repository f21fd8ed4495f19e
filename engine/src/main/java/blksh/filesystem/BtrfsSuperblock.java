package blksh.filesystem;

import blksh.BlkshException;
import blksh.io.UnreadableException;

/**
 * The superblock of btrfs (its documentation, "On-disk Format"), or one of its copies. Features
 * that are not known are refused by name.
 */
final class BtrfsSuperblock {

  static final int POSITION = 64 << 10;
  static final int LENGTH = 4096;

  /** Where its copies are. */
  static final long[] MIRRORS = {64L << 20, 256L << 30};

  static final String MAGIC = "_BHRfS_M";

  /** Where it says what kind its checksums are of. */
  private static final int KIND = 196;

  /** Where the chunks begin that lead to the tree of chunks. */
  private static final int CHUNKS = 0x32b;

  private static final int ROOM_FOR_CHUNKS = 2048;

  // Features that change how it is read.
  private static final long METADATA_UUID = 0x400;
  private static final long ZONED = 0x1000;
  private static final long EXTENT_TREE_V2 = 0x2000;
  private static final long RAID_STRIPE_TREE = 0x4000;
  private static final long KNOWN = 0x10fff;

  // Marks of what is no file system, or is being changed into another.
  private static final long METADUMP = 0x3L << 33;
  private static final long CHANGING = 0x3fL << 35;

  // Written in full; blocks moved; an error was met; a seed of others.
  private static final long USUAL = 0x1 | 0x2 | 0x4 | 1L << 32;

  private static final int WRITTEN = 1;

  private final Structure block;
  private final long position;
  private final BtrfsChecksum checksum;

  private BtrfsSuperblock(Structure block, long position, BtrfsChecksum checksum) {
    this.block = block;
    this.position = position;
    this.checksum = checksum;
  }

  /**
   * The first one, or the newest of its copies where that is damaged.
   *
   * @throws FileSystemDamageException when none is right
   * @throws UnknownFileSystemException when it is of a kind that is not known
   */
  static BtrfsSuperblock of(Volume volume) {
    try {
      return first(volume);
    } catch (UnknownFileSystemException e) {
      // A kind of checksum that is not known may be damage, which a copy then tells.
      Structure first = volume.read(POSITION, LENGTH);
      if (first.u16(KIND) < BtrfsChecksum.values().length) {
        throw e;
      }
      return newestCopy(volume, e);
    } catch (FileSystemDamageException | UnreadableException e) {
      FileEntry.survived(e);
      return newestCopy(volume, e);
    }
  }

  private static BtrfsSuperblock newestCopy(Volume volume, BlkshException failure) {
    BtrfsSuperblock newest = null;
    for (long mirror : MIRRORS) {
      BtrfsSuperblock copy = copy(volume, mirror);
      if (copy != null && (newest == null || copy.generation() > newest.generation())) {
        newest = copy;
      }
    }
    if (newest == null || !newest.isOfTheSame(volume)) {
      throw failure;
    }
    return newest;
  }

  /** Whether the first one, as far as it can be read, is of the same file system. */
  private boolean isOfTheSame(Volume volume) {
    try {
      Structure first = volume.read(POSITION, LENGTH);
      return first.i64(32) == block.i64(32) && first.i64(40) == block.i64(40);
    } catch (UnreadableException e) {
      return true;
    }
  }

  /** The first one alone. */
  static BtrfsSuperblock first(Volume volume) {
    return at(volume, POSITION);
  }

  private static BtrfsSuperblock copy(Volume volume, long mirror) {
    if (mirror > volume.source().size() - LENGTH) {
      return null;
    }
    try {
      return at(volume, mirror);
    } catch (FileSystemDamageException | UnknownFileSystemException | UnreadableException e) {
      FileEntry.survived(e);
      return null;
    }
  }

  private static BtrfsSuperblock at(Volume volume, long position) {
    Structure block = volume.read(position, LENGTH);
    if (!block.has(64, MAGIC)) {
      throw volume.damage("there is no superblock at byte %d".formatted(position));
    }
    int kind = block.u16(KIND);
    if (kind >= BtrfsChecksum.values().length) {
      throw volume.refused("its checksums are of a kind that is not known (%d)".formatted(kind));
    }
    BtrfsSuperblock read = new BtrfsSuperblock(block, position, BtrfsChecksum.values()[kind]);
    if (!read.checksum.proves(block)) {
      throw volume.damage("its superblock at byte %d fails its checksum".formatted(position));
    }
    read.refuseUnknown(volume);
    if (!read.isSound()) {
      throw volume.damage("its superblock at byte %d contradicts itself".formatted(position));
    }
    return read;
  }

  private void refuseUnknown(Volume volume) {
    long features = block.i64(188);
    long unknown = features & ~KNOWN;
    if (unknown != 0) {
      String name =
          (unknown & ZONED) != 0
              ? "zones of a drive (zoned)"
              : (unknown & EXTENT_TREE_V2) != 0
                  ? "the second form of its extent tree (extent-tree-v2)"
                  : (unknown & RAID_STRIPE_TREE) != 0
                      ? "a tree of stripes (raid-stripe-tree)"
                      : "features of btrfs that are not known (0x%x)".formatted(unknown);
      throw volume.refused("it uses " + name);
    }
    if ((flags() & METADUMP) != 0) {
      throw volume.refused("it is an image of metadata alone (btrfs-image), without any data");
    }
    if ((flags() & CHANGING) != 0) {
      throw volume.refused("btrfstune was changing it and has not ended");
    }
    if ((flags() & ~USUAL) != 0) {
      throw volume.refused("it has marks that are not known (0x%x)".formatted(flags() & ~USUAL));
    }
  }

  private boolean isSound() {
    int end = block.i32(160);
    return block.i64(48) == position
        && isPower(block.u32(144))
        && isPower(block.u32(148))
        && nodeSize() >= sectorSize()
        && end > 0
        && end <= ROOM_FOR_CHUNKS
        && block.i64(136) > 0
        && rootLevel() <= BtrfsNodes.HIGHEST
        && chunkLevel() <= BtrfsNodes.HIGHEST;
  }

  private static boolean isPower(long size) {
    return size >= 4096 && size <= 65536 && Long.bitCount(size) == 1;
  }

  /** Whether it is not the first one. */
  boolean isCopy() {
    return position != POSITION;
  }

  long position() {
    return position;
  }

  BtrfsChecksum checksum() {
    return checksum;
  }

  int nodeSize() {
    return block.i32(148);
  }

  int sectorSize() {
    return block.i32(144);
  }

  private long flags() {
    return block.i64(56);
  }

  /** Whether it was written in full, and nothing is said to be wrong. */
  boolean isPlain() {
    return flags() == WRITTEN;
  }

  long generation() {
    return block.i64(72);
  }

  /** Where the root of the tree of roots is: a logical address. */
  long root() {
    return block.i64(80);
  }

  int rootLevel() {
    return block.u8(198);
  }

  long chunkRoot() {
    return block.i64(88);
  }

  int chunkLevel() {
    return block.u8(199);
  }

  long chunkGeneration() {
    return block.i64(164);
  }

  /** Whether files that were synced last are only in a log, which is not replayed. */
  boolean hasLog() {
    return block.i64(96) != 0;
  }

  /** Bytes of all extents. */
  long bytesUsed() {
    return block.i64(120);
  }

  long devices() {
    return block.i64(136);
  }

  /** The number of this device. */
  long device() {
    return block.i64(201);
  }

  long deviceSize() {
    return block.i64(209);
  }

  /** Bytes of this device that chunks have. */
  long deviceUsed() {
    return block.i64(217);
  }

  String label() {
    return Volume.label(block.bytes(0x12b, 256));
  }

  /** Whether a node is one of this file system. */
  boolean owns(Structure node) {
    int uuid = (block.i64(188) & METADATA_UUID) != 0 ? 571 : 32;
    return node.i64(32) == block.i64(uuid) && node.i64(40) == block.i64(uuid + 8);
  }

  /** The chunks that hold the tree of chunks. */
  void addChunks(BtrfsChunks chunks) {
    int end = CHUNKS + block.i32(160);
    for (int at = CHUNKS; at < end; ) {
      at = chunks.add(block, at, end);
    }
  }
}
