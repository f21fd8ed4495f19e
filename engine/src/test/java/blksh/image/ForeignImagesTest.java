package blksh.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import blksh.block.ByteArraySource;
import blksh.filesystem.FileTrees;
import blksh.filesystem.UnknownFileSystemException;
import blksh.kit.Tool;
import blksh.kit.Volumes;
import blksh.task.Task;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is no image that is read, or not all of one, is told by its name. */
class ForeignImagesTest {

  @TempDir Path folder;

  @ParameterizedTest(name = "{0}")
  @CsvSource({
    "qed, a QED image of QEMU",
    "parallels, a disk of Parallels",
  })
  void disksThatAreNotReadAreNamedAndNotTakenForDrives(String format, String name)
      throws IOException {
    Path drive = Volumes.blank(folder.resolve("drive"), 32 << 20);
    Tool.named("bash")
        .run("-c", "printf 'label: dos\\nstart=2048\\n' | sfdisk -q \"$1\"", "bash", drive);
    Path disk = folder.resolve("disk");
    Tool.named("bash")
        .run(
            "-c",
            "qemu-img convert -f raw -O %s \"$1\" \"$2\"".formatted(format),
            "bash",
            drive,
            disk);
    assertThatThrownBy(() -> Images.open(disk))
        .isInstanceOf(UnsupportedContainerException.class)
        .hasMessageContaining(name)
        .hasMessageContaining("qemu-img convert -O raw")
        .hasMessageNotContaining("--raw");
  }

  @ParameterizedTest(name = "{1}")
  @CsvSource({
    "'EVF\t\r\n\u00ff\0', an image of EnCase (E01)",
    "'\0\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\0', cue/bin",
    "'FILE \"disc.bin\" BINARY', a cue sheet",
    "'AFF10\r\n\0', an AFF image"
  })
  void otherImagesAreNamed(String magic, String name) throws IOException {
    byte[] bytes = new byte[2 << 20];
    byte[] begin = magic.getBytes(StandardCharsets.ISO_8859_1);
    System.arraycopy(begin, 0, bytes, 0, begin.length);
    Path file = folder.resolve("file");
    Files.write(file, bytes);
    assertThatThrownBy(() -> Images.open(file))
        .isInstanceOf(UnsupportedContainerException.class)
        .hasMessageContaining(name)
        .hasMessageNotContaining("--raw");
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource({
    "BitLocker, 3, -FVE-FS-",
    "APFS, 32, NXSB",
    "HFS+, 1024, 'H+\0\4'",
    "JFS, 32768, JFS1",
    "ReiserFS, 65588, ReIsEr2Fs",
    "RAID member, 4096, '\u00fc\u004e\u002b\u00a9'",
    "squashfs, 0, hsqs",
    "ZFS, 132096, '\f\u00b1\u00ba\0\0\0\0\0'",
    "LUKS, 0, 'LUKS\u00ba\u00be'",
    "LVM, 512, LABELONE"
  })
  void whatIsInsideIsNamed(String name, int at, String magic) {
    byte[] bytes = new byte[64 << 20];
    byte[] mark = magic.getBytes(StandardCharsets.ISO_8859_1);
    System.arraycopy(mark, 0, bytes, at, mark.length);
    assertThatThrownBy(() -> FileTrees.open(new ByteArraySource(bytes)))
        .isInstanceOf(UnknownFileSystemException.class)
        .hasMessageContaining(name)
        .hasMessageNotContaining("no known file system");
  }

  @Test
  void minixIsNamed() {
    byte[] bytes = new byte[4 << 20];
    ByteBuffer block = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    block.putShort(1024, (short) 100).putShort(1028, (short) 1).putShort(1040, (short) 0x138f);
    assertThatThrownBy(() -> FileTrees.open(new ByteArraySource(bytes)))
        .hasMessageContaining("Minix");
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource({
    "mkfs.ext4 -q -F",
    "mkfs.xfs -q -f",
    "mkntfs -Q -F -q",
    "mkfs.fat -F 32",
    "mkfs.exfat",
    "mkfs.btrfs -q",
    "mkswap",
    "'printf ''label: gpt\\nsize=310M\\n'' | sfdisk -q'",
    "'printf ''label: dos\\nstart=2048\\n'' | sfdisk -q'"
  })
  void aRawImageThatWasCutShortIsToldSo(String command) throws IOException {
    Path image = Volumes.blank(folder.resolve("image"), 320 << 20);
    Tool.named("bash").run("-c", command + " \"$1\"", "bash", image);
    try (Image whole = Images.open(image)) {
      assertThat(whole.info().warnings()).isEmpty();
    }
    try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
      file.setLength(60 << 20);
    }
    try (Image cut = Images.open(image)) {
      assertThat(cut.info().warnings()).hasSize(1).first().asString().contains("cut short");
      Task task = new Task("verify", "it");
      ImageVerification verified = cut.verify(task);
      assertThat(verified.clean()).isFalse();
      assertThat(verified.badGroups()).isEqualTo(1);
      assertThat(task.findings()).hasSize(1).first().asString().contains("cut short");
    }
  }
}
