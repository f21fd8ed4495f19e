package blksh.image;

import blksh.BlkshException;
import blksh.block.Extent;
import blksh.io.DirectBuffer;
import blksh.task.CancelledException;
import blksh.task.Task;
import blksh.task.Workers;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;

/** One verification of an image with blocks, on all cores. Damage is noted and passed by. */
final class Proving {

  /** What a worker takes at once, in bytes of data. */
  private static final long BATCH = 4 << 20;

  private static final int CAPACITY = 1 << 20;

  private final StoredBlocks blocks;
  private final Proof proof;
  private final ImageInfo info;
  private final Task task;
  private final ConcurrentSkipListMap<Long, BadGroup> bad = new ConcurrentSkipListMap<>();
  private final AtomicLong badGroups = new AtomicLong();
  private final AtomicLong read = new AtomicLong();
  private final AtomicLong next = new AtomicLong();
  private final AtomicBoolean failed = new AtomicBoolean();

  /** The first group that is not whole; none after it is there at all. */
  private final AtomicLong cut = new AtomicLong(Long.MAX_VALUE);

  /** The first byte of data without checksums that is not there. */
  private final AtomicLong cutData = new AtomicLong(Long.MAX_VALUE);

  Proving(StoredBlocks blocks, ImageInfo info, Task task) {
    this.blocks = blocks;
    this.proof = blocks.proof();
    this.info = info;
    this.task = task;
  }

  ImageVerification run() {
    long used;
    try {
      used = blocks.index().used();
    } catch (CancelledException e) {
      throw e;
    } catch (BlkshException e) {
      note(0, new BadGroup(-1, 0, Math.max(1, blocks.size()), e.kind(), e.problem()));
      return report();
    }
    task.expect(used * blocks.blockSize());
    int workers = proof.goesOn() == Proof.GoesOn.DATA ? 1 : workers(used);
    Workers.run(
        task,
        workers,
        () -> {
          BlockReader reader = new BlockReader(blocks, CAPACITY);
          if (proof.groups() > 0) {
            proveGroups(reader);
          }
        },
        () -> failed.set(true));
    if (cut.get() < Long.MAX_VALUE) {
      noteCut();
    }
    next.set(0);
    long unproven = proof.groups() == 0 ? 0 : Math.min(used, proof.groups() * proof.perGroup());
    if (unproven < used && cut.get() == Long.MAX_VALUE) {
      Workers.run(task, workers(used - unproven), () -> readFrom(unproven), () -> failed.set(true));
    }
    long end = blocks.storedBytes();
    if (cutData.get() < end) {
      noteUnread(cutData.get(), end, "BodyTruncated", "the image ends before these blocks");
    }
    readToTheEnd();
    return report();
  }

  /** No more workers than there are batches. */
  private int workers(long stored) {
    return (int) Math.min(Workers.count(), 1 + stored * blocks.blockSize() / BATCH);
  }

  private void proveGroups(BlockReader reader) {
    long perUnit = blocks.groupsPerUnit();
    long unitBytes = perUnit * blocks.groupBytes(0);
    long step = Math.max(1, BATCH / unitBytes);
    while (!failed.get()) {
      long first = next.getAndAdd(step) * perUnit;
      if (first >= proof.groups()) {
        return;
      }
      long end = Math.min(proof.groups(), first + step * perUnit);
      for (long group = first; group < end; group++) {
        task.checkCancelled();
        if (group > cut.get()) {
          return;
        }
        prove(reader, group);
      }
    }
  }

  private void prove(BlockReader reader, long group) {
    long bytes = blocks.groupBytes(group);
    try {
      BlockReader.Verdict verdict = blocks.verdict(reader, group);
      if (verdict == BlockReader.Verdict.BAD) {
        noteBad(group);
      } else if (verdict == BlockReader.Verdict.CUT) {
        cut.accumulateAndGet(group, Math::min);
      }
      read.addAndGet(bytes);
    } catch (CancelledException e) {
      throw e;
    } catch (BlkshException e) {
      note(group, e.kind(), e.problem());
    }
    task.advance(bytes);
  }

  private void noteBad(long group) {
    BlkshException below = blocks.file().damage();
    if (below != null) {
      note(group, below.kind(), below.problem());
    } else {
      note(group, "DataChecksum", blocks.problem(group, BlockReader.Verdict.BAD));
    }
  }

  /** Notes all groups from the cut on as one range. */
  private void noteCut() {
    long first = cut.get();
    bad.tailMap(first).keySet().forEach(group -> badGroups.decrementAndGet());
    bad.tailMap(first).clear();
    Extent range = blocks.groupRange(first);
    long last = blocks.groupRange(proof.groups() - 1).end();
    String problem = blocks.problem(first, BlockReader.Verdict.CUT);
    long more = proof.groups() - 1 - first;
    if (more > 0) {
      problem += ", and %d groups after it are missing".formatted(more);
    }
    note(first, new BadGroup(first, range.start(), last - range.start(), "BodyTruncated", problem));
    badGroups.addAndGet(more);
  }

  private void note(long group, String kind, String problem) {
    Extent range = blocks.groupRange(group);
    note(group, new BadGroup(group, range.start(), range.length(), kind, problem));
  }

  private void note(long order, BadGroup group) {
    bad.put(order, group);
    if (badGroups.incrementAndGet() > ImageVerification.LISTED) {
      bad.pollLastEntry();
    }
  }

  /** Reads blocks that have no checksum. */
  private void readFrom(long from) {
    long bytes = blocks.storedBytes() - from * blocks.blockSize();
    try (DirectBuffer memory = DirectBuffer.borrow((int) Math.min(CAPACITY, bytes))) {
      readFrom(from, memory.bytes());
    }
  }

  private void readFrom(long from, ByteBuffer buffer) {
    int blockSize = blocks.blockSize();
    long end = blocks.storedBytes();
    BlockReader reader = new BlockReader(blocks, CAPACITY);
    while (!failed.get()) {
      long at = from * blockSize + next.getAndAdd(CAPACITY);
      if (at >= end) {
        return;
      }
      task.checkCancelled();
      long count = Math.min(CAPACITY, end - at);
      buffer.clear();
      try {
        long copied = reader.copy(at, count, buffer);
        if (copied < count) {
          next.set(end - from * blockSize);
          noteUnread(at + copied, end, "BodyTruncated", "the image ends before these blocks");
        }
        read.addAndGet(copied);
      } catch (CancelledException e) {
        throw e;
      } catch (BlkshException e) {
        noteUnread(at, at + count, e.kind(), e.problem());
      }
      task.advance(count);
    }
  }

  private void noteUnread(long from, long to, String kind, String problem) {
    Extent range = blocks.range(from / blocks.blockSize(), (to - 1) / blocks.blockSize());
    // behind all groups, in order of position
    long order = proof.groups() + from / CAPACITY;
    note(order, new BadGroup(-1, range.start(), range.length(), kind, problem));
  }

  /** What holds the image may have a checksum of its own at its end. */
  private void readToTheEnd() {
    BlkshException damage = blocks.file().damage();
    if (damage != null && bad.isEmpty()) {
      long all = Math.max(1, blocks.size());
      note(Long.MAX_VALUE, new BadGroup(-1, 0, all, damage.kind(), damage.problem()));
    }
  }

  private ImageVerification report() {
    List<BadGroup> listed = new ArrayList<>(bad.values());
    for (BadGroup group : listed.subList(0, Math.min(listed.size(), 1000))) {
      task.finding(group.sentence());
    }
    return new ImageVerification(
        info.format(),
        info.checksum(),
        proof.groups(),
        badGroups.get(),
        read.get(),
        listed,
        info.warnings(),
        task.elapsed());
  }
}
