package blksh.image.disk;

import blksh.block.BlockSource;
import blksh.lz.BadChunkException;
import blksh.task.Task;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * A disk in a qcow2 image (QEMU, docs/interop/qcow2.txt): a table of level 1 leads to tables of
 * level 2, whose entries say where each cluster is. Every offset is held against the size of the
 * file before anything is read there.
 */
final class Qcow2Disk implements DiskMap {

  private static final long OFFSET = 0x00fffffffffffe00L;
  private static final long COPIED = 1L << 63;
  private static final long COMPRESSED = 1L << 62;
  private static final long ZERO = 1;
  private static final int SUBCLUSTERS_BITS = 5;
  private static final int SECTOR = 512;

  private final BlockSource file;

  /** What has the clusters that are not compressed: the file itself, or another. */
  private final BlockSource data;

  private final Qcow2Header header;
  private final Qcow2Snapshots snapshots;
  private final DiskMemory memory;
  private final VirtualDisk below;
  private final long size;
  private final long l1Offset;
  private final long l1Size;
  private final int clusterBits;

  /** Bits of what one table of level 2 leads to, in bytes. */
  private final int tableBits;

  private final int entrySize;
  private final boolean extended;

  private Qcow2Disk(
      BlockSource file,
      BlockSource data,
      Qcow2Header header,
      Qcow2Snapshots snapshots,
      DiskMemory memory,
      VirtualDisk below,
      Qcow2Snapshots.Snapshot chosen) {
    this.file = file;
    this.data = data;
    this.header = header;
    this.snapshots = snapshots;
    this.memory = memory;
    this.below = below;
    this.size = chosen == null ? header.size : chosen.size();
    this.l1Offset = chosen == null ? header.l1Offset : chosen.l1Offset();
    this.l1Size = chosen == null ? header.l1Size & 0xffffffffL : chosen.l1Size();
    this.clusterBits = header.clusterBits;
    this.extended = header.isExtended();
    this.entrySize = extended ? 16 : 8;
    this.tableBits = 2 * clusterBits - (extended ? 4 : 3);
  }

  /**
   * @param snapshot as {@link DiskOptions#snapshot}
   */
  static Qcow2Disk open(BlockSource file, String name, String snapshot, DiskChain chain) {
    Qcow2Header header = new Qcow2Header(file, name);
    Qcow2Snapshots snapshots = new Qcow2Snapshots(file, header);
    Qcow2Snapshots.Snapshot chosen =
        snapshot == null ? null : snapshots.get(snapshot, "open " + name);
    Qcow2Disk tables = new Qcow2Disk(file, file, header, snapshots, chain.memory(), null, chosen);
    tables.requireL1();
    BlockSource data =
        header.hasDataFile() ? chain.siblings().open(header.dataFile(), "its data file") : file;
    try {
      byte[] backing = header.backing();
      VirtualDisk below =
          backing == null ? null : chain.open(backing, header.backingFormat(), "its backing file");
      return new Qcow2Disk(file, data, header, snapshots, chain.memory(), below, chosen);
    } catch (RuntimeException | Error e) {
      if (data != file) {
        data.close();
      }
      throw e;
    }
  }

  /** That the table of level 1 is there, and leads to no more tables than the file has room for. */
  private void requireL1() {
    long needed = size == 0 ? 0 : (size - 1 >>> tableBits) + 1;
    if (l1Size < needed) {
      throw header.damaged(
          36, "its table of level 1 has %d entries and needs %d".formatted(l1Size, needed));
    }
    if (l1Size > Qcow2Header.LARGEST_L1 / 8) {
      throw header.damaged(36, "its table of level 1 has %d entries".formatted(l1Size));
    }
    String outside = outside(l1Offset, l1Size * 8);
    if (l1Size > 0 && outside != null) {
      throw header.damaged(40, "its table of level 1 " + outside);
    }
    long tables = 0;
    for (long index = 0; index < needed; index++) {
      tables += l1(index) == 0 ? 0 : 1;
    }
    if (tables > file.size() >>> clusterBits) {
      throw header.damaged(
          l1Offset,
          "its table of level 1 leads to %d tables, more than its file has clusters"
              .formatted(tables));
    }
  }

  /** Why a table cannot be where it should, as it follows its name, or null. */
  private String outside(long offset, long length) {
    if ((offset & header.clusterSize() - 1) != 0) {
      return "begins at byte %d, within a cluster".formatted(offset);
    }
    if (offset <= 0 || length > file.size() || offset > file.size() - length) {
      return "lies outside the file: %d bytes at %d of %d".formatted(length, offset, file.size());
    }
    return null;
  }

  private long l1(long index) {
    return memory.u64(file, l1Offset + index * 8, ByteOrder.BIG_ENDIAN) & OFFSET;
  }

  @Override
  public DiskRun at(long position, long end) {
    long index = position >>> tableBits;
    long table = l1(index);
    if (table == 0) {
      long next = index + 1;
      while (next - index < DiskRun.MOST_JOINED && next << tableBits < end && l1(next) == 0) {
        next++;
      }
      return DiskRun.absent(position, Math.min(end, next << tableBits));
    }
    long tableEnd = Math.min(end, index + 1 << tableBits);
    String outside = outside(table, header.clusterSize());
    if (outside != null) {
      return DiskRun.bad(position, tableEnd, l1Offset + index * 8, "a table of level 2 " + outside);
    }
    DiskRun run = cluster(table, position, tableEnd);
    while (run.end() < tableEnd) {
      DiskRun next = cluster(table, run.end(), tableEnd);
      if (!run.goesOn(next)) {
        break;
      }
      run = run.until(next.end());
    }
    return run;
  }

  /** What a table of level 2 says from a byte on, at most to the end of its cluster. */
  private DiskRun cluster(long table, long position, long end) {
    long slot = (position >>> clusterBits) & (1L << tableBits - clusterBits) - 1;
    long at = table + slot * entrySize;
    long entry = memory.u64(file, at, ByteOrder.BIG_ENDIAN);
    long inside = position & header.clusterSize() - 1;
    long stop = Math.min(end, position + header.clusterSize() - inside);
    if ((entry & COMPRESSED) != 0) {
      return compressed(entry, at, position, stop);
    }
    long offset = entry & OFFSET;
    if (extended) {
      return subcluster(at, offset, position, stop, entry);
    }
    if ((entry & ZERO) != 0) {
      return header.version == 2
          ? DiskRun.bad(position, stop, at, "a cluster of zeros, which version 2 has not")
          : DiskRun.zero(position, stop);
    }
    return isAbsent(entry, offset)
        ? DiskRun.absent(position, stop)
        : stored(at, offset, position, stop);
  }

  /** In a file of data alone there is a cluster at byte 0, too. */
  private boolean isAbsent(long entry, long offset) {
    return offset == 0 && !(data != file && (entry & COPIED) != 0);
  }

  private DiskRun stored(long at, long offset, long position, long stop) {
    if ((offset & header.clusterSize() - 1) != 0) {
      return DiskRun.bad(position, stop, at, "a cluster at byte %d, within one".formatted(offset));
    }
    long inside = position & header.clusterSize() - 1;
    return DiskRun.within(position, stop, data, offset + inside, data.size());
  }

  private DiskRun compressed(long entry, long at, long position, long stop) {
    int offsetBits = 62 - (clusterBits - 8);
    long offset = entry & (1L << offsetBits) - 1;
    long sectors = (entry & COMPRESSED - 1) >>> offsetBits;
    long packed = (sectors + 1) * SECTOR - (offset & SECTOR - 1);
    if (data != file) {
      return DiskRun.bad(position, stop, at, "a compressed cluster beside a data file");
    }
    if (offset < SECTOR || offset >= file.size()) {
      return DiskRun.bad(
          position,
          stop,
          at,
          "a compressed cluster at byte %d, outside the file".formatted(offset));
    }
    int length = (int) Math.min(packed, file.size() - offset);
    return DiskRun.packed(position, stop, file, offset, length);
  }

  /** What the bitmap of a cluster says of the subclusters from a byte on. */
  private DiskRun subcluster(long at, long offset, long position, long stop, long entry) {
    long bitmap = memory.u64(file, at + 8, ByteOrder.BIG_ENDIAN);
    int subBits = clusterBits - SUBCLUSTERS_BITS;
    int first = (int) ((position & header.clusterSize() - 1) >>> subBits);
    int state = state(bitmap, first);
    int last = first + 1;
    while (last < 32 && state(bitmap, last) == state) {
      last++;
    }
    long cluster = position - (position & header.clusterSize() - 1);
    long end = Math.min(stop, cluster + ((long) last << subBits));
    return switch (state) {
      case 0 -> DiskRun.absent(position, end);
      case 1 ->
          isAbsent(entry, offset)
              ? DiskRun.bad(position, end, at + 8, "a subcluster without a cluster")
              : stored(at, offset, position, end);
      case 2 -> DiskRun.zero(position, end);
      default -> DiskRun.bad(position, end, at + 8, "a subcluster both stored and zeros");
    };
  }

  /** 1 when it is stored, 2 when it is zeros. */
  private static int state(long bitmap, int subcluster) {
    return (int) (bitmap >>> subcluster & 1 | (bitmap >>> 32 + subcluster & 1) << 1);
  }

  @Override
  public byte[] unpack(DiskRun run) throws BadChunkException {
    byte[] packed = DiskMemory.bytes(file, run.offset(), run.packed());
    return header.unpacking().decode(packed, (int) header.clusterSize());
  }

  @Override
  public String format() {
    return "qcow2";
  }

  @Override
  public String version() {
    return String.valueOf(header.version);
  }

  @Override
  public long size() {
    return size;
  }

  @Override
  public long unit() {
    return header.clusterSize();
  }

  @Override
  public VirtualDisk below() {
    return below;
  }

  @Override
  public Map<String, Object> fields() {
    Map<String, Object> fields = new LinkedHashMap<>(header.fields());
    List<String> told = new ArrayList<>();
    snapshots.all().forEach(each -> told.add(each.told()));
    if (!told.isEmpty()) {
      fields.put("snapshots", told);
    }
    return fields;
  }

  @Override
  public List<String> warnings() {
    return header.warnings();
  }

  @Override
  public void check(Task task, Consumer<DiskFault> faults) {
    Qcow2Check check = new Qcow2Check(file, header, memory, faults);
    check.metadata(l1Offset, l1Size * 8, "the table of level 1");
    if (header.snapshots > 0) {
      long length = snapshots.end() - header.snapshotsOffset;
      check.metadata(header.snapshotsOffset, length, "the table of snapshots");
    }
    check.refcounts(task);
    for (long index = 0; index < l1Size; index++) {
      long table = l1(index);
      if (table != 0) {
        task.checkCancelled();
        check.metadata(table, header.clusterSize(), "a table of level 2");
      }
    }
    if (data == file) {
      check.data(task, this);
    }
  }

  @Override
  public void close() {
    if (data != file) {
      data.close();
    }
    file.close();
  }
}
