package blksh.mount.fuse;

import static org.assertj.core.api.Assertions.assertThat;

import blksh.block.BlockSource;
import blksh.block.ByteArraySource;
import blksh.block.FaultySource;
import blksh.io.UnreadableException;
import blksh.kit.Content;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

class PrefetchingReaderTest {

  private static final int SIZE = 40 * PrefetchingReader.BLOCK + 1234;

  private final byte[] bytes = Content.random(SIZE, 1);

  /** Reads until the end, or fails where the source does. */
  private static void readThrough(PrefetchingReader reader, byte[] bytes, int start, int step) {
    for (int at = start; at < bytes.length; at += step) {
      ByteBuffer target = ByteBuffer.allocate(Math.min(step, bytes.length - at));
      int count = reader.read(at, target);
      assertThat(count).isEqualTo(target.capacity());
      assertThat(Arrays.mismatch(target.array(), 0, count, bytes, at, at + count))
          .as("first wrong of %d bytes at %d", count, at)
          .isEqualTo(-1);
    }
  }

  @Test
  void whoeverReadsInWhateverOrderGetsTheBytesOfTheSource() throws Exception {
    AtomicReference<Throwable> failure = new AtomicReference<>();
    try (PrefetchPool pool = new PrefetchPool("test")) {
      Thread[] threads = new Thread[6];
      for (int i = 0; i < threads.length; i++) {
        int seed = i;
        threads[i] =
            new Thread(
                () -> {
                  try {
                    Random random = new Random(seed);
                    for (int round = 0; round < 4; round++) {
                      PrefetchingReader reader =
                          new PrefetchingReader(new ByteArraySource(bytes), pool);
                      readThrough(reader, bytes, random.nextInt(SIZE), 1 + random.nextInt(200_000));
                      readThrough(reader, bytes, 0, 128 << 10);
                      for (int j = 0; j < 60; j++) {
                        // A little in order, then somewhere else: blocks are dropped unread.
                        int at = random.nextInt(SIZE - 9 * PrefetchingReader.BLOCK);
                        int step = 1 + random.nextInt(PrefetchingReader.BLOCK);
                        int end = at + random.nextInt(8) * step;
                        readThrough(reader, Arrays.copyOf(bytes, end), at, step);
                      }
                      reader.close();
                    }
                  } catch (Throwable e) {
                    failure.set(e);
                  }
                });
        threads[i].start();
      }
      for (Thread thread : threads) {
        thread.join();
      }
      assertThat(failure.get()).isNull();
      assertThat(pool.taken()).isZero();
    }
  }

  @Test
  void theFirstUnreadableByteIsNamedAndWhatIsBeforeItIsRead() {
    int bad = 5 * PrefetchingReader.BLOCK + 777;
    BlockSource source = new FaultySource(new ByteArraySource(bytes)).unreadable(bad, 100);
    try (PrefetchPool pool = new PrefetchPool("test")) {
      PrefetchingReader reader = new PrefetchingReader(source, pool);
      int at = 0;
      while (true) {
        ByteBuffer target = ByteBuffer.allocate(100_000);
        try {
          at += reader.read(at, target);
        } catch (UnreadableException e) {
          assertThat(e.start()).isEqualTo(bad);
          int good = bad - at;
          assertThat(Arrays.copyOf(target.array(), good))
              .isEqualTo(Arrays.copyOfRange(bytes, at, bad));
          break;
        }
      }
      ByteBuffer after = ByteBuffer.allocate(1000);
      assertThat(reader.read(bad + 100, after)).isEqualTo(1000);
      reader.close();
    }
  }

  @Test
  void aReaderInOrderIsServedFromWhatWasReadAhead() {
    FaultySource source = new FaultySource(new ByteArraySource(bytes));
    try (PrefetchPool pool = new PrefetchPool("test")) {
      PrefetchingReader reader = new PrefetchingReader(source, pool);
      readThrough(reader, Arrays.copyOf(bytes, 4 * (128 << 10)), 0, 128 << 10);
      // What comes next was read already, or fails: wait for it by reading it, then break it.
      ByteBuffer first = ByteBuffer.allocate(1);
      assertThat(reader.read(3 * PrefetchingReader.BLOCK, first)).isEqualTo(1);
      source.unreadable(3 * PrefetchingReader.BLOCK, PrefetchingReader.BLOCK);
      ByteBuffer target = ByteBuffer.allocate(4096);
      assertThat(reader.read(3 * PrefetchingReader.BLOCK, target)).isEqualTo(4096);
      reader.close();
    }
  }
}
