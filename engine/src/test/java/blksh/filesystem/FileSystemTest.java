package blksh.filesystem;

import static org.assertj.core.api.Assertions.assertThat;

import blksh.block.BlockSource;
import blksh.block.ByteArraySource;
import blksh.block.FileSource;
import blksh.kit.Tool;
import blksh.kit.Volumes;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class FileSystemTest {

  private static final long MIB = 1 << 20;

  @TempDir Path folder;

  @ParameterizedTest
  @CsvSource({
    "XFS, 0, XFSB, XFS, xfs",
    "NTFS, 3, 'NTFS    ', NTFS, ntfs",
    "EXFAT, 3, 'EXFAT   ', EXFAT, exfat",
    "APFS, 32, NXSB, APFS, ''",
    "SQUASHFS, 0, hsqs, squashfs, ''",
    "LVM, 512, LABELONE, LVM2, ''",
    "ISO_9660, 32769, CD001, , iso9660",
    "UDF, 32769, BEA01, , udf",
    "SWAP, 4086, SWAPSPACE2, swap, swap",
    "SWAP, 65526, SWAPSPACE2, swap, swap",
    "JFS, 32768, JFS1, JFS, ''",
    "BTRFS, 65600, _BHRfS_M, BTRFS, btrfs",
    "REISERFS, 65588, ReIsEr, REISERFS, ''",
  })
  void isKnownByItsMark(FileSystem kind, int at, String mark, String imageName, String mountName) {
    byte[] bytes = new byte[FileSystem.HEAD];
    byte[] text = mark.getBytes(StandardCharsets.ISO_8859_1);
    System.arraycopy(text, 0, bytes, at, text.length);
    Structure head = Structure.of(bytes);
    assertThat(FileSystem.of(head)).contains(kind);
    assertThat(FileSystem.marked(Head.of(head))).containsExactly(kind);
    assertThat(kind.imageName(head)).isEqualTo(imageName);
    assertThat(kind.mountName(Head.of(head))).isEqualTo(mountName);
  }

  @Test
  void aMarkOfTwoBytesNeedsMoreToBePlausible() {
    Structure head = Structure.of(new byte[FileSystem.HEAD]);
    head.putU16(1024 + 0x38, 0xef53);
    assertThat(FileSystem.marked(Head.of(head))).containsExactly(FileSystem.EXT);
    assertThat(FileSystem.of(head)).isEmpty();
    head.putI32(1024 + 0x20, 8192);
    assertThat(FileSystem.of(head)).contains(FileSystem.EXT);
    head.putI32(1024 + 0x18, 7);
    assertThat(FileSystem.of(head)).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 511, 1080, 4090})
  void whatIsShorterThanAMarkIsNothing(int length) {
    assertThat(FileSystem.of(Structure.of(new byte[length]))).isEmpty();
  }

  @Test
  void aFat32OfFewClustersIsReadAsFat32() throws IOException {
    Path image = Volumes.blank(folder.resolve("fat"), 8 * MIB);
    Tool.named("mkfs.vfat").run("-F", 32, "-s", 1, image);
    try (BlockSource source = FileSource.open(image)) {
      assertThat(UsedBlocks.of(source).areas().get(0).reason()).isEmpty();
      byte[] bytes = new byte[(int) source.size()];
      source.read(0, ByteBuffer.wrap(bytes));
      FatBootSector boot = FatBootSector.of(Structure.of(bytes));
      Structure disk = Structure.of(bytes);
      int root = (int) boot.data();
      disk.putText(root, "HELLO   TXT");
      disk.putU16(root + 26, (int) boot.rootCluster() + 1);
      disk.putI32(root + 28, 5);
      disk.putText(root + boot.clusterSize(), "hello");
      FileTree tree = FileTrees.open(new ByteArraySource(bytes));
      assertThat(tree.type()).isEqualTo("FAT32");
      assertThat(text(tree, "/HELLO.TXT")).isEqualTo("hello");
    }
  }

  @Test
  void clustersOfSmallBlocksMoveTheGroupDescriptors() throws IOException {
    Path image = Volumes.blank(folder.resolve("ext"), 64 * MIB);
    Path files = Files.createDirectory(folder.resolve("files"));
    Files.writeString(files.resolve("hello.txt"), "hello");
    Tool.named("mkfs.ext4")
        .run("-q", "-O", "bigalloc", "-b", 1024, "-C", 16384, "-d", files, image);
    try (FileTree tree = FileTrees.open(FileSource.open(image))) {
      assertThat(text(tree, "/hello.txt")).isEqualTo("hello");
    }
  }

  private static String text(FileTree tree, String path) {
    try (BlockSource content = tree.open(tree.find(path).orElseThrow())) {
      byte[] bytes = new byte[(int) content.size()];
      content.read(0, ByteBuffer.wrap(bytes));
      return new String(bytes, StandardCharsets.UTF_8);
    }
  }
}
