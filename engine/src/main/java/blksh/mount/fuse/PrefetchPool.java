package blksh.mount.fuse;

import java.io.Closeable;
import java.nio.ByteBuffer;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** Buffers and threads that all readers of a mount share to read ahead. Bounded. */
final class PrefetchPool implements Closeable {

  /** 16 MiB of buffers; a reader that finds none reads without. */
  static final int BUFFERS = 64;

  private static final int IDLE_SECONDS = 5;

  private final ConcurrentLinkedDeque<ByteBuffer> free = new ConcurrentLinkedDeque<>();
  private final AtomicInteger taken = new AtomicInteger();
  private final Set<PrefetchingReader> readers = ConcurrentHashMap.newKeySet();
  private final ThreadPoolExecutor threads;

  PrefetchPool(String name) {
    this(name, Math.max(2, Math.min(8, Runtime.getRuntime().availableProcessors())));
  }

  PrefetchPool(String name, int count) {
    AtomicInteger started = new AtomicInteger();
    threads =
        new ThreadPoolExecutor(
            count,
            count,
            IDLE_SECONDS,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(),
            work -> {
              Thread thread = new Thread(work, name + "-ahead-" + started.incrementAndGet());
              thread.setDaemon(true);
              return thread;
            });
    threads.allowCoreThreadTimeOut(true);
  }

  /**
   * A buffer of {@link PrefetchingReader#BLOCK} bytes, or null when all are in use. Then readers
   * that pause are asked for theirs, for the next who comes.
   */
  ByteBuffer take(PrefetchingReader reader) {
    if (taken.incrementAndGet() > BUFFERS) {
      taken.decrementAndGet();
      for (PrefetchingReader other : readers) {
        if (other != reader) {
          other.shed();
        }
      }
      return null;
    }
    readers.add(reader);
    ByteBuffer buffer = free.poll();
    return buffer != null ? buffer : ByteBuffer.allocateDirect(PrefetchingReader.BLOCK);
  }

  void give(ByteBuffer buffer) {
    free.push(buffer);
    taken.decrementAndGet();
  }

  /** Forgets a reader, which has given everything back. */
  void leave(PrefetchingReader reader) {
    readers.remove(reader);
  }

  /** Buffers in use now. */
  int taken() {
    return taken.get();
  }

  /** False when no thread will do it. */
  boolean run(Runnable work) {
    try {
      threads.execute(work);
      return true;
    } catch (RejectedExecutionException e) {
      return false;
    }
  }

  /** Ends the threads, when nobody reads any more. */
  @Override
  public void close() {
    threads.shutdown();
    free.clear();
  }
}
