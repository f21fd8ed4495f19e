package blksh.partition;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import blksh.block.ByteArraySource;
import blksh.kit.InMemory;
import blksh.kit.LoopDevice;
import blksh.kit.Tool;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The tables of sfdisk on disks of other sizes. */
class TableMoveTest {

  private static final int MIB = 1 << 20;

  @TempDir(factory = InMemory.class)
  Path folder;

  private byte[] disk(int sector, String script) throws IOException {
    Tool.named("sfdisk");
    Path image = Files.write(folder.resolve("disk"), new byte[4 * MIB]);
    Path layout = Files.writeString(folder.resolve("layout"), script);
    if (sector == 512) {
      divide(image, layout);
    } else {
      try (LoopDevice drive = LoopDevice.attach(image, sector)) {
        divide(drive.path(), layout);
      }
    }
    return Files.readAllBytes(image);
  }

  private static void divide(Path disk, Path layout) throws IOException {
    Tool.named("sh").run("-c", "sfdisk -q '%s' < '%s'".formatted(disk, layout));
  }

  private static byte[] moved(byte[] disk, int size) {
    TableMove move = TableMove.of(new ByteArraySource(disk), size);
    byte[] there = new byte[size];
    Arrays.fill(there, (byte) 0xA5); // what was there before
    System.arraycopy(disk, 0, there, 0, (int) move.length());
    for (TableMove.Piece piece : move.pieces()) {
      System.arraycopy(piece.bytes(), 0, there, (int) piece.position(), piece.bytes().length);
    }
    return there;
  }

  private static PartitionTable table(byte[] disk) {
    return PartitionTable.of(new ByteArraySource(disk));
  }

  @Test
  void aGptIsWholeWithBothCopiesAtEverySize() throws IOException {
    byte[] disk = disk(512, "label: gpt\nstart=2048, size=2048\nstart=4096, size=3072\n");
    PartitionTable before = table(disk);
    assertThat(before.partitions()).hasSize(2);
    for (int sectors = -70; sectors <= 70; sectors++) {
      PartitionTable after = table(moved(disk, disk.length + sectors * 512));
      assertThat(after.warnings()).as("%d sectors more", sectors).isEmpty();
      assertThat(after.sound()).isTrue();
      assertThat(after.partitions()).isEqualTo(before.partitions());
    }
    for (int size : new int[] {3 * MIB + 620 * 1024, 9 * MIB}) {
      assertThat(table(moved(disk, size)).warnings()).isEmpty();
    }
    assertThatThrownBy(() -> moved(disk, 3 * MIB + 512 * 1024 + 512))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("partition 2 ends at byte 3670016");
  }

  @Test
  void soItIsInSectorsOf4096() throws IOException {
    byte[] disk = disk(4096, "label: gpt\nstart=256, size=256\n");
    PartitionTable before = table(disk);
    assertThat(before.sectorSize()).isEqualTo(4096);
    for (int sectors = -8; sectors <= 8; sectors++) {
      PartitionTable after = table(moved(disk, disk.length + sectors * 4096));
      assertThat(after.warnings()).as("%d sectors more", sectors).isEmpty();
      assertThat(after.partitions()).isEqualTo(before.partitions());
    }
  }

  @Test
  void ofABootRecordAllThatItNamesMustFit() throws IOException {
    byte[] disk = disk(512, "label: dos\nstart=2048, size=5000, type=5\nstart=4096, size=1000\n");
    assertThat(table(disk).partitions()).hasSize(1);
    assertThat(table(moved(disk, 7100 * 512)).partitions()).isEqualTo(table(disk).partitions());
    assertThatThrownBy(() -> moved(disk, 6000 * 512)) // the logical one would fit
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("ends at byte " + 7048 * 512);
  }

  @Test
  void aTableThatIsNotSoundGoesNowhere() throws IOException {
    byte[] disk = disk(512, "label: gpt\nstart=2048, size=2048\n");
    disk[512 + 20] ^= 1;
    assertThatThrownBy(() -> moved(disk, 8 * MIB))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("not sound");
  }
}
