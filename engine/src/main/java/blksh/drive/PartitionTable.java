package blksh.drive;

import blksh.block.BlockSource;
import blksh.block.UnreadableException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.zip.CRC32;

/**
 * How a disk is divided: a GUID partition table (UEFI specification, chapter 5) or a master boot
 * record with its chain of logical partitions. Every partition lies inside the disk and none
 * overlaps another, or there is no table.
 *
 * @param kind {@code "gpt"} or {@code "dos"}
 * @param partitions in the order of the disk
 */
public record PartitionTable(String kind, List<Partition> partitions) {

  private static final int BOOT_SIGNATURE = 0xaa55;
  private static final int ENTRIES = 446;
  private static final int PROTECTIVE = 0xee;
  private static final int MOST_LOGICAL = 256;
  private static final int GPT_HEADER = 92;
  private static final long MOST_GPT_BYTES = 1 << 20;

  public PartitionTable {
    partitions = List.copyOf(partitions);
  }

  /**
   * Reads the table of a disk.
   *
   * @return nothing when it has none, or one that is damaged or makes no sense
   */
  public static Optional<PartitionTable> read(BlockSource disk) {
    try {
      return Optional.ofNullable(find(disk));
    } catch (Unmapped | UnreadableException e) {
      return Optional.empty();
    }
  }

  /**
   * As above.
   *
   * @return null when there is no sign of a table
   * @throws Unmapped when there are signs of one that cannot be trusted
   */
  static PartitionTable find(BlockSource disk) throws Unmapped {
    Set<Integer> sectors = new java.util.LinkedHashSet<>(List.of(disk.sectorSize(), 512, 4096));
    for (int sector : sectors) {
      PartitionTable table = gpt(disk, sector);
      if (table != null) {
        return table;
      }
    }
    return dos(disk);
  }

  private static PartitionTable checked(String kind, BlockSource disk, List<Partition> partitions)
      throws Unmapped {
    partitions.sort(Comparator.comparingLong(Partition::start));
    long end = 1;
    for (Partition partition : partitions) {
      Unmapped.unless(
          partition.start() >= end
              && partition.length() > 0
              && partition.length() <= disk.size() - partition.start(),
          "partition %d overlaps another or lies outside",
          partition.number());
      end = partition.end();
    }
    return new PartitionTable(kind, partitions);
  }

  // ---- GPT -----------------------------------------------------------------------------------

  private static PartitionTable gpt(BlockSource disk, int sector) throws Unmapped {
    long last = disk.size() / sector - 1;
    if (last < 2) {
      return null;
    }
    boolean signs = false;
    for (long at : new long[] {1, last}) {
      Bytes header = Bytes.read(disk, at * sector, sector);
      if (header.has(0, "EFI PART")) {
        // The backup alone is left when a disk was given another table.
        signs |= at == 1;
        List<Partition> partitions = gpt(disk, sector, at, header);
        if (partitions != null && (at == 1 || signs || isProtected(disk))) {
          return checked("gpt", disk, partitions);
        }
      }
    }
    Unmapped.unless(!signs, "its partition table is damaged");
    return null;
  }

  private static boolean isProtected(BlockSource disk) throws Unmapped {
    Bytes boot = Bytes.read(disk, 0, 512);
    return boot.u16(510) == BOOT_SIGNATURE && boot.u8(ENTRIES + 4) == PROTECTIVE;
  }

  /** The entries of a header, or null when either fails its checksum. */
  private static List<Partition> gpt(BlockSource disk, int sector, long at, Bytes header)
      throws Unmapped {
    int length = header.s32(12);
    if (length < GPT_HEADER || length > sector || header.u64(24) != at) {
      return null;
    }
    CRC32 crc = new CRC32();
    crc.update(header.array(), 0, 16);
    crc.update(new byte[4]);
    crc.update(header.array(), 20, length - 20);
    long entries = header.u64(72);
    long count = header.u32(80);
    long size = header.u32(84);
    if (header.u32(16) != crc.getValue()
        || size < 128
        || size % 8 != 0
        || count * size > MOST_GPT_BYTES
        || entries < 0
        || entries > disk.size() / sector) {
      return null;
    }
    Bytes table = Bytes.read(disk, entries * sector, (int) (count * size));
    CRC32 tableCrc = new CRC32();
    tableCrc.update(table.array());
    if (header.u32(88) != tableCrc.getValue()) {
      return null;
    }
    List<Partition> partitions = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      int entry = (int) (i * size);
      if (table.u64(entry) != 0 || table.u64(entry + 8) != 0) {
        long first = table.u64(entry + 32);
        long end = table.u64(entry + 40);
        long sectors = disk.size() / sector;
        Unmapped.unless(
            first > 0 && end >= first && end < sectors, "partition %d lies outside", i + 1);
        partitions.add(
            new Partition(
                i + 1,
                first * sector,
                (end - first + 1) * sector,
                guid(table, entry),
                name(table, entry + 56)));
      }
    }
    return partitions;
  }

  private static String guid(Bytes bytes, int at) {
    return String.format(
        "%08X-%04X-%04X-%02X%02X-%02X%02X%02X%02X%02X%02X",
        bytes.u32(at),
        bytes.u16(at + 4),
        bytes.u16(at + 6),
        bytes.u8(at + 8),
        bytes.u8(at + 9),
        bytes.u8(at + 10),
        bytes.u8(at + 11),
        bytes.u8(at + 12),
        bytes.u8(at + 13),
        bytes.u8(at + 14),
        bytes.u8(at + 15));
  }

  private static String name(Bytes bytes, int at) {
    String text = new String(bytes.array(), at, 72, StandardCharsets.UTF_16LE);
    int end = text.indexOf(0);
    return end < 0 ? text : text.substring(0, end);
  }

  // ---- MBR -----------------------------------------------------------------------------------

  private static PartitionTable dos(BlockSource disk) throws Unmapped {
    int sector = disk.sectorSize();
    if (disk.size() < sector) {
      return null;
    }
    Bytes boot = Bytes.read(disk, 0, 512);
    if (!isBootRecord(boot) || isFileSystem(boot)) {
      return null;
    }
    List<Partition> partitions = new ArrayList<>();
    long extended = 0;
    for (int i = 0; i < 4; i++) {
      int entry = ENTRIES + 16 * i;
      int type = boot.u8(entry + 4);
      if (type == 0 || boot.u32(entry + 12) == 0) {
        continue;
      }
      Unmapped.unless(type != PROTECTIVE, "its GUID partition table is missing");
      long start = boot.u32(entry + 8);
      if (isExtended(type)) {
        Unmapped.unless(extended == 0, "it has two extended partitions");
        extended = start;
      } else {
        long length = boot.u32(entry + 12) * sector;
        partitions.add(new Partition(i + 1, start * sector, length, hex(type), ""));
      }
    }
    if (partitions.isEmpty() && extended == 0) {
      return null;
    }
    if (extended > 0) {
      logical(disk, sector, extended, partitions);
    }
    return checked("dos", disk, partitions);
  }

  private static String hex(int type) {
    return String.format("%02X", type);
  }

  private static boolean isExtended(int type) {
    return type == 0x05 || type == 0x0f || type == 0x85;
  }

  private static boolean isBootRecord(Bytes boot) {
    if (boot.u16(510) != BOOT_SIGNATURE) {
      return false;
    }
    for (int i = 0; i < 4; i++) {
      if ((boot.u8(ENTRIES + 16 * i) & 0x7f) != 0) {
        return false;
      }
    }
    return true;
  }

  /** A boot sector of a file system ends as a boot record does. */
  private static boolean isFileSystem(Bytes boot) {
    return boot.has(0x36, "FAT")
        || boot.has(0x52, "FAT32")
        || boot.has(3, "NTFS    ")
        || boot.has(3, "EXFAT   ");
  }

  private static void logical(
      BlockSource disk, int sector, long extended, List<Partition> partitions) throws Unmapped {
    long at = extended;
    int number = 5;
    Set<Long> seen = new HashSet<>();
    while (true) {
      Unmapped.unless(
          seen.add(at) && seen.size() <= MOST_LOGICAL, "its logical partitions have no end");
      Bytes record = Bytes.read(disk, at * sector, 512);
      Unmapped.unless(record.u16(510) == BOOT_SIGNATURE, "its logical partitions are damaged");
      long next = 0;
      for (int i = 0; i < 4; i++) {
        int entry = ENTRIES + 16 * i;
        int type = record.u8(entry + 4);
        long start = record.u32(entry + 8);
        long length = record.u32(entry + 12);
        if (type == 0 || length == 0) {
          continue;
        }
        if (isExtended(type)) {
          next = next == 0 ? extended + start : next;
        } else if (i < 2) {
          partitions.add(
              new Partition(number++, (at + start) * sector, length * sector, hex(type), ""));
        }
      }
      if (next == 0) {
        return;
      }
      at = next;
    }
  }
}
