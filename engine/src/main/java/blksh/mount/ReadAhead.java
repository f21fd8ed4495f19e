package blksh.mount;

import blksh.block.BlockSource;
import java.nio.ByteBuffer;
import java.util.Iterator;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;

/**
 * One reader of a source that takes its time, such as one that decompresses. While it reads in
 * order, what comes next is read beside, a few blocks ahead; a reader that jumps about gets just
 * what it asks for. What cannot be read ahead is read again when it is asked for, and fails then.
 */
final class ReadAhead {

  /** Bytes read ahead at once. */
  static final int BLOCK = 256 << 10;

  /** How many blocks ahead. */
  private static final int DEPTH = 4;

  /** Requests in order before it begins. */
  private static final int CONVINCED = 3;

  private final BlockSource source;
  private final ReadAheadPool pool;
  private final Map<Long, Block> blocks = new TreeMap<>();
  private long expected = -1;
  private int inOrder;

  /** A block on its way or there; {@code users} is guarded by the reader. */
  private static final class Block {
    final ByteBuffer buffer;
    final CompletableFuture<Integer> filled = new CompletableFuture<>();
    int users;
    boolean dropped;

    Block(ByteBuffer buffer) {
      this.buffer = buffer;
    }
  }

  ReadAhead(BlockSource source, ReadAheadPool pool) {
    this.source = source;
    this.pool = pool;
  }

  /** Reads as {@link BlockSource#read} promises. */
  int read(long position, ByteBuffer target) {
    int wanted = target.remaining();
    plan(position, wanted);
    long at = position;
    while (target.hasRemaining()) {
      int count = copy(at, target);
      if (count <= 0) {
        break;
      }
      at += count;
    }
    int copied = (int) (at - position);
    return target.hasRemaining() ? copied + source.read(at, target) : copied;
  }

  /** Copies from a block that was read ahead; 0 when there is none. */
  private int copy(long at, ByteBuffer target) {
    Block block;
    synchronized (this) {
      block = blocks.get(at / BLOCK);
      if (block == null) {
        return 0;
      }
      block.users++;
    }
    try {
      int length = block.filled.join();
      int from = (int) (at % BLOCK);
      int count = Math.min(target.remaining(), length - from);
      if (count > 0) {
        target.put(block.buffer.duplicate().position(from).limit(from + count));
      }
      return count;
    } finally {
      synchronized (this) {
        block.users--;
        giveBack(block);
      }
    }
  }

  /** Notes a request, lets go of what is behind it, and reads on ahead when it is in order. */
  private synchronized void plan(long position, int length) {
    boolean next = Math.abs(position - expected) <= BLOCK;
    inOrder = next ? inOrder + 1 : 0;
    expected = next ? Math.max(expected, position + length) : position + length;
    long first = position / BLOCK;
    for (Iterator<Map.Entry<Long, Block>> all = blocks.entrySet().iterator(); all.hasNext(); ) {
      Map.Entry<Long, Block> entry = all.next();
      if (entry.getKey() < first - 1 || entry.getKey() > first + 2 * DEPTH) {
        Block block = entry.getValue(); // once removed, the entry may be another one
        all.remove();
        drop(block);
      }
    }
    if (inOrder < CONVINCED) {
      return;
    }
    long from = (expected + BLOCK - 1) / BLOCK;
    for (long number = from; number < from + DEPTH; number++) {
      if (number * BLOCK >= source.size()) {
        return;
      }
      if (!blocks.containsKey(number)) {
        ByteBuffer buffer = pool.take();
        if (buffer == null) {
          return;
        }
        Block block = new Block(buffer);
        blocks.put(number, block);
        long start = number * BLOCK;
        pool.run(() -> fill(block, start));
      }
    }
  }

  private void fill(Block block, long start) {
    int length = 0;
    try {
      block.buffer.clear();
      length = source.read(start, block.buffer);
    } catch (RuntimeException e) {
      length = 0; // whoever asks for it reads it again, and is told
    } finally {
      synchronized (this) {
        block.filled.complete(length);
        giveBack(block);
      }
    }
  }

  private void drop(Block block) {
    block.dropped = true;
    giveBack(block);
  }

  private void giveBack(Block block) {
    if (block.dropped && block.users == 0 && block.filled.isDone()) {
      block.dropped = false; // given back once
      pool.give(block.buffer);
    }
  }

  /** Waits for what is on its way, so that the source may be closed. */
  void close() {
    Map<Long, Block> left;
    synchronized (this) {
      left = new TreeMap<>(blocks);
      blocks.clear();
    }
    left.values().forEach(block -> block.filled.join());
    synchronized (this) {
      left.values().forEach(this::drop);
    }
  }
}
