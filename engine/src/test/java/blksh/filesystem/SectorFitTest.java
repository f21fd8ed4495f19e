package blksh.filesystem;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import blksh.BlkshException;
import blksh.block.BlockSource;
import blksh.block.ByteArraySource;
import blksh.block.FaultySource;
import blksh.block.FileSource;
import blksh.kit.LoopDevice;
import blksh.kit.Tool;
import blksh.task.Task;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Images of drives of some sectors, before they are written to drives of others. */
class SectorFitTest {

  private static final long SIZE = 64 << 20;

  @TempDir Path folder;

  private Path blank(String name) throws IOException {
    Path file = folder.resolve(name);
    try (RandomAccessFile all = new RandomAccessFile(file.toFile(), "rw")) {
      all.setLength(SIZE);
    }
    return file;
  }

  /** A disk that sfdisk divided, by its sectors. */
  private Path divided(String label, int sector) throws IOException {
    Path disk = blank("disk");
    Path script = Files.writeString(folder.resolve("script"), "label: " + label + "\nsize=20M\n");
    try (LoopDevice device = LoopDevice.attach(disk, sector)) {
      Tool.named("sh").run("-c", "sfdisk -q '" + device.path() + "' < '" + script + "'");
    }
    return disk;
  }

  private List<String> check(BlockSource image, int sector, boolean anySectors) throws IOException {
    Task task = new Task("restore", "disk");
    try (LoopDevice device = LoopDevice.attach(blank("target"), sector)) {
      SectorFit.check(image, device.path(), "restore to it", anySectors, task);
    }
    return task.findings();
  }

  @ParameterizedTest
  @CsvSource({"gpt, 512, 4096", "gpt, 4096, 512", "dos, 512, 4096"})
  void aTableOfOtherSectorsIsRefusedUnlessAnyWillDo(String label, int of, int on)
      throws IOException {
    try (FileSource image = FileSource.open(divided(label, of))) {
      assertThatThrownBy(() -> check(image, on, false))
          .isInstanceOf(BlkshException.class)
          .hasMessageContaining("counts in sectors of %d bytes, but the drive has %d", of, on)
          .hasMessageContaining("--any-sectors");
      assertThat(check(image, on, true)).isEmpty();
    }
  }

  @ParameterizedTest
  @CsvSource({"gpt, 512", "gpt, 4096", "dos, 512"})
  void aTableOfTheSameSectorsFits(String label, int sector) throws IOException {
    try (FileSource image = FileSource.open(divided(label, sector))) {
      assertThat(check(image, sector, false)).isEmpty();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"mkfs.vfat", "mkfs.ntfs -q -F -f", "mkfs.exfat", "mkfs.xfs -q -f"})
  void aFileSystemOfSmallerSectorsIsWrittenAndTold(String command) throws IOException {
    Path disk = command.contains("xfs") ? large() : blank("disk");
    List<Object> words = new ArrayList<>(List.of((Object[]) command.split(" ")));
    words.add(disk);
    Tool.named(words.remove(0).toString()).run(words.toArray());
    try (FileSource image = FileSource.open(disk)) {
      assertThat(check(image, 4096, false))
          .singleElement()
          .asString()
          .contains("has sectors of 512 bytes and the drive of 4096");
      assertThat(check(image, 512, false)).isEmpty();
    }
  }

  private Path large() throws IOException {
    Path disk = blank("disk");
    Tool.named("truncate").run("-s", "400M", disk);
    return disk;
  }

  @Test
  void aFileSystemThatDoesNotCountInSectorsFitsEverywhere() throws IOException {
    Path disk = blank("disk");
    Tool.named("mkfs.ext4").run("-q", "-F", "-b", "4096", disk);
    try (FileSource image = FileSource.open(disk)) {
      assertThat(check(image, 4096, false)).isEmpty();
    }
  }

  @Test
  void aFileTakesATableOfAnySectors() throws IOException {
    Task task = new Task("restore", "disk");
    try (FileSource image = FileSource.open(divided("gpt", 4096))) {
      SectorFit.check(image, blank("target"), "restore to it", false, task);
      SectorFit.check(image, folder.resolve("new"), "restore to it", false, task);
    }
    assertThat(task.findings()).isEmpty();
  }

  @Test
  void aTableThatCannotBeReadIsNotMissed() throws IOException {
    try (FaultySource image = new FaultySource(new ByteArraySource(new byte[1 << 20]))) {
      image.unreadable(0, 512);
      assertThat(check(image, 4096, false)).isEmpty();
    }
  }
}
