package blksh.partition;

import blksh.block.BlockSource;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * The partition table of a PC's master boot record: four entries, one of which may be an extended
 * partition that begins a chain of records with a logical partition each.
 */
final class MasterBootRecord {

  /** Bytes of the record. */
  static final int LENGTH = 512;

  private static final int ENTRIES = 446;
  private static final int ENTRY = 16;
  private static final int SIGNATURE = 0xaa55;
  private static final int PROTECTIVE = 0xee;
  private static final int MOST_LOGICAL = 256;
  private static final Set<Integer> EXTENDED = Set.of(0x05, 0x0f, 0x85);

  private final BlockSource disk;
  private final int sector;
  private final List<Partition> partitions = new ArrayList<>();
  private final List<String> warnings = new ArrayList<>();
  private boolean sound = true;

  private MasterBootRecord(BlockSource disk) {
    this.disk = disk;
    this.sector = disk.sectorSize();
  }

  /** One entry, its places in sectors. */
  private record Entry(boolean bootable, int type, long start, long count) {

    static Entry read(ByteBuffer record, int number) {
      int at = ENTRIES + ENTRY * number;
      return new Entry(
          (record.get(at) & 0x80) != 0,
          record.get(at + 4) & 0xff,
          record.getInt(at + 8) & 0xffffffffL,
          record.getInt(at + 12) & 0xffffffffL);
    }

    boolean isEmpty() {
      return type == 0 || count == 0;
    }

    boolean isExtended() {
      return EXTENDED.contains(type);
    }
  }

  /**
   * Reads the table, if there is one.
   *
   * @param boot the first sector, or null when the disk is shorter
   */
  static Optional<PartitionTable> of(BlockSource disk, ByteBuffer boot) {
    return isTable(boot) ? Optional.of(new MasterBootRecord(disk).read(boot)) : Optional.empty();
  }

  /** Whether a first sector, perhaps null, is signed as a boot sector of whatever kind. */
  static boolean isSigned(ByteBuffer boot) {
    return boot != null && (boot.getShort(LENGTH - 2) & 0xffff) == SIGNATURE;
  }

  /** Whether a GUID partition table is announced in a first sector, perhaps null. */
  static boolean isProtective(ByteBuffer boot) {
    if (isTable(boot)) {
      for (int i = 0; i < 4; i++) {
        if (Entry.read(boot, i).type() == PROTECTIVE) {
          return true;
        }
      }
    }
    return false;
  }

  /** A boot sector of a file system ends as a boot record does, and has code where entries are. */
  private static boolean isTable(ByteBuffer boot) {
    if (!isSigned(boot) || isFileSystem(boot)) {
      return false;
    }
    boolean any = false;
    for (int i = 0; i < 4; i++) {
      if ((boot.get(ENTRIES + ENTRY * i) & 0x7f) != 0) {
        return false;
      }
      any |= !Entry.read(boot, i).isEmpty();
    }
    return any;
  }

  private static boolean isFileSystem(ByteBuffer boot) {
    return has(boot, 0x36, "FAT")
        || has(boot, 0x52, "FAT32")
        || has(boot, 3, "NTFS    ")
        || has(boot, 3, "EXFAT   ")
        || hasParameterBlock(boot);
  }

  /** The BIOS parameter block of a FAT that does not say its name. */
  private static boolean hasParameterBlock(ByteBuffer boot) {
    int jump = boot.get(0) & 0xff;
    int bytesPerSector = boot.getShort(11) & 0xffff;
    int perCluster = boot.get(13) & 0xff;
    int copies = boot.get(16);
    return (jump == 0xeb || jump == 0xe9)
        && bytesPerSector >= 512
        && Integer.bitCount(bytesPerSector) == 1
        && Integer.bitCount(perCluster) == 1
        && (copies == 1 || copies == 2)
        && (boot.get(21) & 0xff) >= 0xf0;
  }

  private static boolean has(ByteBuffer bytes, int at, String text) {
    for (int i = 0; i < text.length(); i++) {
      if (bytes.get(at + i) != text.charAt(i)) {
        return false;
      }
    }
    return true;
  }

  private PartitionTable read(ByteBuffer boot) {
    long extended = 0;
    for (int i = 0; i < 4; i++) {
      Entry entry = Entry.read(boot, i);
      if (entry.isEmpty()) {
        continue;
      }
      if (entry.type() == PROTECTIVE) {
        doubt("its GUID partition table is damaged beyond use");
      } else if (!entry.isExtended()) {
        add(i + 1, entry, 0);
      } else if (extended == 0) {
        extended = entry.start();
      } else {
        doubt("it has two extended partitions; the first is followed");
      }
    }
    if (extended > 0) {
      logical(extended);
    }
    return PartitionTable.checked(
        PartitionTable.Kind.MBR, sector, disk, partitions, warnings, sound);
  }

  private void doubt(String warning) {
    warnings.add(warning);
    sound = false;
  }

  private void add(int number, Entry entry, long base) {
    partitions.add(
        new Partition(
            number,
            (base + entry.start()) * sector,
            entry.count() * sector,
            "%02x".formatted(entry.type()),
            "",
            "",
            entry.bootable()));
  }

  /** Follows the chain of records, each of which names one partition and the next record. */
  private void logical(long extended) {
    Set<Long> seen = new HashSet<>();
    int number = 5;
    for (long at = extended; at != 0; ) {
      if (!seen.add(at) || seen.size() > MOST_LOGICAL) {
        doubt("the chain of logical partitions has no end");
        return;
      }
      ByteBuffer record = PartitionTable.bytes(disk, at * sector, LENGTH);
      if (!isSigned(record)) {
        doubt("the chain of logical partitions breaks at sector " + at);
        return;
      }
      long next = 0;
      for (int i = 0; i < 4; i++) {
        Entry entry = Entry.read(record, i);
        if (entry.isEmpty()) {
          continue;
        }
        if (entry.isExtended()) {
          next = next == 0 ? extended + entry.start() : next;
        } else if (i < 2) {
          add(number++, entry, at);
        }
      }
      at = next;
    }
  }

  /** The first byte after all that the four entries name, extended partitions included. */
  static long end(BlockSource disk) {
    ByteBuffer boot = PartitionTable.bytes(disk, 0, LENGTH);
    long end = 0;
    for (int at = ENTRIES; at < ENTRIES + 4 * ENTRY; at += ENTRY) {
      if (boot.get(at + 4) != 0) {
        long first = boot.getInt(at + 8) & 0xffffffffL;
        long sectors = boot.getInt(at + 12) & 0xffffffffL;
        end = Math.max(end, (first + sectors) * PartitionTable.of(disk).sectorSize());
      }
    }
    return end;
  }
}
