package blksh.failing;

import static org.assertj.core.api.Assertions.assertThat;

import blksh.BlkshException;
import blksh.block.ByteArraySource;
import blksh.block.FaultySource;
import blksh.cache.Cache;
import blksh.cache.CacheOptions;
import blksh.cache.RescueMap;
import blksh.cache.RescueOptions;
import blksh.cache.RescueRange;
import blksh.cache.RescueStatus;
import blksh.kit.Content;
import blksh.kit.Reading;
import blksh.task.Task;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;

/**
 * Keeps what is read of a disc in a cache: read, filled or rescued, its map saved again and again.
 */
final class CopyDeed extends Deed {

  private static final byte[] DISC = Content.random(70 * PAGE + 512, 3);

  private final boolean rescued;

  /** What a map that was written claims; all of the size of the disc. */
  private RescueMap told = new RescueMap(DISC.length);

  private String problem = "";

  /**
   * @param rescued whether the disc has bad sectors, and is rescued
   */
  CopyDeed(boolean rescued) {
    this.rescued = rescued;
  }

  @Override
  Deed fresh() {
    CopyDeed fresh = new CopyDeed(rescued);
    fresh.told = told;
    return fresh;
  }

  private Cache open(Path folder) {
    FaultySource disc = new FaultySource(new ByteArraySource(DISC));
    if (rescued) {
      disc.unreadable(40 * PAGE + 512, 1024);
    }
    return Cache.open(
        disc, data(folder), map(folder), new CacheOptions(PAGE, 8 * PAGE, Duration.ofMillis(5)));
  }

  private static Path data(Path folder) {
    return folder.resolve("copy");
  }

  private static Path map(Path folder) {
    return folder.resolve("copy.map");
  }

  @Override
  void prepare(Path folder) {
    try (Cache cache = open(folder)) {
      Reading.read(cache, 3 * PAGE, 10 * PAGE);
      flush(cache);
    }
  }

  private void flush(Cache cache) {
    RescueMap before = cache.map();
    cache.flush();
    told = before;
  }

  @Override
  void run(Path folder, Runnable mended) throws IOException {
    try (Cache cache = open(folder)) {
      try {
        assertThat(Reading.read(cache, 50 * PAGE, 2 * PAGE))
            .isEqualTo(Arrays.copyOfRange(DISC, 50 * PAGE, 52 * PAGE));
        flush(cache);
        copy(cache);
        flush(cache);
      } catch (BlkshException e) {
        mended.run();
        finish(cache);
        throw e;
      } finally {
        problem = cache.problem();
      }
    }
  }

  /** Goes on with the cache that something failed in, to its end. */
  private void finish(Cache cache) {
    copy(cache);
    cache.flush();
    if (cache.map().bytes(RescueStatus.NON_TRIED) > 0) {
      copy(cache); // what was not durable is read once more
      cache.flush();
    }
    assertThat(cache.map().isSettled()).as("all was tried").isTrue();
    told = cache.map();
  }

  private void copy(Cache cache) {
    if (rescued) {
      cache.rescue(RescueOptions.defaults(), Task.unwatched());
    } else {
      cache.fill(Task.unwatched());
    }
  }

  @Override
  void check(Path folder) throws IOException {
    RescueMap map = RescueMap.read(map(folder), DISC.length);
    byte[] kept = Files.readAllBytes(data(folder));
    for (RescueRange range : map.ranges(RescueStatus.FINISHED)) {
      int from = (int) range.start();
      int to = (int) range.end();
      assertThat(Arrays.mismatch(kept, from, to, DISC, from, to))
          .as("bytes at " + from)
          .isEqualTo(-1);
    }
    for (RescueRange range : told.ranges(RescueStatus.FINISHED)) {
      assertThat(map.at(range.start()).status()).isEqualTo(RescueStatus.FINISHED);
      assertThat(map.at(range.start()).end()).isGreaterThanOrEqualTo(range.end());
    }
    if (!rescued) {
      assertThat(map.bytes(RescueStatus.BAD_SECTOR)).as("bad bytes of a good disc").isZero();
    }
  }

  @Override
  String problem() {
    return problem;
  }
}
