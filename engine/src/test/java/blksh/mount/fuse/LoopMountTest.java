package blksh.mount.fuse;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LoopMountTest {

  @ParameterizedTest
  @ValueSource(strings = {"", "ext4", "XFS", "btrfs", "vfat"})
  void nothingInAnImageGivesAnybodyRights(String fileSystem) {
    assertThat(LoopMount.options(fileSystem).split(",")).contains("ro", "nosuid", "nodev");
    assertThat(LoopMount.command(Path.of("image"), Path.of("/mnt"), fileSystem))
        .contains(LoopMount.options(fileSystem));
  }

  /** The kernel refuses the option where there is no journal at all. */
  @Test
  void onlyWhatHasAJournalIsMountedWithoutIt() {
    assertThat(LoopMount.options("ext4")).endsWith(",noload");
    assertThat(LoopMount.options("ext3")).endsWith(",noload");
    assertThat(LoopMount.options("ext2")).endsWith("nodev");
  }
}
