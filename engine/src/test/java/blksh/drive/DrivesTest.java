package blksh.drive;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import blksh.BlkshException;
import blksh.block.BlockSource;
import blksh.kit.LoopDevice;
import blksh.kit.Tool;
import blksh.kit.Volumes;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DrivesTest {

  @TempDir Path folder;

  @Test
  void aLoopDeviceIsADriveKnownByNamePathLinkLabelAndUuid() throws IOException {
    Path image = Volumes.blank(folder.resolve("image"), 16 << 20);
    String uuid = "0a1b2c3d-1111-2222-3333-444455556666";
    Tool.named("mkfs.ext4").run("-q", "-F", "-L", "my label", "-U", uuid, image);
    try (LoopDevice loop = LoopDevice.attach(image, 512)) {
      Drives drives = Drives.look();
      Drive drive = drives.get(loop.path().toString());
      assertThat(drive.type()).isEqualTo("loop");
      assertThat(drive.size()).isEqualTo(16 << 20);
      assertThat(drive.sectorSize()).isEqualTo(512);
      assertThat(drive.fileSystem()).isEqualTo("ext4");
      assertThat(drive.label()).isEqualTo("my label");
      assertThat(drive.uuid()).isEqualTo(uuid);
      assertThat(drive.backingFile()).isEqualTo(image.toRealPath().toString());
      assertThat(drive.readOnly()).isFalse();
      assertThat(drive.inUse()).isFalse();
      assertThat(drives.get(drive.name())).isEqualTo(drive);
      assertThat(drives.get("my label")).isEqualTo(drive);
      assertThat(drives.get(uuid)).isEqualTo(drive);
      Path link = Files.createSymbolicLink(folder.resolve("link"), loop.path());
      assertThat(drives.get(link.toString())).isEqualTo(drive);
      try (BlockSource source = drive.open()) {
        assertThat(source.size()).isEqualTo(drive.size());
      }
    }
  }

  @Test
  void lookingAgainFindsWhatCameAndWhatIsMounted() throws IOException {
    Path image = Volumes.blank(folder.resolve("image"), 16 << 20);
    Tool.named("mkfs.ext4").run("-q", "-F", image);
    String backing = image.toRealPath().toString();
    Drives drives = Drives.look();
    Volumes.mounted(
        image,
        "ext4",
        folder.resolve("mount"),
        mount -> {
          Drive drive =
              drives.refresh().list().stream()
                  .filter(each -> each.backingFile().equals(backing))
                  .findFirst()
                  .orElseThrow();
          assertThat(drive.mountPoints()).containsExactly(mount.toRealPath().toString());
          assertThat(drive.inUse()).isTrue();
        });
  }

  @Test
  void aDriveThatIsNotThereIsRefusedWithTheOnesThatAre() {
    assertThatThrownBy(() -> Drives.look().get("no such drive"))
        .isInstanceOf(BlkshException.class)
        .hasMessageContaining("cannot find drive no such drive: there is none; there are ");
    assertThatThrownBy(() -> Drives.look().get("")).isInstanceOf(BlkshException.class);
  }
}
