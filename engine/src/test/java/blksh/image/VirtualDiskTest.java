package blksh.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import blksh.block.ByteArraySource;
import blksh.filesystem.FileEntry;
import blksh.filesystem.FileTree;
import blksh.filesystem.FileTrees;
import blksh.filesystem.Structure;
import blksh.io.PathBytes;
import blksh.kit.Tool;
import blksh.kit.Volumes;
import blksh.task.Task;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Disks of virtual machines read as qemu-img reads them. */
class VirtualDiskTest {

  @TempDir Path folder;

  private final byte[] bytes = DiskSample.bytes(1);

  private Path sample() throws IOException {
    return Files.write(folder.resolve("sample"), bytes);
  }

  private static void requireClean(Image image) {
    Task task = new Task("verify", "it");
    ImageVerification verified = image.verify(task);
    assertThat(task.findings()).isEmpty();
    assertThat(verified.clean()).isTrue();
  }

  @ParameterizedTest(name = "{0}")
  @ValueSource(
      strings = {
        "qcow2",
        "qcow2 -o compat=0.10",
        "qcow2 -o cluster_size=512",
        "qcow2 -o cluster_size=2M",
        "qcow2 -o extended_l2=on",
        "qcow2 -o extended_l2=on,cluster_size=16k",
        "qcow2 -o preallocation=metadata",
        "qcow2 -o preallocation=falloc,refcount_bits=1",
        "qcow2 -c",
        "qcow2 -c -o cluster_size=4k,compat=0.10",
        "qcow2 -c -o compression_type=zstd",
        "qcow2 -c -o compression_type=zstd,extended_l2=on",
        "vmdk",
        "vmdk -o subformat=monolithicFlat",
        "vmdk -o subformat=twoGbMaxExtentSparse",
        "vmdk -o subformat=twoGbMaxExtentFlat",
        "vmdk -o subformat=streamOptimized",
        "vmdk -o zeroed_grain=on",
        "vdi",
        "vdi -o static=on",
        "vpc",
        "vpc -o force_size=on",
        "vpc -o subformat=fixed",
        "vhdx",
        "vhdx -o block_size=1M",
        "vhdx -o subformat=fixed"
      })
  void readsAsWhatItWasMadeOf(String options) throws IOException {
    Path disk = folder.resolve("disk");
    DiskSample.convert("-O " + options, sample(), disk);
    String format = options.split(" ")[0];
    try (Image image = Images.open(disk)) {
      assertThat(image).isInstanceOf(DiskImage.class);
      assertThat(image.info().format()).isEqualTo(format.replace("vpc", "vhd"));
      assertThat(image.info().warnings()).isEmpty();
      DiskSample.requireSame(image, bytes);
      assertThat(DiskSample.asQemuReads(disk, format, folder)).hasSize((int) image.size());
      if (Set.of("qcow2", "vmdk", "vdi").contains(format) && !options.contains("falloc")) {
        assertThat(DiskSample.data(image)).isEqualTo(DiskSample.mapped(disk, format));
      } else {
        DiskSample.requireHoles(image, disk, format);
      }
      requireClean(image);
    }
  }

  @Test
  void aPartOfAnyLengthIsRead() throws IOException {
    Path disk = folder.resolve("disk");
    DiskSample.convert("-O qcow2 -c -o cluster_size=8k", sample(), disk);
    try (Image image = Images.open(disk)) {
      for (int length = 1; length < 200_000; length = length * 3 + 1) {
        for (int at : List.of(0, 699_990, (2 << 20) - 7, DiskSample.SIZE - 900)) {
          ByteBuffer part = ByteBuffer.allocate(length);
          int count = image.read(at, part);
          assertThat(count).isEqualTo(Math.min(length, DiskSample.SIZE - at));
          assertThat(Arrays.copyOf(part.array(), count))
              .isEqualTo(Arrays.copyOfRange(bytes, at, at + count));
        }
      }
    }
  }

  @Test
  void zerosAndWhatWasGivenBackHideWhatIsBelow() throws IOException {
    Path base = folder.resolve("base");
    DiskSample.convert("-O qcow2", sample(), base);
    for (String options : List.of("compat=1.1", "extended_l2=on", "cluster_size=4k")) {
      Path disk = folder.resolve("disk-" + options);
      DiskSample.qemu(
          "create", "-q", "-f", "qcow2", "-b", base, "-F", "qcow2", "-o", options, disk, "12M");
      DiskSample.change(
          disk,
          "qcow2",
          "write -z 64k 128k",
          "write -P 7 300k 3k",
          "write -z 400k 6k",
          "write -P 9 11M 1k",
          "discard 2M 64k");
      try (Image image = Images.open(disk)) {
        assertThat(image.size()).isEqualTo(12 << 20);
        DiskSample.requireSame(image, DiskSample.asQemuReads(disk, "qcow2", folder));
        assertThat(DiskSample.data(image)).isEqualTo(DiskSample.mapped(disk, "qcow2"));
        assertThat(image.info().header()).containsKey("laid on");
        requireClean(image);
      }
    }
  }

  /** The one below is shorter, has another format, and is found from the directory of the image. */
  @ParameterizedTest(name = "{0}")
  @ValueSource(strings = {"raw", "qcow2", "vmdk", "vdi", "vpc", "vhdx"})
  void isReadDownToWhatItWasLaidOn(String format) throws IOException {
    Path directory = Files.createDirectory(folder.resolve("images"));
    Path base = directory.resolve("base");
    DiskSample.convert("-O " + format, sample(), base);
    DiskSample.qemu(
        "create", "-q", "-f", "qcow2", "-b", "base", "-F", format, directory.resolve("mid"), "16M");
    DiskSample.change(directory.resolve("mid"), "qcow2", "write -P 5 1M 100k");
    DiskSample.qemu(
        "create", "-q", "-f", "qcow2", "-b", "mid", "-F", "qcow2", directory.resolve("top"));
    DiskSample.change(directory.resolve("top"), "qcow2", "write -P 6 10M 70k");
    try (Image image = Images.open(directory.resolve("top"))) {
      assertThat(image.size()).isEqualTo(16 << 20);
      DiskSample.requireSame(
          image, DiskSample.asQemuReads(directory.resolve("top"), "qcow2", folder));
      DiskSample.requireHoles(image, directory.resolve("top"), "qcow2");
      requireClean(image);
    }
  }

  @Test
  void snapshotsInsideAreListedAndReadByName() throws IOException {
    Path disk = folder.resolve("disk");
    DiskSample.convert("-O qcow2", sample(), disk);
    DiskSample.qemu("snapshot", "-c", "before", disk);
    DiskSample.change(disk, "qcow2", "write -P 3 0 1M", "write -P 4 8M 1M");
    DiskSample.qemu("snapshot", "-c", "between", disk);
    DiskSample.qemu("resize", "-q", disk, "20M");
    DiskSample.change(disk, "qcow2", "write -P 5 15M 1M");
    byte[] between = bytes.clone();
    Arrays.fill(between, 0, 1 << 20, (byte) 3);
    Arrays.fill(between, 8 << 20, 9 << 20, (byte) 4);
    try (Image image = Images.open(disk)) {
      assertThat(image.size()).isEqualTo(20 << 20);
      assertThat(image.info().header().get("snapshots").toString())
          .contains("before (1, ")
          .contains("between (2, ");
      requireClean(image);
    }
    ImageOptions options = ImageOptions.defaults();
    try (Image before = Images.open(disk, options.withSnapshot("before"));
        Image second = Images.open(disk, options.withSnapshot("2"))) {
      assertThat(before.size()).isEqualTo(DiskSample.SIZE);
      DiskSample.requireSame(before, bytes);
      DiskSample.requireSame(second, between);
      requireClean(before);
    }
  }

  @Test
  void bitmapsAreListed() throws IOException {
    Path disk = folder.resolve("disk");
    DiskSample.convert("-O qcow2", sample(), disk);
    DiskSample.qemu("bitmap", "--add", "-g", "32768", disk, "since-monday");
    try (Image image = Images.open(disk)) {
      assertThat(image.info().header().get("bitmaps").toString())
          .contains("since-monday, 32768 bytes a bit");
    }
  }

  @ParameterizedTest(name = "{0}")
  @ValueSource(strings = {"", ",data_file_raw=on"})
  void dataInAnotherFileIsRead(String more) throws IOException {
    Path disk = folder.resolve("disk");
    DiskSample.qemu(
        "create",
        "-q",
        "-f",
        "qcow2",
        "-o",
        "data_file=" + folder.resolve("data") + more,
        disk,
        DiskSample.SIZE);
    DiskSample.qemu("convert", "-n", "-f", "raw", "-O", "qcow2", sample(), disk);
    try (Image image = Images.open(disk)) {
      DiskSample.requireSame(image, bytes);
      requireClean(image);
    }
  }

  @Test
  void aVmdkIsReadDownToItsParent() throws IOException {
    Path base = folder.resolve("base.vmdk");
    DiskSample.convert("-O vmdk", sample(), base);
    Path delta = folder.resolve("delta.vmdk");
    DiskSample.qemu("create", "-q", "-f", "vmdk", "-b", base, "-F", "vmdk", delta);
    DiskSample.change(delta, "vmdk", "write -P 8 3M 200k", "write -P 9 100k 4k");
    try (Image image = Images.open(delta)) {
      DiskSample.requireSame(image, DiskSample.asQemuReads(delta, "vmdk", folder));
      requireClean(image);
    }
  }

  /** Names are bytes, in every locale. */
  @Test
  void partsMayHaveAnyName() throws IOException {
    Path disk = folder.resolve("disk.vmdk");
    DiskSample.convert("-O vmdk -o subformat=twoGbMaxExtentSparse", sample(), disk);
    byte[] name = "part \u00e9\u00ff.vmdk".getBytes(StandardCharsets.ISO_8859_1);
    byte[] whole = (folder.toRealPath() + "/").getBytes(StandardCharsets.UTF_8);
    byte[] path = Arrays.copyOf(whole, whole.length + name.length);
    System.arraycopy(name, 0, path, whole.length, name.length);
    Files.move(folder.resolve("disk-s001.vmdk"), PathBytes.path(path));
    String descriptor = Files.readString(disk, StandardCharsets.ISO_8859_1);
    Files.writeString(
        disk,
        descriptor.replace("disk-s001.vmdk", new String(name, StandardCharsets.ISO_8859_1)),
        StandardCharsets.ISO_8859_1);
    try (Image image = Images.open(disk)) {
      DiskSample.requireSame(image, bytes);
    }
  }

  /** Of ESX: a directory of tables with 4096 entries, as no program here writes them. */
  @Test
  void aSparseDiskOfEsxIsRead() {
    int sectors = DiskSample.SIZE / 512;
    byte[] file = new byte[(2000 + sectors + 128) * 512];
    Structure header = Structure.of(file);
    header.putText(0, "COWD");
    header.putI32(4, 1);
    header.putI32(12, sectors);
    header.putI32(16, 16); // sectors of a grain
    header.putI32(20, 4); // first sector of the directory
    header.putI32(24, 1);
    header.putI32(4 * 512, 8); // first sector of the table
    int next = 2000;
    for (int grain = 0; grain * 8192 < DiskSample.SIZE; grain++) {
      int length = Math.min(8192, DiskSample.SIZE - grain * 8192);
      byte[] part = Arrays.copyOfRange(bytes, grain * 8192, grain * 8192 + length);
      if (!Arrays.equals(part, new byte[length])) {
        header.putI32(8 * 512 + grain * 4, next);
        System.arraycopy(part, 0, file, next * 512, length);
        next += 16;
      }
    }
    try (Image image = Images.open(new ByteArraySource("disk", file), ImageOptions.defaults())) {
      assertThat(image.info().format()).isEqualTo("vmdk");
      DiskSample.requireSame(image, bytes);
    }
  }

  /** It goes where any image goes: compressed, and with files and partitions inside. */
  @Test
  void mayBeCompressedAsAWhole() throws IOException {
    Path disk = folder.resolve("disk");
    DiskSample.convert("-O qcow2", sample(), disk);
    Tool.named("gzip").run("-1", disk);
    try (Image image = Images.open(folder.resolve("disk.gz"))) {
      assertThat(image.info().compression()).isEqualTo("gzip");
      DiskSample.requireSame(image, bytes);
    }
  }

  @Test
  void whatIsOnItIsTold() throws IOException {
    Path raw = Volumes.blank(folder.resolve("raw"), 32 << 20);
    Tool.named("mkfs.ext4").run("-q", "-F", raw);
    Path disk = folder.resolve("disk");
    DiskSample.convert("-O vhdx", raw, disk);
    try (Image image = Images.open(disk)) {
      assertThat(image.info().fileSystem()).isEqualTo("EXTFS");
      FileTree tree = FileTrees.open(image);
      assertThat(tree.find("/lost+found")).map(FileEntry::name).contains("lost+found");
    }
  }

  /** Every second sector is the disk's own, the others are those of the one it differs from. */
  @ParameterizedTest(name = "{0}")
  @ValueSource(strings = {"vpc -o force_size=on", "vhdx -o block_size=1M"})
  void aDifferencingDiskIsReadDownToItsParent(String options) throws IOException {
    boolean vhd = options.startsWith("vpc");
    Path parent = folder.resolve("parent disk");
    DiskSample.convert("-O " + options, sample(), parent);
    byte[] changed = bytes.clone();
    for (int i = 0; i < 600_000; i++) {
      changed[i] ^= 0x77;
    }
    Path whole = folder.resolve("whole");
    Path raw = Files.write(folder.resolve("changed"), changed);
    DiskSample.convert("-O " + options, raw, whole);
    byte[] from = Files.readAllBytes(whole);
    byte[] below = Files.readAllBytes(parent);
    Path disk = folder.resolve("differs");
    Files.write(
        disk,
        vhd
            ? DifferencingDisks.vhd(from, below, "parent disk")
            : DifferencingDisks.vhdx(from, below, "parent disk"));
    byte[] expected = bytes.clone();
    for (int sector = 0; sector < 1172; sector += 2) {
      int length = Math.min(512, 600_000 - sector * 512);
      System.arraycopy(changed, sector * 512, expected, sector * 512, Math.max(0, length));
    }
    try (Image image = Images.open(disk)) {
      assertThat(image.info().header()).containsKey("laid on");
      DiskSample.requireSame(image, expected);
      requireClean(image);
    }
    Files.write(parent, from);
    if (!vhd) {
      assertThatThrownBy(() -> Images.open(disk)).hasMessageContaining("changed since");
    }
  }

  /** What only the log has yet is read, and the file stays as it is. */
  @Test
  void theLogOfAVhdxThatWasNotClosedCounts() throws IOException {
    Path disk = folder.resolve("disk");
    DiskSample.qemu("create", "-q", "-f", "vhdx", "-o", "block_size=1M", disk, "64M");
    DiskSample.change(disk, "vhdx", "write -P 5 1M 3M", "flush");
    byte[] bytes = Files.readAllBytes(disk);
    Structure all = Structure.of(bytes);
    int log = (int) all.i64((64 << 10) + 72);
    assertThat(all.has(log, "loge")).as("entries stay in the log").isTrue();
    int newest = log;
    while (all.has(newest + 8192, "loge")) {
      newest += 8192;
    }
    for (int header : List.of(64 << 10, 128 << 10)) { // as if it had not been closed
      System.arraycopy(bytes, newest + 32, bytes, header + 48, 16);
      DifferencingDisks.seal(bytes, header, 4096);
    }
    byte[] expected = new byte[64 << 20];
    Arrays.fill(expected, 1 << 20, 4 << 20, (byte) 5);
    int table = DifferencingDisks.region(all, 0x2dc27766);
    assertThat(all.i64(table + 8)).isNotZero();
    Arrays.fill(bytes, table + 8, table + 32, (byte) 0); // nor been written there
    byte[] before = bytes.clone();
    try (Image image = Images.open(new ByteArraySource("disk", bytes), ImageOptions.defaults())) {
      assertThat(image.info().warnings()).singleElement().asString().contains("not closed");
      DiskSample.requireSame(image, expected);
    }
    assertThat(bytes).isEqualTo(before);
  }
}
