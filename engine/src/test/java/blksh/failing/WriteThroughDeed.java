package blksh.failing;

import static org.assertj.core.api.Assertions.assertThat;

import blksh.block.FileSource;
import blksh.block.WritableFile;
import blksh.cache.Cache;
import blksh.cache.CacheOptions;
import blksh.cache.RescueMap;
import blksh.cache.RescueRange;
import blksh.cache.RescueStatus;
import blksh.cache.WritableCache;
import blksh.kit.Content;
import blksh.task.Task;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;

/** Writes a medium through a cache of it. */
final class WriteThroughDeed extends Deed {

  private static final byte[] MEDIUM = Content.random(60 * PAGE, 6);

  private final Contents contents = new Contents(MEDIUM);

  @Override
  Deed fresh() {
    return new WriteThroughDeed();
  }

  private static WritableCache open(Path folder) {
    return Cache.open(
            WritableFile.open(medium(folder)),
            data(folder),
            map(folder),
            new CacheOptions(PAGE, 8 * PAGE, Duration.ofMillis(5)))
        .writable();
  }

  private static Path medium(Path folder) {
    return folder.resolve("medium");
  }

  private static Path data(Path folder) {
    return folder.resolve("copy");
  }

  private static Path map(Path folder) {
    return folder.resolve("copy.map");
  }

  @Override
  void prepare(Path folder) throws IOException {
    Files.write(medium(folder), MEDIUM);
    try (WritableCache cache = open(folder)) {
      cache.cache().fill(Task.unwatched());
    }
  }

  @Override
  void run(Path folder, Runnable mended) {
    try (WritableCache cache = open(folder)) {
      write(cache, 8 * PAGE, 3 * PAGE);
      write(cache, 0, 100);
      cache.sync();
      contents.synced();
      write(cache, 9 * PAGE, 20 * PAGE);
      contents.write(40 * PAGE, new byte[PAGE]);
      cache.zero(40 * PAGE, PAGE);
      cache.sync();
      contents.synced();
    }
  }

  private void write(WritableCache cache, int position, int length) {
    cache.write(position, contents.write(position, Content.random(length, position + length)));
  }

  @Override
  void check(Path folder) throws IOException {
    try (FileSource medium = FileSource.open(medium(folder))) {
      contents.assertIn(medium);
      contents.adopt(medium);
    }
    RescueMap map = RescueMap.read(map(folder), MEDIUM.length);
    byte[] kept = Files.readAllBytes(data(folder));
    for (RescueRange range : map.ranges(RescueStatus.FINISHED)) {
      int from = (int) range.start();
      int to = (int) range.end();
      assertThat(Arrays.mismatch(kept, from, to, contents.now(), from, to))
          .as("bytes kept at " + from)
          .isEqualTo(-1);
    }
  }
}
