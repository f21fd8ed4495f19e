package blksh.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import blksh.BlkshException;
import blksh.block.BlockSource;
import blksh.block.ByteArraySource;
import blksh.block.FileSource;
import blksh.image.disk.Qcow2Writer;
import blksh.kit.Volumes;
import blksh.task.Task;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What is written as qcow2 is what qemu-img finds sound, and reads as the same. */
class Qcow2ConvertTest {

  @TempDir Path folder;

  private ConvertResult convert(BlockSource from, Path to, Qcow2Writer.Compression how) {
    return Convert.toQcow2(from, to, how, ConvertOptions.defaults(), Task.unwatched());
  }

  private static void requireSound(Path disk) throws IOException {
    assertThat(DiskSample.qemu("check", "-f", "qcow2", disk)).contains("No errors were found");
  }

  @ParameterizedTest
  @EnumSource(Qcow2Writer.Compression.class)
  void qemuFindsItSoundAndReadsTheSame(Qcow2Writer.Compression how) throws IOException {
    byte[] bytes = DiskSample.bytes(3);
    Path raw = Files.write(folder.resolve("raw"), bytes);
    Path disk = folder.resolve("disk");
    ConvertResult result = convert(new ByteArraySource(bytes), disk, how);
    requireSound(disk);
    DiskSample.qemu("compare", "-f", "raw", "-F", "qcow2", raw, disk);
    assertThat(result.writtenBytes()).isEqualTo(Files.size(disk));
    assertThat(result.usedBlocks()).isEqualTo(19);
    if (how != Qcow2Writer.Compression.NONE) {
      assertThat(Files.size(disk)).isLessThan(1_300_000);
      assertThat(DiskSample.qemu("check", disk)).contains("% compressed");
    }
    try (Image image = Images.open(disk)) {
      DiskSample.requireSame(image, bytes);
      assertThat(image.verify(Task.unwatched()).clean()).isTrue();
    }
  }

  /** Several tables of level 2, and holes between. */
  @Test
  void aLargeDiskOfHolesTakesWhatIsInIt() throws IOException {
    Path raw = Volumes.blank(folder.resolve("raw"), (3L << 30) + 512);
    try (RandomAccessFile file = new RandomAccessFile(raw.toFile(), "rw")) {
      for (long at : new long[] {0, (512 << 20) - 1, 1L << 30, 3L << 30}) {
        file.seek(at);
        file.write(DiskSample.bytes(at), 0, 512);
      }
    }
    Path disk = folder.resolve("disk");
    try (BlockSource source = FileSource.open(raw)) {
      convert(source, disk, Qcow2Writer.Compression.DEFLATE);
    }
    requireSound(disk);
    DiskSample.qemu("compare", "-f", "raw", "-F", "qcow2", raw, disk);
    assertThat(Files.size(disk)).isLessThan(1 << 20);
  }

  @Test
  void aDiskOfNoWholeSectorsEndsWithZeros() throws IOException {
    byte[] bytes = Arrays.copyOf(DiskSample.bytes(4), 70_001);
    Path disk = folder.resolve("disk");
    convert(new ByteArraySource(bytes), disk, Qcow2Writer.Compression.ZSTD);
    requireSound(disk);
    try (Image image = Images.open(disk)) {
      assertThat(image.size()).isEqualTo(70_144);
      DiskSample.requireSame(image, bytes);
    }
  }

  @Test
  void nothingIsReplacedOrLeftHalfWritten() throws IOException {
    Path disk = Files.writeString(folder.resolve("disk"), "precious");
    BlockSource source = new ByteArraySource(DiskSample.bytes(5));
    assertThatThrownBy(() -> convert(source, disk, Qcow2Writer.Compression.NONE))
        .isInstanceOf(BlkshException.class)
        .hasMessageContaining("it exists");
    assertThat(disk).hasContent("precious");
    try (var files = Files.list(folder)) {
      assertThat(files).containsExactly(disk);
    }
  }
}
