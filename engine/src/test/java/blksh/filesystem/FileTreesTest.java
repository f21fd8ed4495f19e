package blksh.filesystem;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import blksh.BlkshException;
import blksh.block.BlockSource;
import blksh.block.ByteArraySource;
import blksh.block.Extent;
import blksh.block.FileSource;
import blksh.compress.Compressed;
import blksh.task.Task;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class FileTreesTest {

  private static final Path MADE = Path.of("src/test/resources/images/files");
  private static final Instant TIME = Instant.ofEpochSecond(1_600_000_000);
  private static final String LONG_NAME =
      "/deep/a name that is longer than eight and three - Größe.text";

  @TempDir Path directory;

  static Stream<String> images() throws IOException {
    try (Stream<Path> files = Files.list(MADE)) {
      return files
          .map(path -> path.getFileName().toString())
          .filter(name -> name.endsWith(".zst"))
          .map(name -> name.substring(0, name.indexOf('.')))
          .sorted()
          .toList()
          .stream();
    }
  }

  /** What {@code make.sh} put into every file system, by path. */
  private static Map<String, String> expected() {
    Map<String, String> files = new TreeMap<>();
    files.put("/hello.txt", "hello\n");
    files.put("/empty", "");
    StringBuilder numbers = new StringBuilder();
    for (int i = 1; i <= 60_000; i++) {
      numbers.append(i).append('\n');
    }
    files.put("/docs/seq.txt", numbers.toString());
    for (int i = 1; i <= 300; i++) {
      files.put("/docs/many/file-number-" + i, "file " + i + "\n");
    }
    files.put("/deep/a/b/c/d/e/bottom", "deep\n");
    files.put(LONG_NAME, "long\n");
    return files;
  }

  @ParameterizedTest
  @MethodSource("images")
  void listsAndReadsEveryFile(String name) throws IOException {
    try (FileTree tree = FileTrees.open(image(name))) {
      assertThat(tree.type().toLowerCase()).startsWith(name.split("-")[0]);
      Map<String, String> found = new TreeMap<>();
      tree.walk(
          tree.root(),
          Task.unwatched(),
          entry -> {
            if (entry.kind() == FileEntry.Kind.FILE && !entry.path().equals("/sparse")) {
              found.put(entry.path(), text(tree, entry));
              assertThat(entry.size()).isEqualTo(found.get(entry.path()).length());
            }
          });
      assertThat(found).isEqualTo(expected());
    }
  }

  @ParameterizedTest
  @MethodSource("images")
  void knowsTimesModesAndLabels(String name) throws IOException {
    try (FileTree tree = FileTrees.open(image(name))) {
      assertThat(tree.label()).isEqualToIgnoringCase("sample");
      FileEntry hello = tree.find("/hello.txt").orElseThrow();
      assertThat(hello.name()).isEqualTo("hello.txt");
      if (name.startsWith("ext") || name.equals("xfs")) {
        assertThat(hello.mode()).isEqualTo(0640);
        assertThat(hello.modified()).isEqualTo(TIME);
      } else {
        assertThat(Duration.between(hello.modified(), TIME).abs()).isLessThan(Duration.ofDays(1));
        assertThat(tree.find("/DOCS/Many").isPresent())
            .isEqualTo(!List.of("btrfs", "iso-rock", "udf").contains(name));
      }
      assertThat(tree.find("/docs/none")).isEmpty();
      assertThat(tree.find("/hello.txt/none")).isEmpty();
      assertThat(tree.find("/")).contains(tree.root());
      assertThatThrownBy(() -> tree.list(hello, entry -> {})).isInstanceOf(BlkshException.class);
      assertThatThrownBy(() -> tree.open(tree.root())).isInstanceOf(BlkshException.class);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"btrfs", "ext2", "ext3", "ext4", "ext4-meta", "xfs", "ntfs", "iso-rock"})
  void keepsHolesAndLinks(String name) throws IOException {
    try (FileTree tree = FileTrees.open(image(name))) {
      FileEntry link = tree.find("/link").orElseThrow();
      assertThat(link.kind()).isEqualTo(FileEntry.Kind.LINK);
      assertThat(link.link()).isEqualTo("docs/seq.txt");
      assertThat(tree.find("/longlink").orElseThrow().link())
          .isEqualTo("a/very/long/path/that/does/not/fit/into/the/block/map/of/an/inode/at/all");
      FileEntry sparse = tree.find("/sparse").orElseThrow();
      try (BlockSource content = tree.open(sparse)) {
        assertThat(content.size()).isEqualTo((1 << 20) + 4);
        List<Extent> extents = new ArrayList<>();
        content.extents().forEachRemaining(extents::add);
        assertThat(
                extents.stream()
                    .filter(extent -> extent.kind() == Extent.Kind.ZERO)
                    .mapToLong(Extent::length)
                    .sum())
            .isBetween(name.startsWith("ext") ? (1L << 20) - 8192 : 0, 1L << 20);
        assertThat(extents.get(extents.size() - 1).end()).isEqualTo((1 << 20) + 4);
        ByteBuffer end = ByteBuffer.allocate(8);
        content.read((1 << 20) - 4, end);
        assertThat(end.array()).isEqualTo("\0\0\0\0end\n".getBytes(StandardCharsets.US_ASCII));
      }
    }
  }

  @ParameterizedTest
  @MethodSource("images")
  void copiesOutWhatIsInside(String name) throws IOException {
    try (FileTree tree = FileTrees.open(image(name))) {
      Path target = directory.resolve("out");
      tree.copyOut(tree.root(), target, Task.unwatched());
      expected()
          .forEach((path, text) -> assertThat(target.resolve(path.substring(1))).hasContent(text));
      if (name.startsWith("ext") || name.equals("xfs")) {
        assertThat(Files.readSymbolicLink(target.resolve("link")))
            .isEqualTo(Path.of("docs/seq.txt"));
        assertThat(Files.size(target.resolve("sparse"))).isEqualTo((1 << 20) + 4);
        assertThat(Files.getLastModifiedTime(target.resolve("hello.txt")).toInstant())
            .isEqualTo(TIME);
      }
      assertThatThrownBy(() -> tree.copyOut(tree.root(), target, Task.unwatched()))
          .isInstanceOf(BlkshException.class)
          .hasMessageContaining("exists");
    }
  }

  @ParameterizedTest
  @MethodSource("images")
  void damageEndsInANamedError(String name) throws IOException {
    byte[] good;
    try (BlockSource image = image(name)) {
      good = bytes(image);
    }
    Random random = new Random(7);
    List<Integer> used = new ArrayList<>();
    for (int at = 0; at < good.length; at += 16) {
      if (good[at] != 0) {
        used.add(at);
      }
    }
    long until = System.nanoTime() + Duration.ofSeconds(2).toNanos();
    for (int round = 0; round < 60 && System.nanoTime() < until; round++) {
      byte[] bad = good.clone();
      for (int i = 0; i < 1 + round * 4; i++) {
        int at = round % 2 == 0 ? used.get(random.nextInt(used.size())) : random.nextInt(8192);
        bad[at + random.nextInt(16)] = (byte) (random.nextInt(4) == 0 ? 0xff : random.nextInt());
      }
      try (FileTree tree = FileTrees.open(new ByteArraySource(bad))) {
        int[] left = {2000};
        tree.walk(
            tree.root(),
            Task.unwatched(),
            entry -> {
              if (entry.kind() == FileEntry.Kind.FILE && left[0]-- > 0) {
                readSome(tree, entry);
              }
            });
      } catch (BlkshException expected) {
        assertThat(expected.getMessage()).startsWith("cannot ");
      }
    }
  }

  @Test
  void whatIsNoKnownFileSystemIsNamed() {
    assertThatThrownBy(() -> FileTrees.open(new ByteArraySource(new byte[1 << 20])))
        .isInstanceOf(UnknownFileSystemException.class);
    assertThatThrownBy(() -> FileTrees.open(new ByteArraySource(new byte[0])))
        .isInstanceOf(UnknownFileSystemException.class);
    byte[] xfs = new byte[1 << 20];
    System.arraycopy("XFSB".getBytes(StandardCharsets.US_ASCII), 0, xfs, 0, 4);
    assertThatThrownBy(() -> FileTrees.open(new ByteArraySource(xfs)))
        .isInstanceOf(UnknownFileSystemException.class)
        .hasMessageContaining("XFS");
  }

  private static void readSome(FileTree tree, FileEntry entry) {
    try (BlockSource content = tree.open(entry)) {
      content.read(0, ByteBuffer.allocate(4096));
      content.read(Math.max(0, entry.size() - 100), ByteBuffer.allocate(100));
      var extents = content.extents();
      for (int i = 0; i < 100 && extents.hasNext(); i++) {
        extents.next();
      }
    } catch (BlkshException expected) {
      assertThat(expected.getMessage()).startsWith("cannot ");
    }
  }

  private static String text(FileTree tree, FileEntry entry) {
    try (BlockSource content = tree.open(entry)) {
      return new String(bytes(content), StandardCharsets.UTF_8);
    }
  }

  private static byte[] bytes(BlockSource source) {
    ByteBuffer buffer = ByteBuffer.allocate((int) source.size());
    source.read(0, buffer);
    return buffer.array();
  }

  private BlockSource image(String name) {
    return Compressed.open(
            FileSource.open(MADE.resolve(name + ".img.zst")), directory.resolve("index"))
        .orElseThrow();
  }
}
