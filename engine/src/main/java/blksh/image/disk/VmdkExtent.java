package blksh.image.disk;

import blksh.BlkshException;
import blksh.block.BlockSource;
import blksh.filesystem.Structure;
import blksh.lz.BadChunkException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.BitSet;
import java.util.function.Consumer;

/**
 * A part of a VMDK that grows: a directory of tables, whose entries say where each grain is
 * ("Virtual Disk Format 5.0", VMware, 2011, "Hosted Sparse Extents", "Stream-Optimized Compressed
 * Sparse Extents", "ESX Server Sparse Extents"). Numbers are little-endian; a sector has 512 bytes.
 */
final class VmdkExtent {

  static final String MAGIC = "KDMV";
  static final String MAGIC_ESX = "COWD";

  static final int SECTOR = 512;
  private static final int HEADER = 512;

  /** Where the last sectors are: a marker, the header once more, and the mark of the end. */
  private static final int FOOTER_FROM_END = 1024;

  private static final long DIRECTORY_AT_END = -1;
  private static final int ESX_TABLE = 4096;
  private static final int ZERO_GRAINS = 1 << 2;
  private static final int COMPRESSED = 1 << 16;
  private static final int MARKERS = 1 << 17;
  private static final long LARGEST_GRAIN = 64 << 20;

  /** What is unpacked is held in memory, once by each who reads. */
  private static final long LARGEST_COMPRESSED = 2 << 20;

  private static final long MOST_CHECKED = 1 << 28;

  /** Bytes before what is compressed: its sector, and its length. */
  private static final int MARKER = 12;

  /** Tables are found by 32 bits; so many of them would be a directory of 32 MiB. */
  private static final long LARGEST_DIRECTORY = 32 << 20;

  private final BlockSource file;
  private final DiskMemory memory;
  private final long sectors;
  private final long grain;
  private final int tableEntries;
  private final long directory;
  private final boolean zeroGrains;
  private final boolean compressed;
  private final boolean markers;
  final long descriptorOffset;
  final long descriptorLength;
  final int version;
  final boolean unclean;

  VmdkExtent(BlockSource file, String action, DiskMemory memory) {
    this.file = file;
    this.memory = memory;
    Structure header = header(file, 0, action);
    boolean esx = header.has(0, MAGIC_ESX);
    if (!esx && !header.has(0, MAGIC)) {
      throw damaged(action, 0, "a part that is said to be sparse does not begin as one");
    }
    if (!esx && header.i64(56) == DIRECTORY_AT_END) {
      header = header(file, file.size() - FOOTER_FROM_END, action);
      if (!header.has(0, MAGIC)) {
        throw damaged(
                action,
                Math.max(0, file.size() - FOOTER_FROM_END),
                "its tables are at its end, and the footer that tells where is not there")
            .suggest("fetch it again; it was cut short");
      }
    }
    version = header.i32(4);
    int flags = header.i32(8);
    sectors = esx ? header.u32(12) : header.i64(12);
    grain = (esx ? header.u32(16) : header.i64(20)) * SECTOR;
    tableEntries = esx ? ESX_TABLE : header.i32(44);
    directory = (esx ? header.u32(20) : header.i64(56)) * SECTOR;
    zeroGrains = !esx && (flags & ZERO_GRAINS) != 0;
    compressed = !esx && (flags & COMPRESSED) != 0;
    markers = !esx && (flags & MARKERS) != 0;
    descriptorOffset = esx ? 0 : header.i64(28) * SECTOR;
    descriptorLength = esx ? 0 : header.i64(36) * SECTOR;
    unclean = !esx && header.u8(72) != 0;
    if (version < 1 || version > 3) {
      throw new UnsupportedDiskException(
          action, "it is a sparse VMDK of version %d, and 1 to 3 are read".formatted(version));
    }
    if (compressed && header.u16(77) != 1) {
      throw new UnsupportedDiskException(
          action, "it is compressed by method %d, and deflate is read".formatted(header.u16(77)));
    }
    require(action);
  }

  private static Structure header(BlockSource file, long at, String action) {
    byte[] bytes = new byte[HEADER];
    if (at < 0 || file.read(at, ByteBuffer.wrap(bytes)) < HEADER) {
      throw damaged(action, Math.max(0, at), "its header is cut short");
    }
    return Structure.of(bytes);
  }

  private void require(String action) {
    if (sectors <= 0 || sectors > Long.MAX_VALUE / SECTOR) {
      throw damaged(action, 12, "it has %d sectors".formatted(sectors));
    }
    if (compressed && grain > LARGEST_COMPRESSED) {
      throw new UnsupportedDiskException(
          action, "its compressed grains have %d bytes, of at most 2 MiB".formatted(grain));
    }
    if (grain < SECTOR || grain > LARGEST_GRAIN || Long.bitCount(grain) != 1) {
      throw damaged(action, 20, "its grains have %d bytes".formatted(grain));
    }
    if (tableEntries < 1 || tableEntries > ESX_TABLE) {
      throw damaged(action, 44, "its tables have %d entries".formatted(tableEntries));
    }
    long bytes = directoryBytes();
    if (bytes > LARGEST_DIRECTORY || directory <= 0 || directory > file.size() - bytes) {
      throw damaged(
          action,
          56,
          "its directory lies outside the file: %d bytes at %d".formatted(bytes, directory));
    }
    long tables = 0;
    for (long at = directory; at < directory + bytes; at += 4) {
      tables += memory.u32(file, at, ByteOrder.LITTLE_ENDIAN) == 0 ? 0 : 1;
    }
    if (tables * tableEntries * 4 > file.size()) {
      throw damaged(
          action, directory, "its directory leads to %d tables, more than fit".formatted(tables));
    }
  }

  private static BlkshException damaged(String action, long at, String problem) {
    return new DiskDamageException(action, problem).at(at);
  }

  long size() {
    return sectors * SECTOR;
  }

  /** Bytes of the directory of tables. */
  long directoryBytes() {
    long span = grain * tableEntries;
    return (size() / span + (size() % span == 0 ? 0 : 1)) * 4;
  }

  long grain() {
    return grain;
  }

  /** As {@link DiskMap#at}, in bytes of this part. */
  DiskRun at(long position, long end) {
    long span = grain * tableEntries;
    long index = position / span;
    long table = table(index);
    if (table == 0) {
      long next = index + 1;
      while (next * span < end && table(next) == 0) {
        next++;
      }
      return DiskRun.absent(position, Math.min(end, next * span));
    }
    long tableEnd = Math.min(end, (index + 1) * span);
    if (table > file.size() - tableEntries * 4L) {
      return DiskRun.bad(
          position, tableEnd, directory + index * 4, "a table lies outside the file, at " + table);
    }
    DiskRun run = grain(table, position, tableEnd);
    while (run.end() < tableEnd) {
      DiskRun next = grain(table, run.end(), tableEnd);
      if (!run.goesOn(next)) {
        break;
      }
      run = run.until(next.end());
    }
    return run;
  }

  private long table(long index) {
    return memory.u32(file, directory + index * 4, ByteOrder.LITTLE_ENDIAN) * SECTOR;
  }

  private DiskRun grain(long table, long position, long end) {
    long inside = position % grain;
    long stop = Math.min(end, position - inside + grain);
    long at = table + position / grain % tableEntries * 4;
    long entry = memory.u32(file, at, ByteOrder.LITTLE_ENDIAN);
    if (entry == 0) {
      return DiskRun.absent(position, stop);
    }
    if (entry == 1 && zeroGrains) {
      return DiskRun.zero(position, stop);
    }
    long offset = entry * SECTOR;
    if (!compressed) {
      return DiskRun.within(position, stop, file, offset + inside, file.size());
    }
    if (offset > file.size() - MARKER) {
      return DiskRun.bad(
          position, stop, at, "a grain lies outside the file, at byte %d".formatted(offset));
    }
    return DiskRun.packed(position, stop, file, offset, MARKER);
  }

  /**
   * Unpacks a grain of this part.
   *
   * @param grainStart its first byte of this part
   */
  byte[] unpack(DiskRun run, long grainStart) throws BadChunkException {
    int head = markers ? MARKER : 0;
    Structure fields = Structure.of(DiskMemory.bytes(file, run.offset(), MARKER));
    long length = markers ? fields.u32(8) : 2 * grain;
    if (markers && fields.i64(0) != grainStart / SECTOR) {
      throw new BadChunkException(
          "is that of sector %d, not of %d".formatted(fields.i64(0), grainStart / SECTOR));
    }
    if (markers && (length > 2 * grain + SECTOR || length > file.size() - run.offset() - head)) {
      throw new BadChunkException("has %d bytes, which cannot be".formatted(length));
    }
    int there = (int) Math.min(length, file.size() - run.offset() - head);
    byte[] packed = DiskMemory.bytes(file, run.offset() + head, there);
    return DiskPacking.ZLIB.decode(packed, (int) Math.min(grain, size() - grainStart));
  }

  /** Tells which tables lie where others are. */
  void check(Consumer<DiskFault> faults) {
    long span = grain * tableEntries;
    long perTable = (tableEntries * 4L + SECTOR - 1) / SECTOR;
    BitSet taken = new BitSet();
    for (long index = 0; index * span < size(); index++) {
      long first = table(index) / SECTOR;
      if (first == 0 || first + perTable > MOST_CHECKED) {
        continue;
      }
      int used = taken.nextSetBit((int) first);
      if (used >= 0 && used < first + perTable) {
        faults.accept(
            new DiskFault(directory + index * 4, "a table lies where another is: " + first));
      }
      taken.set((int) first, (int) (first + perTable));
    }
  }

  BlockSource file() {
    return file;
  }
}
