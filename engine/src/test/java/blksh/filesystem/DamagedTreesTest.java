package blksh.filesystem;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import blksh.block.BlockSource;
import blksh.block.ByteArraySource;
import blksh.block.FileSource;
import blksh.compress.Compressed;
import blksh.io.NameText;
import blksh.task.Task;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** One thing that is damaged, and all the others beside it. */
class DamagedTreesTest {

  private static final Path MADE = Path.of("src/test/resources/images/files");

  @TempDir Path folder;

  private byte[] image(String name) {
    try (BlockSource image =
        Compressed.open(FileSource.open(MADE.resolve(name + ".img.zst")), folder.resolve("index"))
            .orElseThrow()) {
      ByteBuffer all = ByteBuffer.allocate((int) image.size());
      image.read(0, all);
      return all.array();
    }
  }

  private static Set<String> walked(FileTree tree, Task task) {
    Set<String> paths = new TreeSet<>();
    tree.walk(
        tree.root(),
        task,
        entry -> {
          if (entry.kind() == FileEntry.Kind.FILE) {
            paths.add(entry.path());
          }
        });
    return paths;
  }

  private Set<String> copied(FileTree tree, Task task) throws IOException {
    Path out = folder.resolve("out" + System.nanoTime());
    tree.copyOut(tree.root(), out, task);
    try (Stream<Path> files = Files.walk(out)) {
      return files
          .filter(file -> Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS))
          .map(file -> "/" + out.relativize(file))
          .collect(Collectors.toCollection(TreeSet::new));
    }
  }

  /** Walks and copies it: one file is lost, and said to be. */
  private void assertOneIsLost(byte[] good, byte[] bad, String lost, String why)
      throws IOException {
    Set<String> all;
    try (FileTree tree = FileTrees.open(new ByteArraySource(good))) {
      all = walked(tree, Task.unwatched());
    }
    Set<String> rest = new TreeSet<>(all);
    assertThat(rest.remove(lost)).isTrue();
    try (FileTree tree = FileTrees.open(new ByteArraySource(bad))) {
      Task walk = new Task("walk", "it");
      Set<String> found = walked(tree, walk);
      assertThat(found).containsAll(rest);
      Task copy = new Task("copy", "it");
      assertThat(copied(tree, copy)).isEqualTo(rest);
      assertThat(copy.findings()).hasSize(1);
      assertThat(copy.findings().get(0)).contains(lost).contains(why);
      assertThat(found.contains(lost) ? 0 : 1).isEqualTo(walk.findings().size());
      FileEntry entry = tree.find(lost).orElseThrow();
      Path alone = folder.resolve("alone" + System.nanoTime());
      assertThatThrownBy(() -> tree.copyOut(entry, alone, Task.unwatched()))
          .hasMessageContaining(why);
      assertThat(alone).doesNotExist();
    }
  }

  private static int find(byte[] bytes, byte[] what, int from) {
    for (int at = from; at <= bytes.length - what.length; at++) {
      if (Arrays.equals(bytes, at, at + what.length, what, 0, what.length)) {
        return at;
      }
    }
    return -1;
  }

  private static int find(byte[] bytes, String text, Charset charset) {
    int at = find(bytes, text.getBytes(charset), 0);
    assertThat(at).isPositive();
    return at;
  }

  @Test
  void aDamagedFileRecordOfNtfsCostsOneFile() throws IOException {
    byte[] good = image("ntfs");
    byte[] bad = good.clone();
    ByteBuffer bytes = ByteBuffer.wrap(bad).order(ByteOrder.LITTLE_ENDIAN);
    long number;
    try (FileTree tree = FileTrees.open(new ByteArraySource(good))) {
      number = tree.find("/docs/many/file-number-5").orElseThrow().id();
    }
    for (int at = 0; at < bad.length; at += 1024) {
      // the second is that of a copy, where there is one
      if (bytes.getInt(at) == 0x454c4946 && bytes.getInt(at + 44) == number) {
        bad[at] = 'B';
      }
    }
    assertOneIsLost(good, bad, "/docs/many/file-number-5", "is damaged");
  }

  @Test
  void aDamagedInodeOfExtCostsOneFile() throws IOException {
    byte[] good = image("ext2");
    byte[] bad = good.clone();
    int inode = inodeOf(good, "/docs/seq.txt");
    for (int i = 0; i < 60; i++) {
      bad[inode + 40 + i] = 0x7f;
    }
    assertOneIsLost(good, bad, "/docs/seq.txt", "where the volume has none");
    bad = good.clone();
    bad[inode + 1] = 0;
    assertOneIsLost(good, bad, "/docs/seq.txt", "is none of a file");
  }

  @Test
  void anEncryptedFileOfExtIsRefused() throws IOException {
    byte[] good = image("ext2");
    byte[] bad = good.clone();
    bad[inodeOf(good, "/docs/seq.txt") + 0x21] |= 8;
    assertOneIsLost(good, bad, "/docs/seq.txt", "it is encrypted");
  }

  /** Where an inode is in an image with blocks of 1 KiB. */
  private static int inodeOf(byte[] image, String path) {
    ExtSuperblock superblock =
        ExtSuperblock.of(Structure.of(Arrays.copyOfRange(image, 1024, 2048)));
    try (FileTree tree = FileTrees.open(new ByteArraySource(image))) {
      long number = tree.find(path).orElseThrow().id() - 1;
      long group = number / superblock.inodesPerGroup();
      int descriptor = 2048 + (int) group * 32;
      int table = ByteBuffer.wrap(image).order(ByteOrder.LITTLE_ENDIAN).getInt(descriptor + 8);
      return (int) (table * 1024 + number % superblock.inodesPerGroup() * superblock.inodeSize());
    }
  }

  @Test
  void aDamagedBlockOfADirectoryCostsWhatIsInIt() throws IOException {
    byte[] bad = image("ext2");
    int at = find(bad, "file-number-150", StandardCharsets.US_ASCII);
    bad[at / 1024 * 1024 + 4] = 3; // the length of the first entry
    try (FileTree tree = FileTrees.open(new ByteArraySource(bad))) {
      Task task = new Task("walk", "it");
      Set<String> found = walked(tree, task);
      assertThat(found.size()).isBetween(230, 300);
      assertThat(found).contains("/docs/seq.txt", "/hello.txt", "/docs/many/file-number-1");
      assertThat(task.findings()).hasSize(1);
      assertThat(task.findings().get(0))
          .startsWith("left out some of what is in /docs/many: ")
          .contains("the directory is damaged");
      assertThatThrownBy(() -> tree.find("/docs/many/file-number-150"))
          .isInstanceOf(FileSystemDamageException.class);
    }
  }

  @Test
  void aDamagedSectorOfADirectoryOnADiscCostsWhatIsInIt() throws IOException {
    for (String name : List.of("iso-rock", "udf")) {
      byte[] bad = image(name);
      Charset charset = StandardCharsets.US_ASCII;
      int at = find(bad, "file-number-150", charset);
      Arrays.fill(bad, at / 2048 * 2048, at / 2048 * 2048 + 2048, (byte) 5);
      try (FileTree tree = FileTrees.open(new ByteArraySource(bad))) {
        Task task = new Task("walk", "it");
        Set<String> found = walked(tree, task);
        assertThat(found.size()).as(name).isBetween(200, 304);
        assertThat(found).contains("/docs/seq.txt", "/hello.txt");
        assertThat(task.findings().get(0)).contains("/docs/many").contains("damaged");
      }
    }
  }

  /** As they are after a rescue that could not read them, or in an image with holes. */
  @Test
  void aDirectoryThatIsZerosIsNoEmptyOne() throws IOException {
    for (String name : List.of("ext2", "iso-rock", "fat16", "ntfs")) {
      byte[] bad = image(name);
      int unit = name.equals("iso-rock") ? 2048 : 1024;
      String first = "file-number-150";
      Charset charset = name.equals("ntfs") ? StandardCharsets.UTF_16LE : StandardCharsets.US_ASCII;
      int at = name.equals("fat16") ? find(bad, "BOTTOM     ", charset) : find(bad, first, charset);
      Arrays.fill(bad, at / unit * unit, at / unit * unit + unit, (byte) 0);
      try (FileTree tree = FileTrees.open(new ByteArraySource(bad))) {
        Task task = new Task("walk", "it");
        walked(tree, task);
        assertThat(task.findings()).as(name).isNotEmpty();
      }
    }
  }

  /** As one that was written over by another, or is not where the tables say. */
  @Test
  void aDirectoryOfExtThatDoesNotBeginWithItselfIsTold() throws IOException {
    byte[] bad = image("ext2");
    int at = find(bad, "\7\1seq.txt", StandardCharsets.US_ASCII) / 1024 * 1024;
    assertThat(bad[at + 8]).isEqualTo((byte) '.');
    byte[] other = bad.clone();
    bad[at] ^= 1; // the number of its inode
    other[at + 8] = 'x';
    for (byte[] each : List.of(bad, other)) {
      try (FileTree tree = FileTrees.open(new ByteArraySource(each))) {
        Task task = new Task("walk", "it");
        assertThat(walked(tree, task)).contains("/docs/seq.txt", "/hello.txt");
        assertThat(task.findings()).isNotEmpty();
        assertThat(task.findings().get(0)).contains("/docs").contains("begin with itself");
      }
    }
  }

  /** An entry that is zeros ends a directory for most, and may be all that is left of a sector. */
  @ParameterizedTest
  @ValueSource(strings = {"fat12", "fat16", "fat32"})
  void whatIsBehindTheEndOfADirectoryOfFatIsTold(String name) throws IOException {
    byte[] good = image(name);
    int at = find(good, "FILE-N", StandardCharsets.US_ASCII);
    for (int length : List.of(32, 512)) {
      byte[] bad = good.clone();
      int from = at / length * length;
      Arrays.fill(bad, from, from + length, (byte) 0);
      try (FileTree tree = FileTrees.open(new ByteArraySource(bad))) {
        Task task = new Task("walk", "it");
        assertThat(walked(tree, task)).contains("/docs/seq.txt", "/hello.txt");
        assertThat(task.findings())
            .anyMatch(
                it ->
                    it.startsWith("left out some of what is in /docs/many: ")
                        && it.matches(".* ends before 2\\d\\d more entries, from byte .*"));
      }
    }
  }

  @Test
  void whatWasDeletedAndMayLieBehindTheEndIsNotTold() throws IOException {
    byte[] image = image("fat16");
    FatBootSector boot = FatBootSector.of(Structure.of(Arrays.copyOf(image, 512)));
    int at = (int) boot.root();
    while (image[at] != 0) {
      at += 32;
    }
    image[at + 32] = (byte) 0xe5; // deleted
    Arrays.fill(image, at + 64, at + 96, (byte) 0xf6); // what formatting leaves
    System.arraycopy("notes".getBytes(StandardCharsets.US_ASCII), 0, image, at + 96, 5);
    try (FileTree tree = FileTrees.open(new ByteArraySource(image))) {
      Task task = new Task("walk", "it");
      assertThat(walked(tree, task)).hasSize(305);
      assertThat(task.findings()).isEmpty();
    }
  }

  @Test
  void aChainOfFatThatLeadsNowhereCostsOneFile() throws IOException {
    byte[] good = image("fat16");
    byte[] bad = good.clone();
    int entry = find(bad, "SEQ     TXT", StandardCharsets.US_ASCII);
    bad[entry + 26] = (byte) 0xf0;
    bad[entry + 27] = (byte) 0xff;
    assertOneIsLost(good, bad, "/docs/seq.txt", "leads nowhere");
  }

  @Test
  void anImpossibleNameCostsNoOther() throws IOException {
    byte[] bad = image("ext2");
    int at = find(bad, "hello.txt", StandardCharsets.US_ASCII);
    bad[at + 2] = '/';
    try (FileTree tree = FileTrees.open(new ByteArraySource(bad))) {
      Task task = new Task("walk", "it");
      assertThat(walked(tree, task)).contains("/docs/seq.txt").hasSize(305);
      assertThat(task.findings()).hasSize(1);
      assertThat(task.findings().get(0)).contains("he/lo.txt");
      assertThat(NameText.of("he/lo.txt".getBytes(StandardCharsets.US_ASCII)))
          .isEqualTo("he/lo.txt");
    }
  }
}
