package blksh.cache;

import static blksh.kit.Content.KIB;
import static blksh.kit.Content.MIB;
import static blksh.kit.Content.random;
import static blksh.kit.Reading.read;
import static org.assertj.core.api.Assertions.assertThat;

import blksh.block.BlockSource;
import blksh.block.BlockSources;
import blksh.block.ByteArraySource;
import blksh.block.DirectSource;
import blksh.block.FaultySource;
import blksh.block.FileSource;
import blksh.kit.CountedSource;
import blksh.kit.LoopDevice;
import blksh.kit.Nbdfuse;
import blksh.kit.Tool;
import blksh.task.Task;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Interchange with GNU ddrescue, both ways. */
class DdrescueTest {

  private static final CacheOptions OPTIONS = CacheOptions.defaults();

  @TempDir Path folder;

  private Path device(byte[] bytes) throws IOException {
    return Files.write(folder.resolve("device"), bytes);
  }

  @Test
  void ddrescueFinishesWhatACacheBegan() throws IOException {
    Tool ddrescue = Tool.named("ddrescue");
    byte[] bytes = random(5 * MIB + 300, 1);
    Path device = device(bytes);
    Path data;
    Path map;
    try (Cache cache = Cache.open(FileSource.open(device), folder.resolve("disc"), OPTIONS)) {
      data = cache.dataFile();
      map = cache.mapFile();
      Random random = new Random(1);
      for (int i = 0; i < 20; i++) {
        read(cache, random.nextInt(bytes.length), 5000);
      }
    }
    // What the map claims is not read again: damage there would stay, and the rest is added.
    RescueMap half = RescueMap.read(map, bytes.length);
    assertThat(half.isFinished()).isFalse();
    ddrescue.run("-q", device, data, map);
    assertThat(Files.readAllBytes(data)).isEqualTo(bytes);
    assertThat(RescueMap.read(map, bytes.length).isFinished()).isTrue();
  }

  @Test
  void aCacheFinishesWhatDdrescueBegan() throws IOException {
    Tool ddrescue = Tool.named("ddrescue");
    byte[] bytes = random(3 * MIB, 1);
    Path device = device(bytes);
    Path data = folder.resolve("part.img");
    Path map = folder.resolve("part.map");
    ddrescue.run("-q", "-i", "1Mi", "-s", "512Ki", device, data, map);
    CountedSource medium = new CountedSource(bytes);
    try (Cache cache = Cache.open(medium, data, map, OPTIONS)) {
      long opened = medium.bytes.get();
      assertThat(cache.map().bytes(RescueStatus.FINISHED)).isEqualTo(512 * KIB);
      cache.fill(Task.unwatched());
      assertThat(medium.bytes.get() - opened).isEqualTo(bytes.length - 512 * KIB);
    }
    assertThat(Files.readAllBytes(data)).isEqualTo(bytes);
    assertThat(Tool.named("ddrescuelog").run("-t", map)).containsPattern("rescued:.*\\(100%\\)");
  }

  @Test
  void ddrescuelogAgreesOnTheTotals() throws IOException {
    Tool ddrescuelog = Tool.named("ddrescuelog");
    RescueMap map = new RescueMap(10 * MIB);
    map.mark(0, MIB, RescueStatus.FINISHED);
    map.mark(2 * MIB, 2 * MIB + 512, RescueStatus.BAD_SECTOR);
    map.mark(3 * MIB, 3 * MIB + 1024, RescueStatus.NON_SCRAPED);
    map.mark(4 * MIB, 4 * MIB + 2048, RescueStatus.NON_TRIMMED);
    Path path = folder.resolve("map");
    new Mapfile(0, '*', 1, map, java.util.Map.of("serial", "X")).write(path);
    List<Long> totals = new ArrayList<>();
    for (String status : List.of("?", "*", "/", "-", "+")) {
      long blocks = ddrescuelog.run("-b", "512", "-l", status, path).lines().count();
      totals.add(blocks * 512);
    }
    assertThat(totals)
        .containsExactly(map.bytes(RescueStatus.NON_TRIED), 2048L, 1024L, 512L, (long) MIB);
  }

  /** The final map says which sectors are bad, and nothing else: it is the same for everybody. */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aRescueEndsWithTheMapOfEveryBadSector(boolean reverse) throws IOException {
    byte[] bytes = random(24 * MIB + 512, 1);
    FaultySource medium = new FaultySource(new ByteArraySource(bytes));
    RescueMap expected = new RescueMap(bytes.length);
    expected.mark(0, bytes.length, RescueStatus.FINISHED);
    byte[] rescued = bytes.clone();
    for (Sectors area : areas(bytes.length / 512, 12, 300)) {
      medium.unreadable(area.first() * 512, area.count() * 512);
      long end = (area.first() + area.count()) * 512;
      expected.mark(area.first() * 512, end, RescueStatus.BAD_SECTOR);
      Arrays.fill(rescued, (int) (area.first() * 512), (int) end, (byte) 0);
    }
    try (Cache cache = Cache.open(medium, folder.resolve("disc"), OPTIONS)) {
      Task task = new Task("rescue", "disc");
      RescueOptions options = RescueOptions.defaults().withReverse(reverse).withRetries(1);
      RescueReport report = cache.rescue(options, task);
      assertThat(cache.map().ranges()).containsExactlyElementsOf(expected.ranges());
      assertThat(report.badBytes()).isEqualTo(300 * 512);
      assertThat(task.findings()).hasSize(report.badRanges() > 0 ? 1 : 0);
      assertThat(task.done()).isEqualTo(report.finishedBytes());
      assertThat(Files.readAllBytes(cache.dataFile())).isEqualTo(rescued);
      assertThat(Tool.named("ddrescuelog").run("-b", "512", "-l", "-", cache.mapFile()).lines())
          .hasSize(300);
    }
  }

  private record Sectors(long first, long count) {}

  /** Areas of bad sectors, apart from each other, that add up to a count. */
  private static List<Sectors> areas(long sectors, int areas, int bad) {
    List<Sectors> list = new ArrayList<>();
    Random random = new Random(7);
    int left = bad;
    for (int i = 0; i < areas; i++) {
      int count = i == areas - 1 ? left : 1 + random.nextInt(2 * bad / areas - 1);
      count = Math.min(count, left - (areas - 1 - i));
      left -= count;
      list.add(new Sectors(sectors / areas * i + 200 + random.nextInt(500), count));
    }
    return list;
  }

  @Test
  void eachSectorIsTriedAtMostTwice() {
    byte[] bytes = random(8 * MIB, 1);
    java.util.Map<Long, Integer> tries = new java.util.concurrent.ConcurrentHashMap<>();
    CountedSource medium =
        new CountedSource(bytes) {
          @Override
          public int read(long position, java.nio.ByteBuffer target) {
            for (long at = 3 * MIB; at < 3 * MIB + 100 * 512; at += 512) {
              if (position <= at && position + target.remaining() > at) {
                tries.merge(at, 1, Integer::sum);
              }
            }
            return super.read(position, target);
          }
        };
    medium.source.unreadable(3 * MIB, 100 * 512);
    try (Cache cache = Cache.open(medium, folder.resolve("disc"), OPTIONS)) {
      cache.rescue(RescueOptions.defaults(), Task.unwatched());
      assertThat(tries.values()).hasSize(100).allMatch(count -> count <= 2);
    }
  }

  @Test
  void slowAreasAreLeftForLaterPasses() {
    byte[] bytes = random(48 * MIB, 1);
    int slow = 8 * MIB;
    int end = slow + 3 * MIB;
    List<Integer> sizes = java.util.Collections.synchronizedList(new ArrayList<>());
    CountedSource medium =
        new CountedSource(bytes) {
          @Override
          public int read(long position, java.nio.ByteBuffer target) {
            boolean within = position >= slow && position < end;
            sizes.add(within ? target.remaining() : 0);
            return super.read(position, target);
          }
        };
    medium.source.slow(slow, end - slow, java.time.Duration.ofMillis(110));
    try (Cache cache = Cache.open(medium, folder.resolve("disc"), OPTIONS)) {
      RescueOptions options = RescueOptions.defaults().withMinRate(4 * MIB);
      RescueReport report = cache.rescue(options, Task.unwatched());
      assertThat(report.finishedBytes()).isEqualTo(bytes.length);
    }
    int lastOther = sizes.lastIndexOf(0);
    assertThat(sizes.subList(lastOther, sizes.size()).stream().mapToInt(Integer::intValue).sum())
        .as("slow bytes read after all others")
        .isGreaterThan(MIB);
  }

  @Test
  void givesUpWhenNothingCanBeReadForTheTimeout() {
    FaultySource medium = new FaultySource(new ByteArraySource(random(4 * MIB, 1)));
    medium.unreadable(MIB, 3 * MIB).slow(MIB, 3 * MIB, java.time.Duration.ofMillis(30));
    try (Cache cache = Cache.open(medium, folder.resolve("disc"), OPTIONS)) {
      Task task = new Task("rescue", "disc");
      RescueOptions options =
          RescueOptions.defaults().withTimeout(java.time.Duration.ofMillis(300));
      RescueReport report = cache.rescue(options, task);
      assertThat(report.timedOut()).isTrue();
      assertThat(report.finishedBytes()).isEqualTo(MIB);
      assertThat(task.findings()).anyMatch(finding -> finding.startsWith("gave up"));
    }
  }

  /** A loop device whose file was cut fails to read there, as a worn medium does. */
  @Test
  void onARealDeviceTheMapAndTheBytesAreThoseOfDdrescue() throws IOException {
    Tool ddrescue = Tool.named("ddrescue");
    byte[] bytes = random(4 * MIB, 1);
    Path file = device(bytes);
    try (LoopDevice loop = LoopDevice.attach(file, 512)) {
      try (RandomAccessFile cut = new RandomAccessFile(file.toFile(), "rw")) {
        cut.setLength(MIB + 100 * 4096);
      }
      Path theirs = folder.resolve("theirs");
      Path theirMap = folder.resolve("theirs.map");
      ddrescue.run("-q", "-f", loop.path(), theirs, theirMap);
      try (BlockSource device = BlockSources.open(loop.path());
          Cache cache = Cache.open(device, folder.resolve("ours"), OPTIONS)) {
        cache.rescue(RescueOptions.defaults(), Task.unwatched());
        assertThat(cache.map().bytes(RescueStatus.BAD_SECTOR)).isPositive();
        assertThat(cache.map().ranges())
            .containsExactlyElementsOf(RescueMap.read(theirMap, bytes.length).ranges());
        assertThat(Files.mismatch(cache.dataFile(), theirs)).isIn(-1L, Files.size(theirs));
      }
    }
  }

  /** 300 bad sectors in 12 areas, served by nbdkit's ddrescue filter under a loop device. */
  @Test
  void onADeviceWithBadSectorsHereAndThereTheMapAndTheBytesAreThoseOfDdrescue() throws Exception {
    Tool ddrescue = Tool.named("ddrescue");
    byte[] bytes = random(16 * MIB, 1);
    Path file = device(bytes);
    RescueMap faults = new RescueMap(bytes.length);
    faults.mark(0, bytes.length, RescueStatus.FINISHED);
    for (Sectors area : areas(bytes.length / 512, 12, 300)) {
      long start = area.first() * 512;
      faults.mark(start, start + area.count() * 512, RescueStatus.BAD_SECTOR);
    }
    Path faultMap = folder.resolve("faults.map");
    new Mapfile(0, '+', 1, faults, java.util.Map.of()).write(faultMap);
    try (Nbdfuse medium = Nbdfuse.of(file, faultMap, folder.resolve("medium"));
        LoopDevice loop = LoopDevice.attach(medium.path(), 512)) {
      Path theirs = folder.resolve("theirs");
      Path theirMap = folder.resolve("theirs.map");
      Tool.named("losetup").run("--direct-io=on", loop.path());
      ddrescue.run("-q", "-d", "-f", loop.path(), theirs, theirMap);
      Path data;
      try (BlockSource device = DirectSource.open(loop.path());
          Cache cache = Cache.open(device, folder.resolve("ours"), OPTIONS)) {
        data = cache.dataFile();
        Random random = new Random(3);
        for (int i = 0; i < 100; i++) {
          browse(cache, random.nextInt(bytes.length - 8192), bytes);
        }
        RescueReport report = cache.rescue(RescueOptions.defaults(), Task.unwatched());
        assertThat(report.badBytes()).isEqualTo(300 * 512);
        assertThat(cache.map().ranges())
            .containsExactlyElementsOf(RescueMap.read(theirMap, bytes.length).ranges())
            .containsExactlyElementsOf(faults.ranges());
      }
      assertThat(Files.mismatch(data, theirs)).isEqualTo(-1);
      String[] totals = new String[2];
      for (int i = 0; i < 2; i++) {
        Path map = i == 0 ? theirMap : data.resolveSibling(data.getFileName() + ".map");
        totals[i] = Tool.named("ddrescuelog").run("-t", map).replaceAll("(?m)^.*current.*$", "");
      }
      assertThat(totals[1]).isEqualTo(totals[0]);
    }
  }

  /** Reads what can be read; what comes must be right. */
  private static void browse(Cache cache, int at, byte[] bytes) {
    java.nio.ByteBuffer target = java.nio.ByteBuffer.allocate(8192);
    try {
      cache.read(at, target);
    } catch (blksh.io.UnreadableException e) {
      assertThat(e.start()).isEqualTo(at + target.position());
    }
    int count = target.position();
    assertThat(Arrays.copyOf(target.array(), count))
        .isEqualTo(Arrays.copyOfRange(bytes, at, at + count));
  }
}
