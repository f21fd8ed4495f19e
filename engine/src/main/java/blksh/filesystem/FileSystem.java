package blksh.filesystem;

import blksh.block.BlockSource;
import blksh.io.UnreadableException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What can fill a partition, a disc or an image of one, and by what it is known. This is the one
 * list of them: a new file system gets its lines here: its names, its mark, and what is read of it
 * without mounting: its free ranges (so that a capture may leave them out), its files, both or
 * neither.
 *
 * <p>A <em>mark</em> is what nobody else should have there. Where only few bytes make a mark, a
 * source is <em>plausibly</em> of a kind when other fields agree: whoever would rather be wrong
 * than silent asks for that, whoever must not be wrong counts every mark.
 */
public enum FileSystem {
  XFS("XFS", "XFS", "xfs"),
  NTFS("NTFS", "NTFS", "ntfs"),
  EXFAT("exFAT", "EXFAT", "exfat"),
  LUKS("LUKS encryption", "LUKS", ""),
  APFS("APFS", "APFS", ""),
  SQUASHFS("squashfs", "squashfs", ""),
  LVM("LVM volume", "LVM2", ""),
  EXT("ext4", "EXTFS", ""),
  ISO_9660("ISO 9660", null, "iso9660"),
  UDF("UDF", null, "udf"),
  HFS_PLUS("HFS+", "HFS Plus", ""),
  F2FS("F2FS", "F2FS", ""),
  SWAP("swap space", "swap", "swap"),
  JFS("JFS", "JFS", ""),
  BTRFS("btrfs", "BTRFS", "btrfs"),
  REISERFS("ReiserFS", "REISERFS", ""),
  FAT("FAT", "FAT", "vfat"),
  RAID("RAID member", "RAID", "");

  /** Bytes at the beginning of a source that tell kinds apart. */
  public static final int HEAD = Head.LENGTH;

  /** Where btrfs says how many bytes of this device are its own. */
  private static final int BTRFS_DEVICE_SIZE = 65536 + 0xc9 + 8;

  /** Where a disc has the identifier of its first descriptor. */
  private static final int DISC = Iso9660.FIRST_DESCRIPTOR * Iso9660.SECTOR + Iso9660.STANDARD;

  private final String words;
  private final String imageName;
  private final String mountName;

  /**
   * @param words what people call it
   * @param imageName what partclone calls it, or would; null of discs, which are images themselves
   * @param mountName what mount(8) calls it; empty where nobody asks
   */
  FileSystem(String words, String imageName, String mountName) {
    this.words = words;
    this.imageName = imageName;
    this.mountName = mountName;
  }

  boolean isMarked(Head head) {
    return switch (this) {
      case XFS -> head.has(0, "XFSB");
      case NTFS -> NtfsBootSector.isMarked(head);
      case EXFAT -> head.has(3, "EXFAT   ");
      case LUKS -> head.has(0, "LUKS\u00ba\u00be");
      case APFS -> head.has(32, "NXSB");
      case SQUASHFS -> head.has(0, "hsqs");
      case LVM -> isPhysicalVolume(head);
      case EXT -> ExtSuperblock.isMarked(head);
      case ISO_9660 -> head.has(DISC, Iso9660.IDENTIFIER);
      case UDF -> head.has(DISC, Udf.EXTENDED_AREA_BEGINS);
      case HFS_PLUS -> head.has(1024, "H+\0\4") || head.has(1024, "HX\0\5");
      case F2FS -> head.has(1024, "\u0010 \u00f5\u00f2");
      case SWAP -> SwapHeader.isMarked(head);
      case JFS -> head.has(32768, "JFS1");
      case BTRFS -> head.has(BtrfsSuperblock.POSITION + 0x40, BtrfsSuperblock.MAGIC);
      case REISERFS -> head.has(65536 + 52, "ReIsEr");
      case FAT -> FatBootSector.isMarked(head);
      case RAID -> head.at(4096, 4).u32(0) == 0xa92b4efcL;
    };
  }

  boolean isPlausible(Head head) {
    return switch (this) {
      case EXT -> ExtSuperblock.isPlausible(head);
      case FAT -> FatBootSector.isPlausible(head);
      default -> isMarked(head);
    };
  }

  /** Whether it is known how it says what it does not use. */
  boolean hasFree() {
    return switch (this) {
      case XFS, NTFS, EXFAT, EXT, SWAP, BTRFS, FAT -> true;
      default -> false;
    };
  }

  /**
   * The ranges that hold nothing anybody could ask for. Everything outside the file system, and
   * everything in doubt, is used.
   *
   * @throws Unmapped when it cannot be told for sure
   */
  FreeRanges free(BlockSource source, Head head) throws Unmapped {
    return switch (this) {
      case XFS -> XfsFreeTrees.free(source, head);
      case NTFS -> NtfsBitmap.free(source, head.at(0, NtfsBootSector.LENGTH));
      case EXFAT -> ExFatBitmap.free(source, head);
      case EXT -> ExtBitmaps.free(source);
      case SWAP -> SwapHeader.free(source, head);
      case BTRFS -> BtrfsExtents.free(source);
      case FAT -> FatTable.free(source, FatBootSector.of(head.at(0, FatBootSector.LENGTH)));
      default -> throw new Unmapped("it is not known how it says what it uses");
    };
  }

  /**
   * Bytes that it says it has from its beginning on, whether they are there or not; -1 where it
   * does not say so at its beginning, or what it says cannot be.
   *
   * @param head the bytes it was recognised by
   */
  public long claimedSize(Structure head) {
    return claimedSize(Head.of(head));
  }

  private long claimedSize(Head head) {
    long size =
        switch (this) {
          case XFS -> product(head.at(8, 8).bigEndian().i64(0), head.at(4, 4).bigEndian().u32(0));
          case NTFS -> {
            NtfsBootSector boot = NtfsBootSector.of(head.at(0, NtfsBootSector.LENGTH));
            yield boot.isSound() ? boot.sectors() * boot.sectorSize() : -1;
          }
          case EXFAT -> {
            int shift = head.at(108, 1).u8(0);
            yield shift < 9 || shift > 12 ? -1 : product(head.at(72, 8).i64(0), 1L << shift);
          }
          case EXT -> {
            ExtSuperblock block =
                ExtSuperblock.of(head.at(ExtSuperblock.POSITION, ExtSuperblock.LENGTH));
            yield product(block.blocks(), block.blockSize());
          }
          case FAT -> {
            FatBootSector boot = FatBootSector.of(head.at(0, FatBootSector.LENGTH));
            yield boot.hasSizes() ? boot.sectors() * boot.sectorSize() : -1;
          }
          case BTRFS -> head.at(BTRFS_DEVICE_SIZE, 8).i64(0);
          case SWAP -> SwapHeader.size(head);
          case HFS_PLUS -> {
            Structure block = head.at(1024, 64).bigEndian();
            yield product(block.u32(44), block.u32(40));
          }
          case SQUASHFS -> head.at(40, 8).i64(0);
          default -> -1;
        };
    return size > 0 ? size : -1;
  }

  private static long product(long count, long size) {
    return count <= 0 || size <= 0 || count > Long.MAX_VALUE / size ? -1 : count * size;
  }

  /**
   * Its files.
   *
   * @throws UnknownFileSystemException when they are not read
   */
  FileTree files(Volume volume) {
    return switch (this) {
      case EXT -> new ExtTree(volume);
      case NTFS -> new NtfsTree(volume);
      case FAT -> new FatTree(volume);
      case EXFAT -> new ExFatTree(volume);
      case XFS -> new XfsTree(volume);
      case BTRFS -> new BtrfsTree(volume);
      case ISO_9660 -> disc(volume);
      case UDF -> new UdfTree(volume);
      default -> throw volume.refused("%s is not read without mounting".formatted(words));
    };
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
    for (FileSystem each : values()) {
      if (each.isPlausible(head)) {
        return Optional.of(each);
      }
    }
    return Optional.empty();
  }

  /** All kinds whose mark a source has. */
  static List<FileSystem> marked(Head head) {
    List<FileSystem> marked = new ArrayList<>();
    for (FileSystem each : values()) {
      if (each.isMarked(head)) {
        marked.add(each);
      }
    }
    return marked;
  }

  /** Whether a source that begins like this plausibly is of this kind. */
  public boolean isOn(Structure head) {
    return isPlausible(Head.of(head));
  }

  /** Whether it is no file system but what {@link Signatures} has, too. */
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

  private String imageName(Head head) {
    return this == FAT
        ? "FAT" + FatBootSector.of(head.at(0, FatBootSector.LENGTH)).bits()
        : imageName;
  }

  /** What people call it. */
  String words() {
    return words;
  }

  /** As above, as exactly as its first bytes tell. */
  String wordsOf(Head head) {
    return this == EXT ? mountName(head) : words;
  }

  /**
   * What mount(8) calls it: {@code "ext4"}, {@code "vfat"}; empty where that is not known.
   *
   * @param head the bytes it was recognised by
   */
  public String mountName(Structure head) {
    return mountName(Head.of(head));
  }

  String mountName(Head head) {
    return this == EXT
        ? ExtSuperblock.of(head.at(ExtSuperblock.POSITION, ExtSuperblock.LENGTH)).type()
        : mountName;
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
   * A disc that is both is read as ISO 9660 with Rock Ridge, which knows links and every name, or
   * else as UDF, which knows all that are text; and as UDF where the other is damaged or cannot be
   * read.
   */
  private static FileTree disc(Volume volume) {
    IsoTree iso;
    try {
      iso = new IsoTree(volume);
    } catch (FileSystemDamageException | UnreadableException damaged) {
      if (UdfTree.isOn(volume)) {
        return new UdfTree(volume);
      }
      throw damaged;
    }
    return !iso.hasRockRidge() && UdfTree.isOn(volume) ? new UdfTree(volume) : iso;
  }
}
