package blksh.block;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import blksh.BlkshException;
import blksh.kit.Content;
import blksh.kit.LoopDevice;
import blksh.kit.Reading;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DirectSourceTest {

  private static final int MIB = 1 << 20;

  @TempDir Path directory;

  @ParameterizedTest
  @ValueSource(ints = {512, 4096})
  void readsAnyBytesWhateverTheSectorSize(int sectorSize) throws IOException {
    byte[] bytes = Content.random(MIB + 3 * 4096, sectorSize);
    Path file = Files.write(directory.resolve("backing"), bytes);
    try (LoopDevice loop = LoopDevice.attach(file, sectorSize);
        BlockSource source = DirectSource.open(loop.path())) {
      assertThat(source).isInstanceOf(DirectSource.class);
      assertThat(source.size()).isEqualTo(bytes.length);
      assertThat(source.sectorSize()).isEqualTo(sectorSize);
      assertThat(Reading.read(source, 0, 2 * MIB)).isEqualTo(bytes);
      Random random = new Random(1);
      for (int i = 0; i < 100; i++) {
        int at = random.nextInt(bytes.length);
        int end = Math.min(bytes.length, at + random.nextInt(200_000));
        assertThat(Reading.read(source, at, end - at))
            .isEqualTo(Arrays.copyOfRange(bytes, at, end));
      }
      assertThat(Reading.read(source, bytes.length, 3)).isEmpty();
      assertThat(source.describe().type()).isEqualTo("block device");
    }
  }

  @Test
  void readingAfterClosingFails() throws IOException {
    Path file = Files.write(directory.resolve("backing"), new byte[MIB]);
    try (LoopDevice loop = LoopDevice.attach(file, 512)) {
      BlockSource source = DirectSource.open(loop.path());
      source.close();
      source.close();
      assertThatThrownBy(() -> Reading.read(source, 0, 10))
          .isInstanceOf(BlkshException.class)
          .hasMessageContaining("closed");
    }
  }
}
