package blksh.block;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import blksh.BlkshException;
import blksh.io.UnreadableException;
import blksh.kit.Content;
import blksh.kit.LoopDevice;
import blksh.kit.Reading;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DeviceSourceTest {

  private static final int MIB = 1 << 20;

  @TempDir Path directory;

  @ParameterizedTest
  @ValueSource(ints = {512, 4096})
  void hasTheTrueSizeAndSectorSizeOfTheDevice(int sectorSize) throws IOException {
    byte[] bytes = Content.random(MIB + 3 * 4096, sectorSize);
    try (LoopDevice loop = LoopDevice.attach(write(bytes), sectorSize);
        BlockSource source = DeviceSource.open(loop.path())) {
      assertThat(source.size()).isEqualTo(bytes.length);
      assertThat(source.sectorSize()).isEqualTo(sectorSize);
      assertThat(Reading.list(source.extents()))
          .containsExactly(new Extent(0, bytes.length, Extent.Kind.DATA));
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {512, 4096})
  void readsAnyBytesWhateverTheSectorSize(int sectorSize) throws IOException {
    byte[] bytes = Content.random(MIB, sectorSize);
    try (LoopDevice loop = LoopDevice.attach(write(bytes), sectorSize);
        BlockSource source = DeviceSource.open(loop.path())) {
      assertThat(Reading.read(source, 0, 2 * MIB)).isEqualTo(bytes);
      assertThat(Reading.read(source, 4095, 3)).isEqualTo(Arrays.copyOfRange(bytes, 4095, 4098));
      assertThat(Reading.read(source, MIB - 1, 3)).containsExactly(bytes[MIB - 1]);
      assertThat(Reading.read(source, MIB, 3)).isEmpty();
    }
  }

  @Test
  void isNamedAsTheKernelNamesItThroughALink() throws IOException {
    Path file = write(new byte[MIB]);
    try (LoopDevice loop = LoopDevice.attach(file, 512)) {
      Path link = Files.createSymbolicLink(directory.resolve("by-id"), loop.path());
      try (BlockSource source = BlockSources.open(link)) {
        assertThat(source).isInstanceOf(DeviceSource.class);
        assertThat(source.describe().type()).isEqualTo("block device");
        assertThat(source.describe().name()).isEqualTo(loop.path().getFileName().toString());
        assertThat(source.describe().details())
            .containsEntry("backing file", file.toRealPath().toString());
      }
    }
  }

  @Test
  void anErrorOfTheMediumIsUnreadableFromTheFailedByteOn() throws IOException {
    byte[] bytes = Content.random(4 * MIB, 1);
    Path file = write(bytes);
    try (LoopDevice loop = LoopDevice.attach(file, 512)) {
      cut(file, MIB);
      try (BlockSource source = DeviceSource.open(loop.path())) {
        ByteBuffer buffer = ByteBuffer.allocate(MIB);
        UnreadableException failure =
            catchThrowableOfType(UnreadableException.class, () -> source.read(MIB / 2, buffer));
        assertThat(failure.start()).isEqualTo(MIB);
        assertThat(failure.length()).isEqualTo(MIB / 2);
        assertThat(buffer.position()).isEqualTo(MIB / 2);
        assertThat(Arrays.copyOf(buffer.array(), MIB / 2))
            .isEqualTo(Arrays.copyOfRange(bytes, MIB / 2, MIB));
        assertThat(failure).hasMessageContaining("Input/output error");
        assertThat(Reading.read(source, 0, 4096)).isEqualTo(Arrays.copyOf(bytes, 4096));
      }
    }
  }

  @Test
  void aDeviceWithoutAMediumIsRefused() throws IOException {
    Path file = write(new byte[0]);
    try (LoopDevice loop = LoopDevice.attach(file, 512)) {
      assertThatThrownBy(() -> DeviceSource.open(loop.path()))
          .isInstanceOf(BlkshException.class)
          .hasMessageContaining("no medium");
    }
  }

  @Test
  void aFileIsRefused() throws IOException {
    Path file = write(new byte[MIB]);
    assertThatThrownBy(() -> DeviceSource.open(file))
        .isInstanceOf(BlkshException.class)
        .hasMessageContaining("no block device");
  }

  private Path write(byte[] bytes) throws IOException {
    return Files.write(directory.resolve("backing"), bytes);
  }

  /** Leaves the device at its size with nothing behind its end: reading there fails with EIO. */
  private static void cut(Path file, long size) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      channel.truncate(size);
    }
  }
}
