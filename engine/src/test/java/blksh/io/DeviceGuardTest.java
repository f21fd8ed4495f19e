package blksh.io;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import blksh.kit.LoopDevice;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DeviceGuardTest {

  private static final int MIB = 1 << 20;

  @TempDir Path folder;

  @Test
  void aDeviceThatAnotherLoopDeviceLiesOnIsInUse() throws IOException {
    Path file = Files.write(folder.resolve("file"), new byte[MIB]);
    try (LoopDevice below = LoopDevice.attach(file, 512)) {
      assertThatCode(() -> DeviceGuard.check(below.path(), MIB, "write"))
          .doesNotThrowAnyException();
      try (LoopDevice above = LoopDevice.attach(below.path(), 512)) {
        assertThatThrownBy(() -> DeviceGuard.check(below.path(), MIB, "write"))
            .hasMessageContaining("is in use by " + above.path().getFileName())
            .hasMessageContaining("losetup -d");
        DeviceGuard.check(above.path(), MIB, "write");
      }
    }
  }

  @Test
  void aDeviceThatIsTooSmallOrNoneIsRefused() throws IOException {
    Path file = Files.write(folder.resolve("file"), new byte[MIB]);
    assertThatThrownBy(() -> DeviceGuard.check(file, MIB, "write"))
        .hasMessageContaining("neither a file nor a block device");
    try (LoopDevice loop = LoopDevice.attach(file, 512)) {
      assertThatThrownBy(() -> DeviceGuard.check(loop.path(), MIB + 1, "write"))
          .hasMessageContaining("it has 1048576 bytes and the image 1048577");
    }
  }
}
