package blksh.block;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import blksh.BlkshException;
import blksh.kit.Child;
import blksh.kit.Reading;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BlockSourcesTest {

  @TempDir Path directory;

  @Test
  void opensAFileThroughALink() throws IOException {
    Path file = Files.write(directory.resolve("disk.img"), new byte[] {1, 2});
    Path link = Files.createSymbolicLink(directory.resolve("link"), file);
    try (BlockSource source = BlockSources.open(link)) {
      assertThat(source).isInstanceOf(FileSource.class);
      assertThat(Reading.read(source, 0, 9)).containsExactly(1, 2);
    }
  }

  @Test
  void refusesADirectory() {
    refuses(directory, "it is a directory");
  }

  @Test
  void refusesAPipeWithoutWaitingForAWriter() throws Exception {
    Path pipe = directory.resolve("pipe");
    assertThat(Child.of("mkfifo", pipe.toString()).start().waitFor()).isZero();
    refuses(pipe, "standard input");
    assertThatThrownBy(() -> FileSource.open(pipe)).isInstanceOf(BlkshException.class);
  }

  @Test
  void refusesACharacterDevice() {
    refuses(Path.of("/dev/zero"), "character device");
  }

  @Test
  void saysWhenThereIsNothing() {
    refuses(directory.resolve("absent"), "there is no such file or device");
  }

  private static void refuses(Path path, String reason) {
    assertThatThrownBy(() -> BlockSources.open(path))
        .isInstanceOf(BlkshException.class)
        .hasMessageStartingWith("cannot open " + path)
        .hasMessageContaining(reason);
  }
}
