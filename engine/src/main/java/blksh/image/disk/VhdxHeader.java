package blksh.image.disk;

import blksh.BlkshException;
import blksh.block.BlockSource;
import blksh.filesystem.Structure;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.zip.CRC32C;

/**
 * What a VHDX says of itself: its headers, of which the newer one counts, its regions and its
 * metadata ("[MS-VHDX]: Virtual Hard Disk v2 File Format", Microsoft, sections 2.2, 2.5, 2.6).
 * Numbers are little-endian.
 */
final class VhdxHeader {

  static final String MAGIC = "vhdxfile";

  private static final int HEADER = 4096;
  private static final long[] HEADERS = {64 << 10, 128 << 10};
  private static final long[] REGION_TABLES = {192 << 10, 256 << 10};
  private static final int TABLE = 64 << 10;
  private static final int MOST_ENTRIES = 2047;
  private static final int MIB = 1 << 20;
  private static final int LONGEST_LOCATOR = 256 << 10;

  private static final String BAT = "2dc27766-f623-4200-9d64-115e9bfd4a08";
  private static final String METADATA = "8b7ca206-4790-4b9a-b8fe-575f050f886e";
  private static final String PARAMETERS = "caa16737-fa36-4d43-b3b6-33f0aa44e76b";
  private static final String SIZE = "2fa54224-cd1b-4876-b211-5dbed83bf4b8";
  private static final String IDENTIFIER = "beca12ab-b2e6-4523-93ef-c309e000c746";
  private static final String LOGICAL_SECTOR = "8141bf1d-a96f-4709-ba47-f233a8faab5f";
  private static final String PHYSICAL_SECTOR = "cda348c7-445d-4471-9cc9-e9885251c556";
  private static final String LOCATOR = "a8d35f2d-b30b-454d-abf7-d3d84834ab0c";
  private static final String NONE = "00000000-0000-0000-0000-000000000000";

  private static final String LINKAGE = "parent_linkage";

  /** Where the parent may be, the likeliest first. */
  private static final List<String> PATHS =
      List.of("relative_path", "absolute_win32_path", "volume_path");

  private static final int LONGEST_KEY = 64;

  private static final int HAS_PARENT = 2;
  private static final int REQUIRED = 4;

  /** The file, with what its log holds written over it. */
  private BlockSource file;

  private final String action;
  private final Map<String, String> parent = new LinkedHashMap<>();
  private Structure header;
  private String dataWrite;
  long batOffset;
  long batLength;
  long size;
  long blockSize;
  int sector;
  boolean differs;

  /** Whether it was not closed, so that its log counts. */
  boolean unclean;

  private String identifier = "";

  VhdxHeader(BlockSource file, String action) {
    this.file = file;
    this.action = action;
    readHeader();
    readRegions();
  }

  BlockSource file() {
    return file;
  }

  private Structure bytes(long at, int length) {
    byte[] bytes = new byte[length];
    if (at < 0 || at > file.size() - length) {
      throw damaged(Math.max(0, at), "it ends before what should be there");
    }
    file.read(at, ByteBuffer.wrap(bytes));
    return Structure.of(bytes);
  }

  /** Whether a structure has its mark, and the checksum behind it. */
  private static boolean isSound(Structure of, String mark) {
    if (!of.has(0, mark)) {
      return false;
    }
    byte[] copy = of.bytes().clone();
    Structure.of(copy).putI32(4, 0);
    CRC32C crc = new CRC32C();
    crc.update(copy);
    return (int) crc.getValue() == of.i32(4);
  }

  private void readHeader() {
    for (long at : HEADERS) {
      Structure each = bytes(at, HEADER);
      boolean newer = header == null || Long.compareUnsigned(each.i64(8), header.i64(8)) > 0;
      if (isSound(each, "head") && newer) {
        header = each;
      }
    }
    if (header == null) {
      throw damaged(HEADERS[0], "neither of its headers matches its checksum");
    }
    if (header.u16(66) != 1) {
      throw new UnsupportedDiskException(
          action, "it is a VHDX of version %d, and 1 is read".formatted(header.u16(66)));
    }
    dataWrite = identifier(header, 32);
    unclean = !identifier(header, 48).equals(NONE);
    if (unclean) {
      file = VhdxLog.replayed(file, header, action);
    }
  }

  private void readRegions() {
    Structure table = null;
    for (long at : REGION_TABLES) {
      Structure each = bytes(at, TABLE);
      if (table == null && isSound(each, "regi")) {
        table = each;
      }
    }
    if (table == null || table.u32(8) > MOST_ENTRIES) {
      throw damaged(REGION_TABLES[0], "neither of its tables of regions is sound");
    }
    long metadata = 0;
    for (int i = 0; i < table.i32(8); i++) {
      int at = 16 + i * 32;
      String region = identifier(table, at);
      long offset = table.i64(at + 16);
      long length = table.u32(at + 24);
      if (offset < MIB || offset % MIB != 0 || offset > file.size() - length) {
        throw damaged(
            REGION_TABLES[0] + at,
            "a region lies outside: %d bytes at %d".formatted(length, offset));
      }
      if (region.equals(BAT)) {
        batOffset = offset;
        batLength = length;
      } else if (region.equals(METADATA)) {
        metadata = offset;
      } else if ((table.i32(at + 28) & 1) != 0) {
        throw new UnsupportedDiskException(
            action, "it needs a region that is not known: " + region);
      }
    }
    if (batOffset == 0 || metadata == 0) {
      throw damaged(REGION_TABLES[0], "it has no table of blocks, or no metadata");
    }
    readMetadata(metadata);
  }

  private void readMetadata(long start) {
    Structure table = bytes(start, TABLE);
    if (!table.has(0, "metadata") || table.u16(10) > MOST_ENTRIES) {
      throw damaged(start, "its metadata does not begin as such");
    }
    long logical = 0;
    long size = -1;
    for (int i = 0; i < table.u16(10); i++) {
      int at = 32 + i * 32;
      long item = start + table.u32(at + 16);
      long length = table.u32(at + 20);
      String name = identifier(table, at);
      switch (name) {
        case PARAMETERS -> {
          blockSize = bytes(item, 8).u32(0);
          differs = (bytes(item, 8).i32(4) & HAS_PARENT) != 0;
        }
        case SIZE -> size = bytes(item, 8).i64(0);
        case LOGICAL_SECTOR -> logical = bytes(item, 4).u32(0);
        case IDENTIFIER -> identifier = identifier(bytes(item, 16), 0);
        case PHYSICAL_SECTOR -> bytes(item, 4);
        case LOCATOR -> readLocator(item, length);
        default -> {
          if ((table.i32(at + 24) & REQUIRED) != 0) {
            throw new UnsupportedDiskException(
                action, "it needs metadata that is not known: " + name);
          }
        }
      }
    }
    require(start, size, logical);
  }

  private void require(long start, long size, long logical) {
    if (logical != 512 && logical != 4096) {
      throw damaged(start, "its sectors have %d bytes".formatted(logical));
    }
    if (blockSize < MIB || blockSize > 256 << 20 || Long.bitCount(blockSize) != 1) {
      throw damaged(start, "its blocks have %d bytes".formatted(blockSize));
    }
    if (size < 0 || size > 1L << 46 || size % logical != 0) {
      throw damaged(start, "its disk has %d bytes, of at most 2^46".formatted(size));
    }
    this.size = size;
    this.sector = (int) logical;
    long blocks = (size + blockSize - 1) / blockSize;
    long entries = blocks == 0 ? 0 : blocks + (blocks - 1) / chunkRatio();
    if (differs) {
      entries = (blocks + chunkRatio() - 1) / chunkRatio() * (chunkRatio() + 1);
    }
    if (entries * 8 > batLength) {
      throw damaged(
          batOffset,
          "its table of blocks has %d bytes and needs %d".formatted(batLength, entries * 8));
    }
  }

  /** Blocks that have one block of bits for their sectors together. */
  long chunkRatio() {
    return (1L << 23) * sector / blockSize;
  }

  private void readLocator(long start, long length) {
    if (length < 20 || length > LONGEST_LOCATOR) {
      throw damaged(start, "what tells of its parent has %d bytes".formatted(length));
    }
    Structure locator = bytes(start, (int) length);
    for (int i = 0; i < locator.u16(18); i++) {
      int at = 20 + i * 12;
      if (at + 12 > length) {
        throw damaged(start, "what tells of its parent ends too early");
      }
      long key = locator.u32(at);
      long value = locator.u32(at + 4);
      int keyLength = locator.u16(at + 8);
      int valueLength = locator.u16(at + 10);
      if (key + keyLength > length || value + valueLength > length) {
        throw damaged(start + at, "what tells of its parent lies outside");
      }
      String name = keyLength > LONGEST_KEY ? "" : text(locator.bytes((int) key, keyLength));
      if (name.equals(LINKAGE) || PATHS.contains(name)) {
        parent.put(name, text(locator.bytes((int) value, valueLength)));
      }
    }
  }

  private static String text(byte[] bytes) {
    return new String(bytes, StandardCharsets.UTF_16LE);
  }

  /** The number of the state of the parent it differs from. */
  String linkage() {
    return parent.getOrDefault(LINKAGE, "").replaceAll("[{}]", "").toLowerCase(Locale.ROOT);
  }

  /** The names its parent may have here, the likeliest first. */
  List<byte[]> parentNames() {
    List<byte[]> names = new ArrayList<>();
    for (String key : PATHS) {
      names.addAll(WindowsPath.names(parent.getOrDefault(key, "")));
    }
    return names;
  }

  Map<String, Object> fields() {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("type", differs ? "differencing" : "dynamic");
    fields.put("block size", blockSize);
    fields.put("logical sector", sector);
    fields.put("creator", text(bytes(8, 512).bytes()).split("\0", 2)[0]);
    fields.put("uuid", identifier);
    fields.put("data write", dataWrite);
    if (differs) {
      fields.put("parent", linkage());
    }
    return fields;
  }

  /** A GUID, of which the first half has its numbers little-endian. */
  static String identifier(Structure of, int at) {
    String end = "%016x".formatted(of.bigEndian().i64(at + 8));
    return "%08x-%04x-%04x-%s-%s"
        .formatted(
            of.i32(at), of.u16(at + 4), of.u16(at + 6), end.substring(0, 4), end.substring(4));
  }

  BlkshException damaged(long at, String problem) {
    return new DiskDamageException(action, problem).at(at);
  }
}
