package blksh.block;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import blksh.BlkshException;
import blksh.io.UnreadableException;
import blksh.kit.Content;
import blksh.kit.Reading;
import blksh.task.CancelledException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileSourceTest {

  private static final int BLOCK = 4096;

  @TempDir Path directory;

  @Test
  void readsEveryByteAtEveryPosition() throws IOException {
    byte[] bytes = Content.random(3 * BLOCK + 17, 1);
    try (BlockSource source = FileSource.open(write("plain", bytes))) {
      assertThat(source.size()).isEqualTo(bytes.length);
      Random random = new Random(2);
      for (int i = 0; i < 1000; i++) {
        int from = random.nextInt(bytes.length + 1);
        int length = random.nextInt(bytes.length + 100);
        assertThat(Reading.read(source, from, length))
            .isEqualTo(Arrays.copyOfRange(bytes, from, Math.min(bytes.length, from + length)));
      }
    }
  }

  @Test
  void readsIntoDirectAndSlicedBuffersWithoutTouchingTheRest() throws IOException {
    byte[] bytes = Content.random(BLOCK, 1);
    try (BlockSource source = FileSource.open(write("plain", bytes))) {
      for (ByteBuffer buffer : List.of(ByteBuffer.allocate(64), ByteBuffer.allocateDirect(64))) {
        buffer.position(8).limit(24);
        assertThat(source.read(100, buffer)).isEqualTo(16);
        assertThat(buffer.position()).isEqualTo(24);
        assertThat(buffer.limit()).isEqualTo(24);
        byte[] whole = new byte[64];
        buffer.clear().get(whole);
        byte[] expected = new byte[64];
        System.arraycopy(bytes, 100, expected, 8, 16);
        assertThat(whole).isEqualTo(expected);
      }
    }
  }

  @Test
  void readsNothingAtAndPastTheEnd() throws IOException {
    try (BlockSource source = FileSource.open(write("plain", new byte[10]))) {
      assertThat(Reading.read(source, 10, 5)).isEmpty();
      assertThat(Reading.read(source, Long.MAX_VALUE, 5)).isEmpty();
      assertThatThrownBy(() -> Reading.read(source, -1, 5))
          .isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void keepsTheSizeItHadWhenOpenedAlthoughTheFileGrows() throws IOException {
    Path file = write("growing", new byte[] {1, 2, 3});
    try (BlockSource source = FileSource.open(file)) {
      Files.write(file, new byte[BLOCK * 4], StandardOpenOption.APPEND);
      assertThat(source.size()).isEqualTo(3);
      assertThat(Reading.read(source, 0, 100)).containsExactly(1, 2, 3);
      assertThat(Reading.list(source.extents()))
          .containsExactly(new Extent(0, 3, Extent.Kind.DATA));
    }
  }

  @Test
  void anEmptyFileHasNoExtents() throws IOException {
    try (BlockSource source = FileSource.open(write("empty", new byte[0]))) {
      assertThat(source.extents()).isExhausted();
      assertThat(Reading.read(source, 0, 1)).isEmpty();
    }
  }

  @Test
  void extentsAreExactlyTheBlocksThatWereWritten() throws IOException {
    Random random = new Random(3);
    int blocks = 4000;
    boolean[] written = new boolean[blocks];
    Path file = directory.resolve("sparse");
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      for (int block = 0; block < blocks; block++) {
        written[block] = random.nextInt(3) == 0;
        if (written[block]) {
          channel.write(ByteBuffer.wrap(Content.random(BLOCK, block)), (long) block * BLOCK);
        }
      }
      if (!written[blocks - 1]) {
        channel.write(ByteBuffer.wrap(new byte[] {0}), (long) blocks * BLOCK - 1);
        written[blocks - 1] = true;
      }
    }
    try (BlockSource source = FileSource.open(file)) {
      boolean[] found = new boolean[blocks];
      long at = 0;
      for (Extent extent : Reading.list(source.extents())) {
        assertThat(extent.start()).isEqualTo(at);
        assertThat(extent.length() % BLOCK).isZero();
        Arrays.fill(
            found,
            (int) (at / BLOCK),
            (int) (extent.end() / BLOCK),
            extent.kind() == Extent.Kind.DATA);
        at = extent.end();
      }
      assertThat(at).isEqualTo(source.size());
      assertThat(found).isEqualTo(written);

      for (int i = 0; i < 200; i++) {
        long from = random.nextLong(source.size());
        long length = random.nextLong(source.size());
        long position = from;
        for (Extent extent : Reading.list(source.extents(from, length))) {
          assertThat(extent.start()).isEqualTo(position);
          assertThat(extent.kind() == Extent.Kind.DATA)
              .isEqualTo(written[(int) (position / BLOCK)]);
          position = extent.end();
        }
        assertThat(position).isEqualTo(Math.min(source.size(), from + length));
      }
    }
  }

  @Test
  void aHugeHoleIsOneExtentAndFoundAtOnce() throws IOException {
    Path file = write("huge", Content.random(BLOCK, 4));
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      channel.write(ByteBuffer.wrap(Content.random(BLOCK, 5)), (1L << 40) - BLOCK);
    }
    try (BlockSource source = FileSource.open(file)) {
      assertThat(Reading.list(source.extents()))
          .containsExactly(
              new Extent(0, BLOCK, Extent.Kind.DATA),
              new Extent(BLOCK, (1L << 40) - 2 * BLOCK, Extent.Kind.ZERO),
              new Extent((1L << 40) - BLOCK, BLOCK, Extent.Kind.DATA));
      assertThat(Reading.read(source, 1L << 39, 3)).containsExactly(0, 0, 0);
    }
  }

  @Test
  void extentsAreAskedForOneAtATime() throws IOException {
    Path file = write("lazy", Content.random(BLOCK, 1));
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE);
        BlockSource source = FileSource.open(extend(file, 4L * BLOCK))) {
      Iterator<Extent> extents = source.extents();
      assertThat(extents.next()).isEqualTo(new Extent(0, BLOCK, Extent.Kind.DATA));
      channel.write(ByteBuffer.wrap(Content.random(BLOCK, 2)), 2L * BLOCK);
      assertThat(extents.next()).isEqualTo(new Extent(BLOCK, BLOCK, Extent.Kind.ZERO));
    }
  }

  @Test
  void whatWasCutOffWhileOpenIsUnreadableAndNeverZeros() throws IOException {
    byte[] bytes = Content.random(4 * BLOCK, 6);
    Path file = write("cut", bytes);
    try (BlockSource source = FileSource.open(file)) {
      try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
        channel.truncate(BLOCK + 100);
      }
      ByteBuffer buffer = ByteBuffer.allocate(2 * BLOCK);
      UnreadableException failure =
          catchThrowableOfType(UnreadableException.class, () -> source.read(BLOCK, buffer));
      assertThat(failure.start()).isEqualTo(BLOCK + 100);
      assertThat(failure.length()).isEqualTo(2 * BLOCK - 100);
      assertThat(buffer.position()).isEqualTo(100);
      assertThat(Arrays.copyOf(buffer.array(), 100))
          .isEqualTo(Arrays.copyOfRange(bytes, BLOCK, BLOCK + 100));
      assertThat(failure).hasMessageContaining("at byte 4196").hasMessageContaining("16384");
    }
  }

  @Test
  void whatWasCutOffWhileOpenIsDataAmongTheExtents() throws IOException {
    Path file = extend(write("cut", Content.random(BLOCK, 7)), 8L * BLOCK);
    try (BlockSource source = FileSource.open(file)) {
      try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
        channel.truncate(3L * BLOCK);
      }
      assertThat(Reading.list(source.extents()))
          .containsExactly(
              new Extent(0, BLOCK, Extent.Kind.DATA),
              new Extent(BLOCK, 2L * BLOCK, Extent.Kind.ZERO),
              new Extent(3L * BLOCK, 5L * BLOCK, Extent.Kind.DATA));
    }
  }

  @Test
  void aReplacedFileIsNotMistakenForTheOpenOne() throws IOException {
    Path file = write("replaced", Content.random(2 * BLOCK, 8));
    try (BlockSource source = FileSource.open(file)) {
      Files.delete(file);
      extend(write("replaced", new byte[0]), 2L * BLOCK);
      assertThat(Reading.list(source.extents()))
          .containsExactly(new Extent(0, 2L * BLOCK, Extent.Kind.DATA));
      assertThat(Reading.read(source, 0, 2 * BLOCK)).isEqualTo(Content.random(2 * BLOCK, 8));
    }
  }

  @Test
  void afterAnInterruptAReplacedFileIsUnreadableInsteadOfWrong() throws Exception {
    Path file = write("replaced", Content.random(BLOCK, 9));
    try (BlockSource source = FileSource.open(file)) {
      Files.move(file, file.resolveSibling("moved"));
      write("replaced", Content.random(BLOCK, 10));
      UnreadableException failure = null;
      for (int i = 0; i < 10_000 && failure == null; i++) {
        interruptReaderOf(source);
        try {
          assertThat(Reading.read(source, 0, BLOCK)).isEqualTo(Content.random(BLOCK, 9));
        } catch (UnreadableException e) {
          failure = e;
        }
      }
      assertThat(failure).hasMessageContaining("another file took its place");
    }
  }

  @Test
  void readingAfterClosingFails() throws IOException {
    BlockSource source = FileSource.open(write("closed", new byte[BLOCK]));
    Iterator<Extent> extents = source.extents();
    source.close();
    source.close();
    assertThatThrownBy(() -> Reading.read(source, 0, 1))
        .isInstanceOf(BlkshException.class)
        .hasMessageContaining("closed");
    assertThatThrownBy(extents::next)
        .isInstanceOf(BlkshException.class)
        .hasMessageContaining("closed");
  }

  @Test
  void anInterruptedReaderIsCancelledAndKeepsItsFlag() throws Exception {
    byte[] bytes = Content.random(BLOCK, 11);
    try (BlockSource source = FileSource.open(write("interrupted", bytes))) {
      Thread.currentThread().interrupt();
      assertThatThrownBy(() -> Reading.read(source, 0, BLOCK))
          .isInstanceOf(CancelledException.class);
      assertThat(Thread.interrupted()).isTrue();
      assertThat(Reading.read(source, 0, BLOCK)).isEqualTo(bytes);
    }
  }

  @Test
  void eightReadersSurviveTheInterruptionOfEachOther() throws Exception {
    int size = 4 << 20;
    byte[] bytes = Content.random(size, 12);
    int readers = 8;
    AtomicInteger cancelled = new AtomicInteger();
    ExecutorService pool = Executors.newFixedThreadPool(readers);
    try (BlockSource source = FileSource.open(write("shared", bytes))) {
      Thread[] threads = new Thread[readers];
      List<Future<Integer>> results = new ArrayList<>();
      for (int reader = 0; reader < readers; reader++) {
        int self = reader;
        results.add(
            pool.submit(
                (Callable<Integer>)
                    () -> {
                      threads[self] = Thread.currentThread();
                      Random random = new Random(self);
                      int right = 0;
                      while (right < 400) {
                        Thread victim = threads[random.nextInt(readers)];
                        if (random.nextInt(4) == 0 && victim != null) {
                          victim.interrupt();
                        }
                        int from = random.nextInt(size);
                        try {
                          byte[] read = Reading.read(source, from, 300_000);
                          assertThat(
                                  Arrays.mismatch(
                                      read,
                                      Arrays.copyOfRange(
                                          bytes, from, Math.min(size, from + 300_000))))
                              .isNegative();
                          right++;
                        } catch (CancelledException e) {
                          assertThat(Thread.interrupted()).isTrue();
                          cancelled.incrementAndGet();
                        }
                      }
                      return right;
                    }));
      }
      for (Future<Integer> result : results) {
        assertThat(result.get()).isEqualTo(400);
      }
    } finally {
      pool.shutdownNow();
    }
    assertThat(cancelled).hasPositiveValue();
  }

  @Test
  void describesItselfByNameAndAbsolutePath() throws IOException {
    Path file = write("disk.img", new byte[1]);
    try (BlockSource source = FileSource.open(file)) {
      assertThat(source.describe()).isEqualTo(new SourceInfo("file", "disk.img", file.toString()));
      assertThat(source.sectorSize()).isEqualTo(512);
    }
  }

  /** Interrupts a thread in the midst of reading, more likely than not. */
  private static void interruptReaderOf(BlockSource source) throws InterruptedException {
    CountDownLatch reading = new CountDownLatch(1);
    Thread reader =
        new Thread(
            () -> {
              try {
                while (true) {
                  Reading.read(source, 0, BLOCK);
                  reading.countDown();
                }
              } catch (BlkshException e) {
                reading.countDown();
              }
            });
    reader.start();
    reading.await();
    reader.interrupt();
    reader.join();
  }

  private Path write(String name, byte[] bytes) throws IOException {
    return Files.write(directory.resolve(name), bytes);
  }

  /** Makes a file longer by a hole. */
  private static Path extend(Path file, long size) throws IOException {
    try (java.io.RandomAccessFile extended = new java.io.RandomAccessFile(file.toFile(), "rw")) {
      extended.setLength(size);
    }
    return file;
  }
}
