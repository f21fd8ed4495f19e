package blksh.image.disk;

import blksh.block.BlockSource;
import blksh.task.Task;
import java.nio.ByteOrder;
import java.util.BitSet;
import java.util.function.Consumer;

/** That no two tables of a qcow2 image lie in one place, and no data where a table is. */
final class Qcow2Check {

  /** The largest table of refcounts, in bytes, as QEMU has it. */
  private static final long LARGEST_REFCOUNTS = 8 << 20;

  /** Clusters that are kept track of: a bit each. */
  private static final long MOST_CLUSTERS = 1L << 28;

  private final BlockSource file;
  private final Qcow2Header header;
  private final DiskMemory memory;
  private final Consumer<DiskFault> faults;

  /** Clusters of the file in which tables are. */
  private final BitSet taken = new BitSet();

  Qcow2Check(BlockSource file, Qcow2Header header, DiskMemory memory, Consumer<DiskFault> faults) {
    this.file = file;
    this.header = header;
    this.memory = memory;
    this.faults = faults;
    taken.set(0);
  }

  /** Notes a table, and tells when it lies outside, or where another is. */
  void metadata(long offset, long length, String what) {
    if (length == 0) {
      return;
    }
    long size = header.clusterSize();
    if (offset % size != 0
        || offset <= 0
        || length > file.size()
        || offset > file.size() - length) {
      faults.accept(
          new DiskFault(Math.max(0, offset), what + " lies outside the file, or within a cluster"));
      return;
    }
    long first = offset / size;
    long last = (offset + length - 1) / size;
    if (last >= MOST_CLUSTERS) {
      return;
    }
    int used = taken.nextSetBit((int) first);
    if (used >= 0 && used <= last) {
      faults.accept(new DiskFault(used * size, what + " lies where another table is"));
    }
    taken.set((int) first, (int) last + 1);
  }

  /** Notes where references are counted. */
  void refcounts(Task task) {
    long offset = header.refcountOffset();
    long length = header.refcountClusters() * header.clusterSize();
    metadata(offset, length, "the table of refcounts");
    if (length > LARGEST_REFCOUNTS) {
      faults.accept(new DiskFault(56, "the table of refcounts has %d bytes".formatted(length)));
      return;
    }
    boolean inside = offset > 0 && length <= file.size() && offset <= file.size() - length;
    for (long at = offset; inside && offset % 8 == 0 && at < offset + length; at += 8) {
      task.checkCancelled();
      long block = memory.u64(file, at, ByteOrder.BIG_ENDIAN) & ~511L;
      if (block != 0) {
        metadata(block, header.clusterSize(), "a block of refcounts");
      }
    }
  }

  /** Tells which clusters of data lie where tables are. */
  void data(Task task, Qcow2Disk disk) {
    long size = header.clusterSize();
    for (long at = 0; at < disk.size(); ) {
      task.checkCancelled();
      DiskRun run = disk.at(at, disk.size());
      if (run.where() == DiskRun.Where.STORED || run.where() == DiskRun.Where.PACKED) {
        long length = run.where() == DiskRun.Where.PACKED ? run.packed() : run.length();
        long last = Math.min(MOST_CLUSTERS, (run.offset() + length - 1) / size);
        int used =
            run.offset() / size > MOST_CLUSTERS
                ? -1
                : taken.nextSetBit((int) (run.offset() / size));
        if (used >= 0 && used <= last) {
          faults.accept(
              new DiskFault(
                  used * size, "byte %d of the disk lies where a table is".formatted(run.start())));
        }
      }
      at = run.end();
    }
  }
}
