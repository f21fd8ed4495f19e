package blksh.image;

import blksh.block.BlockSource;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.zip.CRC32;

/**
 * The partitions of a drive or of an image of one: an MBR with logical partitions, a GPT, or none.
 *
 * @param kind which
 * @param sectorSize bytes of the sectors it counts in
 * @param partitions by number
 * @param warnings what is damaged or odd, as sentences
 */
public record PartitionTable(
    Kind kind, int sectorSize, List<Partition> partitions, List<String> warnings) {

  /** The kinds of partition tables. */
  public enum Kind {
    NONE,
    MBR,
    GPT
  }

  private static final int SECTOR = 512;
  private static final int ENTRIES = 446;
  private static final int ENTRY = 16;
  private static final int SIGNATURE = 0xAA55;
  private static final int PROTECTIVE = 0xEE;
  private static final int MOST_LOGICAL = 256;
  private static final String GPT_MAGIC = "EFI PART";
  private static final int GPT_HEADER = 92;
  private static final int LARGEST_GPT = 1 << 20;
  private static final Set<Integer> EXTENDED = Set.of(0x05, 0x0F, 0x85);

  private static final Map<Integer, String> MBR_TYPES =
      Map.ofEntries(
          Map.entry(0x01, "FAT12"),
          Map.entry(0x04, "FAT16"),
          Map.entry(0x05, "extended"),
          Map.entry(0x06, "FAT16"),
          Map.entry(0x07, "NTFS or exFAT"),
          Map.entry(0x0B, "FAT32"),
          Map.entry(0x0C, "FAT32"),
          Map.entry(0x0E, "FAT16"),
          Map.entry(0x0F, "extended"),
          Map.entry(0x82, "Linux swap"),
          Map.entry(0x83, "Linux"),
          Map.entry(0x85, "extended"),
          Map.entry(0x8E, "Linux LVM"),
          Map.entry(0xA5, "FreeBSD"),
          Map.entry(0xEF, "EFI system"),
          Map.entry(0xFD, "Linux RAID"));

  private static final Map<String, String> GPT_TYPES =
      Map.of(
          "c12a7328-f81f-11d2-ba4b-00a0c93ec93b", "EFI system",
          "21686148-6449-6e6f-744e-656564454649", "BIOS boot",
          "e3c9e316-0b5c-4db8-817d-f92df00215ae", "Microsoft reserved",
          "ebd0a0a2-b9e5-4433-87c0-68b6b72699c7", "Microsoft basic data",
          "de94bba4-06d1-4d40-a16a-bfd50179d6ac", "Windows recovery",
          "0fc63daf-8483-4772-8e79-3d69d8477de4", "Linux",
          "0657fd6d-a4ab-43c4-84e5-0933c84b4f4f", "Linux swap",
          "e6d6d379-f507-44c2-a23c-238f2a3df928", "Linux LVM",
          "4f68bce3-e8cd-4db1-96e7-fbcaf984b709", "Linux root",
          "a19d880f-05fc-4d3b-a006-743f0f84911e", "Linux RAID");

  public PartitionTable {
    partitions = List.copyOf(partitions);
    warnings = List.copyOf(warnings);
  }

  /** A partition by its name ({@code "p1"}) or its number ({@code "1"}). */
  public Optional<Partition> partition(String name) {
    return partitions.stream()
        .filter(p -> p.name().equals(name) || Integer.toString(p.number()).equals(name))
        .findFirst();
  }

  /** Reads the table of a source; a source without one has a table of the kind NONE. */
  public static PartitionTable of(BlockSource source) {
    HeaderBytes first = sector(source, 0, SECTOR);
    if (first == null || first.u16(510) != SIGNATURE) {
      return withoutMbr(source);
    }
    // a boot sector of a file system has the signature too, and no table
    if (Contents.of(source).isPresent() || !entriesAreSound(first)) {
      return new PartitionTable(Kind.NONE, SECTOR, List.of(), List.of());
    }
    for (int i = 0; i < 4; i++) {
      if (first.u8(ENTRIES + i * ENTRY + 4) == PROTECTIVE) {
        return gpt(source).orElseGet(() -> mbr(source, first, "its GPT is damaged beyond use"));
      }
    }
    return mbr(source, first, null);
  }

  private static PartitionTable withoutMbr(BlockSource source) {
    HeaderBytes second = sector(source, SECTOR, SECTOR);
    return second != null && second.has(0, GPT_MAGIC)
        ? gpt(source).orElse(new PartitionTable(Kind.NONE, SECTOR, List.of(), List.of()))
        : new PartitionTable(Kind.NONE, SECTOR, List.of(), List.of());
  }

  private static boolean entriesAreSound(HeaderBytes sector) {
    boolean any = false;
    for (int i = 0; i < 4; i++) {
      int at = ENTRIES + i * ENTRY;
      int status = sector.u8(at);
      if (status != 0 && status != 0x80) {
        return false;
      }
      if (sector.u8(at + 4) != 0 && sector.u32(at + 12) > 0) {
        any = true;
      }
    }
    return any;
  }

  private static PartitionTable mbr(BlockSource source, HeaderBytes first, String warning) {
    List<Partition> partitions = new ArrayList<>();
    List<String> warnings = new ArrayList<>();
    if (warning != null) {
      warnings.add(warning);
    }
    for (int i = 0; i < 4; i++) {
      int at = ENTRIES + i * ENTRY;
      int type = first.u8(at + 4);
      if (type == 0 || first.u32(at + 12) == 0) {
        continue;
      }
      add(source, partitions, warnings, i + 1, first, at, 0);
      if (EXTENDED.contains(type)) {
        logical(source, first.u32(at + 8), partitions, warnings);
      }
    }
    partitions.sort(Comparator.comparingInt(Partition::number));
    return new PartitionTable(Kind.MBR, SECTOR, partitions, warnings);
  }

  /** Follows the chain of extended boot records, each naming one partition and the next record. */
  private static void logical(
      BlockSource source, long extended, List<Partition> partitions, List<String> warnings) {
    Set<Long> seen = new HashSet<>();
    int number = partitions.stream().mapToInt(Partition::number).max().orElse(0);
    number = Math.max(4, number);
    long at = extended;
    while (seen.add(at) && seen.size() <= MOST_LOGICAL) {
      HeaderBytes record = sector(source, at * SECTOR, SECTOR);
      if (record == null || record.u16(510) != SIGNATURE) {
        warnings.add("the chain of logical partitions breaks at sector " + at);
        return;
      }
      if (record.u8(ENTRIES + 4) != 0 && record.u32(ENTRIES + 12) != 0) {
        add(source, partitions, warnings, ++number, record, ENTRIES, at);
      }
      int next = ENTRIES + ENTRY;
      if (record.u8(next + 4) == 0 || record.u32(next + 12) == 0) {
        return;
      }
      at = extended + record.u32(next + 8);
    }
    warnings.add("the chain of logical partitions runs in a circle");
  }

  private static void add(
      BlockSource source,
      List<Partition> partitions,
      List<String> warnings,
      int number,
      HeaderBytes sector,
      int entry,
      long base) {
    int type = sector.u8(entry + 4);
    long start = (base + sector.u32(entry + 8)) * SECTOR;
    long length = sector.u32(entry + 12) * SECTOR;
    partitions.add(
        new Partition(
            number,
            start,
            length,
            "%02x".formatted(type),
            MBR_TYPES.getOrDefault(type, ""),
            "",
            "",
            sector.u8(entry) == 0x80));
    warnIfOutside(source, warnings, number, start, length);
  }

  private static void warnIfOutside(
      BlockSource source, List<String> warnings, int number, long start, long length) {
    if (start + length > source.size()) {
      warnings.add("partition %d ends after the end of what holds it".formatted(number));
    }
  }

  private static Optional<PartitionTable> gpt(BlockSource source) {
    for (int sectorSize : new int[] {SECTOR, 4096}) {
      List<String> warnings = new ArrayList<>();
      Optional<List<Partition>> first = gptAt(source, sectorSize, 1, warnings, "first");
      long last = source.size() / sectorSize - 1;
      Optional<List<Partition>> second = gptAt(source, sectorSize, last, warnings, "second");
      if (first.isPresent() || second.isPresent()) {
        if (first.isPresent() && second.isPresent() && !first.equals(second)) {
          warnings.add("the two copies of the table differ; the first is used");
        }
        List<Partition> partitions = first.or(() -> second).get();
        for (Partition p : partitions) {
          warnIfOutside(source, warnings, p.number(), p.start(), p.length());
        }
        return Optional.of(new PartitionTable(Kind.GPT, sectorSize, partitions, warnings));
      }
    }
    return Optional.empty();
  }

  private static Optional<List<Partition>> gptAt(
      BlockSource source, int sectorSize, long lba, List<String> warnings, String which) {
    HeaderBytes header = lba < 1 ? null : sector(source, lba * sectorSize, SECTOR);
    if (header == null || !header.has(0, GPT_MAGIC)) {
      warnings.add("the " + which + " copy of the GPT is missing");
      return Optional.empty();
    }
    long headerSize = header.u32(12);
    long entries = header.u32(80);
    long entrySize = header.u32(84);
    if (headerSize < GPT_HEADER
        || headerSize > SECTOR
        || entrySize < 128
        || entrySize > 4096
        || entries < 1
        || entries * entrySize > LARGEST_GPT
        || header.i64(24) != lba
        || header.u32(16) != crc(header.bytes(), (int) headerSize, 16)) {
      warnings.add("the header of the " + which + " copy of the GPT is damaged");
      return Optional.empty();
    }
    long entriesLba = header.i64(72);
    HeaderBytes table =
        entriesLba < 1 || entriesLba > source.size() / sectorSize
            ? null
            : sector(source, entriesLba * sectorSize, (int) (entries * entrySize));
    if (table == null || header.u32(88) != crc(table.bytes(), table.bytes().length, -1)) {
      warnings.add("the entries of the " + which + " copy of the GPT are damaged");
      return Optional.empty();
    }
    List<Partition> partitions = new ArrayList<>();
    for (int i = 0; i < entries; i++) {
      int at = (int) (i * entrySize);
      String type = uuid(table, at);
      long from = table.i64(at + 32);
      long to = table.i64(at + 40);
      if (type.equals("00000000-0000-0000-0000-000000000000")) {
        continue;
      }
      if (from < 1 || to < from || to >= Long.MAX_VALUE / sectorSize) {
        warnings.add("partition %d of the %s copy of the GPT has no size".formatted(i + 1, which));
        continue;
      }
      partitions.add(
          new Partition(
              i + 1,
              from * sectorSize,
              (to - from + 1) * sectorSize,
              type,
              GPT_TYPES.getOrDefault(type, ""),
              label(table, at + 56),
              uuid(table, at + 16),
              (table.i64(at + 48) & 4) != 0));
    }
    return Optional.of(partitions);
  }

  private static String label(HeaderBytes table, int at) {
    String text = new String(table.bytes(), at, 72, StandardCharsets.UTF_16LE);
    int end = text.indexOf('\0');
    return (end < 0 ? text : text.substring(0, end)).replaceAll("\\p{Cntrl}", "?");
  }

  private static String uuid(HeaderBytes table, int at) {
    byte[] b = table.bytes();
    return "%08x-%04x-%04x-%02x%02x-%02x%02x%02x%02x%02x%02x"
        .formatted(
            table.i32(at),
            table.u16(at + 4),
            table.u16(at + 6),
            b[at + 8],
            b[at + 9],
            b[at + 10],
            b[at + 11],
            b[at + 12],
            b[at + 13],
            b[at + 14],
            b[at + 15]);
  }

  /** CRC-32 of bytes, four of which count as zeros when {@code zeroed} is not -1. */
  private static long crc(byte[] bytes, int length, int zeroed) {
    byte[] copy = java.util.Arrays.copyOf(bytes, length);
    if (zeroed >= 0) {
      java.util.Arrays.fill(copy, zeroed, zeroed + 4, (byte) 0);
    }
    CRC32 crc = new CRC32();
    crc.update(copy);
    return crc.getValue();
  }

  /** Bytes of a source, or null when they do not lie within it. */
  private static HeaderBytes sector(BlockSource source, long position, int length) {
    if (position < 0 || length <= 0 || position > source.size() - length) {
      return null;
    }
    ByteBuffer buffer = ByteBuffer.allocate(length);
    return source.read(position, buffer) < length ? null : new HeaderBytes(buffer.array());
  }
}
