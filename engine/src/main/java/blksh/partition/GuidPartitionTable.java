package blksh.partition;

import blksh.block.BlockSource;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.zip.CRC32;

/**
 * The GUID partition table (UEFI specification, chapter 5): a header with its entries at the
 * beginning of a disk and a copy of both at its end, each with its checksum.
 */
final class GuidPartitionTable {

  private static final int HEADER = 92;
  private static final int SMALLEST_ENTRY = 128;
  private static final long MOST_BYTES = 1 << 20;
  private static final byte[] MAGIC = "EFI PART".getBytes(StandardCharsets.US_ASCII);
  private static final String UNUSED = "00000000-0000-0000-0000-000000000000";

  /** Entries of a master boot record: where they are, their length, and the type for a GPT. */
  private static final int FIRST_ENTRY = 446;

  private static final int ENTRY = 16;
  private static final int PROTECTIVE = 0xee;

  /** Attribute bit 2: legacy BIOS bootable. */
  private static final long BOOTABLE = 4;

  private final BlockSource disk;
  private final int sector;
  private final List<String> warnings = new ArrayList<>();
  private boolean sound = true;

  private GuidPartitionTable(BlockSource disk, int sector) {
    this.disk = disk;
    this.sector = sector;
  }

  /**
   * Reads the table, if there is one: where a master boot record announces it, or where there is no
   * boot record at all and the first header is there. A header that is left behind by a table from
   * before counts for nothing.
   *
   * @param boot the first sector, or null when the disk is shorter
   */
  static Optional<PartitionTable> of(BlockSource disk, ByteBuffer boot) {
    boolean announced = MasterBootRecord.isProtective(boot);
    if (!announced && MasterBootRecord.isSigned(boot)) {
      return Optional.empty();
    }
    Set<Integer> sectors = new LinkedHashSet<>(List.of(disk.sectorSize(), 512, 4096));
    for (int sector : sectors) {
      long last = disk.size() / sector - 1;
      if (last >= 2) {
        GuidPartitionTable table = new GuidPartitionTable(disk, sector);
        if (table.hasMagic(1) || announced && table.hasMagic(last)) {
          return Optional.of(table.read(last));
        }
      }
    }
    return Optional.empty();
  }

  private boolean hasMagic(long at) {
    ByteBuffer bytes = PartitionTable.bytes(disk, at * sector, HEADER);
    return bytes != null && bytes.limit(MAGIC.length).rewind().equals(ByteBuffer.wrap(MAGIC));
  }

  private PartitionTable read(long last) {
    List<Partition> first = copy(1, "first");
    List<Partition> second = copy(last, "second");
    if (first != null && second != null && !first.equals(second)) {
      warnings.add("the two copies of the table differ; the first is used");
      sound = false;
    }
    List<Partition> used = first != null ? first : second;
    if (used == null) {
      return new PartitionTable(PartitionTable.Kind.GPT, sector, List.of(), warnings, false);
    }
    return PartitionTable.checked(PartitionTable.Kind.GPT, sector, disk, used, warnings, sound);
  }

  /** The partitions of one copy, or null, with a warning, when it is missing or damaged. */
  private List<Partition> copy(long at, String which) {
    ByteBuffer header = PartitionTable.bytes(disk, at * sector, sector);
    if (header == null || !hasMagic(at)) {
      warnings.add("the " + which + " copy of the GPT is missing");
      return null;
    }
    int length = header.getInt(12);
    long entries = header.getLong(72);
    long count = header.getInt(80) & 0xffffffffL;
    long size = header.getInt(84) & 0xffffffffL;
    if (length < HEADER
        || length > sector
        || header.getLong(24) != at
        || (header.getInt(16) & 0xffffffffL) != headerCrc(header.array(), length)
        || size < SMALLEST_ENTRY
        || size % 8 != 0
        || count < 1
        || count > MOST_BYTES / size
        || entries < 1
        || entries > disk.size() / sector) {
      warnings.add("the header of the " + which + " copy of the GPT is damaged");
      return null;
    }
    ByteBuffer table = PartitionTable.bytes(disk, entries * sector, (int) (count * size));
    if (table == null || (header.getInt(88) & 0xffffffffL) != crc(table.array())) {
      warnings.add("the entries of the " + which + " copy of the GPT are damaged");
      return null;
    }
    return partitions(table, (int) count, (int) size, which);
  }

  private List<Partition> partitions(ByteBuffer table, int count, int size, String which) {
    List<Partition> partitions = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      int at = i * size;
      String type = uuid(table, at);
      if (type.equals(UNUSED)) {
        continue;
      }
      long from = table.getLong(at + 32);
      long to = table.getLong(at + 40);
      if (from < 1 || to < from || to >= Long.MAX_VALUE / sector) {
        warnings.add("partition %d of the %s copy of the GPT has no size".formatted(i + 1, which));
        sound = false;
        continue;
      }
      partitions.add(
          new Partition(
              i + 1,
              from * sector,
              (to - from + 1) * sector,
              type,
              label(table, at + 56),
              uuid(table, at + 16),
              (table.getLong(at + 48) & BOOTABLE) != 0));
    }
    return partitions;
  }

  // ---- for a disk of another size ------------------------------------------------------------

  /**
   * What of a sound table changes when its disk gets another size: the second copy goes to the new
   * end, and both say so.
   *
   * @param size bytes of the disk it is to be on
   * @throws IllegalArgumentException when a partition does not fit, in words
   */
  static TableMove moved(BlockSource disk, int sector, long size) {
    ByteBuffer header = PartitionTable.bytes(disk, sector, sector);
    GuidPartitionTable first = new GuidPartitionTable(disk, sector);
    if (header == null || first.copy(1, "first") == null) {
      throw new IllegalArgumentException(String.join("; ", first.warnings));
    }
    int length = header.getInt(12);
    long entries = header.getLong(72);
    int bytes = header.getInt(80) * header.getInt(84);
    byte[] table = new byte[(bytes + sector - 1) / sector * sector];
    disk.read(entries * sector, ByteBuffer.wrap(table));
    long last = size / sector - 1;
    long secondEntries = last - table.length / sector;
    long firstUsable = header.getLong(40);
    if (secondEntries <= firstUsable) {
      throw new IllegalArgumentException("there is no room for its table");
    }
    for (Partition each : PartitionTable.of(disk).partitions()) {
      if (each.end() > secondEntries * sector) {
        throw new IllegalArgumentException(
            "partition %d ends at byte %d, and there is room up to byte %d"
                .formatted(each.number(), each.end(), secondEntries * sector));
      }
    }
    List<TableMove.Piece> pieces = new ArrayList<>();
    pieces.add(new TableMove.Piece(0, protective(disk, size / sector)));
    long old = disk.size() / sector - 1;
    header.putLong(48, secondEntries - 1);
    pieces.add(new TableMove.Piece(sector, header(header, length, 1, last, entries)));
    if (old < secondEntries) {
      pieces.add(new TableMove.Piece(old * sector, new byte[sector])); // nobody is to find it there
    }
    pieces.add(new TableMove.Piece(secondEntries * sector, table));
    byte[] second = header(header, length, last, 1, secondEntries);
    pieces.add(new TableMove.Piece(last * sector, second));
    return new TableMove(Math.min(disk.size(), secondEntries * sector), pieces);
  }

  private static byte[] header(ByteBuffer like, int length, long at, long other, long entries) {
    ByteBuffer made = ByteBuffer.wrap(like.array().clone()).order(ByteOrder.LITTLE_ENDIAN);
    made.putLong(24, at).putLong(32, other).putLong(72, entries);
    made.putInt(16, (int) headerCrc(made.array(), length));
    return made.array();
  }

  /** The boot record, whose entry for the GPT covers the disk. */
  private static byte[] protective(BlockSource disk, long sectors) {
    ByteBuffer boot = PartitionTable.bytes(disk, 0, MasterBootRecord.LENGTH);
    for (int at = FIRST_ENTRY; at < FIRST_ENTRY + 4 * ENTRY; at += ENTRY) {
      if ((boot.get(at + 4) & 0xff) == PROTECTIVE && boot.getInt(at + 8) == 1) {
        boot.putInt(at + 12, (int) Math.min(sectors - 1, 0xffffffffL));
      }
    }
    return boot.array();
  }

  private static String label(ByteBuffer table, int at) {
    String text = new String(table.array(), at, 72, StandardCharsets.UTF_16LE);
    int end = text.indexOf('\0');
    return (end < 0 ? text : text.substring(0, end)).replaceAll("\\p{Cntrl}", "?");
  }

  /** The first three groups are little-endian numbers, the rest are bytes in order. */
  private static String uuid(ByteBuffer table, int at) {
    long rest = Long.reverseBytes(table.getLong(at + 8));
    return "%08x-%04x-%04x-%04x-%012x"
        .formatted(
            table.getInt(at),
            table.getShort(at + 4),
            table.getShort(at + 6),
            rest >>> 48,
            rest & 0xffffffffffffL);
  }

  /** Of a header whose own checksum counts as zeros. */
  private static long headerCrc(byte[] header, int length) {
    byte[] copy = Arrays.copyOf(header, length);
    Arrays.fill(copy, 16, 20, (byte) 0);
    return crc(copy);
  }

  private static long crc(byte[] bytes) {
    CRC32 crc = new CRC32();
    crc.update(bytes);
    return crc.getValue();
  }
}
