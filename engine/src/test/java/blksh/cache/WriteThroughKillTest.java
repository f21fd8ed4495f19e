package blksh.cache;

import static blksh.kit.Await.await;
import static blksh.kit.Await.pause;
import static org.assertj.core.api.Assertions.assertThat;

import blksh.block.FileSource;
import blksh.block.SourceInfo;
import blksh.block.WritableFile;
import blksh.block.WritableSource;
import blksh.kit.ChildJvm;
import blksh.kit.Content;
import blksh.kit.Effort;
import blksh.kit.Reading;
import blksh.task.Task;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Kills a process that writes through a cache at random instants, again and again, on one medium:
 * the medium has what was reported as written, and the cache holds the same as the medium wherever
 * the map on disk claims anything.
 */
class WriteThroughKillTest {

  private static final int KILLS = Effort.of("blksh.kills", 6, 100);

  private static final int SIZE = 16 << 20;
  private static final int WRITERS = 4;

  /** Bytes that are written at once, each time all of them. */
  private static final int SLOT = 16 << 10;

  private static final int SLOTS = SIZE / SLOT;

  /** Bytes that carry a number of their own. */
  private static final int STAMPED = 512;

  @TempDir Path folder;

  /** The contents of a slot at its n-th write. */
  private static ByteBuffer content(int slot, int number) {
    ByteBuffer bytes = ByteBuffer.allocate(SLOT);
    new Random(31L * number + slot).nextBytes(bytes.array());
    for (int at = 0; at < SLOT; at += STAMPED) {
      bytes.putInt(at, number);
    }
    return bytes;
  }

  /** Writes slots, says so, and reads at random, while it fills; until it is killed. */
  static final class Victim {
    public static void main(String[] arguments) {
      CacheOptions options = new CacheOptions(4096, 64 << 10, Duration.ofMillis(10));
      WritableCache cache =
          Cache.open(
                  new Slow(WritableFile.open(Path.of(arguments[0]))),
                  Path.of(arguments[1]),
                  Path.of(arguments[2]),
                  options)
              .writable();
      int first = Integer.parseInt(arguments[3]);
      for (int writer = 0; writer < WRITERS; writer++) {
        Random random = new Random(first + writer);
        int lane = writer;
        Thread thread = new Thread(() -> write(cache, random, lane, first));
        thread.setDaemon(true);
        thread.start();
      }
      System.out.println("writing");
      cache.cache().fill(Task.unwatched());
      Random random = new Random(first);
      while (true) {
        Reading.read(cache, random.nextInt(SIZE), 1 + random.nextInt(9000));
      }
    }

    private static void write(WritableCache cache, Random random, int lane, int first) {
      for (int number = first; ; number++) {
        int slot = random.nextInt(SLOTS / WRITERS) * WRITERS + lane;
        cache.write((long) slot * SLOT, content(slot, number));
        System.out.println(slot + " " + number);
        if (random.nextInt(40) == 0) {
          try {
            pause(random.nextInt(60)); // so that regions close now and then
          } catch (InterruptedException e) {
            return;
          }
        }
      }
    }
  }

  /**
   * A medium that has taken a write long before it says so: then it differs from the cache for most
   * of the time.
   */
  private record Slow(WritableSource medium) implements WritableSource {
    @Override
    public long size() {
      return medium.size();
    }

    @Override
    public int read(long position, ByteBuffer target) {
      return medium.read(position, target);
    }

    @Override
    public void write(long position, ByteBuffer bytes) {
      medium.write(position, bytes);
      LockSupport.parkNanos(1_000_000);
    }

    @Override
    public void zero(long position, long length) {
      medium.zero(position, length);
    }

    @Override
    public void sync() {
      medium.sync();
    }

    @Override
    public SourceInfo describe() {
      return medium.describe();
    }

    @Override
    public void close() {
      medium.close();
    }
  }

  @Test
  void whatTheMapClaimsIsOnTheMediumAfterAKillAndWhatWasWrittenToo() throws Exception {
    Path medium = Files.write(folder.resolve("medium"), Content.random(SIZE, 1));
    Path data = folder.resolve("data");
    Path map = folder.resolve("map");
    Path said = folder.resolve("said");
    Map<Integer, Integer> written = new HashMap<>(); // slot to the last number reported
    Random random = new Random(5);
    int first = 1;
    long claimed = 0;
    for (int kill = 0; kill < KILLS; kill++) {
      Process victim =
          ChildJvm.start(
              said,
              List.of("-Xmx64m"),
              Victim.class,
              medium.toString(),
              data.toString(),
              map.toString(),
              Integer.toString(first));
      // Until it has written something.
      await(() -> Files.size(said) > "writing\n".length() || !victim.isAlive());
      victim.waitFor(random.nextInt(300), TimeUnit.MILLISECONDS);
      assertThat(victim.isAlive()).isTrue();
      victim.destroyForcibly().waitFor();

      String text = Files.readString(said);
      for (String line : text.substring(0, text.lastIndexOf('\n') + 1).lines().skip(1).toList()) {
        String[] words = line.split(" ");
        int number = Integer.parseInt(words[1]);
        written.put(Integer.parseInt(words[0]), number);
        first = Math.max(first, number);
      }
      byte[] bytes = Files.readAllBytes(medium);
      checkWritten(bytes, written);
      claimed += checkClaims(bytes, data, map);
      checkReading(bytes, medium, data, map);
      first += 2; // no number is written twice, not even one that was not reported
    }
    assertThat(written).isNotEmpty();
    assertThat(claimed).isPositive();
  }

  /** Each slot holds what was last reported, or what was being written when the process died. */
  private static void checkWritten(byte[] medium, Map<Integer, Integer> written) {
    written.forEach(
        (slot, number) -> {
          int at = slot * SLOT;
          byte[] reported = content(slot, number).array();
          for (int i = 0; i < SLOT; i += STAMPED) {
            int found = ByteBuffer.wrap(medium).getInt(at + i);
            byte[] expected = found == number ? reported : content(slot, found).array();
            assertThat(found).as("slot %d, byte %d", slot, i).isGreaterThanOrEqualTo(number);
            assertThat(Arrays.equals(medium, at + i, at + i + STAMPED, expected, i, i + STAMPED))
                .as("slot %d, byte %d", slot, i)
                .isTrue();
          }
        });
  }

  private static long checkClaims(byte[] medium, Path data, Path map) throws IOException {
    if (!Files.exists(map)) {
      return 0;
    }
    byte[] held = Files.readAllBytes(data);
    long claimed = 0;
    for (RescueRange range : RescueMap.read(map, SIZE).ranges(RescueStatus.FINISHED)) {
      int from = (int) range.start();
      int to = (int) range.end();
      assertThat(Arrays.equals(held, from, to, medium, from, to)).as("%s", range).isTrue();
      claimed += range.length();
    }
    return claimed;
  }

  /** Whoever opens the cache next reads what is on the medium. */
  private static void checkReading(byte[] bytes, Path medium, Path data, Path map) {
    try (Cache cache = Cache.open(FileSource.open(medium), data, map, CacheOptions.defaults())) {
      assertThat(Arrays.equals(Reading.read(cache, 0, SIZE), bytes)).isTrue();
    }
  }
}
