package blksh.dsl;

import static blksh.kit.Content.KIB;
import static blksh.kit.Content.random;
import static org.assertj.core.api.Assertions.assertThat;

import blksh.kit.LoopDevice;
import blksh.view.Size;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Drives, and files that are read as drives. */
class DriveTest {

  @TempDir Path folder;
  @AutoClose private Sitting sitting;

  @BeforeEach
  void open() {
    sitting = new Sitting(folder);
  }

  /** A drive as lsblk might tell of it. */
  private static blksh.drive.Drive listed(
      String name,
      String type,
      long size,
      String fileSystem,
      String table,
      List<String> mountPoints,
      blksh.drive.Drive... children) {
    return new blksh.drive.Drive(
        name,
        Path.of("/dev", name),
        type,
        "",
        "",
        size,
        512,
        4096,
        false,
        false,
        false,
        "",
        fileSystem,
        "",
        "",
        table,
        0,
        type.equals("loop") ? "/srv/disk.img" : "",
        mountPoints,
        List.of(children));
  }

  private Drive drive(blksh.drive.Drive listed) {
    return new Drive(sitting.session, listed);
  }

  @Test
  void aFileIsADriveOfWhichLittleIsKnown() throws IOException {
    Path file = sitting.file("disk.img", random(10_000, 1));
    Drive drive = sitting.words.drive(folder.resolve("x/../disk.img").normalize());
    assertThat(drive.getName()).isEqualTo("disk.img");
    assertThat(drive.getType()).isEqualTo("file");
    assertThat(drive.getSize()).isEqualTo(new Size(10_000));
    assertThat(drive.getSectorSize()).isEqualTo(new Size(512));
    assertThat(drive.getModel() + drive.getSerial() + drive.getTransport()).isEmpty();
    assertThat(drive.getFileSystem() + drive.getLabel() + drive.getUuid()).isEmpty();
    assertThat(drive.getMounted()).isEmpty();
    assertThat(drive.getInUse()).isFalse();
    assertThat(drive.getReadOnly()).isFalse();
    assertThat(drive.title()).isEqualTo("drive " + file);
    assertThat(drive.appendix()).isNull();
    assertThat(Sitting.cell(drive, "holds")).isNull();
  }

  @Test
  void anEmptyFileHoldsNothing() throws IOException {
    Drive drive = sitting.words.drive(sitting.file("empty", new byte[0]));
    assertThat(drive.getSize()).isEqualTo(new Size(0));
    assertThat(drive.getPartitions()).isEmpty();
    assertThat(drive.getUsedBlocks().getFree()).isEqualTo(new Size(0));
  }

  @Test
  void whatHasNoBlocksIsRefusedAtOnce() throws IOException {
    Path missing = folder.resolve("missing");
    Sitting.refused(
        () -> sitting.words.drive(missing),
        "cannot open " + missing + ": there is no such file or device");
    Sitting.refused(
        () -> sitting.words.drive(folder),
        "cannot open " + folder + ": it is a directory, not a file or block device");
    Sitting.refused(
        () -> sitting.words.drive("nbd+unix:///disk"),
        "cannot open nbd+unix:///disk: it names no socket; write nbd://HOST:PORT/EXPORT or"
            + " nbd+unix:///EXPORT?socket=PATH");
    Path link = Files.createSymbolicLink(folder.resolve("link"), missing);
    Sitting.refused(
        () -> sitting.words.drive(link),
        "cannot open " + link + ": there is no such file or device");
  }

  @Test
  void aDiskHoldsItsPartitionsAndIsInUseWhenTheyAre() {
    blksh.drive.Drive root = listed("sda1", "part", 4096, "ext4", "", List.of("/", "/home"));
    blksh.drive.Drive swap = listed("sda2", "part", 4096, "swap", "", List.of("[SWAP]"));
    Drive disk = drive(listed("sda", "disk", 9000, "", "gpt", List.of(), root, swap));
    assertThat(Sitting.cell(disk, "holds")).isEqualTo("GPT, 2 partitions");
    assertThat(Sitting.cell(disk, "mounted")).isEqualTo(List.of("/", "/home", "[SWAP]"));
    assertThat(disk.getMounted()).isEmpty();
    assertThat(disk.getInUse()).isTrue();
    assertThat((List<?>) disk.appendix())
        .extracting(Object::toString)
        .containsExactly("/dev/sda1", "/dev/sda2");
    Drive one = drive(listed("sdb", "disk", 9000, "", "dos", List.of(), root));
    assertThat(Sitting.cell(one, "holds")).isEqualTo("DOS, 1 partition");
  }

  @Test
  void whatADriveHoldsIsSaidInAWord() {
    Drive none = drive(listed("sr0", "rom", 0, "", "", List.of()));
    assertThat(Sitting.cell(none, "holds")).isEqualTo("no medium");
    assertThat(none.getInUse()).isFalse();
    Drive plain = drive(listed("sdc", "disk", 4096, "xfs", "", List.of()));
    assertThat(Sitting.cell(plain, "holds")).isEqualTo("xfs");
    Drive blank = drive(listed("sdd", "disk", 4096, "", "gpt", List.of()));
    assertThat(Sitting.cell(blank, "holds")).isEqualTo("GPT");
    Drive unknown = drive(listed("sde", "disk", 4096, "", "", List.of()));
    assertThat(Sitting.cell(unknown, "holds")).isNull();
    assertThat(Sitting.cell(unknown, "mounted")).isNull();
  }

  @Test
  void aLoopDeviceIsKnownByItsFile() {
    Drive loop = drive(listed("loop7", "loop", 4096, "", "", List.of()));
    assertThat(Sitting.cell(loop, "model")).isEqualTo("/srv/disk.img");
    assertThat(Sitting.value(loop, "backing file")).isEqualTo("/srv/disk.img");
    assertThat(Sitting.value(loop, "model")).isNull();
  }

  @Test
  void aDriveOfThisMachineIsFoundByNameAndPath() throws IOException {
    Path file = sitting.file("disk.img", random(64 * KIB, 2));
    try (LoopDevice loop = LoopDevice.attach(file, 4096)) {
      String name = loop.path().getFileName().toString();
      Drives drives = sitting.words.getDrives().refresh();
      assertThat(drives.getKeys()).contains(name);
      Drive drive = drives.get(name);
      assertThat(drive.getType()).isEqualTo("loop");
      assertThat(drive.getSize()).isEqualTo(new Size(64 * KIB));
      assertThat(drive.getSectorSize()).isEqualTo(new Size(4096));
      assertThat(drives.get(loop.path().toString()).getName()).isEqualTo(name);
      assertThat(drives.member(name)).isNotNull();
      assertThat(drives.member("")).isNull();
      assertThat(drives.member("sdzz9")).isNull();
      // By its path alone it is the same drive.
      Drive plain = sitting.words.drive(loop.path());
      assertThat(plain.getType()).isEqualTo("loop");
      assertThat(Sitting.value(plain, "backing file")).isEqualTo(file.toString());
      assertThat(drive.compare(sitting.words.drive(file)).getSame()).isTrue();
      Sitting.refused(
          () -> drives.get("ssh://server01/dev/sda"),
          "cannot look for ssh://server01/dev/sda: it is none of these drives; write"
              + " drive(\"ssh://server01/dev/sda\")");
    }
  }
}
