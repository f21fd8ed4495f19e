package blksh.filesystem;

import java.util.Arrays;

/**
 * How blocks of metadata of XFS say, since version 5, what they are: by a checksum, where they are,
 * of which file system and of which inode. The kinds have that in different places.
 */
enum XfsSeal {
  /** Of the tree of a file's extents. */
  EXTENTS(64, 24, 40, 56),
  /** Of the tree of attributes. */
  ATTRIBUTES(12, 16, 32, 48),
  /** Entries of a directory. */
  DIRECTORY(4, 8, 24, 40),
  /** Where a symbolic link leads, or the value of an attribute. */
  VALUE(12, 40, 16, 32);

  private static final int UUID = 16;

  private final int checksum;
  private final int place;
  private final int uuid;
  private final int owner;

  XfsSeal(int checksum, int place, int uuid, int owner) {
    this.checksum = checksum;
    this.place = place;
    this.uuid = uuid;
    this.owner = owner;
  }

  /**
   * What is wrong with a block, as the rest of a sentence about it; null when it is sound.
   *
   * @param position where it was read, in bytes
   * @param number the inode it must belong to
   */
  String fault(XfsSuperblock superblock, Structure block, long position, long number) {
    if (!XfsSuperblock.isSummed(block, checksum)) {
      return "fails its checksum";
    }
    if (!Arrays.equals(block.bytes(uuid, UUID), superblock.uuid())) {
      return "is of another file system";
    }
    if (block.i64(place) != position / XfsSuperblock.BASIC_BLOCK) {
      return "belongs elsewhere";
    }
    if (block.i64(owner) != number) {
      return "belongs to inode %s".formatted(Long.toUnsignedString(block.i64(owner)));
    }
    return null;
  }
}
