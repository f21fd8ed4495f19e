package blksh.image;

import blksh.BlkshException;
import blksh.block.BlockSource;
import blksh.block.Extent;
import blksh.io.DirectBuffer;
import blksh.io.UnreadableException;
import blksh.task.CancelledException;
import blksh.task.Task;
import blksh.task.Workers;
import java.nio.ByteBuffer;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;

/** Reads a source without checksums from end to end, noting what cannot be read. */
final class Reading {

  private static final int PIECE = 1 << 20;

  private final BlockSource source;
  private final Task task;
  private final ConcurrentSkipListMap<Long, BadGroup> bad = new ConcurrentSkipListMap<>();
  private final AtomicLong read = new AtomicLong();
  private final AtomicLong next = new AtomicLong();
  private final AtomicBoolean failed = new AtomicBoolean();

  Reading(BlockSource source, Task task) {
    this.source = source;
    this.task = task;
  }

  ImageVerification run(ImageInfo info) {
    task.expect(source.size());
    int workers = (int) Math.min(Workers.count(), 1 + source.size() / PIECE);
    Workers.run(task, workers, this::work, () -> failed.set(true));
    List<BadGroup> found = List.copyOf(bad.values());
    found.stream().limit(1000).forEach(group -> task.finding(group.sentence()));
    return new ImageVerification(
        info.format(),
        info.checksum(),
        0,
        found.size(),
        read.get(),
        found,
        info.warnings(),
        task.elapsed());
  }

  private void work() {
    try (DirectBuffer memory = DirectBuffer.borrow((int) Math.min(PIECE, source.size()))) {
      readPieces(memory.bytes());
    }
  }

  private void readPieces(ByteBuffer buffer) {
    while (!failed.get()) {
      long at = next.getAndAdd(PIECE);
      if (at >= source.size()) {
        return;
      }
      task.checkCancelled();
      long end = Math.min(source.size(), at + PIECE);
      for (Iterator<Extent> extents = source.extents(at, end - at); extents.hasNext(); ) {
        Extent extent = extents.next();
        if (!extent.kind().readsAsZeros()) {
          read(extent.start(), extent.end(), buffer);
        }
      }
      task.advance(end - at);
    }
  }

  private void read(long from, long to, ByteBuffer buffer) {
    buffer.clear().limit((int) (to - from));
    try {
      read.addAndGet(source.read(from, buffer));
    } catch (CancelledException e) {
      throw e;
    } catch (BlkshException e) {
      long start = e instanceof UnreadableException u ? u.start() : from;
      if (bad.size() < ImageVerification.LISTED) {
        bad.put(start, new BadGroup(-1, start, to - start, e.kind(), e.problem()));
      }
    }
  }
}
