package blksh.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import blksh.kit.Component;
import blksh.kit.LoopDevice;
import blksh.kit.Tool;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WriteClaimTest {

  private static final int MIB = 1 << 20;

  @TempDir Path folder;

  private Path file() throws IOException {
    return Files.write(folder.resolve("file"), new byte[MIB]);
  }

  @Test
  void aDeviceThatAnotherLoopDeviceLiesOnIsInUse() throws IOException {
    Path file = Files.write(folder.resolve("file"), new byte[MIB]);
    try (LoopDevice below = LoopDevice.attach(file, 512)) {
      assertThatCode(() -> WriteClaim.check(below.path(), MIB, "write")).doesNotThrowAnyException();
      try (LoopDevice above = LoopDevice.attach(below.path(), 512)) {
        assertThatThrownBy(() -> WriteClaim.check(below.path(), MIB, "write"))
            .hasMessageContaining("is in use by " + above.path().getFileName())
            .hasMessageContaining("losetup -d");
        WriteClaim.check(above.path(), MIB, "write");
      }
    }
  }

  @Test
  void aDeviceThatIsTooSmallOrNoneIsRefused() throws IOException {
    assertThatThrownBy(() -> WriteClaim.check(folder, MIB, "write"))
        .hasMessageContaining("neither a file nor a block device");
    try (LoopDevice loop = LoopDevice.attach(file(), 512)) {
      assertThatThrownBy(() -> WriteClaim.check(loop.path(), MIB + 1, "write"))
          .hasMessageContaining("it has 1048576 bytes and the image 1048577");
    }
  }

  @Test
  void aDeviceIsHeldAloneUntilTheClaimIsClosed() throws IOException {
    Path file = file();
    try (LoopDevice loop = LoopDevice.attach(file, 512)) {
      Tool.named("mkfs.ext4").run("-q", "-F", loop.path());
      Path point = Files.createDirectory(folder.resolve("point"));
      try (WriteClaim claim = WriteClaim.take(loop.path(), MIB, "write")) {
        assertThat(claim).isNotNull();
        assertThat(Tool.named("mount").attempt(loop.path(), point).output()).contains("busy");
        assertThatThrownBy(() -> WriteClaim.check(loop.path(), MIB, "write"))
            .hasMessageContaining("the kernel has it in use, or another program has it alone");
      }
      WriteClaim.check(loop.path(), MIB, "write");
    }
  }

  @Test
  void aFileThatAnotherProcessHasOpenForWritingIsInUse() throws Exception {
    Path file = file();
    for (String how : new String[] {"<>", ">>", "<"}) {
      Process holder =
          Tool.named("sh").start("-c", "exec 5%s%s; echo open; read end".formatted(how, file));
      try {
        assertThat(holder.inputReader().readLine()).isEqualTo("open");
        if (how.equals("<")) {
          WriteClaim.check(file, 1, "write");
        } else {
          assertThatThrownBy(() -> WriteClaim.check(file, 1, "write"))
              .hasMessageContaining("it is open for writing by process " + holder.pid() + " (sh)");
        }
      } finally {
        holder.destroyForcibly().waitFor();
      }
    }
    WriteClaim.check(file, 1, "write");
  }

  /** As udev and LVM have a drive. */
  @Test
  void whatIsOpenForAnInstantIsWaitedFor() throws Exception {
    Path file = file();
    Process holder =
        Tool.named("sh").start("-c", "exec 5<>%s; echo open; sleep 0.2".formatted(file));
    assertThat(holder.inputReader().readLine()).isEqualTo("open");
    WriteClaim.check(file, 1, "write");
    assertThat(holder.waitFor()).isZero();
  }

  @Test
  void aFileThatALoopDeviceStandsOnIsInUseByWhateverName() throws IOException {
    Path file = file();
    try (LoopDevice loop = LoopDevice.attach(file, 512)) {
      Path renamed = Files.move(file, folder.resolve("renamed"));
      Files.write(file, new byte[1]); // which now has the name the loop device was given
      WriteClaim.check(file, 1, "write");
      assertThatThrownBy(() -> WriteClaim.check(renamed, 1, "write"))
          .hasMessageContaining("it is in use by " + loop.path().getFileName());
      assertThat(WriteClaim.overlap(loop.path(), renamed)).isTrue();
      assertThat(WriteClaim.overlap(loop.path(), file)).isFalse();
    }
    WriteClaim.check(folder.resolve("renamed"), 1, "write");
  }

  @Test
  void aFileThatIsOpenHereIsWhatIsBeingRead() throws IOException {
    Path file = file();
    Path link = Files.createSymbolicLink(folder.resolve("link"), file);
    Path other = Files.write(folder.resolve("other"), new byte[1]);
    try (OpenFile open = OpenFile.open(file)) {
      assertThat(open.size()).isPositive();
      assertThatThrownBy(() -> WriteClaim.requireOther(link, "write"))
          .hasMessageContaining("what is being read");
      WriteClaim.requireOther(other, "write");
    }
    WriteClaim.requireOther(link, "write");
  }

  @Test
  void theSameBytesAreToldWhateverTheyAreCalled() throws IOException {
    Path file = file();
    try (LoopDevice one = LoopDevice.attach(file, 512);
        LoopDevice two = LoopDevice.attach(file, 512)) {
      assertThat(WriteClaim.overlap(one.path(), two.path())).isTrue();
      Path first = one.partition(1, 8, 512);
      Path second = one.partition(2, 520, 512);
      assertThat(WriteClaim.overlap(first, one.path())).isTrue();
      assertThat(WriteClaim.overlap(first, second)).isFalse();
      assertThat(WriteClaim.overlap(first, two.path())).isTrue();
      assertThat(WriteClaim.overlap(second, file)).isTrue();
    }
  }

  @Test
  void thePartitionsOfADiskAreClaimedWithItAndItWithThem() throws IOException {
    try (LoopDevice disk = LoopDevice.attach(file(), 512)) {
      Path first = disk.partition(1, 8, 512);
      Path second = disk.partition(2, 520, 512);
      try (WriteClaim claim = WriteClaim.take(first, 1, "write")) {
        assertThat(claim).isNotNull();
        WriteClaim.check(second, 1, "write");
        assertThatThrownBy(() -> WriteClaim.check(disk.path(), 1, "write"))
            .hasMessageContaining("in use");
      }
      try (WriteClaim claim = WriteClaim.take(disk.path(), 1, "write")) {
        assertThat(claim).isNotNull();
        assertThatThrownBy(() -> WriteClaim.check(first, 1, "write"))
            .hasMessageContaining("in use");
      }
    }
  }

  @Test
  void nothingIsMadeWhereDevicesAre() throws IOException {
    Path drive = Path.of("/dev/blksh-not-there");
    for (OpenFile.Use use : List.of(OpenFile.Use.CREATE, OpenFile.Use.CREATE_NEW)) {
      assertThatThrownBy(() -> OpenFile.open(drive, use, OpenFile.WhenInterrupted.CANCEL))
          .hasMessageContaining("nothing is made in /dev");
    }
    assertThatThrownBy(() -> WholeFile.replace(drive, PartFile.Durability.WHOLE, new byte[1]))
        .hasMessageContaining("nothing is made in /dev");
    assertThatThrownBy(() -> OwnerOnly.makeDirectories(drive.resolve("store")))
        .hasMessageContaining("nothing is made in /dev");
    for (boolean overwrite : List.of(true, false)) {
      assertThatThrownBy(() -> TargetFile.check(drive, "restore", 1, overwrite, true))
          .hasMessageContaining("is no drive here");
    }
    assertThat(drive).doesNotExist();
  }

  @Test
  void whatIsMountedBelowTheDevicesIsAPlaceLikeAnyOther() throws IOException {
    Path memory = Path.of("/dev/shm");
    Component.need(Files.isWritable(memory), "there is no /dev/shm");
    Path made = Files.createTempDirectory(memory, "blksh").resolve("file");
    try {
      OpenFile.open(made, OpenFile.Use.CREATE, OpenFile.WhenInterrupted.CANCEL).close();
      assertThat(made).exists();
    } finally {
      Files.deleteIfExists(made);
      Files.delete(made.getParent());
    }
  }
}
