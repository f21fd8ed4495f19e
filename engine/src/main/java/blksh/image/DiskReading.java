package blksh.image;

import blksh.BlkshException;
import blksh.block.Extent;
import blksh.image.disk.DiskFault;
import blksh.image.disk.VirtualDisk;
import blksh.io.DirectBuffer;
import blksh.io.UnreadableException;
import blksh.task.CancelledException;
import blksh.task.Task;
import blksh.task.Workers;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Checks the tables of a virtual disk and reads all that is stored of it, noting what cannot be.
 * What is not stored takes no time, however much it is.
 */
final class DiskReading {

  private static final int PIECE = 1 << 20;

  private final VirtualDisk disk;
  private final Task task;
  private final Iterator<Extent> extents;
  private final List<BadGroup> tables = new ArrayList<>();
  private final ConcurrentSkipListMap<Long, BadGroup> bad = new ConcurrentSkipListMap<>();
  private final AtomicLong badParts = new AtomicLong();
  private final AtomicLong read = new AtomicLong();
  private final AtomicBoolean failed = new AtomicBoolean();
  private long at;
  private long end;

  DiskReading(VirtualDisk disk, Task task) {
    this.disk = disk;
    this.task = task;
    this.extents = disk.extents();
  }

  ImageVerification run(ImageInfo info) {
    task.phase("checking its tables");
    disk.check(task, this::note);
    task.phase("");
    task.expect(disk.size());
    Workers.run(task, Workers.count(), this::work, () -> failed.set(true));
    List<BadGroup> found = new ArrayList<>(tables);
    found.addAll(bad.values());
    found.stream().limit(DiskFault.TOLD).forEach(each -> task.finding(each.sentence()));
    return new ImageVerification(
        info.format(),
        info.checksum(),
        0,
        badParts.get(),
        read.get(),
        found,
        info.warnings(),
        task.elapsed());
  }

  private void note(DiskFault fault) {
    badParts.incrementAndGet();
    if (tables.size() < DiskFault.TOLD) {
      tables.add(new BadGroup(-1, fault.at(), 0, "DiskDamage", fault.problem()));
    }
  }

  /** The next piece to be read, or null at the end. What is known to be bad is noted. */
  private synchronized Extent take() {
    while (at >= end) {
      if (!extents.hasNext()) {
        return null;
      }
      Extent extent = extents.next();
      if (extent.kind() == Extent.Kind.BAD && isBad(extent) || extent.kind().readsAsZeros()) {
        task.advance(extent.length());
      } else {
        at = extent.start();
        end = extent.end();
      }
      task.checkCancelled();
    }
    long stop = Math.min(end, at - at % PIECE + PIECE);
    Extent piece = new Extent(at, stop - at, Extent.Kind.DATA);
    at = stop;
    return piece;
  }

  private void work() {
    try (DirectBuffer memory = DirectBuffer.borrow(PIECE)) {
      while (!failed.get()) {
        Extent piece = take();
        if (piece == null) {
          return;
        }
        read(piece.start(), piece.end(), memory.bytes());
        task.advance(piece.length());
      }
    }
  }

  /** Whether what is said to be bad cannot be read indeed, which is noted with its reason. */
  private boolean isBad(Extent extent) {
    try {
      disk.read(extent.start(), ByteBuffer.allocate(1));
      return false;
    } catch (CancelledException e) {
      throw e;
    } catch (BlkshException e) {
      note(extent.start(), extent.length(), e);
      return true;
    }
  }

  /** Reads a range, and goes on behind each unit that cannot be read. */
  private void read(long from, long to, ByteBuffer buffer) {
    for (long start = from; start < to; ) {
      buffer.clear().limit((int) (to - start));
      try {
        read.addAndGet(disk.read(start, buffer));
        return;
      } catch (CancelledException e) {
        throw e;
      } catch (BlkshException e) {
        long first = e instanceof UnreadableException u ? Math.max(start, u.start()) : start;
        long stop = Math.min(to, first - first % disk.unit() + disk.unit());
        note(first, stop - first, e);
        start = stop;
      }
    }
  }

  private void note(long start, long length, BlkshException e) {
    badParts.incrementAndGet();
    if (bad.size() < ImageVerification.LISTED) {
      bad.put(start, new BadGroup(-1, start, length, e.kind(), e.problem()));
    }
  }
}
