package blksh.filesystem;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import blksh.block.BlockSource;
import blksh.block.ByteArraySource;
import blksh.block.FileSource;
import blksh.block.SourceInfo;
import blksh.io.UnreadableException;
import blksh.kit.DiscFolder;
import blksh.kit.Tool;
import blksh.kit.Volumes;
import blksh.task.Task;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Discs as other programs write them, and damaged ones. */
class ForeignDiscsTest {

  private static final int SECTOR = 2048;

  @TempDir static Path folder;

  private static Path source;

  @BeforeAll
  static void make() throws IOException {
    source = Files.createDirectory(folder.resolve("source"));
    Tool.named("bash")
        .run(
            "-c",
            """
            cd "$1"; mkdir -p a/b/c/d/e/f/g/h/i/j; echo deep > a/b/c/d/e/f/g/h/i/j/deep
            for i in $(seq 40); do mkdir -p "Dir $((i % 5))"
              head -c $((i * 3001)) /dev/urandom > "Dir $((i % 5))/File number $i.data"; done
            ln -s 'Dir 1' link
            """,
            "bash",
            source);
  }

  private static Path made(String program, String options) throws IOException {
    Path image = folder.resolve(Integer.toHexString((program + options).hashCode()) + ".iso");
    if (!Files.exists(image)) {
      Tool.named("bash")
          .run("-c", "%s %s -o \"$1\" \"$2\"".formatted(program, options), "bash", image, source);
    }
    return image;
  }

  private static Map<String, String> copied(FileTree tree, String name) throws IOException {
    Path out = folder.resolve(name);
    tree.copyOut(tree.root(), out, Task.unwatched());
    return DiscFolder.digests(out);
  }

  @ParameterizedTest(name = "{0} {1}")
  @CsvSource({
    "genisoimage, -quiet -udf -J -r -V SAMPLE, ISO 9660 with Rock Ridge",
    "genisoimage, -quiet -r -V SAMPLE, ISO 9660 with Rock Ridge",
    "xorriso, -as mkisofs -quiet -r -J -V SAMPLE, ISO 9660 with Rock Ridge",
    "genisoimage, -quiet -J -joliet-long -D -V SAMPLE, ISO 9660 with Joliet",
    "genisoimage, -quiet -udf -J -joliet-long -D -V SAMPLE, UDF",
  })
  void hasEveryFileByItsName(String program, String options, String type) throws IOException {
    try (FileTree tree = FileTrees.open(FileSource.open(made(program, options)))) {
      assertThat(tree.type()).isEqualTo(type);
      assertThat(tree.label()).isEqualTo("SAMPLE");
      Map<String, String> found = copied(tree, type + options.hashCode());
      // What genisoimage moved because it lay deep has its place again.
      found.keySet().removeIf(path -> path.startsWith("rr_moved/"));
      // It has no place for links but in Rock Ridge.
      found.remove("link");
      assertThat(found).isEqualTo(DiscFolder.digests(source));
    }
  }

  @Test
  void shortNamesHoldTheSameContents() throws IOException {
    Path plain = made("genisoimage", "-quiet -iso-level 4 -V SAMPLE -D");
    try (FileTree tree = FileTrees.open(FileSource.open(plain))) {
      assertThat(tree.type()).isEqualTo("ISO 9660");
      assertThat(copied(tree, "plain").values())
          .containsAll(new TreeMap<>(DiscFolder.digests(source)).values());
    }
  }

  private static byte[] bridge() throws IOException {
    return Files.readAllBytes(made("genisoimage", "-quiet -udf -J -r -V SAMPLE"));
  }

  private static Map<String, String> udf(byte[] image, String name) throws IOException {
    try (FileTree tree = FileTrees.udf(new ByteArraySource(image))) {
      Map<String, String> found = copied(tree, name);
      found.remove("link");
      return found;
    }
  }

  @Test
  void udfIsReadByItsLastAnchorAndItsReserve() throws IOException {
    byte[] image = bridge();
    Map<String, String> expected = DiscFolder.digests(source);
    int main = ByteBuffer.wrap(image).order(ByteOrder.LITTLE_ENDIAN).getInt(256 * SECTOR + 20);
    image[256 * SECTOR] ^= 1;
    assertThat(udf(image, "last anchor")).isEqualTo(expected);
    for (int block = main; block < main + 16; block++) {
      image[block * SECTOR + 100] ^= 1;
    }
    assertThat(udf(image, "reserve")).isEqualTo(expected);
  }

  /** A disc with sectors that cannot be read. */
  private record Scratched(byte[] image, Set<Integer> sectors) implements BlockSource {

    @Override
    public long size() {
      return image.length;
    }

    @Override
    public int read(long position, ByteBuffer target) {
      int length = (int) Math.min(target.remaining(), image.length - position);
      for (int each : sectors) {
        long start = (long) each * SECTOR;
        if (position < start + SECTOR && start < position + length) {
          throw new UnreadableException("the disc", start, SECTOR, "Input/output error", null);
        }
      }
      target.put(image, (int) position, length);
      return length;
    }

    @Override
    public SourceInfo describe() {
      return new SourceInfo("file", "scratched", "scratched");
    }

    @Override
    public void close() {
      // nothing is open
    }
  }

  private static Map<String, String> scratched(byte[] image, String name, Integer... sectors)
      throws IOException {
    try (FileTree tree = FileTrees.udf(new Scratched(image, Set.of(sectors)))) {
      Map<String, String> found = copied(tree, name);
      found.remove("link");
      return found;
    }
  }

  @Test
  void udfIsReadWhereItsAnchorOrSequenceIsScratched() throws IOException {
    byte[] image = bridge();
    Map<String, String> expected = DiscFolder.digests(source);
    int main = ByteBuffer.wrap(image).order(ByteOrder.LITTLE_ENDIAN).getInt(256 * SECTOR + 20);

    assertThat(scratched(image, "no anchor", 256)).isEqualTo(expected);
    assertThat(scratched(image, "no main", main, main + 1, main + 2)).isEqualTo(expected);
    try (FileTree tree = FileTrees.open(new Scratched(image, Set.of(17, 256)))) {
      assertThat(tree.find("/Dir 1/File number 1.data")).isPresent();
    }
  }

  @Test
  void aDamagedFileEntryHidesNothingElse() throws IOException {
    byte[] image = bridge();
    ByteBuffer bytes = ByteBuffer.wrap(image).order(ByteOrder.LITTLE_ENDIAN);
    int damaged = 0;
    for (int at = 257 * SECTOR; damaged == 0 && at < image.length; at += SECTOR) {
      boolean file = bytes.getShort(at) == Udf.FILE_ENTRY && image[at + 27] == 5;
      if (file && bytes.getLong(at + 56) == 3001) {
        image[at + 100] ^= 1;
        damaged++;
      }
    }
    assertThat(damaged).isEqualTo(1);
    List<FileEntry> found = new ArrayList<>();
    try (FileTree tree = FileTrees.udf(new ByteArraySource(image))) {
      tree.walk(tree.root(), Task.unwatched(), found::add);
      FileEntry one =
          found.stream()
              .filter(each -> each.path().equals("/Dir 1/File number 1.data"))
              .findFirst()
              .orElseThrow();
      assertThatThrownBy(() -> tree.open(one)).isInstanceOf(FileSystemDamageException.class);
    }
    assertThat(found.stream().filter(each -> each.path().endsWith(".data"))).hasSize(40);
  }

  @Test
  void parentsThatPointElsewhereAreNotFollowed() throws IOException {
    byte[] image = bridge();
    ByteBuffer bytes = ByteBuffer.wrap(image).order(ByteOrder.LITTLE_ENDIAN);
    int parents = 0;
    for (int at = 257 * SECTOR; at < image.length; at += SECTOR) {
      boolean parent = bytes.getShort(at) == Udf.FILE_IDENTIFIER && image[at + 18] == 10;
      if (parent) {
        bytes.putInt(at + 24, 2);
        bytes.putShort(at + Udf.TAG_CRC, (short) Udf.crc(image, at + 16, bytes.getShort(at + 10)));
        byte[] tag = Arrays.copyOfRange(image, at, at + 16);
        image[at + 4] = (byte) Udf.tagChecksum(Structure.of(tag));
        parents++;
      }
    }
    assertThat(parents).isGreaterThan(10);
    assertThat(udf(image, "parents")).isEqualTo(DiscFolder.digests(source));
  }

  @Test
  void aDamagedIsoTreeGivesWayToUdf() throws IOException {
    byte[] image = bridge();
    image[16 * SECTOR] = 3;
    try (FileTree tree = FileTrees.open(new ByteArraySource(image))) {
      assertThat(tree.type()).isEqualTo("UDF");
      assertThat(tree.find("/Dir 1/File number 1.data")).isPresent();
    }
  }

  @Test
  void whatIsCutOffAtItsEndHasTheFilesBeforeThat() throws IOException {
    byte[] image = bridge();
    byte[] cut = Arrays.copyOf(image, image.length - 160 * SECTOR);
    try (FileTree tree = FileTrees.open(new ByteArraySource(cut))) {
      assertThat(tree.find("/a/b/c/d/e/f/g/h/i/j/deep")).isPresent();
    }
  }

  @ParameterizedTest(name = "{0} of UDF {1}")
  @CsvSource({"hd, 1.02, 512", "hd, 2.01, 2048", "dvdram, 2.01, 2048"})
  void volumesOfMkudffsOpen(String medium, String revision, int block) throws IOException {
    Path image = Volumes.blank(folder.resolve(medium + revision), 40L << 20);
    format(image, medium, revision, block);
    try (FileTree tree = FileTrees.open(FileSource.open(image))) {
      assertThat(tree.type()).isEqualTo("UDF");
      assertThat(tree.label()).isEqualTo("SAMPLE");
      assertThat(tree.root().isDirectory()).isTrue();
    }
  }

  private static void format(Path image, String medium, String revision, int block)
      throws IOException {
    Tool.named("mkudffs")
        .run("--media-type=" + medium, "--udfrev=" + revision, "-b", block, "-l", "SAMPLE", image);
  }

  @Test
  void whatIsWrittenInPacketsIsRefusedByName() throws IOException {
    Path image = Volumes.blank(folder.resolve("packets"), 40L << 20);
    format(image, "cdrw", "2.01", 2048);
    assertRefused(image, "*UDF Sparable Partition");
    format(image, "cdr", "1.50", 2048);
    assertRefused(image, "*UDF Virtual Partition");
  }

  private static void assertRefused(Path image, String kind) {
    try (FileSource file = FileSource.open(image)) {
      assertThatThrownBy(() -> FileTrees.open(file))
          .isInstanceOf(UnknownFileSystemException.class)
          .hasMessageContaining(kind);
    }
  }
}
