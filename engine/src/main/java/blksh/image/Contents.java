package blksh.image;

import blksh.block.BlockSource;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Optional;

/** Tells a file system or another way to fill a partition by its first bytes. */
public final class Contents {

  /** Every mark known lies before this byte. */
  static final int LOOKED_AT = (64 << 10) + 128;

  private Contents() {}

  /**
   * The file system a source begins with, by the name partclone gives it where it has one: {@code
   * "EXTFS"}, {@code "NTFS"}, {@code "FAT32"}, {@code "swap"}.
   */
  public static Optional<String> of(BlockSource source) {
    return of(head(source));
  }

  /** The first bytes of a source; fewer where it has fewer. */
  static HeaderBytes head(BlockSource source) {
    ByteBuffer buffer = ByteBuffer.allocate(LOOKED_AT);
    int count = source.read(0, buffer);
    return new HeaderBytes(Arrays.copyOf(buffer.array(), count));
  }

  static Optional<String> of(HeaderBytes head) {
    if (head.bytes().length < 512) {
      return Optional.empty();
    }
    if (head.has(0, "XFSB")) {
      return Optional.of("XFS");
    }
    if (head.has(3, "NTFS    ")) {
      return Optional.of("NTFS");
    }
    if (head.has(3, "EXFAT   ")) {
      return Optional.of("EXFAT");
    }
    if (head.has(0, "LUKS\u00ba\u00be")) {
      return Optional.of("LUKS");
    }
    if (head.has(32, "NXSB")) {
      return Optional.of("APFS");
    }
    if (head.has(0, "hsqs")) {
      return Optional.of("squashfs");
    }
    for (int sector = 0; sector < 4; sector++) {
      if (head.has(sector * 512, "LABELONE")) {
        return Optional.of("LVM2");
      }
    }
    if (isExt(head)) {
      return Optional.of("EXTFS");
    }
    if (head.has(1024, "H+\0\4") || head.has(1024, "HX\0\5")) {
      return Optional.of("HFS Plus");
    }
    if (head.bytes().length >= 1028 && head.i32(1024) == 0xF2F52010) {
      return Optional.of("F2FS");
    }
    if (head.has(4086, "SWAPSPACE2")) {
      return Optional.of("swap");
    }
    if (head.has(32768, "JFS1")) {
      return Optional.of("JFS");
    }
    if (head.has(65536 + 0x40, "_BHRfS_M")) {
      return Optional.of("BTRFS");
    }
    if (head.has(65536 + 52, "ReIsEr")) {
      return Optional.of("REISERFS");
    }
    return fat(head);
  }

  private static boolean isExt(HeaderBytes head) {
    return head.bytes().length >= 2048
        && head.u16(1024 + 0x38) == 0xEF53
        && head.u32(1024 + 0x18) <= 6
        && head.u32(1024 + 0x20) > 0;
  }

  /** A boot sector of FAT: its kind follows from the count of clusters alone. */
  private static Optional<String> fat(HeaderBytes head) {
    int sector = head.u16(11);
    int perCluster = head.u8(13);
    int reserved = head.u16(14);
    int fats = head.u8(16);
    int media = head.u8(21);
    if (head.u16(510) != 0xAA55
        || sector < 512
        || sector > 4096
        || Integer.bitCount(sector) != 1
        || Integer.bitCount(perCluster) != 1
        || reserved == 0
        || fats < 1
        || fats > 2
        || (media != 0xF0 && media < 0xF8)) {
      return Optional.empty();
    }
    long total = head.u16(19) != 0 ? head.u16(19) : head.u32(32);
    long fatSize = head.u16(22) != 0 ? head.u16(22) : head.u32(36);
    long root = (head.u16(17) * 32L + sector - 1) / sector;
    long clusters = (total - reserved - fats * fatSize - root) / perCluster;
    if (total == 0 || fatSize == 0 || clusters < 1) {
      return Optional.empty();
    }
    return Optional.of(clusters < 4085 ? "FAT12" : clusters < 65525 ? "FAT16" : "FAT32");
  }
}
