package blksh.cache;

import static blksh.kit.Await.await;
import static blksh.kit.Await.comes;
import static blksh.kit.Await.pause;
import static blksh.kit.Content.KIB;
import static blksh.kit.Content.MIB;
import static blksh.kit.Content.random;
import static blksh.kit.Reading.read;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import blksh.BlkshException;
import blksh.block.ByteArraySource;
import blksh.block.Extent;
import blksh.block.FaultySource;
import blksh.io.UnreadableException;
import blksh.kit.CountedSource;
import blksh.task.Task;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CacheTest {

  private static final CacheOptions OPTIONS = CacheOptions.defaults();

  @TempDir Path folder;

  private Cache open(blksh.block.BlockSource source) {
    return Cache.open(source, folder.resolve("disc.iso"), OPTIONS);
  }

  @Test
  void readsWhatTheMediumHoldsAtAnyPosition() {
    byte[] bytes = random(3 * MIB + 1234, 1);
    try (Cache cache = open(new ByteArraySource(bytes))) {
      assertThat(cache.size()).isEqualTo(bytes.length);
      Random random = new Random(2);
      for (int i = 0; i < 500; i++) {
        int at = random.nextInt(bytes.length + 10);
        int length = random.nextInt(200_000);
        int end = Math.min(bytes.length, at + length);
        assertThat(read(cache, at, length))
            .isEqualTo(at >= end ? new byte[0] : Arrays.copyOfRange(bytes, at, end));
      }
    }
  }

  @Test
  void readsNoByteTwice() throws IOException {
    byte[] bytes = random(4 * MIB, 1);
    CountedSource medium = new CountedSource(bytes);
    try (Cache cache = open(medium)) {
      long identity = medium.bytes.get();
      Random random = new Random(3);
      for (int i = 0; i < 2000; i++) {
        int at = random.nextInt(bytes.length);
        read(cache, at, 4096);
      }
      cache.fill(Task.unwatched());
      assertThat(read(cache, 0, bytes.length)).isEqualTo(bytes);
      assertThat(medium.bytes.get() - identity).isEqualTo(bytes.length);
      assertThat(cache.map().isFinished()).isTrue();
    }
    CountedSource again = new CountedSource(bytes);
    try (Cache cache = open(again)) {
      long identity = again.bytes.get();
      assertThat(read(cache, 0, bytes.length)).isEqualTo(bytes);
      assertThat(again.bytes.get()).isEqualTo(identity);
      assertThat(Files.readAllBytes(cache.dataFile())).isEqualTo(bytes);
    }
  }

  @Test
  void manyReadersAtOnceGetTheRightBytesAndReadNoneTwice() throws Exception {
    byte[] bytes = random(8 * MIB, 1);
    CountedSource medium = new CountedSource(bytes);
    try (Cache cache = open(medium)) {
      long identity = medium.bytes.get();
      ExecutorService pool = Executors.newFixedThreadPool(8);
      List<Callable<Void>> readers = new ArrayList<>();
      for (int reader = 0; reader < 8; reader++) {
        Random random = new Random(reader);
        readers.add(
            () -> {
              for (int i = 0; i < 300; i++) {
                int at = random.nextInt(bytes.length - 70_000);
                int length = 1 + random.nextInt(70_000);
                if (!Arrays.equals(
                    read(cache, at, length), Arrays.copyOfRange(bytes, at, at + length))) {
                  throw new AssertionError("wrong bytes at " + at);
                }
              }
              return null;
            });
      }
      for (Future<Void> done : pool.invokeAll(readers)) {
        done.get();
      }
      pool.shutdown();
      assertThat(medium.bytes.get() - identity).isLessThanOrEqualTo(bytes.length);
    }
  }

  @Test
  void sequentialUseReadsAheadAndRandomUseDoesNot() {
    byte[] bytes = random(32 * MIB, 1);
    CountedSource sequential = new CountedSource(bytes);
    try (Cache cache = Cache.open(sequential, folder.resolve("a"), OPTIONS)) {
      for (int at = 0; at < bytes.length; at += 4096) {
        read(cache, at, 4096);
      }
    }
    assertThat(sequential.requests.get()).isLessThan(20);
    CountedSource scattered = new CountedSource(bytes);
    try (Cache cache = Cache.open(scattered, folder.resolve("b"), OPTIONS)) {
      for (int i = 0; i < 100; i++) {
        read(cache, i * 39 % 100 * 262_144L + 5000, 4096);
      }
      assertThat(scattered.bytes.get()).isEqualTo(100L * 64 * KIB + 68 * KIB);
    }
  }

  @Test
  void filesAreNamedAsBlkcacheNamesThem() {
    byte[] bytes = new byte[MIB];
    try (Cache cache = open(new ByteArraySource(bytes))) {
      // sha1sum of 64 KiB of zeros begins 1adc95be.
      assertThat(cache.dataFile().getFileName()).hasToString("disc.iso.cache.1adc95be~");
      assertThat(cache.mapFile().getFileName()).hasToString("disc.iso.cache.1adc95be~.map");
    }
  }

  /** The map is one that blkcache 0.0.2 wrote, of a medium of 3 MiB. */
  @Test
  void aCacheThatBlkcacheMadeIsPickedUp() throws IOException {
    byte[] bytes = random(3 * MIB, 8);
    CountedSource medium = new CountedSource(bytes);
    Path data = Cache.dataFiles(medium, folder.resolve("disc.iso")).get(0);
    Files.write(data, bytes);
    try (java.io.InputStream map = CacheTest.class.getResourceAsStream("blkcache.map")) {
      Files.copy(map, folder.resolve(data.getFileName() + ".map"));
    }
    long identity = medium.bytes.get();
    try (Cache cache = open(medium)) {
      long opened = medium.bytes.get();
      assertThat(cache.dataFile()).isEqualTo(data);
      assertThat(cache.map().isFinished()).isTrue();
      assertThat(read(cache, 0, bytes.length)).isEqualTo(bytes);
      assertThat(medium.bytes.get()).isEqualTo(opened);
      // What is kept was believed after samples of it.
      assertThat(opened - identity).isBetween(64L * KIB, bytes.length / 4L);
    }
  }

  /** As cards that were flashed from one image, and used since. */
  private static byte[] cloneOf(byte[] bytes) {
    byte[] clone = random(bytes.length, 77);
    System.arraycopy(bytes, 0, clone, 0, 256 * KIB);
    return clone;
  }

  @Test
  void mediaThatBeginAlikeGetCachesOfTheirOwn() {
    byte[] one = random(4 * MIB, 1);
    byte[] two = cloneOf(one);
    Path first;
    Path second;
    try (Cache cache = open(new ByteArraySource(one))) {
      cache.fill(Task.unwatched());
      first = cache.dataFile();
      // Also while the other is in use.
      try (Cache other = open(new ByteArraySource(two))) {
        assertThat(other.map().bytes(RescueStatus.FINISHED)).isZero();
      }
      cache.flush();
      try (Cache other = open(new ByteArraySource(two))) {
        second = other.dataFile();
        assertThat(read(other, 0, two.length)).isEqualTo(two);
        assertThat(other.medium()).startsWith(cache.medium() + "-");
        assertThat(second.getFileName()).hasToString("disc.iso.cache." + other.medium() + "~");
      }
    }
    assertThat(second).isNotEqualTo(first);
    try (Cache cache = open(new ByteArraySource(one))) {
      assertThat(cache.dataFile()).isEqualTo(first);
      assertThat(cache.map().isFinished()).isTrue();
    }
    try (Cache cache = open(new ByteArraySource(two))) {
      assertThat(cache.dataFile()).isEqualTo(second);
      assertThat(read(cache, 0, two.length)).isEqualTo(two);
    }
  }

  @Test
  void aCopyThatWasBegunGoesOnWithNoMediumThatOnlyBeginsAlike() throws IOException {
    byte[] one = random(4 * MIB, 1);
    Path data = folder.resolve("copy");
    Path map = folder.resolve("copy.map");
    try (Cache cache = Cache.open(new ByteArraySource(one), data, map, OPTIONS)) {
      read(cache, 0, 2 * MIB);
    }
    byte[] copied = Files.readAllBytes(data);
    String noted = Files.readString(map);
    ByteArraySource clone = new ByteArraySource(cloneOf(one));
    assertThatThrownBy(() -> Cache.open(clone, data, map, OPTIONS))
        .isInstanceOf(OtherMediumException.class)
        .hasMessageContaining("it holds other bytes than the medium");
    assertThat(Files.readAllBytes(data)).isEqualTo(copied);
    assertThat(Files.readString(map)).isEqualTo(noted);
    try (Cache cache = Cache.open(new ByteArraySource(one), data, map, OPTIONS)) {
      assertThatThrownBy(() -> cache.reinsert(clone)).isInstanceOf(OtherMediumException.class);
      assertThat(read(cache, 0, one.length)).isEqualTo(one);
    }
  }

  @Test
  void whatWasReadOfAMediumThatIsGoneCanStillBeRead() {
    byte[] bytes = random(MIB, 1);
    Path data;
    Path map;
    try (Cache cache = open(new ByteArraySource(bytes))) {
      read(cache, 0, 64 * KIB);
      data = cache.dataFile();
      map = cache.mapFile();
    }
    for (int i = 0; i < 2; i++) {
      try (Cache cache = Cache.openAbsent(data, map, "/dev/sr0")) {
        assertThat(read(cache, 0, 64 * KIB)).isEqualTo(Arrays.copyOf(bytes, 64 * KIB));
        assertThatThrownBy(() -> read(cache, 64 * KIB, 512))
            .isInstanceOf(blksh.block.MediumGoneException.class)
            .hasMessageContaining("the medium is not there; put the medium back");
        assertThat(cache.map().bytes(RescueStatus.NON_TRIED)).isEqualTo(MIB - 64 * KIB);
      }
    }
    try (Cache cache = open(new ByteArraySource(bytes))) {
      assertThat(cache.map().bytes(RescueStatus.FINISHED)).isEqualTo(64 * KIB);
    }
  }

  @Test
  void whatABadSectorLeavesOfARequestIsReturned() {
    byte[] bytes = random(MIB, 1);
    FaultySource medium =
        new FaultySource(new ByteArraySource(bytes)).unreadable(300 * 512, 2 * 512);
    try (Cache cache = open(medium)) {
      ByteBuffer target = ByteBuffer.allocate(500 * 512);
      UnreadableException failure =
          catchThrowableOfType(UnreadableException.class, () -> cache.read(0, target));
      assertThat(failure.start()).isEqualTo(300 * 512);
      assertThat(failure.length()).isLessThanOrEqualTo(2 * 512);
      assertThat(target.position()).isEqualTo(300 * 512);
      assertThat(Arrays.copyOf(target.array(), 300 * 512))
          .isEqualTo(Arrays.copyOf(bytes, 300 * 512));
      assertThat(read(cache, 302 * 512, 64 * KIB))
          .isEqualTo(Arrays.copyOfRange(bytes, 302 * 512, 302 * 512 + 64 * KIB));
      assertThat(cache.map().at(300 * 512).status()).isEqualTo(RescueStatus.BAD_SECTOR);
    }
  }

  @Test
  void aBadSectorIsNotTriedAgainByReading() {
    CountedSource medium = new CountedSource(random(MIB, 1));
    medium.source.unreadable(200 * 1024, 512, 3);
    try (Cache cache = open(medium)) {
      assertThatThrownBy(() -> read(cache, 200 * 1024, 512))
          .isInstanceOf(UnreadableException.class);
      long requests = medium.requests.get();
      assertThatThrownBy(() -> read(cache, 200 * 1024, 512))
          .isInstanceOf(UnreadableException.class);
      assertThat(medium.requests.get()).isEqualTo(requests);
      RescueReport report = cache.rescue(RescueOptions.defaults().withRetries(2), Task.unwatched());
      assertThat(report.badBytes()).isZero();
    }
  }

  @Test
  void extentsTellWhatWasReadWhatIsBadAndWhatIsNotKnown() {
    FaultySource medium =
        new FaultySource(new ByteArraySource(random(MIB, 1))).unreadable(512 * KIB, 4096);
    try (Cache cache = open(medium)) {
      read(cache, 0, 64 * KIB);
      cache.rescue(RescueOptions.defaults(), Task.unwatched());
      assertThat(kinds(cache)).containsExactly("DATA 524288", "BAD 4096", "DATA 520192");
    }
    try (Cache cache =
        Cache.open(new ByteArraySource(random(MIB, 1)), folder.resolve("other"), OPTIONS)) {
      read(cache, 64 * KIB, 100);
      assertThat(kinds(cache)).containsExactly("UNTRIED 65536", "DATA 65536", "UNTRIED 917504");
    }
  }

  private static List<String> kinds(Cache cache) {
    List<String> kinds = new ArrayList<>();
    cache.extents().forEachRemaining((Extent e) -> kinds.add(e.kind() + " " + e.length()));
    return kinds;
  }

  @Test
  void anotherMediumIsRefused() throws IOException {
    Path data = folder.resolve("data");
    Path map = folder.resolve("map");
    byte[] bytes = random(MIB, 1);
    try (Cache cache = Cache.open(new ByteArraySource(bytes), data, map, OPTIONS)) {
      read(cache, 0, MIB);
    }
    byte[] other = random(MIB, 2);
    assertThatThrownBy(() -> Cache.open(new ByteArraySource(other), data, map, OPTIONS))
        .isInstanceOf(BlkshException.class)
        .hasMessageContaining("another medium: fingerprint");
    byte[] longer = Arrays.copyOf(bytes, 2 * MIB);
    assertThatThrownBy(() -> Cache.open(new ByteArraySource(longer), data, map, OPTIONS))
        .hasMessageContaining("another medium: size");
    Files.writeString(map, "0 ? 1\n0x40000 0x10000 +\n");
    assertThatThrownBy(() -> Cache.open(new ByteArraySource(other), data, map, OPTIONS))
        .hasMessageContaining("other bytes than the medium");
    try (Cache cache = Cache.open(new ByteArraySource(bytes), data, map, OPTIONS)) {
      assertThat(cache.map().bytes(RescueStatus.FINISHED)).isEqualTo(64 * KIB);
    }
  }

  @Test
  void aMapThatClaimsMoreThanTheFileHoldsIsRefused() throws IOException {
    Path data = folder.resolve("data");
    Path map = Files.writeString(folder.resolve("map"), "0 ? 1\n0 0x40000 +\n");
    byte[] bytes = random(MIB, 1);
    assertThatThrownBy(() -> Cache.open(new ByteArraySource(bytes), data, map, OPTIONS))
        .hasMessageContaining("its map tells of bytes up to 262144, but it ends at 0");
    assertThat(data).doesNotExist();
  }

  @Test
  void aMediumWhoseBeginningIsBadHasACacheToo() {
    byte[] bytes = random(MIB, 1);
    for (int i = 0; i < 2; i++) {
      FaultySource medium = new FaultySource(new ByteArraySource(bytes)).unreadable(0, 4096);
      try (Cache cache = open(medium)) {
        assertThat(cache.map().bytes(RescueStatus.FINISHED)).isEqualTo(i == 0 ? 0 : MIB - 4096);
        cache.rescue(RescueOptions.defaults(), Task.unwatched());
        assertThat(read(cache, 4096, MIB)).isEqualTo(Arrays.copyOfRange(bytes, 4096, MIB));
      }
    }
  }

  @Test
  void aCacheInUseIsRefused() {
    byte[] bytes = random(MIB, 1);
    try (Cache cache = open(new ByteArraySource(bytes))) {
      assertThat(cache.size()).isEqualTo(MIB);
      assertThatThrownBy(() -> open(new ByteArraySource(bytes)))
          .hasMessageContaining("another process or session uses it");
    }
  }

  @Test
  void aMediumThatWasRemovedMakesNothingBad() {
    byte[] bytes = random(MIB, 1);
    AtomicBoolean removed = new AtomicBoolean();
    ByteArraySource below = new ByteArraySource(bytes);
    CountedSource medium =
        new CountedSource(bytes) {
          @Override
          public int read(long position, ByteBuffer target) {
            if (removed.get()) {
              throw new UnreadableException(
                  "sr0", position, target.remaining(), "No medium found", null);
            }
            return below.read(position, target);
          }
        };
    try (Cache cache = open(medium)) {
      removed.set(true);
      assertThatThrownBy(() -> read(cache, 512 * KIB, 512)).hasMessageContaining("No medium");
      assertThatThrownBy(() -> cache.rescue(RescueOptions.defaults(), Task.unwatched()))
          .hasMessageContaining("No medium");
      assertThat(cache.map().bytes(RescueStatus.NON_TRIED)).isEqualTo(MIB);
    }
  }

  @Test
  void interruptingAReaderLeavesTheCacheInOrder() throws Exception {
    byte[] bytes = random(4 * MIB, 1);
    try (Cache cache = open(new ByteArraySource(bytes))) {
      for (int i = 0; i < 40; i++) {
        Random random = new Random(i);
        Thread reader =
            new Thread(
                () -> {
                  try {
                    while (true) {
                      read(cache, random.nextInt(bytes.length), 4096);
                    }
                  } catch (BlkshException expected) {
                    // interrupted
                  }
                });
        reader.start();
        pause(i % 4);
        reader.interrupt();
        reader.join(10_000);
        assertThat(reader.isAlive()).isFalse();
      }
      assertThat(read(cache, 0, bytes.length)).isEqualTo(bytes);
    }
  }

  @Test
  void fillingYieldsToWhoeverReads() throws Exception {
    byte[] bytes = random(32 * MIB, 1);
    AtomicInteger ofFill = new AtomicInteger();
    CountedSource medium =
        new CountedSource(bytes) {
          @Override
          public int read(long position, ByteBuffer target) {
            if (Thread.currentThread().getName().startsWith("blksh-")) {
              ofFill.incrementAndGet();
            }
            return super.read(position, target);
          }
        };
    try (Cache cache = open(medium)) {
      medium.source.slow(Duration.ofMillis(5));
      read(cache, 0, 512);
      Task task = new Task("fill", "disc");
      Thread filling = new Thread(() -> cache.fill(task));
      filling.start();
      for (int i = 100; i > 0; i--) {
        read(cache, i * 4L * 64 * KIB, 512);
      }
      assertThat(ofFill.get()).isLessThan(25);
      filling.join();
      assertThat(cache.map().isFinished()).isTrue();
      assertThat(task.done()).isEqualTo(bytes.length);
    }
  }

  @Test
  void cancellingAFillKeepsWhatItRead() throws Exception {
    byte[] bytes = random(8 * MIB, 1);
    CountedSource medium = new CountedSource(bytes);
    try (Cache cache = open(medium)) {
      medium.source.slow(Duration.ofMillis(20));
      Task task = new Task("fill", "disc");
      Thread filling =
          new Thread(
              () -> {
                try {
                  cache.fill(task);
                } catch (BlkshException expected) {
                  // cancelled
                }
              });
      filling.start();
      await(() -> task.done() > 0);
      task.cancel();
      filling.join();
      // In the background, long before its interval is over.
      assertThat(comes(Duration.ofSeconds(10), () -> Files.exists(cache.mapFile()))).isTrue();
      RescueMap map = RescueMap.read(cache.mapFile(), bytes.length);
      assertThat(map.bytes(RescueStatus.FINISHED)).isGreaterThan(0).isLessThan(bytes.length);
    }
  }

  @Test
  void anExportIsTheMediumWithZerosForWhatCouldNotBeRead() throws IOException {
    byte[] bytes = random(MIB, 1);
    Arrays.fill(bytes, 300_000, 700_000, (byte) 0);
    FaultySource medium = new FaultySource(new ByteArraySource(bytes)).unreadable(MIB - 4096, 4096);
    Path image = folder.resolve("image");
    try (Cache cache = open(medium)) {
      cache.rescue(RescueOptions.defaults(), Task.unwatched());
      Task task = new Task("export", "disc");
      cache.export(image, false, task);
      assertThat(task.findings()).hasSize(1);
      Arrays.fill(bytes, MIB - 4096, MIB, (byte) 0);
      assertThat(Files.readAllBytes(image)).isEqualTo(bytes);
      assertThatThrownBy(() -> cache.export(image, false, Task.unwatched()))
          .hasMessageContaining("exists already");
      assertThatThrownBy(() -> cache.export(cache.dataFile(), true, Task.unwatched()))
          .hasMessageContaining("the cache itself");
      cache.export(image, true, Task.unwatched());
      assertThat(Files.readAllBytes(image)).isEqualTo(bytes);
    }
  }
}
