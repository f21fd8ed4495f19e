package blksh.image;

import blksh.BlkshException;
import blksh.block.BlockSource;
import blksh.block.Extent;
import blksh.block.ExtentWalk;
import blksh.task.CancelledException;
import java.nio.ByteBuffer;
import java.util.Iterator;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;

/**
 * A partition of which an image stores the used blocks. Read at any byte by any number of threads.
 *
 * <p>Unless it is tolerant, nothing is returned that has a checksum and was not proven by it; what
 * was proven once is not proven again soon.
 */
final class StoredBlocks {

  private static final byte[] ZEROS = new byte[64 << 10];

  /** Small groups are proven together, up to this many bytes of data. */
  private static final int UNIT = 64 << 10;

  /** What a reader keeps: a group of 1 MiB and its trailer, as partclone makes them. */
  private static final int READER_CAPACITY = (1 << 20) + 64;

  private static final int READERS_KEPT = 8;

  private static final int UNKNOWN = 0;
  private static final int GOOD = 1;
  private static final int NOT_GOOD = 2;
  private static final int VERDICTS_PER_INT = 16;
  private static final int VERDICTS_PER_PIECE = VERDICTS_PER_INT * 1024;

  /** Of 4 KiB each: what was proven of some 4 TiB is remembered. */
  private static final int MOST_VERDICT_PIECES = 4096;

  private final ImageFile file;
  private final BlockIndex index;
  private final Layout layout;
  private final int blockSize;
  private final long size;
  private final Proof proof;
  private final boolean tolerant;

  /** Groups of a unit, and two bits a unit: what it was found to be. */
  private final long groupsPerUnit;

  /** Pieces of what was found; there are only those that something was found in. */
  private final ConcurrentHashMap<Long, AtomicIntegerArray> verdicts = new ConcurrentHashMap<>();

  private final ConcurrentLinkedDeque<BlockReader> readers = new ConcurrentLinkedDeque<>();
  private final AtomicInteger readersKept = new AtomicInteger();
  private final ProofFront front;

  /**
   * @param size bytes of the partition; what no stored block covers reads as zeros
   */
  StoredBlocks(
      ImageFile file,
      BlockIndex index,
      Layout layout,
      int blockSize,
      long size,
      Proof proof,
      boolean tolerant) {
    this.file = file;
    this.index = index;
    this.layout = layout;
    this.blockSize = blockSize;
    this.size = size;
    this.proof = proof;
    this.tolerant = tolerant;
    long perGroup = Math.min(proof.perGroup(), Long.MAX_VALUE / blockSize);
    this.groupsPerUnit = Math.max(1, UNIT / (perGroup * blockSize));
    this.front = proof.goesOn() == Proof.GoesOn.DATA ? new ProofFront(this) : null;
  }

  ImageFile file() {
    return file;
  }

  BlockIndex index() {
    return index;
  }

  Layout layout() {
    return layout;
  }

  int blockSize() {
    return blockSize;
  }

  long size() {
    return size;
  }

  Proof proof() {
    return proof;
  }

  boolean tolerant() {
    return tolerant;
  }

  /** Bytes of all stored data; the last block of the partition may be a part of one. */
  long storedBytes() {
    long used = index.used();
    long bytes = used * blockSize;
    return used > 0 && index.block(used - 1) == index.blocks() - 1
        ? bytes - Math.max(0, index.blocks() * blockSize - size)
        : bytes;
  }

  /** Bytes of data a group has. */
  long groupBytes(long group) {
    long first = group * proof.perGroup();
    return Math.min(proof.perGroup(), index.used() - first) * blockSize;
  }

  /** The file's byte behind the trailer of the last group that is proven together with this one. */
  long unitEnd(long group) {
    long last = Math.min(proof.groups(), (group / groupsPerUnit + 1) * groupsPerUnit) - 1;
    return layout.offset(last * proof.perGroup()) + groupBytes(last) + proof.trailer();
  }

  /** Groups proven together. */
  long groupsPerUnit() {
    return groupsPerUnit;
  }

  /** The range of the partition that lies between the first and the last block of a group. */
  Extent groupRange(long group) {
    long first = group * proof.perGroup();
    long last = first + groupBytes(group) / blockSize - 1;
    return range(first, last);
  }

  /** The range of the partition between two stored blocks, both within it. */
  Extent range(long firstRank, long lastRank) {
    long start = index.block(firstRank) * blockSize;
    long end = Math.min(size, (index.block(lastRank) + 1) * blockSize);
    return new Extent(start, Math.max(1, end - start), Extent.Kind.DATA);
  }

  /** As {@link BlockSource#read}. */
  int read(long position, ByteBuffer target) {
    BlockReader reader = readers.pollFirst();
    if (reader == null) {
      reader = new BlockReader(this, READER_CAPACITY);
    } else {
      readersKept.decrementAndGet();
    }
    try {
      return read(reader, position, target);
    } finally {
      if (readersKept.incrementAndGet() <= READERS_KEPT) {
        readers.addFirst(reader);
      } else {
        readersKept.decrementAndGet();
      }
    }
  }

  /** As {@link BlockSource#read}, by the reader of one thread. */
  int read(BlockReader reader, long position, ByteBuffer target) {
    if (position < 0) {
      throw new IllegalArgumentException("position " + position);
    }
    int wanted = (int) Math.min(target.remaining(), Math.max(0, size - position));
    int start = target.position();
    long end = position + wanted;
    try {
      for (long at = position; at < end; ) {
        long block = at / blockSize;
        long endBlock = Math.min(index.blocks(), (end - 1) / blockSize + 1);
        long used = block < endBlock ? index.nextUsed(block, endBlock) : endBlock;
        if (used > block || block >= endBlock) {
          long stop = block >= endBlock || used >= endBlock ? end : used * blockSize;
          stop = Math.min(stop, end);
          zeros(target, stop - at);
          at = stop;
        } else {
          long stop = Math.min(end, index.nextUnused(block, endBlock) * blockSize);
          stored(reader, at, stop, target);
          at = stop;
        }
      }
    } catch (DataChecksumException
        | BodyTruncatedException
        | UnreadableBlocksException
        | CancelledException e) {
      throw e;
    } catch (BlkshException e) {
      long at = position + target.position() - start;
      throw new UnreadableBlocksException(file.name(), at, Math.max(1, end - at), e);
    }
    return wanted;
  }

  private static void zeros(ByteBuffer target, long count) {
    for (long left = count; left > 0; ) {
      int step = (int) Math.min(left, ZEROS.length);
      target.put(ZEROS, 0, step);
      left -= step;
    }
  }

  /** Copies from blocks that are all stored, proving them first. */
  private void stored(BlockReader reader, long at, long stop, ByteBuffer target) {
    long data = index.rank(at / blockSize) * blockSize + at % blockSize;
    long end = data + stop - at;
    long virtual = at - data;
    while (data < end) {
      long group = data / blockSize / proof.perGroup();
      long step = end;
      if (!tolerant && group < proof.groups()) {
        long lastOfUnit = (group / groupsPerUnit + 1) * groupsPerUnit;
        step = Math.min(end, lastOfUnit * proof.perGroup() * blockSize);
        long proven = provenUntil(reader, group, data, step);
        if (proven < step) {
          copy(reader, data, proven, virtual, target);
          long bad = proven / blockSize / proof.perGroup();
          long length = Math.min(step, (bad + 1) * proof.perGroup() * blockSize) - proven;
          throw damaged(bad, verdict(reader, bad), proven + virtual, length);
        }
      }
      copy(reader, data, step, virtual, target);
      data = step;
    }
  }

  private void copy(BlockReader reader, long from, long to, long virtual, ByteBuffer target) {
    long copied = from < to ? reader.copy(from, to - from, target) : 0;
    if (copied < to - from) {
      throw truncated(from + copied + virtual, to - from - copied);
    }
  }

  BodyTruncatedException truncated(long start, long length) {
    return new BodyTruncatedException(
        file.name(), start, Math.max(1, length), "the image ends before these blocks");
  }

  /** How far data of one unit is proven, as a position among the data. */
  private long provenUntil(BlockReader reader, long group, long from, long to) {
    long unit = group / groupsPerUnit;
    int verdict = verdictOf(unit);
    if (verdict == UNKNOWN) {
      verdict = proveUnit(reader, unit);
    }
    if (verdict == GOOD) {
      return to;
    }
    for (long g = group; g * proof.perGroup() * blockSize < to; g++) {
      if (verdict(reader, g) != BlockReader.Verdict.GOOD) {
        return Math.max(from, g * proof.perGroup() * blockSize);
      }
    }
    return to;
  }

  private int proveUnit(BlockReader reader, long unit) {
    int verdict = GOOD;
    long end = Math.min(proof.groups(), (unit + 1) * groupsPerUnit);
    for (long group = unit * groupsPerUnit; group < end; group++) {
      if (verdict(reader, group) != BlockReader.Verdict.GOOD) {
        verdict = NOT_GOOD;
      }
    }
    note(unit, verdict);
    return verdict;
  }

  /** Proves a group, whether or not that was done before. */
  BlockReader.Verdict verdict(BlockReader reader, long group) {
    return front == null ? reader.prove(group) : front.verdict(reader, group);
  }

  private int verdictOf(long unit) {
    AtomicIntegerArray piece = verdicts.get(unit / VERDICTS_PER_PIECE);
    if (piece == null) {
      return UNKNOWN;
    }
    int inside = (int) (unit % VERDICTS_PER_PIECE);
    return piece.get(inside / VERDICTS_PER_INT) >>> (inside % VERDICTS_PER_INT * 2) & 3;
  }

  private void note(long unit, int verdict) {
    if (verdicts.size() > MOST_VERDICT_PIECES) {
      verdicts.clear(); // who comes back to what they were about proves it once more
    }
    AtomicIntegerArray piece =
        verdicts.computeIfAbsent(
            unit / VERDICTS_PER_PIECE,
            key -> new AtomicIntegerArray(VERDICTS_PER_PIECE / VERDICTS_PER_INT));
    int inside = (int) (unit % VERDICTS_PER_PIECE);
    int bits = verdict << (inside % VERDICTS_PER_INT * 2);
    piece.accumulateAndGet(inside / VERDICTS_PER_INT, bits, (a, b) -> a | b);
  }

  private BlkshException damaged(long group, BlockReader.Verdict verdict, long start, long length) {
    BlkshException below = verdict == BlockReader.Verdict.BAD ? file.damage() : null;
    if (below != null) {
      return new UnreadableBlocksException(file.name(), start, length, below);
    }
    String problem = problem(group, verdict);
    return verdict == BlockReader.Verdict.CUT
        ? new BodyTruncatedException(file.name(), start, length, problem)
            .suggest("tolerant = true (--tolerant) reads what is there")
        : new DataChecksumException(file.name(), start, length, problem);
  }

  /** What is wrong with a group, as a sentence. */
  String problem(long group, BlockReader.Verdict verdict) {
    Extent range = groupRange(group);
    String named =
        "checksum group %d (bytes %d to %d of the partition)"
            .formatted(group, range.start(), range.end() - 1);
    if (verdict == BlockReader.Verdict.CUT) {
      return "the image ends inside " + named;
    }
    return front != null && front.isAfterDamage(group)
        ? named + " comes after a damaged one and cannot be proven by its " + proof.algorithm()
        : named + " does not match its " + proof.algorithm();
  }

  /** As {@link BlockSource#extents(long, long)}: what is not stored is free. */
  Iterator<Extent> extents(long position, long length) {
    long end = Math.min(size, BlockSource.saturatedEnd(position, length));
    return ExtentWalk.of(position, end, at -> extentAt(at, end));
  }

  private Extent extentAt(long at, long end) {
    long block = at / blockSize;
    long blocks = Math.min(index.blocks(), (end - 1) / blockSize + 1);
    if (block >= blocks) {
      return new Extent(at, end - at, Extent.Kind.FREE);
    }
    long used = index.nextUsed(block, blocks);
    if (used > block) {
      long stop = used >= blocks ? end : Math.min(end, used * blockSize);
      return new Extent(at, stop - at, Extent.Kind.FREE);
    }
    long unused = index.nextUnused(block, blocks);
    Extent data = new Extent(at, Math.min(end, unused * blockSize) - at, Extent.Kind.DATA);
    return file.knownSize().isPresent() ? withoutMissing(data, block) : data;
  }

  /** Blocks behind the end of a truncated image are bad. */
  private Extent withoutMissing(Extent data, long block) {
    long rank = index.rank(block);
    long count = (data.end() - 1) / blockSize - block + 1;
    if (!file.endsBefore(layout.offset(rank + count - 1) + blockSize)) {
      return data;
    }
    long low = 0;
    long high = count;
    while (low < high) {
      long middle = (low + high) >>> 1;
      if (file.endsBefore(layout.offset(rank + middle) + blockSize)) {
        high = middle;
      } else {
        low = middle + 1;
      }
    }
    return low == 0
        ? new Extent(data.start(), data.length(), Extent.Kind.BAD)
        : new Extent(data.start(), (block + low) * blockSize - data.start(), Extent.Kind.DATA);
  }
}
