package blksh.filesystem;

import static org.assertj.core.api.Assertions.assertThat;

import blksh.block.BlockSource;
import blksh.block.FileSource;
import blksh.kit.Tool;
import blksh.kit.Volumes;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the tools of a file system make, size by size and feature by feature, is read. */
class AcceptedVariantsTest {

  @TempDir static Path folder;

  private static byte[] large;

  @BeforeAll
  static void make() throws IOException {
    large = new byte[300_000];
    new Random(1).nextBytes(large);
    Path tree = Files.createDirectories(folder.resolve("tree/deep/er"));
    Files.write(tree.resolve("large"), large);
    Files.writeString(folder.resolve("tree/small"), "small");
    Files.writeString(folder.resolve("tree/empty"), "");
    Path many = Files.createDirectory(folder.resolve("tree/many"));
    for (int i = 0; i < 150; i++) {
      Files.writeString(many.resolve("a file with a name of some length, the " + i), "number " + i);
    }
  }

  private static String text(FileTree tree, String path) {
    return new String(bytes(tree, path));
  }

  private static byte[] bytes(FileTree tree, String path) {
    try (BlockSource content = tree.open(tree.find(path).orElseThrow())) {
      ByteBuffer all = ByteBuffer.allocate((int) content.size());
      content.read(0, all);
      return all.array();
    }
  }

  private static void assertHasAll(Path image) {
    try (FileTree tree = FileTrees.open(FileSource.open(image))) {
      assertThat(bytes(tree, "/deep/er/large")).isEqualTo(large);
      assertThat(text(tree, "/small")).isEqualTo("small");
      assertThat(text(tree, "/empty")).isEmpty();
      List<String> names = new ArrayList<>();
      tree.list(tree.find("/many").orElseThrow(), entry -> names.add(entry.name()));
      assertThat(names).hasSize(150);
      assertThat(text(tree, "/many/a file with a name of some length, the 77"))
          .isEqualTo("number 77");
    }
  }

  private static Path image(String name, long mib) throws IOException {
    return Volumes.blank(folder.resolve(name), mib << 20);
  }

  @ParameterizedTest(name = "mkfs.ext4 {0}")
  @ValueSource(
      strings = {
        "-b 1024",
        "-b 2048",
        "-b 16384",
        "-b 65536",
        "-b 1024 -O bigalloc -C 65536",
        "-b 1024 -O bigalloc -C 2048",
        "-b 4096 -O bigalloc -C 131072",
        "-I 128 -O ^metadata_csum",
        "-I 1024",
        "-t ext2 -r 1 -O none",
        "-t ext2 -O ^dir_index,^sparse_super,^resize_inode",
        "-t ext3 -J size=4",
        "-O inline_data,ea_inode,large_dir,casefold,encrypt,verity,project,quota",
        "-O meta_bg,^resize_inode,^flex_bg",
        "-O sparse_super2,^resize_inode,orphan_file,fast_commit,stable_inodes",
        "-O ^extents,^64bit,^huge_file",
        "-O mmp,metadata_csum_seed -g 4096",
        "-N 16000 -i 1024"
      })
  void ext(String options) throws IOException {
    Path image = image("ext", 48);
    List<Object> words = new ArrayList<>(Arrays.asList((Object[]) options.split(" ")));
    words.addAll(List.of("-q", "-F", "-d", folder.resolve("tree"), image));
    Tool.named("mkfs.ext4").run(words.toArray());
    assertHasAll(image);
  }

  @ParameterizedTest(name = "mkfs.fat {0}")
  @ValueSource(
      strings = {
        "4 -F 12",
        "2 -F 12 -s 1 -f 1",
        "8 -F 12 -S 1024",
        "32 -F 16",
        "64 -F 16 -S 4096",
        "512 -F 16 -s 128",
        "40 -F 32 -s 1",
        "600 -F 32 -S 4096 -s 1",
        "300 -F 32 -S 2048 -f 4 -R 64 -s 1",
        "4200 -F 32 -s 128",
        "40 -F 32 -s 1 -a -b 0"
      })
  void fat(String options) throws IOException {
    String[] words = options.split(" ");
    Path image = image("fat", Long.parseLong(words[0]));
    List<Object> all = new ArrayList<>(Arrays.asList((Object[]) words).subList(1, words.length));
    all.add(image);
    Tool.named("mkfs.fat").run(all.toArray());
    Tool.named("mcopy").run("-s", "-Q", "-i", image, folder.resolve("tree/deep"), "::");
    Tool.named("mcopy").run("-s", "-Q", "-i", image, folder.resolve("tree/many"), "::");
    Tool.named("mcopy")
        .run("-i", image, folder.resolve("tree/small"), folder.resolve("tree/empty"), "::");
    assertHasAll(image);
  }

  /** Which of the kinds it is says the length of its table, not how many clusters there are. */
  @Test
  void aFat32OfFewClustersIsOne() throws IOException {
    Path image = image("small", 100);
    Tool.named("mkfs.fat").run("-F", "32", "-S", "4096", "-n", "ESP", image);
    byte[] bytes = Files.readAllBytes(image);
    FatBootSector boot = FatBootSector.of(Structure.of(Arrays.copyOf(bytes, FatBootSector.LENGTH)));
    assertThat(boot.clusters()).isLessThan(65525);
    ByteBuffer all = ByteBuffer.wrap(bytes).order(java.nio.ByteOrder.LITTLE_ENDIAN);
    all.putInt((int) boot.table(0) + 100 * 4, 0x0fffffff);
    int entry = (int) boot.data() + 32; // behind the label
    all.put(entry, "HELLO   TXT ".getBytes()).putShort(entry + 26, (short) 100);
    all.putInt(entry + 28, 6)
        .put((int) boot.data() + 98 * boot.clusterSize(), "hello\n".getBytes());
    Files.write(image, bytes);
    try (FileTree tree = FileTrees.open(FileSource.open(image))) {
      assertThat(tree.type()).isEqualTo("FAT32");
      assertThat(text(tree, "/HELLO.TXT")).isEqualTo("hello\n");
    }
  }

  @ParameterizedTest(name = "mkntfs {0}")
  @ValueSource(
      strings = {
        "-c 512",
        "-c 2048",
        "-c 4096",
        "-c 65536",
        "-c 2097152",
        "-s 256 -c 256",
        "-s 1024 -c 4096",
        "-s 2048 -c 65536",
        "-s 4096 -c 4096",
        "-s 4096 -c 2097152"
      })
  void ntfs(String options) throws IOException {
    Path image = image("ntfs", options.endsWith("2097152") ? 16_384 : 20);
    List<Object> words = new ArrayList<>(Arrays.asList((Object[]) options.split(" ")));
    words.addAll(List.of("-q", "-F", "-Q", image));
    Tool.named("mkntfs").run(words.toArray());
    Tool.named("ntfscp").run("-q", image, folder.resolve("tree/deep/er/large"), "/large");
    Tool.named("ntfscp").run("-q", image, folder.resolve("tree/small"), "/small");
    try (FileTree tree = FileTrees.open(FileSource.open(image))) {
      assertThat(bytes(tree, "/large")).isEqualTo(large);
      assertThat(text(tree, "/small")).isEqualTo("small");
    }
  }

  @ParameterizedTest(name = "xorriso {0}")
  @ValueSource(
      strings = {
        "-as mkisofs -r",
        "-as mkisofs -J -joliet-long -r -iso-level 3",
        "-as mkisofs -iso-level 4 -r -hfsplus",
        "-as mkisofs -r -partition_offset 16"
      })
  void iso(String options) throws IOException {
    Path image = folder.resolve("disc.iso");
    Files.deleteIfExists(image);
    List<Object> words = new ArrayList<>(Arrays.asList((Object[]) options.split(" ")));
    words.addAll(List.of("-quiet", "-o", image, folder.resolve("tree")));
    Tool.named("xorriso").run(words.toArray());
    assertHasAll(image);
  }

  /** Without Rock Ridge only the first version of a file has its name alone. */
  @Test
  void twoVersionsOfAFileOnADiscStayTwo() throws IOException {
    Path tree = Files.createDirectory(folder.resolve("versions"));
    Files.writeString(tree.resolve("AAAA.TXT"), "first");
    Files.writeString(tree.resolve("AAAB.TXT"), "second");
    Path image = folder.resolve("versions.iso");
    Tool.named("genisoimage").run("-quiet", "-o", image, tree);
    byte[] bytes = Files.readAllBytes(image);
    int changed = 0;
    for (int at = 0; at < bytes.length - 10; at++) {
      if (new String(bytes, at, 10, java.nio.charset.StandardCharsets.ISO_8859_1)
          .equals("AAAB.TXT;1")) {
        bytes[at + 3] = 'A';
        bytes[at + 9] = '2';
        changed++;
      }
    }
    assertThat(changed).isPositive();
    Files.write(image, bytes);
    try (FileTree found = FileTrees.open(FileSource.open(image))) {
      List<String> names = new ArrayList<>();
      found.list(found.root(), entry -> names.add(entry.name()));
      assertThat(names).containsExactly("AAAA.TXT", "AAAA.TXT;2");
      assertThat(text(found, "/AAAA.TXT")).isEqualTo("first");
      assertThat(text(found, "/AAAA.TXT;2")).isEqualTo("second");
    }
  }
}
