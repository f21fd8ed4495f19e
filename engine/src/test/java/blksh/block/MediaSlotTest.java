package blksh.block;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import blksh.io.UnreadableException;
import blksh.kit.LoopDevice;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MediaSlotTest {

  @TempDir Path folder;

  @Test
  void aFileIsAMediumUntilItIsReplaced() throws IOException {
    Path path = folder.resolve("drive");
    MediaSlot slot = MediaSlot.at(path);
    assertThat(slot.medium()).isEmpty();
    assertThat(slot.state()).isEqualTo("there is no such drive");
    Files.write(path, new byte[0]);
    assertThat(slot.medium()).isEmpty();
    assertThat(slot.state()).isEqualTo("no medium");
    Files.write(path, new byte[512]);
    assertThat(slot.state()).isEmpty();
    assertThat(slot.medium()).isPresent().isEqualTo(slot.medium());
    String first = slot.medium().orElseThrow();
    Path other = Files.write(folder.resolve("other"), new byte[512]);
    Files.move(other, path, java.nio.file.StandardCopyOption.REPLACE_EXISTING);
    assertThat(slot.medium()).isPresent().isNotEqualTo(first);
    assertThat(MediaSlot.at(folder).medium()).isEmpty();
  }

  @Test
  void aLoopDeviceGetsAnotherMediumEachTimeItIsAttached() throws IOException {
    Path file = Files.write(folder.resolve("file"), new byte[1 << 20]);
    MediaSlot slot;
    String first;
    try (LoopDevice loop = LoopDevice.attach(file, 512)) {
      slot = MediaSlot.at(loop.path());
      first = slot.medium().orElseThrow();
      assertThat(slot.medium()).hasValue(first);
    }
    assertThat(slot.medium()).isNotEqualTo(java.util.Optional.of(first));
  }

  /** The kernel keeps a device that is open, and reads from it go on: only its state tells. */
  @Test
  void whatFailsAfterTheMediumWentIsNotTheMediumsFault() throws IOException {
    Path file = Files.write(folder.resolve("file"), new byte[1 << 20]);
    Path drive = folder.resolve("drive");
    try (LoopDevice loop = LoopDevice.attach(file, 512)) {
      Files.createSymbolicLink(drive, loop.path());
      try (BlockSource source = DirectSource.open(drive)) {
        Files.write(file, new byte[4096]); // what is cut off cannot be read
        assertThatThrownBy(() -> source.read(512 << 10, ByteBuffer.allocate(4096)))
            .isExactlyInstanceOf(UnreadableException.class);
        Files.delete(drive);
        assertThatThrownBy(() -> source.read(512 << 10, ByteBuffer.allocate(4096)))
            .isInstanceOf(MediumGoneException.class)
            .hasMessageContaining("No medium found; put the medium back");
      }
    }
  }
}
