package blksh.cache;

import static blksh.kit.Await.pause;
import static blksh.kit.Content.KIB;
import static blksh.kit.Content.MIB;
import static blksh.kit.Content.random;
import static blksh.kit.Reading.read;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import blksh.block.BlockSource;
import blksh.block.ByteArraySource;
import blksh.block.Extent;
import blksh.block.FileSource;
import blksh.block.SourceInfo;
import blksh.block.WritableFile;
import blksh.block.WritableSource;
import blksh.task.Task;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WritableCacheTest {

  private static final CacheOptions OPTIONS = CacheOptions.defaults();

  @TempDir Path folder;

  private Path medium(byte[] bytes) throws IOException {
    return Files.write(folder.resolve("medium"), bytes);
  }

  @Test
  void whatIsWrittenIsOnTheMediumAtOnceAndReadFromTheCache() throws IOException {
    byte[] bytes = random(20 * MIB, 1);
    Path medium = medium(bytes);
    Path file = folder.resolve("disc");
    Random random = new Random(4);
    try (WritableCache cache = Cache.open(WritableFile.open(medium), file, OPTIONS).writable()) {
      for (int i = 0; i < 300; i++) {
        int at = random.nextInt(bytes.length - 100_000);
        int length = 1 + random.nextInt(i % 20 == 0 ? 3 * MIB / 2 : 9000);
        length = Math.min(length, bytes.length - at);
        if (i % 3 == 0) {
          assertThat(read(cache, at, length)).isEqualTo(Arrays.copyOfRange(bytes, at, at + length));
        } else if (i % 50 == 1) {
          cache.zero(at, length);
          Arrays.fill(bytes, at, at + length, (byte) 0);
        } else {
          byte[] fresh = random(length, i);
          cache.write(at, ByteBuffer.wrap(fresh));
          System.arraycopy(fresh, 0, bytes, at, length);
        }
      }
      assertThat(Files.readAllBytes(medium)).isEqualTo(bytes);
      cache.cache().fill(Task.unwatched());
      assertThat(read(cache, 0, bytes.length)).isEqualTo(bytes);
    }
    try (Cache cache = Cache.open(FileSource.open(medium), file, OPTIONS)) {
      assertThat(cache.map().isFinished()).isTrue();
      assertThat(read(cache, 0, bytes.length)).isEqualTo(bytes);
      assertThat(Files.readAllBytes(cache.dataFile())).isEqualTo(bytes);
    }
  }

  @Test
  void aMediumWhoseBeginningWasWrittenKeepsItsCache() throws IOException {
    byte[] bytes = random(MIB, 1);
    Path medium = medium(bytes);
    Path file = folder.resolve("disc");
    Path before;
    try (WritableCache cache = Cache.open(WritableFile.open(medium), file, OPTIONS).writable()) {
      before = cache.cache().dataFile();
      cache.cache().fill(Task.unwatched());
      cache.write(100, ByteBuffer.wrap(new byte[] {1, 2, 3}));
    }
    try (Cache cache = Cache.open(FileSource.open(medium), file, OPTIONS)) {
      assertThat(cache.dataFile()).isNotEqualTo(before);
      assertThat(before).doesNotExist();
      assertThat(cache.map().isFinished()).isTrue();
      assertThat(read(cache, 100, 3)).containsExactly(1, 2, 3);
    }
  }

  @Test
  void whatCannotBeWrittenIsRefused() throws IOException {
    byte[] bytes = random(MIB, 1);
    try (Cache cache = Cache.open(new ByteArraySource(bytes), folder.resolve("disc"), OPTIONS)) {
      assertThatThrownBy(cache::writable).hasMessageContaining("opened to be read");
    }
    try (WritableCache cache =
        Cache.open(WritableFile.open(medium(bytes)), folder.resolve("two"), OPTIONS).writable()) {
      assertThatThrownBy(() -> cache.write(MIB - 2, ByteBuffer.allocate(3)))
          .hasMessageContaining("3 bytes do not fit, it has 1048576");
      assertThatThrownBy(() -> cache.zero(MIB, 1)).hasMessageContaining("do not fit");
    }
  }

  /** Checks at each write that the map on disk claims nothing that is about to change. */
  @Test
  void noMapOnDiskClaimsWhatIsBeingWritten() throws Exception {
    byte[] bytes = random(24 * MIB, 1);
    Path medium = medium(bytes);
    Path map = folder.resolve("map");
    List<String> wrong = java.util.Collections.synchronizedList(new ArrayList<>());
    WritableSource checking =
        new Watched(WritableFile.open(medium)) {
          @Override
          public void write(long position, ByteBuffer content) {
            RescueMap claimed = RescueMap.read(map, size());
            for (RescueRange range : claimed.ranges(RescueStatus.FINISHED)) {
              if (range.start() < position + content.remaining() && range.end() > position) {
                wrong.add(range + " while writing at " + position);
              }
            }
            super.write(position, content);
          }
        };
    CacheOptions options =
        new CacheOptions(OPTIONS.block(), OPTIONS.largest(), Duration.ofMillis(15));
    try (WritableCache cache =
        Cache.open(checking, folder.resolve("data"), map, options).writable()) {
      cache.cache().fill(Task.unwatched());
      ExecutorService pool = Executors.newFixedThreadPool(4);
      List<Callable<Void>> writers = new ArrayList<>();
      for (int writer = 0; writer < 4; writer++) {
        Random random = new Random(writer);
        int part = writer * 6 * MIB;
        writers.add(
            () -> {
              for (int i = 0; i < 40; i++) {
                byte[] fresh = random(1 + random.nextInt(60 * KIB), i);
                int at = part + random.nextInt(6 * MIB - fresh.length);
                cache.write(at, ByteBuffer.wrap(fresh));
                synchronized (bytes) {
                  System.arraycopy(fresh, 0, bytes, at, fresh.length);
                }
                pause(random.nextInt(8));
              }
              return null;
            });
      }
      for (Future<Void> done : pool.invokeAll(writers)) {
        done.get();
      }
      pool.shutdown();
      assertThat(wrong).isEmpty();
      assertThat(read(cache, 0, bytes.length)).isEqualTo(bytes);
    }
    assertThat(Files.readAllBytes(medium)).isEqualTo(bytes);
    assertThat(Files.readAllBytes(folder.resolve("data"))).isEqualTo(bytes);
    assertThat(RescueMap.read(map, bytes.length).isFinished()).isTrue();
  }

  /** Another source, to look at what is written to it. */
  private static class Watched implements WritableSource {
    private final WritableSource source;

    Watched(WritableSource source) {
      this.source = source;
    }

    @Override
    public long size() {
      return source.size();
    }

    @Override
    public int read(long position, ByteBuffer target) {
      return source.read(position, target);
    }

    @Override
    public Iterator<Extent> extents(long position, long length) {
      return ((BlockSource) source).extents(position, length);
    }

    @Override
    public void write(long position, ByteBuffer bytes) {
      source.write(position, bytes);
    }

    @Override
    public void zero(long position, long length) {
      source.zero(position, length);
    }

    @Override
    public void sync() {
      source.sync();
    }

    @Override
    public SourceInfo describe() {
      return source.describe();
    }

    @Override
    public void close() {
      source.close();
    }
  }
}
