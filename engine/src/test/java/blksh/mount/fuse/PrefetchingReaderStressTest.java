package blksh.mount.fuse;

import static blksh.kit.Await.pause;
import static org.assertj.core.api.Assertions.assertThat;

import blksh.block.BlockSource;
import blksh.block.SourceInfo;
import blksh.io.UnreadableException;
import blksh.kit.Effort;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;

/**
 * Many readers in and out of order, more than there are buffers for, of a source that is slow at
 * times, fails at times and must not be read once it is closed. Each byte must be the one of its
 * place. {@code -Dblksh.stress.seconds=300} makes it long.
 */
class PrefetchingReaderStressTest {

  private static final int SECONDS = Effort.of("blksh.stress.seconds", 3, 300);
  private static final int READERS = 16;

  /** Eight bytes at a place say which place it is. */
  private static long wordAt(long place) {
    long mixed = place * 0x9E3779B97F4A7C15L;
    return mixed ^ mixed >>> 29;
  }

  /** A source whose bytes tell their place; some ranges fail always, and any may fail at times. */
  private static final class Places implements BlockSource {
    private final long size;
    private final boolean fails;
    private final AtomicLong reading = new AtomicLong();
    private volatile boolean closed;
    private volatile String misuse;

    Places(long size, boolean fails) {
      this.size = size;
      this.fails = fails;
    }

    boolean isBad(long place) {
      return fails && wordAt(place >>> 16) % 53 == 0;
    }

    @Override
    public long size() {
      return size;
    }

    @Override
    public int read(long position, ByteBuffer target) {
      reading.incrementAndGet();
      try {
        if (closed) {
          misuse = "read after it was closed";
        }
        ThreadLocalRandom random = ThreadLocalRandom.current();
        long end = Math.min(size, position + target.remaining());
        if (position >= end) {
          return 0;
        }
        for (long at = position; at < end; ) {
          if (isBad(at) || fails && at == position && random.nextInt(40) == 0) {
            throw new UnreadableException("places", at, 1, "it fails", null);
          }
          if (random.nextInt(40_000) == 0) {
            LockSupport.parkNanos(random.nextInt(3_000_000));
          }
          int from = (int) (at & 7);
          byte[] word =
              ByteBuffer.allocate(8).order(ByteOrder.BIG_ENDIAN).putLong(wordAt(at >> 3)).array();
          int count = (int) Math.min(8 - from, end - at);
          target.put(word, from, count);
          at += count;
        }
        if (closed) {
          misuse = "closed while it was read";
        }
        return (int) (end - position);
      } finally {
        reading.decrementAndGet();
      }
    }

    @Override
    public SourceInfo describe() {
      return new SourceInfo("places", "places", "memory", Map.of());
    }

    @Override
    public void close() {
      closed = true;
      if (reading.get() != 0) {
        misuse = "closed while it was read";
      }
    }
  }

  @Test
  void noReaderEverGetsTheBytesOfAnotherPlace() throws Exception {
    AtomicReference<Throwable> failure = new AtomicReference<>();
    AtomicBoolean over = new AtomicBoolean();
    AtomicLong read = new AtomicLong();
    AtomicLong refused = new AtomicLong();
    try (PrefetchPool pool = new PrefetchPool("stress", 8)) {
      List<Thread> threads = new ArrayList<>();
      for (int i = 0; i < READERS; i++) {
        int seed = i;
        Thread thread =
            new Thread(
                () -> {
                  try {
                    Random random = new Random(seed);
                    while (!over.get()) {
                      session(random, pool, read, refused);
                    }
                  } catch (Throwable e) {
                    failure.compareAndSet(null, e);
                    over.set(true);
                  }
                });
        thread.start();
        threads.add(thread);
      }
      for (int tenths = 0; tenths < SECONDS * 10 && !over.get(); tenths++) {
        pause(100);
      }
      over.set(true);
      for (Thread thread : threads) {
        thread.join();
      }
      assertThat(failure.get()).isNull();
      assertThat(pool.taken()).as("buffers that did not come back").isZero();
      assertThat(read.get()).isPositive();
      assertThat(refused.get()).isPositive();
    }
  }

  /** One open file, used by one to three clients at once as the kernel does that reads ahead. */
  private static void session(Random random, PrefetchPool pool, AtomicLong read, AtomicLong refused)
      throws Exception {
    Places source = new Places((1 << 20) + random.nextInt(24 << 20), random.nextInt(3) > 0);
    PrefetchingReader reader = new PrefetchingReader(source, pool);
    AtomicReference<Throwable> failure = new AtomicReference<>();
    List<Thread> clients = new ArrayList<>();
    for (int i = 1 + random.nextInt(3); i > 0; i--) {
      SplittableRandom own = new SplittableRandom(random.nextLong());
      clients.add(
          new Thread(
              () -> {
                try {
                  client(own, source, reader, read, refused);
                } catch (Throwable e) {
                  failure.compareAndSet(null, e);
                }
              }));
    }
    clients.forEach(Thread::start);
    for (Thread client : clients) {
      client.join();
    }
    reader.close();
    source.close();
    assertThat(failure.get()).isNull();
    assertThat(source.misuse).isNull();
  }

  private static void client(
      SplittableRandom random,
      Places source,
      PrefetchingReader reader,
      AtomicLong read,
      AtomicLong refused) {
    ByteBuffer target = ByteBuffer.allocate(1 << 20);
    for (int run = 0; run < 12; run++) {
      long at = random.nextLong(source.size());
      int step = 1 + random.nextInt(random.nextBoolean() ? 8192 : 700_000);
      int steps = 1 + random.nextInt(random.nextBoolean() ? 4 : 60);
      if (random.nextInt(60) == 0) {
        LockSupport.parkNanos(1_100_000_000L); // pauses, so that others may take its buffers
      }
      for (int i = 0; i < steps && at < source.size(); i++) {
        target.clear().limit(step);
        int good;
        try {
          good = reader.read(at, target);
          assertThat(good).isEqualTo((int) Math.min(step, source.size() - at));
          read.addAndGet(good);
        } catch (UnreadableException e) {
          assertThat(e.start()).isBetween(at, at + step - 1L);
          good = (int) (e.start() - at);
          refused.incrementAndGet();
        }
        check(target.array(), at, good);
        at += step;
      }
    }
  }

  private static void check(byte[] bytes, long at, int length) {
    for (int i = 0; i < length; i++) {
      long place = at + i;
      byte right = (byte) (wordAt(place >> 3) >>> 56 - 8 * (place & 7));
      if (bytes[i] != right) {
        throw new AssertionError("wrong byte at " + place + ", " + i + " of " + length);
      }
    }
  }
}
