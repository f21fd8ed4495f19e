package blksh.filesystem;

import blksh.block.BlockSource;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * What can fill a partition, a disc or an image of one, and by what it is known. This is the one
 * list of them: a new file system gets a line here, with what is read of it without mounting: its
 * free ranges (so that a capture may leave them out), its files, both or neither.
 *
 * <p>A <em>mark</em> is what nobody else should have there. Where only few bytes make a mark, a
 * source is <em>plausibly</em> of a kind when other fields agree: whoever would rather be wrong
 * than silent asks for that, whoever must not be wrong counts every mark.
 */
public enum FileSystem {
  XFS("XFS", "XFS", "xfs", head -> head.has(0, "XFSB"), XfsFreeTrees::free, null),
  NTFS(
      "NTFS",
      "NTFS",
      "ntfs",
      NtfsBootSector::isMarked,
      (source, head) -> NtfsBitmap.free(source, head.at(0, NtfsBootSector.LENGTH)),
      NtfsTree::new),
  EXFAT("exFAT", "EXFAT", "exfat", head -> head.has(3, "EXFAT   "), ExFatBitmap::free, null),
  LUKS("LUKS encryption", "LUKS", head -> head.has(0, "LUKS\u00ba\u00be")),
  APFS("APFS", "APFS", head -> head.has(32, "NXSB")),
  SQUASHFS("squashfs", "squashfs", head -> head.has(0, "hsqs")),
  LVM("LVM volume", "LVM2", FileSystem::isPhysicalVolume),
  EXT(
      "ext4",
      "EXTFS",
      "",
      ExtSuperblock::isMarked,
      (source, head) -> ExtBitmaps.free(source),
      ExtTree::new) {
    @Override
    boolean isPlausible(Head head) {
      return ExtSuperblock.isPlausible(head);
    }

    @Override
    String mountName(Head head) {
      return ExtSuperblock.of(head.at(ExtSuperblock.POSITION, ExtSuperblock.LENGTH)).type();
    }
  },
  ISO_9660("ISO 9660", null, "iso9660", IsoTree::isMarked, null, FileSystem::disc),
  UDF("UDF", null, "udf", UdfTree::isMarked, null, UdfTree::new),
  HFS_PLUS("HFS+", "HFS Plus", h -> h.has(1024, "H+\0\4") || h.has(1024, "HX\0\5")),
  F2FS("F2FS", "F2FS", head -> head.has(1024, "\u0010 \u00f5\u00f2")),
  SWAP("swap space", "swap", "swap", SwapHeader::isMarked, SwapHeader::free, null),
  JFS("JFS", "JFS", head -> head.has(32768, "JFS1")),
  BTRFS(
      "btrfs",
      "BTRFS",
      "btrfs",
      head -> head.has(65536 + 0x40, "_BHRfS_M"),
      (source, head) -> BtrfsExtents.free(source),
      null),
  REISERFS("ReiserFS", "REISERFS", head -> head.has(65536 + 52, "ReIsEr")),
  FAT(
      "FAT",
      "FAT",
      "vfat",
      FatBootSector::isMarked,
      (source, head) -> FatTable.free(source, FatBootSector.of(head.at(0, FatBootSector.LENGTH))),
      FatTree::new) {
    @Override
    boolean isPlausible(Head head) {
      return FatBootSector.isPlausible(head);
    }

    @Override
    String imageName(Head head) {
      return "FAT" + FatBootSector.of(head.at(0, FatBootSector.LENGTH)).bits();
    }
  },
  RAID("RAID member", "RAID", head -> head.at(4096, 4).u32(0) == 0xa92b4efcL);

  /** Bytes at the beginning of a source that tell kinds apart. */
  public static final int HEAD = Head.LENGTH;

  private final String words;
  private final String imageName;
  private final String mountName;
  private final Mark mark;
  private final Free free;
  private final Files files;

  private interface Mark {
    boolean isOn(Head head);
  }

  private interface Free {
    FreeRanges of(BlockSource source, Head head) throws Unmapped;
  }

  private interface Files {
    FileTree on(Volume volume);
  }

  /** What is only recognised. */
  FileSystem(String words, String imageName, Mark mark) {
    this(words, imageName, "", mark, null, null);
  }

  /**
   * @param words what people call it
   * @param imageName what partclone calls it, or would; null of discs, which are images themselves
   * @param mountName what mount(8) calls it
   * @param free how to find what it does not use; null when that is not known
   * @param files how to read its files; null when they are not read
   */
  FileSystem(String words, String imageName, String mountName, Mark mark, Free free, Files files) {
    this.words = words;
    this.imageName = imageName;
    this.mountName = mountName;
    this.mark = mark;
    this.free = free;
    this.files = files;
  }

  /**
   * The first kind a source plausibly is of.
   *
   * @param head its first bytes; {@link #HEAD} of them are looked at if there are so many
   */
  public static Optional<FileSystem> of(Structure head) {
    return of(Head.of(head));
  }

  static Optional<FileSystem> of(Head head) {
    return Arrays.stream(values()).filter(each -> each.isPlausible(head)).findFirst();
  }

  /** All kinds whose mark a source has. */
  static List<FileSystem> marked(Head head) {
    return Arrays.stream(values()).filter(each -> each.isMarked(head)).toList();
  }

  /** Whether a source that begins like this plausibly is of this kind. */
  public boolean isOn(Structure head) {
    return isPlausible(Head.of(head));
  }

  boolean isMarked(Head head) {
    return mark.isOn(head);
  }

  boolean isPlausible(Head head) {
    return mark.isOn(head);
  }

  /** Whether what it holds may be anything, whatever file system was there before. */
  boolean isContainer() {
    return this == LVM || this == LUKS || this == RAID;
  }

  /**
   * The name partclone gives it where it has one: {@code "EXTFS"}, {@code "NTFS"}, {@code "FAT32"},
   * {@code "swap"}; null of a disc.
   *
   * @param head the bytes it was recognised by
   */
  public String imageName(Structure head) {
    return imageName(Head.of(head));
  }

  String imageName(Head head) {
    return imageName;
  }

  /** What mount(8) calls it: {@code "ext4"}, {@code "vfat"}; empty where that is not known. */
  String mountName(Head head) {
    return mountName;
  }

  /** Whether it is known how it says what it does not use. */
  boolean hasFree() {
    return free != null;
  }

  /**
   * The ranges that hold nothing anybody could ask for. Everything outside the file system, and
   * everything in doubt, is used.
   *
   * @throws Unmapped when it cannot be told for sure
   */
  FreeRanges free(BlockSource source, Head head) throws Unmapped {
    return free.of(source, head);
  }

  /**
   * Its files.
   *
   * @throws UnknownFileSystemException when they are not read
   */
  FileTree files(Volume volume) {
    if (files == null) {
      UnknownFileSystemException known =
          new UnknownFileSystemException(
              "read the files of " + volume.source().describe(),
              "%s is not read without mounting".formatted(words));
      known.suggest("mount it, or restore it first");
      throw known;
    }
    return files.on(volume);
  }

  /** LVM puts its label into any of the first four sectors. */
  private static boolean isPhysicalVolume(Head head) {
    for (int sector = 0; sector < 4; sector++) {
      if (head.has(512 * sector, "LABELONE")) {
        return true;
      }
    }
    return false;
  }

  /**
   * A disc that is both is read as ISO 9660 with Rock Ridge, which knows links, or else as UDF,
   * which knows all names.
   */
  private static FileTree disc(Volume volume) {
    IsoTree iso = new IsoTree(volume);
    return !iso.hasRockRidge() && UdfTree.isOn(volume) ? new UdfTree(volume) : iso;
  }
}
