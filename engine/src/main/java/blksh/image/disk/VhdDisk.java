package blksh.image.disk;

import blksh.BlkshException;
import blksh.block.BlockSource;
import blksh.filesystem.Structure;
import blksh.io.UnreadableException;
import blksh.task.Task;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;

/**
 * A VHD that grows, or that has what differs from another ("Virtual Hard Disk Image Format
 * Specification", Microsoft, 2006): a table of blocks, each with a bitmap of its sectors before it.
 * Numbers are big-endian.
 */
final class VhdDisk implements DiskMap {

  static final String MAGIC = "conectix";

  private static final int FOOTER = 512;
  private static final int HEADER = 1024;
  private static final int SECTOR = 512;
  private static final int FIXED = 2;
  private static final int DYNAMIC = 3;
  private static final int DIFFERENCING = 4;
  private static final long ABSENT = 0xffffffffL;
  private static final long LARGEST_BLOCK = 256 << 20;

  /** Blocks that are looked for twice: of 2 MiB, those of 4 TiB. */
  private static final long MOST_CHECKED = 1 << 21;

  private static final int LONGEST_PARENT = 64 << 10;

  /** Who relies on the geometry and not on the size. */
  private static final Set<String> BY_GEOMETRY = Set.of("vpc", "vs", "qemu");

  /** The largest geometry there is, which says nothing of larger disks. */
  private static final long LARGEST_GEOMETRY = 65535L * 16 * 255;

  private final BlockSource file;
  private final DiskMemory memory;
  private final VirtualDisk below;
  private final long size;
  private final long tableOffset;
  private final long entries;
  private final long blockSize;
  private final long bitmapBytes;
  private final Map<String, Object> fields;

  private VhdDisk(
      BlockSource file,
      DiskMemory memory,
      VirtualDisk below,
      long size,
      Structure header,
      Map<String, Object> fields) {
    this.file = file;
    this.memory = memory;
    this.below = below;
    this.size = size;
    this.tableOffset = header.i64(16);
    this.entries = header.u32(28);
    this.blockSize = header.u32(32);
    this.bitmapBytes = (blockSize / SECTOR / 8 + SECTOR - 1) / SECTOR * SECTOR;
    this.fields = fields;
  }

  /** The footer of a fixed disk, which is nothing but that behind its bytes, or null. */
  static Structure fixedFooter(BlockSource file) {
    Structure footer;
    try {
      footer = footer(file, file.size() - FOOTER);
    } catch (UnreadableException e) {
      return null; // what cannot be read there, as of a damaged disc, is for who needs it
    }
    return footer != null && footer.i32(60) == FIXED && footer.i64(48) == file.size() - FOOTER
        ? footer
        : null;
  }

  /** A footer that has its checksum, or null. */
  private static Structure footer(BlockSource file, long at) {
    byte[] bytes = new byte[FOOTER];
    if (at < 0 || file.read(at, ByteBuffer.wrap(bytes)) < FOOTER) {
      return null;
    }
    Structure footer = Structure.of(bytes).bigEndian();
    return footer.has(0, MAGIC) && footer.i32(64) == checksum(bytes, 64) ? footer : null;
  }

  /** The complement of the sum of all bytes but those of the checksum. */
  private static int checksum(byte[] bytes, int at) {
    int sum = 0;
    for (int i = 0; i < bytes.length; i++) {
      sum += i >= at && i < at + 4 ? 0 : bytes[i] & 0xff;
    }
    return ~sum;
  }

  static DiskMap open(BlockSource file, String name, DiskChain chain) {
    String action = "open " + name;
    Structure footer = footer(file, 0);
    if (footer == null) {
      footer = footer(file, file.size() - FOOTER);
    }
    if (footer == null) {
      throw damaged(action, 0, "its footer does not match its checksum, nor does the copy of it");
    }
    long size = size(footer);
    if (size < 0) {
      throw damaged(action, 48, "its disk has 2^63 bytes or more");
    }
    int type = footer.i32(60);
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("type", type == FIXED ? "fixed" : type == DYNAMIC ? "dynamic" : "differencing");
    fields.put("creator", footer.text(28, 4));
    fields.put("uuid", identifier(footer, 68));
    if (type == FIXED) {
      return new RawDisk(file, "vhd", size, fields);
    }
    if (type != DYNAMIC && type != DIFFERENCING) {
      throw new UnsupportedDiskException(action, "it is a VHD of type %d".formatted(type));
    }
    Structure header = header(file, action, footer.i64(16), size);
    fields.put("block size", header.u32(32));
    VirtualDisk below = type == DYNAMIC ? null : parent(file, action, header, chain, fields);
    return new VhdDisk(file, chain.memory(), below, size, header, fields);
  }

  private static long size(Structure footer) {
    long current = footer.i64(48);
    long geometry = (long) footer.u16(56) * footer.u8(58) * footer.u8(59);
    boolean byGeometry =
        BY_GEOMETRY.contains(footer.text(28, 4)) && geometry > 0 && geometry < LARGEST_GEOMETRY;
    return byGeometry ? Math.min(current, geometry * SECTOR) : current;
  }

  private static Structure header(BlockSource file, String action, long at, long size) {
    byte[] bytes = new byte[HEADER];
    if (at < 0 || at > file.size() - HEADER) {
      throw damaged(action, 16, "its header lies outside the file, at byte " + at);
    }
    file.read(at, ByteBuffer.wrap(bytes));
    Structure header = Structure.of(bytes).bigEndian();
    if (!header.has(0, "cxsparse") || header.i32(36) != checksum(bytes, 36)) {
      throw damaged(action, at, "its header does not match its checksum");
    }
    long entries = header.u32(28);
    long blockSize = header.u32(32);
    long table = header.i64(16);
    if (blockSize < SECTOR || blockSize > LARGEST_BLOCK || Long.bitCount(blockSize) != 1) {
      throw damaged(action, at + 32, "its blocks have %d bytes".formatted(blockSize));
    }
    if (size > entries * blockSize) {
      throw damaged(
          action, at + 28, "%d blocks do not do for %d bytes of disk".formatted(entries, size));
    }
    if (table < FOOTER || table % SECTOR != 0 || table > file.size() - entries * 4) {
      throw damaged(
          action,
          at + 16,
          "its table lies outside the file: %d bytes at %d".formatted(entries * 4, table));
    }
    return header;
  }

  /** The disk that this one differs from, by the names it has for it, proven by its identifier. */
  private static VirtualDisk parent(
      BlockSource file,
      String action,
      Structure header,
      DiskChain chain,
      Map<String, Object> fields) {
    String wanted = identifier(header, 40);
    fields.put("parent", wanted);
    byte[] name = null;
    List<byte[]> names = parentNames(file, header);
    for (byte[] each : names) {
      if (name == null && chain.siblings().has(each)) {
        name = each;
      }
    }
    if (names.isEmpty()) {
      throw new MissingDiskException(
          action, "it differs from disk %s, and does not say where that is".formatted(wanted));
    }
    if (name == null) {
      name = names.get(0);
    }
    VirtualDisk parent = chain.open(name, "vpc", "the disk it differs from");
    Object found = parent.fields().get("uuid");
    if (!wanted.equals(found)) {
      parent.close();
      throw new MissingDiskException(
          action, "it differs from disk %s, and %s is there".formatted(wanted, found));
    }
    return parent;
  }

  private static List<byte[]> parentNames(BlockSource file, Structure header) {
    List<byte[]> relative = new ArrayList<>();
    List<byte[]> absolute = new ArrayList<>();
    for (int at = 576; at < 576 + 8 * 24; at += 24) {
      long length = header.u32(at + 8);
      long offset = header.i64(at + 16);
      boolean isRelative = header.has(at, "W2ru");
      boolean inside =
          length > 0 && length <= LONGEST_PARENT && offset > 0 && offset <= file.size() - length;
      if ((isRelative || header.has(at, "W2ku")) && inside) {
        byte[] bytes = new byte[(int) length];
        file.read(offset, ByteBuffer.wrap(bytes));
        (isRelative ? relative : absolute)
            .addAll(WindowsPath.names(text(bytes, StandardCharsets.UTF_16LE)));
      }
    }
    relative.addAll(absolute);
    relative.addAll(WindowsPath.names(text(header.bytes(64, 512), StandardCharsets.UTF_16BE)));
    return relative;
  }

  private static String text(byte[] bytes, Charset charset) {
    String text = new String(bytes, charset);
    int end = text.indexOf('\0');
    return end < 0 ? text : text.substring(0, end);
  }

  private static String identifier(Structure of, int at) {
    return "%08x-%04x-%04x-%016x"
        .formatted(of.i32(at), of.u16(at + 4), of.u16(at + 6), of.i64(at + 8));
  }

  private static BlkshException damaged(String action, long at, String problem) {
    return new DiskDamageException(action, problem).at(at);
  }

  private long entry(long block) {
    return memory.u32(file, tableOffset + block * 4, ByteOrder.BIG_ENDIAN);
  }

  @Override
  public DiskRun at(long position, long end) {
    long block = position / blockSize;
    long entry = entry(block);
    if (entry == ABSENT) {
      long next = block + 1;
      while (next - block < DiskRun.MOST_JOINED
          && next * blockSize < end
          && entry(next) == ABSENT) {
        next++;
      }
      return DiskRun.absent(position, Math.min(end, next * blockSize));
    }
    long inside = position % blockSize;
    long stop = Math.min(end, position - inside + blockSize);
    long bitmap = entry * SECTOR;
    if (bitmap < FOOTER || bitmap > file.size() - bitmapBytes) {
      return DiskRun.bad(
          position,
          stop,
          tableOffset + block * 4,
          "block %d lies outside the file, at byte %d".formatted(block, bitmap));
    }
    long data = bitmap + bitmapBytes + inside;
    boolean here = isHere(bitmap, inside);
    long sector = inside / SECTOR + 1;
    while (position - inside + sector * SECTOR < stop && isHere(bitmap, sector * SECTOR) == here) {
      sector++;
    }
    stop = Math.min(stop, position - inside + sector * SECTOR);
    return here
        ? DiskRun.within(position, stop, file, data, file.size())
        : DiskRun.absent(position, stop);
  }

  /** Whether a sector of a block was written; the highest bit of each byte is the first. */
  private boolean isHere(long bitmap, long inside) {
    long sector = inside / SECTOR;
    return (memory.u8(file, bitmap + sector / 8) >> 7 - sector % 8 & 1) != 0;
  }

  @Override
  public byte[] unpack(DiskRun run) {
    throw new IllegalStateException("nothing in it is packed");
  }

  @Override
  public void check(Task task, Consumer<DiskFault> faults) {
    if (footer(file, file.size() - FOOTER) == null) {
      faults.accept(
          new DiskFault(Math.max(0, file.size() - FOOTER), "the footer at its end is damaged"));
    }
    long blocks = (size + blockSize - 1) / blockSize;
    long[] found = new long[(int) Math.min(MOST_CHECKED, blocks)];
    int count = 0;
    for (int block = 0; block < found.length; block++) {
      task.checkCancelled();
      long entry = entry(block);
      if (entry != ABSENT) {
        found[count++] = entry;
      }
    }
    Arrays.sort(found, 0, count);
    for (int i = 1; i < count; i++) {
      task.checkCancelled();
      if ((found[i] - found[i - 1]) * SECTOR < bitmapBytes + blockSize) {
        faults.accept(new DiskFault(found[i] * SECTOR, "a block lies where another is"));
      }
    }
  }

  @Override
  public String format() {
    return "vhd";
  }

  @Override
  public String version() {
    return below == null ? "dynamic" : "differencing";
  }

  @Override
  public long size() {
    return size;
  }

  @Override
  public long unit() {
    return blockSize;
  }

  @Override
  public VirtualDisk below() {
    return below;
  }

  @Override
  public Map<String, Object> fields() {
    return fields;
  }

  @Override
  public void close() {
    file.close();
  }
}
