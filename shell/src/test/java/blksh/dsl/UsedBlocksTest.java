package blksh.dsl;

import static blksh.kit.Content.KIB;
import static blksh.kit.Content.random;
import static org.assertj.core.api.Assertions.assertThat;

import blksh.view.Size;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What file systems do not use, and why all counts as used. */
class UsedBlocksTest {

  @TempDir Path folder;
  @AutoClose private Sitting sitting;

  @BeforeEach
  void open() {
    sitting = new Sitting(folder);
  }

  @Test
  void aFileSystemTellsWhatItDoesNotUse() throws IOException {
    Drive disk = sitting.words.drive(sitting.sample(1));
    UsedBlocks used = disk.getUsedBlocks();
    assertThat(used.getFree().getBytes()).isBetween(1L << 20, 24L << 20);
    assertThat(used).hasToString(used.getFree() + " free");
    assertThat(used.getAreas()).hasSize(1);
    UsedBlocks.Area whole = used.getAreas().get(0);
    assertThat(whole.getPartition()).isZero();
    assertThat(whole.title()).isEqualTo("whole");
    assertThat(whole.getFileSystem()).isEqualTo("ext4");
    assertThat(whole.getFree()).isEqualTo(used.getFree());
    assertThat(whole.getReason()).isEmpty();
    assertThat(Sitting.value(whole, "note")).isNull();
    assertThat(Sitting.value(whole, "used")).isEqualTo(disk.getSize().minus(used.getFree()));
  }

  @Test
  void whatHoldsNoFileSystemCountsAsUsed() throws IOException {
    UsedBlocks used =
        sitting.words.drive(sitting.file("noise", random(64 * KIB, 1))).getUsedBlocks();
    assertThat(used.getFree()).isEqualTo(new Size(0));
    UsedBlocks.Area area = used.getAreas().get(0);
    assertThat(area.getFileSystem()).isEmpty();
    assertThat(Sitting.value(area, "file system")).isNull();
    assertThat(Sitting.value(area, "used")).isEqualTo(new Size(64 * KIB));
    assertThat(Sitting.value(area, "note"))
        .isEqualTo("all counts as used: no file system known here is on it");
  }

  @Test
  void eachPartitionIsAnAreaOfItsOwn() throws IOException {
    UsedBlocks used = sitting.words.drive(sitting.image("disk-gpt.img")).getUsedBlocks();
    assertThat(used.getAreas()).extracting(UsedBlocks.Area::title).containsExactly("p1", "p2");
    assertThat(used.getAreas()).extracting(UsedBlocks.Area::getPartition).containsExactly(1, 2);
  }

  @Test
  void whatCannotBeReadCountsAsUsed() {
    Medium medium = new Medium(sitting, random(64 * KIB, 1)).unreadable(0, 512);
    UsedBlocks used = medium.getUsedBlocks();
    assertThat(used.getFree()).isEqualTo(new Size(0));
    assertThat(used.getAreas().get(0).getReason()).isEqualTo("byte 0 cannot be read");
  }
}
