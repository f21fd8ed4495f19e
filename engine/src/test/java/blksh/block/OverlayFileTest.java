package blksh.block;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import blksh.BlkshException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OverlayFileTest {

  private static final int SIZE = 10_000;

  @TempDir Path folder;

  private OverlayFile open(boolean holdsBlocks) throws IOException {
    return OverlayFile.open(folder.resolve("file"), SIZE, holdsBlocks, "open");
  }

  private static byte[] read(OverlayFile file, long position, int length) {
    ByteBuffer target = ByteBuffer.allocate(length);
    file.read(position, target);
    return target.array();
  }

  @Test
  void aNewOneIsAsLargeAsTheSourceAndZero() throws IOException {
    try (OverlayFile file = open(false)) {
      assertThat(file.path()).hasSize(SIZE);
      assertThat(read(file, SIZE - 10, 10)).containsOnly(0);
    }
  }

  @Test
  void whatIsWrittenIsReadUntilItIsCleared() throws IOException {
    try (OverlayFile file = open(false)) {
      file.write(SIZE - 3, ByteBuffer.wrap(new byte[] {1, 2, 3}));
      file.force();
      assertThat(read(file, SIZE - 4, 4)).containsExactly(0, 1, 2, 3);
    }
    try (OverlayFile file = open(true)) {
      assertThat(read(file, SIZE - 4, 4)).containsExactly(0, 1, 2, 3);
      file.clear();
      assertThat(file.path()).hasSize(SIZE);
      assertThat(read(file, SIZE - 4, 4)).containsOnly(0);
    }
  }

  @Test
  void oneThatLostItsBlocksIsRefusedHoweverOftenItIsTried() throws IOException {
    Path file = Files.write(folder.resolve("file"), new byte[SIZE - 1]);
    for (int i = 0; i < 3; i++) {
      assertThatThrownBy(() -> open(true))
          .isInstanceOf(BlkshException.class)
          .hasMessageContaining("its file was cut short, or is another one");
      assertThat(file).hasSize(SIZE - 1);
    }
  }
}
