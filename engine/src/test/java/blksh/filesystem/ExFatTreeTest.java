package blksh.filesystem;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import blksh.block.BlockSource;
import blksh.block.ByteArraySource;
import blksh.block.Extent;
import blksh.block.FaultySource;
import blksh.block.FileSource;
import blksh.compress.Compressed;
import blksh.kit.Component;
import blksh.kit.LoopDevice;
import blksh.kit.Tool;
import blksh.kit.Volumes;
import blksh.task.Task;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** exFAT as its tools write it, and damaged. */
class ExFatTreeTest {

  private static final Path SAMPLE = Path.of("src/test/resources/images/files/exfat.img.zst");

  private static final String LONG =
      "/deep/a name that is longer than eight and three - Größe.text";

  @TempDir Path folder;

  private byte[] sample() {
    try (BlockSource image =
        Compressed.open(FileSource.open(SAMPLE), folder.resolve("index")).orElseThrow()) {
      ByteBuffer all = ByteBuffer.allocate((int) image.size());
      image.read(0, all);
      return all.array();
    }
  }

  private static FileTree open(byte[] image) {
    return FileTrees.open(new ByteArraySource(image));
  }

  private static byte[] bytes(FileTree tree, String path) {
    try (BlockSource content = tree.open(tree.find(path).orElseThrow())) {
      ByteBuffer all = ByteBuffer.allocate((int) content.size());
      content.read(0, all);
      return all.array();
    }
  }

  private static String text(FileTree tree, String path) {
    return new String(bytes(tree, path), StandardCharsets.UTF_8);
  }

  private static List<String> names(FileTree tree, String directory, Task task) {
    List<String> names = new ArrayList<>();
    tree.walk(tree.find(directory).orElseThrow(), task, entry -> names.add(entry.name()));
    return names;
  }

  /** Where the first entry of a file is, unless a cluster ends behind it. */
  private static int set(byte[] image, String path) {
    try (FileTree tree = open(image)) {
      return (int) tree.find(path).orElseThrow().id() - 32;
    }
  }

  /** Changes entries of a file, and has its checksum agree. */
  private static void change(byte[] image, int set, Consumer<ByteBuffer> change) {
    ByteBuffer entries =
        ByteBuffer.wrap(image, set, 32 * (1 + image[set + 1]))
            .slice()
            .order(ByteOrder.LITTLE_ENDIAN);
    change.accept(entries);
    int sum = 0;
    for (int i = 0; i < entries.capacity(); i++) {
      if (i != 2 && i != 3) {
        sum = ((sum & 1) << 15 | sum >> 1) + (entries.get(i) & 0xff) & 0xffff;
      }
    }
    entries.putShort(2, (short) sum);
  }

  private static void append(Path file, byte[] bytes) throws IOException {
    try (OutputStream to =
        Files.newOutputStream(file, StandardOpenOption.CREATE, StandardOpenOption.APPEND)) {
      to.write(bytes);
    }
  }

  /** Files in one piece and in many, names of every kind, a directory of several clusters. */
  private static void fill(Path mount) throws IOException {
    Random random = new Random(19);
    byte[] piece = new byte[40_000];
    for (int i = 0; i < 12; i++) {
      random.nextBytes(piece);
      append(mount.resolve("pieces-a"), piece);
      random.nextBytes(piece);
      append(mount.resolve("pieces-b"), piece);
    }
    byte[] large = new byte[700_001];
    random.nextBytes(large);
    Files.write(mount.resolve("large"), large);
    Path many = Files.createDirectories(mount.resolve("deep/er/Ärger"));
    for (int i = 0; i < 300; i++) {
      Files.writeString(many.resolve("a file with a name of some length, the " + i), "nr " + i);
    }
    Files.writeString(mount.resolve("\ud83d\ude00 Ünïcödé, 文件.txt"), "name");
    Files.writeString(mount.resolve("x".repeat(255)), "long");
    Files.createFile(mount.resolve("empty"));
    Files.setLastModifiedTime(
        mount.resolve("large"), FileTime.from(Instant.parse("2021-03-04T05:06:07.00Z")));
  }

  @ParameterizedTest(name = "{0} MiB in sectors of {1}, clusters of {2}")
  @CsvSource({
    "40, 512, 512",
    "40, 512, 4K",
    "64, 512, 128K",
    "300, 512, 32M",
    "40, 1024, 1K",
    "40, 2048, 8K",
    "60, 4096, 64K"
  })
  void everySizeOfSectorsAndClustersIsRead(long size, int sector, String cluster)
      throws IOException {
    Component.needRoot();
    Path image = Volumes.blank(folder.resolve("volume"), size << 20);
    try (LoopDevice drive = LoopDevice.attach(image, sector)) {
      Tool.named("mkfs.exfat").run("-c", cluster, drive.path());
    }
    boolean few = cluster.endsWith("M");
    Path plain = folder.resolve("plain");
    Volumes.mounted(
        image,
        "exfat",
        folder.resolve("mount"),
        mount -> {
          if (few) {
            Files.writeString(mount.resolve("small"), "small");
            Files.write(Files.createDirectory(mount.resolve("d")).resolve("f"), new byte[9999]);
          } else {
            fill(mount);
          }
          Tool.named("cp").run("-a", mount, plain);
        });
    Path out = folder.resolve("out");
    Task task = new Task("copy", "it");
    try (FileTree tree = FileTrees.open(FileSource.open(image))) {
      assertThat(tree.type()).isEqualTo("exFAT");
      ByteBuffer shift = ByteBuffer.allocate(1);
      FileSource.open(image).read(108, shift);
      assertThat(1 << shift.get(0)).isEqualTo(sector);
      tree.copyOut(tree.root(), out, task);
      if (!few) {
        assertThat(tree.find("/DEEP/er/äRGER")).isPresent();
        assertThat(tree.find("/large").orElseThrow().modified()).isEqualTo("2021-03-04T05:06:07Z");
        FileEntry pieces = tree.find("/pieces-a").orElseThrow();
        boolean contiguous =
            ExFatEntrySet.Extension.at(new Volume(FileSource.open(image)), pieces, size << 20)
                .contiguous();
        assertThat(contiguous).isFalse();
      }
    }
    assertThat(task.findings()).isEmpty();
    assertThat(Tool.named("diff").run("-r", plain, out)).isEmpty();
  }

  @Test
  void namesAreTheSameByTheVolumesOwnTable() {
    try (FileTree tree = open(sample())) {
      assertThat(tree.find("/DEEP/A NAME THAT IS LONGER THAN EIGHT AND THREE - GRÖßE.TEXT"))
          .isPresent();
      assertThat(tree.find("/hellö.txt")).isEmpty();
    }
    byte[] other = sample();
    int table = (int) entryOfKind(other, 0x82);
    other[table + 4] ^= 1; // its checksum: now only what is spelled the same is the same
    try (FileTree tree = open(other)) {
      assertThatThrownBy(() -> tree.find("/HELLO.txt")).hasMessageContaining("capital letters");
      assertThat(text(tree, "/hello.txt")).isEqualTo("hello\n");
    }
  }

  private static long entryOfKind(byte[] image, int kind) {
    ExFatBoot boot = ExFatBoot.of(new Volume(new ByteArraySource(image)));
    long at = boot.data() + (boot.root() - 2) * boot.clusterSize();
    while ((image[(int) at] & 0xff) != kind) {
      at += 32;
    }
    return at;
  }

  @Test
  void halfASurrogatePairIsANameOfItsOwn() {
    byte[] image = sample();
    for (int i = 1; i < 3; i++) {
      int half = 0xd800 + i;
      change(
          image,
          set(image, "/docs/many/file-number-" + i),
          entries -> entries.putShort(64 + 2, (short) half));
    }
    try (FileTree tree = open(image)) {
      assertThat(text(tree, "/docs/many/\\xed\\xa0\\x81ile-number-1")).isEqualTo("file 1\n");
      assertThat(text(tree, "/docs/many/\\xed\\xa0\\x82ile-number-2")).isEqualTo("file 2\n");
      assertThat(tree.find("/docs/many/\\xed\\xa0\\x82ile-number-1")).isEmpty();
    }
  }

  @Test
  void whatWasNeverWrittenReadsAsZeros() {
    byte[] image = sample();
    change(image, set(image, "/docs/seq.txt"), entries -> entries.putLong(32 + 8, 100_000));
    byte[] good;
    try (FileTree tree = open(sample())) {
      good = bytes(tree, "/docs/seq.txt");
    }
    try (FileTree tree = open(image)) {
      byte[] expected = Arrays.copyOf(Arrays.copyOf(good, 100_000), good.length);
      assertThat(bytes(tree, "/docs/seq.txt")).isEqualTo(expected);
      try (BlockSource content = tree.open(tree.find("/docs/seq.txt").orElseThrow())) {
        List<Extent> extents = new ArrayList<>();
        content.extents().forEachRemaining(extents::add);
        assertThat(extents.get(extents.size() - 1))
            .isEqualTo(new Extent(100_000, good.length - 100_000, Extent.Kind.ZERO));
      }
    }
  }

  @Test
  void timesAreOfTheirOwnZone() {
    byte[] image = sample();
    int set = set(image, "/hello.txt");
    change(
        image,
        set,
        entries -> {
          entries.putInt(12, (44 << 9 | 2 << 5 | 29) << 16 | 23 << 11 | 59 << 5 | 29);
          entries.put(21, (byte) 199).put(23, (byte) (0x80 | 0x78)); // two hours before UTC
        });
    try (FileTree tree = open(image)) {
      assertThat(tree.find("/hello.txt").orElseThrow().modified())
          .isEqualTo("2024-03-01T01:59:59.99Z");
    }
  }

  /** One file lost, and why; all others there. */
  private void assertOneIsLost(byte[] image, String lost, String why) throws IOException {
    Path out = folder.resolve("out" + System.nanoTime());
    Task task = new Task("copy", "it");
    try (FileTree tree = open(image)) {
      assertThat(text(tree, "/hello.txt")).isEqualTo("hello\n");
      assertThat(text(tree, LONG)).isEqualTo("long\n");
      tree.copyOut(tree.root(), out, task);
    }
    assertThat(task.findings()).hasSize(1);
    assertThat(task.findings().get(0)).contains(lost).contains(why);
    assertThat(out.resolve(lost.substring(1))).doesNotExist();
    assertThat(out.resolve("docs/many/file-number-300")).hasContent("file 300\n");
  }

  @Test
  void damageCostsOneFile() throws IOException {
    byte[] image = sample();
    int set = set(image, "/docs/seq.txt");
    image[set + 4] ^= 0x20; // an attribute
    assertOneIsLost(image, "/docs/seq.txt", "checksum");
    byte[] nowhere = sample();
    change(nowhere, set, entries -> entries.putInt(32 + 20, 0xfffff));
    assertOneIsLost(nowhere, "/docs/seq.txt", "leads nowhere");
    byte[] longer = sample();
    change(longer, set, entries -> entries.putLong(32 + 24, 1L << 40).putLong(32 + 8, 1L << 40));
    assertOneIsLost(longer, "/docs/seq.txt", "/docs/seq.txt");
    byte[] negative = sample();
    change(negative, set, entries -> entries.putLong(32 + 24, -5));
    assertOneIsLost(negative, "/docs/seq.txt", "size cannot be");
    byte[] written = sample();
    change(written, set, entries -> entries.putLong(32 + 8, 1L << 40));
    assertOneIsLost(written, "/docs/seq.txt", "size cannot be");
  }

  @ParameterizedTest
  @ValueSource(longs = {3_000_000, 1L << 40, 1L << 62})
  void aChainThatGoesRoundIsDamage(long length) throws IOException {
    byte[] image = sample();
    ExFatBoot boot = ExFatBoot.of(new Volume(new ByteArraySource(image)));
    int set = set(image, "/docs/seq.txt");
    change(
        image, set, entries -> entries.put(33, (byte) 1).putLong(40, length).putLong(56, length));
    ByteBuffer all = ByteBuffer.wrap(image).order(ByteOrder.LITTLE_ENDIAN);
    int first = all.getInt(set + 52);
    for (int i = 0; i < 7; i++) {
      all.putInt((int) boot.table() + 4 * (first + i), i == 6 ? first + 3 : first + i + 1);
    }
    assertOneIsLost(image, "/docs/seq.txt", length > image.length ? "size cannot" : "circle");
  }

  @Test
  void aDirectoryThatGoesRoundIsTold() {
    byte[] image = sample();
    int set = set(image, "/docs/many/file-number-150");
    ExFatBoot boot = ExFatBoot.of(new Volume(new ByteArraySource(image)));
    int cluster = (int) ((set + 32 - boot.data()) / boot.clusterSize()) + 2;
    ByteBuffer.wrap(image)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putInt((int) boot.table() + 4 * cluster, cluster);
    try (FileTree tree = open(image)) {
      Task task = new Task("walk", "it");
      assertThat(names(tree, "/", task)).contains("seq.txt").hasSizeLessThan(700);
      assertThat(task.findings()).anyMatch(it -> it.contains("round in a circle"));
    }
  }

  /** What is left of a directory whose sectors a rescue could not read. */
  @Test
  void whatLiesFarBehindTheEndOfADirectoryIsToldToo() {
    byte[] image = sample();
    ExFatBoot boot = ExFatBoot.of(new Volume(new ByteArraySource(image)));
    int many = set(image, "/docs/many") + 32;
    ByteBuffer all = ByteBuffer.wrap(image).order(ByteOrder.LITTLE_ENDIAN);
    int cluster = all.getInt(many + 20);
    List<Integer> clusters = new ArrayList<>();
    while (cluster != -1) {
      clusters.add((int) boot.data() + (cluster - 2) * boot.clusterSize());
      cluster = all.getInt((int) boot.table() + 4 * cluster);
    }
    assertThat(clusters).hasSizeGreaterThan(20);
    int last = clusters.get(clusters.size() - 1);
    for (int at : clusters) {
      Arrays.fill(image, at, at + boot.clusterSize(), (byte) 0);
    }
    image[last + 64] = (byte) 0xc1; // all that is left of a name
    try (FileTree tree = open(image)) {
      Task task = new Task("walk", "it");
      assertThat(names(tree, "/docs/many", task)).isEmpty();
      assertThat(task.findings()).hasSize(1);
      assertThat(task.findings().get(0)).contains("not shown, are at byte " + (last + 64));
    }
  }

  @Test
  void aSectorOfADirectoryThatIsZerosIsNoEnd() {
    byte[] image = sample();
    int at = (set(image, "/docs/many/file-number-150") + 32) / 512 * 512;
    Arrays.fill(image, at, at + 512, (byte) 0);
    try (FileTree tree = open(image)) {
      Task task = new Task("walk", "it");
      assertThat(names(tree, "/", task)).contains("hello.txt", "seq.txt");
      assertThat(task.findings())
          .isNotEmpty()
          .allMatch(it -> it.startsWith("left out some of what is in /docs/many: "))
          .anyMatch(it -> it.contains("more entries, which are not shown"));
    }
  }

  @Test
  void entriesThatBreakOffAreTold() {
    byte[] image = sample();
    int set = set(image, "/docs/many/file-number-150");
    image[set + 32] = 0x40; // no longer in use
    try (FileTree tree = open(image)) {
      Task task = new Task("walk", "it");
      List<String> names = names(tree, "/docs/many", task);
      assertThat(names).hasSize(299).doesNotContain("file-number-150");
      assertThat(task.findings()).hasSize(1);
      assertThat(task.findings().get(0)).contains("break off at byte " + (set + 32));
    }
  }

  @Test
  void aDirectoryOfNoLengthIsEmpty() {
    byte[] image = sample();
    change(
        image,
        set(image, "/docs/many"),
        entries -> entries.putLong(32 + 24, 0).putLong(32 + 8, 0).putInt(32 + 20, 0));
    try (FileTree tree = open(image)) {
      Task task = new Task("walk", "it");
      assertThat(names(tree, "/", task)).contains("many", "seq.txt").hasSize(13);
      assertThat(task.findings()).isEmpty();
    }
  }

  @Test
  void aFileThatTakesNoClustersHasNoLength() throws IOException {
    byte[] image = sample();
    change(
        image,
        set(image, "/docs/seq.txt"),
        entries -> entries.putLong(32 + 8, 0).putInt(32 + 20, 0));
    assertOneIsLost(image, "/docs/seq.txt", "leads nowhere");
  }

  @Test
  void aDirectoryWithTwoNamesIsEnteredOnce() {
    byte[] image = sample();
    int many = set(image, "/docs/many");
    ByteBuffer all = ByteBuffer.wrap(image).order(ByteOrder.LITTLE_ENDIAN);
    long length = all.getLong(many + 56);
    int cluster = all.getInt(many + 52);
    change(
        image,
        set(image, "/deep/a"),
        entries ->
            entries.put(33, (byte) 1).putLong(40, length).putInt(52, cluster).putLong(56, length));
    try (FileTree tree = open(image)) {
      Task task = new Task("walk", "it");
      assertThat(names(tree, "/", task)).hasSizeLessThan(320);
      assertThat(task.findings()).hasSize(1);
      assertThat(task.findings().get(0)).contains("more than one place");
    }
  }

  @Test
  void whatIsNotKnownInTheEntriesOfAFileIsNotPassedOver() throws IOException {
    byte[] image = sample();
    String name = LONG.substring(LONG.lastIndexOf('/') + 1);
    int set = set(image, LONG);
    assertThat(name.length()).isGreaterThan(45);
    image[set + 32 * 5] = (byte) 0xc5; // in place of the fourth piece of its name
    try (FileTree tree = open(image)) {
      Task task = new Task("walk", "it");
      assertThat(names(tree, "/", task)).contains("hello.txt").doesNotContain(name);
      assertThat(task.findings()).hasSize(1);
    }
  }

  @Test
  void theCopyServesWhereTheBootRegionCannotBeRead() {
    byte[] image = sample();
    try (FileTree tree =
        FileTrees.open(new FaultySource(new ByteArraySource(image)).unreadable(5 * 512, 512))) {
      assertThat(text(tree, "/hello.txt")).isEqualTo("hello\n");
    }
  }

  @Test
  void theCopyOfTheBootRegionServes() {
    byte[] image = sample();
    image[88] ^= 1; // where the clusters begin
    try (FileTree tree = open(image)) {
      assertThat(text(tree, "/hello.txt")).isEqualTo("hello\n");
      assertThat(tree.label()).isEqualTo("sample");
    }
    image[12 * 512 + 88] ^= 1;
    assertThatThrownBy(() -> open(image))
        .isInstanceOf(FileSystemDamageException.class)
        .hasMessageContaining("checksum");
  }
}
