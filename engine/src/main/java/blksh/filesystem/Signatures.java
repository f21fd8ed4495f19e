package blksh.filesystem;

import blksh.block.BlockSource;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/**
 * What else may lie where a file system seems to be: whatever puts something at the beginning or at
 * the end of a partition, or of a disk, and leaves what an older file system had in between. This
 * is the one list of them; those file systems that are known here are in {@link FileSystem}.
 *
 * <p>Places and bytes are those that libblkid of util-linux looks for ({@code
 * libblkid/src/superblocks}), as wipefs(8) and {@code blkid -p} show them; those of FreeBSD's GEOM
 * (geom(4)) and of Windows' Storage Spaces are added. Nobody is believed or read here, so that no
 * checksums are looked at: a signature alone makes what lies under it doubtful.
 */
final class Signatures {

  private static final int SECTOR = 512;
  private static final long KIB = 1 << 10;
  private static final long MIB = 1 << 20;

  private static final String BCACHE = "\u00c6\u0085\u0073\u00f6\u004e\u001a\u0045\u00ca";
  private static final String BCACHEFS = "\u00c6\u0085\u0073\u00f6\u0066\u00ce\u0090\u00a9";
  private static final String MD = "\u00fc\u004e\u002b\u00a9";
  private static final String MD_BIG_ENDIAN = "\u00a9\u002b\u004e\u00fc";
  private static final String STRATIS = "!Stra0tis\u0086\u00ff\u0002^Arh";
  private static final String BITLOCKER_TO_GO = "\u003b\u00d6\u0067\u0049\u0029\u002e\u00d8\u004a";
  private static final String NILFS = "\2\0\0\0\0\00044";

  /** Which of the last sectors Promise's controllers use, counted from the end. */
  private static final int[] PROMISE = {
    63, 255, 256, 16, 399, 591, 675, 735, 911, 974, 991, 951, 3087
  };

  /** Where LUKS2 may have its second header. */
  private static final long[] SECOND_LUKS =
      LongStream.iterate(16 * KIB, at -> at <= 4 * MIB, at -> 2 * at).toArray();

  /** ZFS has 128 uberblocks in each of its four labels, and no vdev of less than 64 MiB. */
  private static final int ZFS_LABEL = 256 << 10;

  private static final int ZFS_UBERBLOCKS = 128 << 10;
  private static final long ZFS_SMALLEST = 64 * MIB;
  private static final String ZFS = "\f\u00b1\u00ba\0\0\0\0\0";
  private static final String ZFS_BIG_ENDIAN = "\0\0\0\0\0\u00ba\u00b1\f";

  /**
   * A row of the list.
   *
   * @param words what has it
   * @param unit 0 when it is counted from the beginning; else what the end is rounded down to, in
   *     bytes, before it is counted from there
   * @param at bytes from the beginning, or back from the end
   * @param magic the bytes, one a character
   */
  private record Signature(String words, long unit, long at, String magic) {

    /** Where it is in a source of a size; below 0 when it cannot be there. */
    long position(long size) {
      long position = unit == 0 ? at : size / unit * unit - at;
      return position + magic.length() > size ? -1 : position;
    }
  }

  private static Signature front(String words, long at, String magic) {
    return new Signature(words, 0, at, magic);
  }

  private static Signature back(String words, long unit, long at, String magic) {
    return new Signature(words, unit, at, magic);
  }

  /** What may hold anything, whatever file system was there before. */
  private static final List<Signature> CONTAINERS = containers();

  /** Other file systems, whose free space is not known here. */
  private static final List<Signature> FILE_SYSTEMS =
      List.of(
          front("bcachefs", 4 * KIB + 24, BCACHEFS),
          front("ReFS", 0, "\0\0\0ReFS\0"),
          front("Reiser4", 64 * KIB, "ReIsEr4"),
          front("ReiserFS", 8 * KIB + 52, "ReIsErFs"),
          front("OCFS", 8 * KIB, "OracleCFS"),
          front("OCFS2", KIB, "OCFSV2"),
          front("OCFS2", 2 * KIB, "OCFSV2"),
          front("OCFS2", 4 * KIB, "OCFSV2"),
          front("OCFS2", 8 * KIB, "OCFSV2"),
          front("GFS2", 64 * KIB, "\u0001\u0016\u0019\u0070"),
          front("NILFS2", KIB, NILFS),
          back("NILFS2", SECTOR, 4096, NILFS),
          front("UFS", 0x55c, "\u0054\u0019\u0001\0"),
          front("UFS", 8 * KIB + 0x55c, "\u0054\u0019\u0001\0"),
          front("UFS", 64 * KIB + 0x55c, "\u0054\u0019\u0001\0"),
          front("UFS", 256 * KIB + 0x55c, "\u0054\u0019\u0001\0"),
          front("UFS2", 8 * KIB + 0x55c, "\u0019\u0001\u0054\u0019"),
          front("UFS2", 64 * KIB + 0x55c, "\u0019\u0001\u0054\u0019"),
          front("UFS2", 256 * KIB + 0x55c, "\u0019\u0001\u0054\u0019"),
          front("HPFS", 8 * KIB, "\u0049\u00e8\u0095\u00f9"),
          front("BeFS", 32, "BFS1"),
          front("BeFS", 32, "1SFB"),
          front("BeFS", SECTOR + 32, "BFS1"),
          front("BeFS", SECTOR + 32, "1SFB"),
          front("VxFS", KIB, "\u00f5\u00fc\u0001\u00a5"),
          front("VxFS", 8 * KIB, "\u00a5\u0001\u00fc\u00f5"),
          front("EROFS", KIB, "\u00e2\u00e1\u00f5\u00e0"),
          front("cramfs", 0, "\u0045\u003d\u00cd\u0028"),
          front("cramfs", 0, "\u0028\u00cd\u003d\u0045"),
          front("romfs", 0, "-rom1fs-"),
          front("zonefs", 0, "SFOZ"),
          front("NetWare", 4 * KIB, "SPB5"),
          front("EXFS", 0, "EXFS"),
          front("scoutfs", 4, "\u0053\u0043\u004f\u0055"),
          front("VMFS", 2 * MIB, "\u005e\u00f1\u00ab\u002f"));

  private Signatures() {}

  private static List<Signature> containers() {
    List<Signature> all =
        new ArrayList<>(
            List.of(
                front("md RAID", 0, MD), // version 1.1
                front("md RAID", 4 * KIB, MD), // version 1.2
                back("md RAID", 4096, 8192, MD), // version 1.0
                back("md RAID", 64 * KIB, 64 * KIB, MD), // version 0.90
                back("md RAID", 64 * KIB, 64 * KIB, MD_BIG_ENDIAN),
                front("LUKS", 0, "LUKS\u00ba\u00be"),
                front("LVM", 0, "LABELONE"),
                front("LVM", SECTOR, "LABELONE"),
                front("LVM", 2 * SECTOR, "LABELONE"),
                front("LVM", 3 * SECTOR, "LABELONE"),
                front("LVM1", 0, "HM\1\0"),
                front("LVM1", 0, "HM\2\0"),
                front("a device-mapper snapshot", 0, "SnAp"),
                front("dm-verity", 0, "verity\0\0"),
                front("dm-integrity", 0, "integrt\0"),
                front("VDO", 0, "dmvdo001"),
                front("Stratis", SECTOR + 4, STRATIS),
                front("Stratis", 9 * SECTOR + 4, STRATIS),
                front("bcache", 4 * KIB + 24, BCACHE),
                back("DRBD", 1, 4096 - 60, "\u0083\u0074\u0002\u006b"),
                back("DRBD", 1, 4096 - 60, "\u0083\u0074\u0002\u006c"),
                back("DRBD", 1, 4096 - 60, "\u0083\u0074\u0002\u006d"),
                front("a DRBD proxy log", 16, "DRBDdlh*"),
                front("DRBD management", 0, "$DRBDmgr=q"),
                front("BitLocker", 3, "-FVE-FS-"),
                front("BitLocker", 424, BITLOCKER_TO_GO),
                front("FileVault", 8, "\1\0\u0010\0"),
                front("Storage Spaces", 4 * KIB, "SPACEDB "),
                front("Ceph BlueStore", 0, "bluestore block device"),
                front("Oracle ASM", 32, "ORCLDISK"),
                front("VMFS", MIB, "\r\u00d0\u0001\u00c0"),
                front("UBI", 0, "UBI#"),
                front("UBIFS", 0, "\u0031\u0018\u0010\u0006"),
                front("mpool", 0, "mpoolDev"),
                front("TuxOnIce", 0, "\u00ed\u00c3\u0002\u00e9\u0098\u0056\u00e5\f"),
                back("GEOM", SECTOR, SECTOR, "GEOM::"),
                back("GEOM", 4096, 4096, "GEOM::"),
                back("DDF RAID", SECTOR, SECTOR, "\u00de\u0011\u00de\u0011"),
                back("DDF RAID", SECTOR, 257 * SECTOR, "\u00de\u0011\u00de\u0011"),
                back("Intel RAID", SECTOR, 2 * SECTOR, "Intel Raid ISM Cfg Sig. "),
                back("Intel RAID", 4096, 2 * 4096, "Intel Raid ISM Cfg Sig. "),
                back("LSI MegaRAID", SECTOR, SECTOR, "$XIDE$"),
                back("Silicon Medley RAID", SECTOR, SECTOR - 0x60, "\0\0\0\u002f"),
                back("NVIDIA RAID", SECTOR, 2 * SECTOR, "NVIDIA"),
                front("HighPoint RAID", 9 * SECTOR + 32, "\u00f0\u0016\u0078\u005a"),
                front("HighPoint RAID", 9 * SECTOR + 32, "\u00fd\u0016\u0078\u005a"),
                back("HighPoint RAID", SECTOR, 11 * SECTOR, "\u00f3\u0016\u0078\u005a"),
                back("HighPoint RAID", SECTOR, 11 * SECTOR, "\u00fd\u0016\u0078\u005a"),
                back("Adaptec RAID", SECTOR, SECTOR, "\u0037\u00fc\u004d\u001e"),
                back("JMicron RAID", SECTOR, SECTOR, "JM")));
    for (long at : SECOND_LUKS) {
      all.add(front("LUKS", at, "SKUL\u00ba\u00be"));
    }
    for (int sectors : PROMISE) {
      all.add(back("Promise RAID", SECTOR, (long) sectors * SECTOR, "Promise Technology, Inc."));
    }
    return List.copyOf(all);
  }

  /**
   * What else there are signatures of on a partition, in words, each once.
   *
   * @throws blksh.io.UnreadableException when a place where there may be one cannot be read
   */
  static List<String> on(BlockSource source) {
    Set<String> found = found(source, CONTAINERS);
    found.addAll(found(source, FILE_SYSTEMS));
    Volume volume = new Volume(source);
    if (isHfs(volume)) {
      found.add("HFS");
    }
    if (isMinix(volume)) {
      found.add("Minix");
    }
    return List.copyOf(found);
  }

  /** What there are signatures of that has a whole disk, though it has a partition table. */
  static List<String> around(BlockSource disk) {
    return List.copyOf(found(disk, CONTAINERS));
  }

  private static Set<String> found(BlockSource source, List<Signature> list) {
    Volume volume = new Volume(source);
    Set<String> found = new LinkedHashSet<>();
    for (Signature each : list) {
      long position = each.position(source.size());
      if (position >= 0 && !found.contains(each.words) && has(volume, position, each.magic)) {
        found.add(each.words);
      }
    }
    if (list == CONTAINERS && isVia(volume)) {
      found.add("VIA RAID");
    }
    if (list == CONTAINERS && isZfs(volume)) {
      found.add("ZFS");
    }
    return found;
  }

  private static boolean has(Volume volume, long position, String magic) {
    return volume.read(position, magic.length()).has(0, magic);
  }

  private static boolean isVia(Volume volume) {
    long size = volume.source().size();
    if (size < SECTOR) {
      return false;
    }
    Structure last = volume.read(size / SECTOR * SECTOR - SECTOR, SECTOR);
    int sum = IntStream.range(0, 50).map(last::u8).sum();
    return last.u16(0) == 0xaa55 && last.u8(2) <= 2 && (sum & 0xff) == last.u8(50);
  }

  private static boolean isZfs(Volume volume) {
    long size = volume.source().size();
    if (size < ZFS_SMALLEST) {
      return false;
    }
    long end = size / ZFS_LABEL * ZFS_LABEL;
    for (long label : new long[] {0, ZFS_LABEL, end - 2 * ZFS_LABEL, end - ZFS_LABEL}) {
      Structure blocks = volume.read(label + ZFS_UBERBLOCKS, ZFS_UBERBLOCKS);
      for (int at = 0; at < ZFS_UBERBLOCKS; at += KIB) {
        if (blocks.has(at, ZFS) || blocks.has(at, ZFS_BIG_ENDIAN)) {
          return true;
        }
      }
    }
    return false;
  }

  /** Two bytes are few, and lie where ext has a count: the size of its blocks must be one, too. */
  private static boolean isHfs(Volume volume) {
    if (volume.source().size() < 2 * KIB) {
      return false;
    }
    Structure block = volume.read(KIB, SECTOR).bigEndian();
    return block.has(0, "BD") && block.u32(20) > 0 && block.u32(20) % SECTOR == 0;
  }

  /** Where there is an ext superblock there is none of Minix, which has the same place. */
  private static boolean isMinix(Volume volume) {
    if (volume.source().size() < 2 * KIB) {
      return false;
    }
    Structure block = volume.read(KIB, SECTOR);
    boolean old =
        switch (block.u16(16)) {
          case 0x137f, 0x138f, 0x2468, 0x2478 -> block.u16(0) > 0 && block.u16(4) > 0;
          default -> false;
        };
    boolean third = block.u16(24) == 0x4d5a && block.u32(0) > 0 && block.u16(6) > 0;
    return (old || third) && block.u16(0x38) != 0xef53;
  }
}
