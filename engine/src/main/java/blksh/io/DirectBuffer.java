package blksh.io;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;

/**
 * Memory outside the heap, borrowed for an operation. The system frees such memory only when the
 * collector comes upon it, which may be long after it has run out; so what is given back here is
 * lent again, and only so much of it is kept.
 */
public final class DirectBuffer implements AutoCloseable {

  /**
   * Bytes kept for the next who borrows, a small part of what there is: others take such memory
   * too. What comes back beyond them is left to the collector.
   */
  static final long KEPT = Math.min(64L << 20, Runtime.getRuntime().maxMemory() / 8);

  /** Less is as good as nothing: short-lived, and cheap to make. */
  private static final int SMALLEST = 4096;

  /** What nobody has, the last given back first. Guarded by itself. */
  private static final Deque<ByteBuffer> IDLE = new ArrayDeque<>();

  /** Guarded by {@link #IDLE}. */
  private static long idleBytes;

  private final int length;

  /** Null once given back. */
  private ByteBuffer memory;

  private DirectBuffer(int length, ByteBuffer memory) {
    this.length = length;
    this.memory = memory;
  }

  /**
   * Borrows memory. It holds anything.
   *
   * @param bytes 0 or more
   */
  public static DirectBuffer borrow(int bytes) {
    if (bytes < 0) {
      throw new IllegalArgumentException("a buffer of " + bytes + " bytes");
    }
    int least = Math.max(bytes, SMALLEST);
    ByteBuffer memory = takeIdle(least);
    return new DirectBuffer(bytes, memory != null ? memory : allocate(least));
  }

  /** The last that was given back, of those that are large enough and not a waste. */
  private static ByteBuffer takeIdle(int least) {
    synchronized (IDLE) {
      for (Iterator<ByteBuffer> each = IDLE.iterator(); each.hasNext(); ) {
        ByteBuffer memory = each.next();
        if (memory.capacity() >= least && memory.capacity() / 2 <= least) {
          each.remove();
          idleBytes -= memory.capacity();
          return memory;
        }
      }
      return null;
    }
  }

  private static ByteBuffer allocate(int bytes) {
    try {
      return ByteBuffer.allocateDirect(bytes);
    } catch (OutOfMemoryError e) {
      synchronized (IDLE) {
        if (IDLE.isEmpty()) {
          throw e;
        }
        IDLE.clear();
        idleBytes = 0;
      }
      return ByteBuffer.allocateDirect(bytes);
    }
  }

  /**
   * A view of all of it, from 0 to the bytes asked for; of no use any more once it is given back.
   */
  public synchronized ByteBuffer bytes() {
    if (memory == null) {
      throw new IllegalStateException("the buffer was given back");
    }
    return memory.slice(0, length);
  }

  /** Gives it back, once: nobody may use it any more. */
  @Override
  public void close() {
    ByteBuffer given;
    synchronized (this) {
      given = memory;
      memory = null;
    }
    if (given != null && given.capacity() <= KEPT) {
      synchronized (IDLE) {
        IDLE.push(given);
        idleBytes += given.capacity();
        while (idleBytes > KEPT) {
          idleBytes -= IDLE.removeLast().capacity();
        }
      }
    }
  }

  /** Bytes nobody has. */
  static long idle() {
    synchronized (IDLE) {
      return idleBytes;
    }
  }
}
