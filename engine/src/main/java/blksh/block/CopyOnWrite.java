package blksh.block;

import blksh.io.IoFailure;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.locks.Lock;

/**
 * A source with changed blocks over it: a block that was changed is read from the file, or is zero;
 * one that is changed in part is copied up whole. Group by group: what one call reads or writes of
 * a group belongs together.
 */
final class CopyOnWrite {

  private static final ByteBuffer ZEROS =
      ByteBuffer.allocateDirect(Overlay.BLOCK).asReadOnlyBuffer();

  private final BlockSource base;
  private final long size;
  private final OverlayFile file;
  private final ChangedBlocks blocks;

  CopyOnWrite(BlockSource base, OverlayFile file, ChangedBlocks blocks) {
    this.base = base;
    this.size = base.size();
    this.file = file;
    this.blocks = blocks;
  }

  /** Reads what is before {@code end}; the target has room for it. */
  void read(long position, long end, ByteBuffer target) {
    long at = position;
    int limit = target.limit();
    try {
      while (at < end) {
        long number = at / ChangedBlocks.GROUP_BYTES;
        long to = Math.min(end, (number + 1) * ChangedBlocks.GROUP_BYTES);
        Lock lock = blocks.readLock(number);
        lock.lock();
        try {
          readGroup(blocks.find(number), number, at, to, target, limit);
        } finally {
          lock.unlock();
        }
        at = to;
      }
    } finally {
      target.limit(limit);
    }
  }

  private void readGroup(
      BlockGroup group, long number, long from, long to, ByteBuffer target, int limit) {
    long first = number * ChangedBlocks.GROUP_BYTES;
    long at = from;
    while (at < to) {
      int block = (int) ((at - first) / Overlay.BLOCK);
      long runEnd =
          group == null ? to : Math.min(to, first + (long) group.endOfRun(block) * Overlay.BLOCK);
      Extent.Kind kind = group == null ? null : group.kind(block);
      target.limit(target.position() + (int) (runEnd - at));
      if (kind == null) {
        base.read(at, target);
      } else if (kind == Extent.Kind.ZERO) {
        putZeros(target);
      } else {
        file.read(at, target);
      }
      target.limit(limit);
      at = runEnd;
    }
  }

  private static void putZeros(ByteBuffer target) {
    while (target.hasRemaining()) {
      ByteBuffer zeros = ZEROS.duplicate();
      zeros.limit(Math.min(target.remaining(), Overlay.BLOCK));
      target.put(zeros);
    }
  }

  /** Writes all that remains of a buffer. */
  void write(long position, ByteBuffer bytes) {
    int limit = bytes.limit();
    long at = position;
    long end = position + bytes.remaining();
    try {
      while (at < end) {
        long number = at / ChangedBlocks.GROUP_BYTES;
        long to = Math.min(end, (number + 1) * ChangedBlocks.GROUP_BYTES);
        bytes.limit(bytes.position() + (int) (to - at));
        Lock lock = blocks.writeLock(number);
        lock.lock();
        try {
          writeGroup(blocks.group(number), number, at, bytes);
        } finally {
          lock.unlock();
        }
        bytes.limit(limit);
        at = to;
      }
    } catch (IOException e) {
      throw IoFailure.told("write overlay " + file.path(), e).at(at);
    } finally {
      bytes.limit(limit);
    }
  }

  /** Writes whole blocks: what surrounds the bytes in the first and the last is copied up. */
  private void writeGroup(BlockGroup group, long number, long position, ByteBuffer bytes)
      throws IOException {
    long end = position + bytes.remaining();
    int first = (int) (position % ChangedBlocks.GROUP_BYTES / Overlay.BLOCK);
    int last = (int) ((end - 1) % ChangedBlocks.GROUP_BYTES / Overlay.BLOCK);
    copyUp(group, number, first, position, end);
    if (last != first) {
      copyUp(group, number, last, position, end);
    }
    file.write(position, bytes);
    group.change(first, last + 1, false);
  }

  /** Puts a block into the file when it is not there and will not be written whole. */
  private void copyUp(BlockGroup group, long number, int block, long from, long to)
      throws IOException {
    long start = number * ChangedBlocks.GROUP_BYTES + (long) block * Overlay.BLOCK;
    long end = Math.min(size, start + Overlay.BLOCK);
    Extent.Kind kind = group.kind(block);
    if (from <= start && end <= to || kind == Extent.Kind.DATA) {
      return;
    }
    ByteBuffer whole = ByteBuffer.allocate((int) (end - start));
    if (kind == null) {
      base.read(start, whole);
    }
    file.write(start, whole.position(0).limit(whole.capacity()));
  }

  /** Makes a range zero; whole blocks take no room. */
  void zero(long position, long length) {
    long end = position + length;
    long at = position;
    while (at < end) {
      long block = at / Overlay.BLOCK;
      long blockEnd = Math.min(size, (block + 1) * Overlay.BLOCK);
      if (at > block * Overlay.BLOCK || end < blockEnd) {
        long to = Math.min(end, blockEnd);
        write(at, ByteBuffer.allocate((int) (to - at)));
        at = to;
      } else {
        at = zeroBlocks(block, end);
      }
    }
  }

  /** Zeroes the whole blocks before {@code end}, inside one group. */
  private long zeroBlocks(long block, long end) {
    long number = block / BlockGroup.BLOCKS;
    long lastWhole = end == size ? (end + Overlay.BLOCK - 1) / Overlay.BLOCK : end / Overlay.BLOCK;
    int from = (int) (block % BlockGroup.BLOCKS);
    int to = (int) Math.min(BlockGroup.BLOCKS, from + (lastWhole - block));
    Lock lock = blocks.writeLock(number);
    lock.lock();
    try {
      blocks.group(number).change(from, to, true);
    } finally {
      lock.unlock();
    }
    return Math.min(end, number * ChangedBlocks.GROUP_BYTES + (long) to * Overlay.BLOCK);
  }
}
