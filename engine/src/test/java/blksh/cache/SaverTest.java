package blksh.cache;

import static blksh.kit.Await.await;
import static blksh.kit.Await.pause;
import static blksh.kit.Content.MIB;
import static blksh.kit.Content.random;
import static org.assertj.core.api.Assertions.assertThat;

import blksh.block.BlockSource;
import blksh.block.ByteArraySource;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class SaverTest {

  private static final Duration LONG = Duration.ofHours(1);

  @TempDir Path folder;

  private Path map;
  private CachedBytes held;
  private SavedMap saved;
  private Saver saver;

  @BeforeEach
  void open() throws IOException {
    map = Files.createDirectory(folder.resolve("directory")).resolve("map");
    BlockSource source = new ByteArraySource(random(MIB, 1));
    SourceIdentity identity = SourceIdentity.of(source);
    held = CachedBytes.open(source, identity, new FilePair(folder.resolve("data"), map), false);
    SourceReader reader = new SourceReader(source, CacheOptions.defaults(), held);
    saved = new SavedMap(map, reader, held, identity);
  }

  @AfterEach
  void close() {
    saver.end();
    held.close();
  }

  @Test
  void whatChangesIsSavedAfterAnInterval() throws Exception {
    saver = Saver.of(saved, held, Duration.ofMillis(5));
    held.mark(0, 512, RescueStatus.BAD_SECTOR);
    await(() -> Files.exists(map));
    assertThat(RescueMap.read(map, MIB).bytes(RescueStatus.BAD_SECTOR)).isEqualTo(512);
  }

  @Test
  void itIsSavedAtOnceWhenSomebodyAsks() throws Exception {
    saver = Saver.of(saved, held, LONG);
    held.mark(0, 512, RescueStatus.BAD_SECTOR);
    saver.soon();
    await(() -> Files.exists(map));
  }

  @Test
  void nothingIsSavedWhenNothingChangedOrItHasEnded() throws Exception {
    saver = Saver.of(saved, held, Duration.ofMillis(1));
    pause(30);
    assertThat(map).doesNotExist();
    saver.end();
    pause(30);
    held.mark(0, 512, RescueStatus.BAD_SECTOR);
    saver.soon();
    pause(30);
    assertThat(map).doesNotExist();
  }

  @Test
  void whyItCannotBeSavedIsToldUntilItCan() throws Exception {
    Path aside = Files.move(map.getParent(), folder.resolve("aside"));
    saver = Saver.of(saved, held, Duration.ofMillis(5));
    held.mark(0, 512, RescueStatus.BAD_SECTOR);
    await(() -> !held.problem().isEmpty());
    assertThat(held.problem()).contains("its directory does not exist");
    Files.move(aside, map.getParent());
    await(() -> Files.exists(map) && held.problem().isEmpty());
  }
}
