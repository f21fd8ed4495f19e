package blksh.mount.fuse;

import blksh.block.BlockSource;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * One reader of a source that takes its time, such as one that decompresses. While it reads in
 * order, what comes next is read beside, further ahead the longer it does; a reader that jumps
 * about gets just what it asks for. What cannot be read ahead is read again when it is asked for,
 * and fails then.
 *
 * <p>A buffer belongs to one block from when it is taken until nobody fills or copies that block
 * any more and it can no longer be found; then it is given back, once.
 */
final class PrefetchingReader {

  /** Bytes read ahead at once. */
  static final int BLOCK = 256 << 10;

  /** How many blocks ahead at most. */
  static final int FURTHEST = 12;

  /** Requests in order before it begins. */
  private static final int CONVINCED = 3;

  private static final long IDLE_NANOS = 1_000_000_000L;

  private final BlockSource source;
  private final PrefetchPool pool;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition settled = lock.newCondition();

  /** By number; all below is guarded by the lock. */
  private final Map<Long, Block> blocks = new HashMap<>();

  private long expected = -1;
  private int inOrder;
  private int furthest = 1;
  private int filling;
  private boolean closed;
  private volatile long usedAt = System.nanoTime();

  /** A part of the source on its way or there; guarded by the lock but for its result. */
  private static final class Block {
    final long start;
    final ByteBuffer buffer;

    /** Bytes there, 0 when it could not be read. */
    final CompletableFuture<Integer> filled = new CompletableFuture<>();

    boolean claimed;
    int copying;
    boolean dropped;
    boolean givenBack;

    Block(long start, ByteBuffer buffer) {
      this.start = start;
      this.buffer = buffer;
    }
  }

  PrefetchingReader(BlockSource source, PrefetchPool pool) {
    this.source = source;
    this.pool = pool;
  }

  /** Reads as {@link BlockSource#read} promises. */
  int read(long position, ByteBuffer target) {
    usedAt = System.nanoTime();
    plan(position, target.remaining());
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
    lock.lock();
    try {
      block = blocks.get(at / BLOCK);
      if (block == null) {
        return 0;
      }
      block.copying++;
    } finally {
      lock.unlock();
    }
    try {
      fill(block); // unless a thread of the pool already does
      int length = block.filled.join();
      int from = (int) (at - block.start);
      int count = Math.min(target.remaining(), length - from);
      if (count > 0) {
        target.put(block.buffer.duplicate().clear().position(from).limit(from + count));
      }
      return count;
    } finally {
      lock.lock();
      try {
        block.copying--;
        giveBack(block);
      } finally {
        lock.unlock();
      }
    }
  }

  /** Notes a request, lets go of what is behind it, and reads on ahead when it is in order. */
  private void plan(long position, int length) {
    lock.lock();
    try {
      boolean next = Math.abs(position - expected) <= BLOCK;
      inOrder = next ? inOrder + 1 : 0;
      expected = next ? Math.max(expected, position + length) : position + length;
      furthest = inOrder <= CONVINCED ? 1 : Math.min(FURTHEST, furthest * 2);
      long first = position / BLOCK - 1;
      long from = (expected + BLOCK - 1) / BLOCK;
      long last = from + FURTHEST;
      blocks
          .entrySet()
          .removeIf(
              entry -> {
                boolean goes = entry.getKey() < first || entry.getKey() > last;
                if (goes) {
                  drop(entry.getValue());
                }
                return goes;
              });
      if (inOrder < CONVINCED || closed) {
        return;
      }
      for (long number = from; number < from + furthest; number++) {
        if (number * BLOCK >= source.size() || !blocks.containsKey(number) && !readAhead(number)) {
          return;
        }
      }
    } finally {
      lock.unlock();
    }
  }

  /** False when there is no room for it, or no thread. */
  private boolean readAhead(long number) {
    ByteBuffer buffer = pool.take(this);
    if (buffer == null) {
      return false;
    }
    Block block = new Block(number * BLOCK, buffer);
    boolean begun = false;
    try {
      begun = pool.run(() -> fill(block));
    } finally {
      if (begun) {
        blocks.put(number, block);
      } else {
        drop(block);
      }
    }
    return begun;
  }

  /** Reads a block, unless somebody does already or it is not wanted any more. */
  private void fill(Block block) {
    lock.lock();
    try {
      if (block.claimed) {
        return;
      }
      block.claimed = true;
      filling++;
    } finally {
      lock.unlock();
    }
    int length = 0;
    try {
      length = source.read(block.start, block.buffer.duplicate().clear());
    } catch (RuntimeException e) {
      length = 0; // whoever asks for it reads it again, and is told
    } finally {
      lock.lock();
      try {
        filling--;
        block.filled.complete(length);
        giveBack(block);
        settled.signalAll();
      } finally {
        lock.unlock();
      }
    }
  }

  /** Of a block that can no longer be found. */
  private void drop(Block block) {
    block.dropped = true;
    if (!block.claimed) {
      block.claimed = true; // nobody will
      block.filled.complete(0);
    }
    giveBack(block);
  }

  private void giveBack(Block block) {
    if (block.dropped && block.copying == 0 && block.filled.isDone() && !block.givenBack) {
      block.givenBack = true;
      pool.give(block.buffer);
    }
  }

  /** Gives back what a reader that pauses has; what it reads next it reads again. */
  void shed() {
    if (System.nanoTime() - usedAt > IDLE_NANOS && lock.tryLock()) {
      try {
        blocks.values().forEach(this::drop);
        blocks.clear();
      } finally {
        lock.unlock();
      }
    }
  }

  /** Waits for what is on its way, so that the source may be closed. */
  void close() {
    lock.lock();
    try {
      closed = true;
      blocks.values().forEach(this::drop);
      blocks.clear();
      while (filling > 0) {
        settled.awaitUninterruptibly();
      }
    } finally {
      lock.unlock();
      pool.leave(this);
    }
  }
}
