package blksh.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import blksh.block.BlockSource;
import blksh.block.BlockSources;
import blksh.kit.LoopDevice;
import blksh.kit.Volumes;
import blksh.task.Task;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Where a rescue may write to. */
class CopyTargetTest {

  private static final int SIZE = 1 << 20;

  @TempDir Path folder;
  private final byte[] bytes = new byte[SIZE];
  private Path source;
  private Path copy;
  private Path map;

  @BeforeEach
  void make() throws IOException {
    new Random(3).nextBytes(bytes);
    source = Files.write(folder.resolve("source"), bytes);
    copy = folder.resolve("copy");
    map = folder.resolve("map");
  }

  private void rescue(Path from, Path to, Path map, boolean overwrite) {
    BlockSource opened = BlockSources.open(from);
    try (Cache cache = Cache.open(opened, to, map, CacheOptions.defaults(), overwrite)) {
      cache.rescue(RescueOptions.defaults(), Task.unwatched());
    } finally {
      opened.close();
    }
  }

  @Test
  void aFileWithSomethingElseInItIsWrittenOverOnlyWhenToldTo() throws IOException {
    byte[] other = new byte[SIZE + 1];
    Arrays.fill(other, (byte) 'x');
    Files.write(copy, other);
    assertThatThrownBy(() -> rescue(source, copy, map, false))
        .hasMessageContaining("it exists, and is no copy that was begun with this map")
        .hasMessageContaining("--overwrite");
    assertThat(copy).hasBinaryContent(other);
    assertThat(map).doesNotExist();
    rescue(source, copy, map, true);
    assertThat(copy).hasBinaryContent(bytes);
  }

  @Test
  void aCopyThatWasBegunGoesOnUnasked() throws IOException {
    Files.write(copy, Arrays.copyOf(bytes, SIZE / 2));
    Files.writeString(map, "0x0 ? 1\n0x0 0x80000 +\n0x80000 0x80000 ?\n");
    rescue(source, copy, map, false);
    assertThat(copy).hasBinaryContent(bytes);
    rescue(source, copy, map, false);
  }

  @Test
  void aCopyThatEndedBeforeItsFirstByteGoesOnUnasked() throws IOException {
    Volumes.blank(copy, SIZE);
    rescue(source, copy, map, false);
    assertThat(copy).hasBinaryContent(bytes);
  }

  @Test
  void aMapThatTellsOfNothingBelongsToNoFile() throws IOException {
    Files.write(copy, new byte[] {1});
    Files.writeString(map, "0x0 ? 1\n0x0 0x100000 ?\n");
    assertThatThrownBy(() -> rescue(source, copy, map, false))
        .hasMessageContaining("no copy that was begun");
    assertThat(copy).hasBinaryContent(new byte[] {1});
  }

  @Test
  void theMapIsThereBeforeTheFirstByte() throws IOException {
    try (Cache cache = Cache.open(BlockSources.open(source), copy, map, CacheOptions.defaults())) {
      assertThat(Mapfile.read(map, SIZE).map(map).bytes(RescueStatus.FINISHED)).isZero();
      assertThat(cache.map().isFinished()).isFalse();
    }
  }

  @Test
  void aSourceIsNotCopiedOntoItself() throws IOException {
    Path link = Files.createLink(folder.resolve("link"), source);
    for (Path same : new Path[] {source, link}) {
      assertThatThrownBy(() -> rescue(source, same, map, true))
          .hasMessageContaining("what is being read");
    }
    try (LoopDevice loop = LoopDevice.attach(source, 512)) {
      assertThatThrownBy(() -> rescue(loop.path(), source, map, true))
          .hasMessageContaining("what is being read");
      assertThatThrownBy(() -> rescue(source, loop.path(), map, true))
          .hasMessageContaining("what is being read");
    }
    assertThat(source).hasBinaryContent(bytes);
    assertThat(map).doesNotExist();
  }

  @Test
  void theMapIsNeitherTheSourceNorTheCopyNorInDev() {
    assertThatThrownBy(() -> rescue(source, copy, copy, false))
        .hasMessageContaining("its map would be the copy itself");
    assertThatThrownBy(() -> rescue(source, copy, source, true))
        .hasMessageContaining("what is being read");
    assertThatThrownBy(() -> rescue(source, copy, Path.of("/dev/blksh-not-there.map"), true))
        .hasMessageContaining("nothing is made in /dev")
        .hasMessageContaining("--map");
    assertThat(copy).doesNotExist();
    assertThat(source).hasBinaryContent(bytes);
  }

  @Test
  void aDriveIsWrittenOnlyWhenToldToAndMayBeLarger() throws IOException {
    Path file = Volumes.blank(folder.resolve("drive"), 2 * SIZE);
    try (LoopDevice drive = LoopDevice.attach(file, 512)) {
      for (int turn = 0; turn < 2; turn++) {
        assertThatThrownBy(() -> rescue(source, drive.path(), map, false))
            .hasMessageContaining("it is a drive")
            .hasMessageContaining("also to go on");
        rescue(source, drive.path(), map, true);
        assertThat(Arrays.copyOf(Files.readAllBytes(drive.path()), SIZE)).isEqualTo(bytes);
      }
      try (Cache absent = Cache.openAbsent(drive.path(), map, "elsewhere")) {
        assertThat(absent.size()).isEqualTo(SIZE);
      }
    }
  }
}
