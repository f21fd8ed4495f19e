package blksh.mount;

import java.io.Closeable;
import java.nio.ByteBuffer;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** Buffers and threads that all readers of a mount share to read ahead. Bounded. */
final class ReadAheadPool implements Closeable {

  /** 16 MiB of buffers; a reader that finds none reads without. */
  private static final int BUFFERS = 64;

  private static final int IDLE_SECONDS = 5;

  private final ConcurrentLinkedQueue<ByteBuffer> free = new ConcurrentLinkedQueue<>();
  private final AtomicInteger taken = new AtomicInteger();
  private final ThreadPoolExecutor threads;

  ReadAheadPool(String name) {
    int count = Math.max(2, Math.min(8, Runtime.getRuntime().availableProcessors()));
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

  /** A buffer of {@link ReadAhead#BLOCK} bytes, or null when all are in use. */
  ByteBuffer take() {
    if (taken.incrementAndGet() > BUFFERS) {
      taken.decrementAndGet();
      return null;
    }
    ByteBuffer buffer = free.poll();
    return buffer != null ? buffer : ByteBuffer.allocateDirect(ReadAhead.BLOCK);
  }

  void give(ByteBuffer buffer) {
    free.add(buffer);
    taken.decrementAndGet();
  }

  void run(Runnable work) {
    threads.execute(work);
  }

  /** Ends the threads, when nobody reads any more. */
  @Override
  public void close() {
    threads.shutdown();
    free.clear();
  }
}
