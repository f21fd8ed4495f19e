package blksh.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import blksh.BlkshException;
import blksh.block.ByteArraySource;
import blksh.filesystem.Structure;
import blksh.image.disk.DiskDamageException;
import blksh.image.disk.MissingDiskException;
import blksh.image.disk.UnsupportedDiskException;
import blksh.task.Task;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What of a virtual disk cannot be, is not there, or is not read, is told with its byte or name.
 */
class VirtualDiskDamageTest {

  @TempDir Path folder;

  private Path made(String options) throws IOException {
    Path sample = Files.write(folder.resolve("sample"), DiskSample.bytes(1));
    Path disk = folder.resolve("disk");
    DiskSample.convert("-O " + options, sample, disk);
    return disk;
  }

  private static Image open(byte[] bytes) {
    return Images.open(new ByteArraySource("disk", bytes), ImageOptions.defaults());
  }

  @ParameterizedTest(name = "{0} at {1} is {3}")
  @CsvSource({
    "qcow2, 4, 4, 4, Unsupported, version 4",
    "qcow2, 20, 4, 40, Damage, 2^40",
    "qcow2, 24, 8, 0x7fffffffffffff00, Damage, level 1",
    "qcow2, 32, 4, 1, Unsupported, AES",
    "qcow2, 32, 4, 2, Unsupported, LUKS",
    "qcow2, 36, 4, 0x7fffffff, Damage, level 1",
    "qcow2, 40, 8, 0x7fffffffffff0000, Damage, outside the file",
    "qcow2, 40, 8, 0x30001, Damage, within a cluster",
    "qcow2, 60, 4, 0xffffff, Damage, snapshots",
    "qcow2, 72, 8, 0x80, Unsupported, bit 7",
    "qcow2, 100, 4, 0x7ffffff8, Damage, header",
    "vdi, 68, 4, 2, Unsupported, version",
    "vdi, 76, 4, 4, Unsupported, differencing",
    "vdi, 376, 4, 3, Damage, blocks have 3 bytes",
    "vdi, 384, 4, 1, Damage, 1 blocks do not do",
    "vdi, 340, 4, 0x7ffffffc, Damage, outside the file",
    "vmdk, 4, 4, 9, Unsupported, version 9",
    "vmdk, 12, 8, 0x7fffffffffffff, Damage, sectors",
    "vmdk, 20, 8, 3, Damage, grains",
    "vmdk, 44, 4, 0, Damage, entries",
    "vmdk, 56, 8, 0x7fffffff, Damage, outside the file",
    "vhdx, 0x10000, 4, 0, none, ''",
  })
  void aNumberThatCannotBeIsRefused(
      String format, String at, int width, String value, String kind, String told)
      throws IOException {
    byte[] bytes = Files.readAllBytes(made(format));
    Structure all = Structure.of(bytes);
    boolean big = format.equals("qcow2");
    Structure header = big ? all.bigEndian() : all;
    if (width == 4) {
      header.putI32(Integer.decode(at), (int) (long) Long.decode(value));
    } else {
      header.putI64(Integer.decode(at), Long.decode(value));
    }
    if (kind.equals("none")) {
      try (Image image = open(bytes)) {
        DiskSample.requireSame(image, DiskSample.bytes(1));
      }
    } else {
      assertThatThrownBy(() -> open(bytes))
          .isInstanceOf(
              kind.equals("Damage") ? DiskDamageException.class : UnsupportedDiskException.class)
          .hasMessageContaining("disk")
          .hasMessageContaining(told);
    }
  }

  @Test
  void anUnknownFeatureIsRefusedByTheNameTheImageHasForIt() throws IOException {
    byte[] bytes = Files.readAllBytes(made("qcow2"));
    Structure header = Structure.of(bytes).bigEndian();
    header.putI64(72, 1 << 20);
    int names = header.i32(100);
    while (header.i32(names) != 0x6803f857) {
      names += 8 + (header.i32(names + 4) + 7) / 8 * 8;
    }
    header.putText(names + 8, "\0\u0014time travel\0");
    assertThatThrownBy(() -> open(bytes))
        .isInstanceOf(UnsupportedDiskException.class)
        .hasMessageContaining("time travel (bit 20)");
  }

  @Test
  void whatIsEncryptedIsRefused() throws IOException {
    Path disk = folder.resolve("disk");
    DiskSample.qemu(
        "create",
        "-q",
        "-f",
        "qcow2",
        "--object",
        "secret,id=key,data=x",
        "-o",
        "encrypt.format=aes,encrypt.key-secret=key",
        disk,
        "1M");
    assertThatThrownBy(() -> Images.open(disk))
        .isInstanceOf(UnsupportedDiskException.class)
        .hasMessageContaining("encrypted (AES)");
  }

  @Test
  void aTableThatLeadsOutsideIsDamageOfWhatItLeadsTo() throws IOException {
    byte[] bytes = Files.readAllBytes(made("qcow2"));
    Structure header = Structure.of(bytes).bigEndian();
    int table = (int) (header.i64((int) header.i64(40)) & 0xfffffffffffe00L);
    header.putI64(table + 8 * 3, 0x7ffffffff0000L); // the cluster of byte 196608
    header.putI64(table + 8 * 5, 0x50001 | 1L << 62); // compressed by no stream, perhaps
    header.putI64(table + 8 * 6, header.i64((int) header.i64(40)) & 0xfffffffffffe00L);
    try (Image image = open(bytes)) {
      assertThatThrownBy(() -> image.read(100_000, ByteBuffer.allocate(200_000)))
          .isInstanceOf(BlkshException.class)
          .hasMessageContaining("at byte 196608")
          .hasMessageContaining("byte %d of what holds it".formatted(0x7ffffffff0000L));
      assertThat(image.read(100_000, ByteBuffer.allocate(96_608))).isEqualTo(96_608);
      Task task = new Task("verify", "it");
      ImageVerification verified = image.verify(task);
      assertThat(verified.clean()).isFalse();
      assertThat(task.findings())
          .anyMatch(it -> it.contains("bytes 196608 to 262143 of the partition"))
          .anyMatch(it -> it.contains("bytes 327680 to 393215 of the partition"))
          .anyMatch(it -> it.contains("lies where a table is"));
    }
  }

  @Test
  void tablesThatLieOnEachOtherDoNotVerify() throws IOException {
    byte[] bytes = Files.readAllBytes(made("qcow2 -o cluster_size=4k"));
    Structure header = Structure.of(bytes).bigEndian();
    int l1 = (int) header.i64(40);
    header.putI64(l1 + 8, header.i64(l1));
    try (Image image = open(bytes)) {
      Task task = new Task("verify", "it");
      assertThat(image.verify(task).clean()).isFalse();
      assertThat(task.findings()).anyMatch(it -> it.contains("lies where another table is"));
    }
  }

  @Test
  void aFileThatWasCutShortIsDamageWhereItEnds() throws IOException {
    for (String format : List.of("qcow2", "vmdk", "vdi", "vhdx -o block_size=1M")) {
      byte[] whole = Files.readAllBytes(made(format));
      byte[] cut = Arrays.copyOf(whole, whole.length - 1_100_000);
      try (Image image = open(cut)) {
        assertThat(image.verify(Task.unwatched()).clean()).as(format).isFalse();
        assertThat(image.read(0, ByteBuffer.allocate(64 << 10))).isEqualTo(64 << 10);
      }
    }
  }

  @Test
  void aFileThatIsNamedAndNotThereIsNamed() throws IOException {
    Path base = made("qcow2");
    Path disk = folder.resolve("top");
    DiskSample.qemu("create", "-q", "-f", "qcow2", "-b", "disk", "-F", "qcow2", disk);
    Files.delete(base);
    assertThatThrownBy(() -> Images.open(disk))
        .isInstanceOf(MissingDiskException.class)
        .hasMessageContaining("its backing file is missing")
        .hasMessageContaining(base.getFileName().toString());
  }

  @Test
  void aDiskThatIsLaidOnItselfIsRefused() throws IOException {
    Path one = folder.resolve("one");
    Path two = folder.resolve("two");
    DiskSample.qemu("create", "-q", "-f", "qcow2", one, "1M");
    DiskSample.qemu("create", "-q", "-f", "qcow2", "-b", "one", "-F", "qcow2", two);
    DiskSample.qemu("rebase", "-u", "-b", "two", "-F", "qcow2", one);
    assertThatThrownBy(() -> Images.open(two))
        .isInstanceOf(MissingDiskException.class)
        .hasMessageContaining("laid on itself");
  }

  /** Somebody else's image must not have any file of this machine read. */
  @Test
  void whatLiesOutsideItsDirectoryIsFollowedOnlyWhenToldSo() throws IOException {
    Path base = made("qcow2");
    Path inner = Files.createDirectory(folder.resolve("inner"));
    Files.createSymbolicLink(inner.resolve("link"), base);
    for (String name : List.of("../disk", base.toString(), "link")) {
      Path disk = inner.resolve("top");
      DiskSample.qemu("create", "-q", "-f", "qcow2", "-b", name, "-F", "qcow2", disk);
      assertThatThrownBy(() -> Images.open(disk))
          .isInstanceOf(MissingDiskException.class)
          .hasMessageContaining("outside its directory")
          .hasMessageContaining("elsewhere = true");
      try (Image image = Images.open(disk, ImageOptions.defaults().withElsewhere(true))) {
        DiskSample.requireSame(image, DiskSample.bytes(1));
      }
    }
  }

  @Test
  void whatWasOpenedFromNoFileNamesNone() throws IOException {
    made("qcow2");
    Path disk = folder.resolve("top");
    DiskSample.qemu("create", "-q", "-f", "qcow2", "-b", "disk", "-F", "qcow2", disk);
    byte[] bytes = Files.readAllBytes(disk);
    assertThatThrownBy(() -> open(bytes))
        .isInstanceOf(MissingDiskException.class)
        .hasMessageContaining("was not opened from one");
  }

  @Test
  void aSnapshotThatIsNotThereIsToldWithThoseThatAre() throws IOException {
    Path disk = made("qcow2");
    DiskSample.qemu("snapshot", "-c", "before", disk);
    ImageOptions options = ImageOptions.defaults().withSnapshot("befor");
    assertThatThrownBy(() -> Images.open(disk, options))
        .isInstanceOf(MissingDiskException.class)
        .hasMessageContaining("it has no snapshot befor")
        .hasMessageContaining("there is before");
    Path raw = folder.resolve("sample");
    assertThatThrownBy(() -> Images.open(raw, options.withRaw(false)))
        .isInstanceOf(UnsupportedContainerException.class)
        .hasMessageContaining("only those have snapshots");
  }

  @Test
  void aParentThatWasChangedSinceIsRefused() throws IOException {
    Path base = made("vmdk");
    Path delta = folder.resolve("delta");
    DiskSample.qemu("create", "-q", "-f", "vmdk", "-b", base, "-F", "vmdk", delta);
    byte[] bytes = Files.readAllBytes(base);
    int at = new String(bytes, StandardCharsets.ISO_8859_1).indexOf("\nCID=");
    bytes[at + 5] ^= 1;
    Files.write(base, bytes);
    assertThatThrownBy(() -> Images.open(delta))
        .isInstanceOf(MissingDiskException.class)
        .hasMessageContaining("changed since");
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource({
    "createType=\"fullDevice\", RW 63 FLAT \"/dev/sda\" 0, of type fullDevice",
    "createType=\"custom\", RW 63 SESPARSE \"x-sesparse.vmdk\", of type SESPARSE",
    "createType=\"custom\", NOACCESS 63 ZERO, of type ZERO",
    "createType=\"custom\", RW many FLAT \"x\" 0, tells of no part: RW many FLAT",
    "createType=\"custom\", RW 63 FLAT \"../../etc/passwd\" 0, outside its directory",
  })
  void aPartThatIsNoFileOfDataIsRefused(String type, String part, String told) throws IOException {
    Path disk = folder.resolve("disk.vmdk");
    Files.writeString(
        disk, "# Disk DescriptorFile\nversion=1\nCID=1\nparentCID=ffffffff\n" + type + "\n" + part);
    assertThatThrownBy(() -> Images.open(disk))
        .isInstanceOf(BlkshException.class)
        .hasMessageContaining(told);
  }

  /** Of a line that no pattern fits, however long. */
  @Test
  void aDescriptorOfManyBlanksIsReadAtOnce() throws IOException {
    Path disk = folder.resolve("disk.vmdk");
    Files.writeString(
        disk, "# Disk DescriptorFile\na=" + " ".repeat(500_000) + "\"\"x\nRW 8 ZERO\n");
    try (Image image = Images.open(disk)) {
      assertThat(image.size()).isEqualTo(4096);
    }
  }

  /** What was never written of a block is zeros, whatever the file has there. */
  @Test
  void sectorsOfAVhdThatWereNeverWrittenAreZeros() throws IOException {
    byte[] bytes = Files.readAllBytes(made("vpc -o force_size=on"));
    Structure all = Structure.of(bytes).bigEndian();
    int bitmap = all.i32((int) all.i64((int) all.i64(16) + 16)) * 512;
    bytes[bitmap] = (byte) 0xf0; // of the first eight sectors the last four
    byte[] expected = DiskSample.bytes(1);
    Arrays.fill(expected, 4 * 512, 8 * 512, (byte) 0);
    try (Image image = open(bytes)) {
      DiskSample.requireSame(image, expected);
    }
  }

  @Test
  void aLogThatIsNotWholeIsDamage() throws IOException {
    byte[] bytes = Files.readAllBytes(made("vhdx"));
    for (int at : List.of(64 << 10, 128 << 10)) {
      bytes[at + 48] = 1;
      DifferencingDisks.seal(bytes, at, 4096);
    }
    assertThatThrownBy(() -> open(bytes))
        .isInstanceOf(DiskDamageException.class)
        .hasMessageContaining("no sequence of entries in its log is whole");
  }

  /** Whatever is changed ends in bytes or in a sentence, soon. */
  @ParameterizedTest(name = "{0}")
  @ValueSource(
      strings = {
        "qcow2 -o cluster_size=512",
        "qcow2 -o extended_l2=on",
        "qcow2 -c -o compression_type=zstd",
        "vmdk",
        "vmdk -o subformat=streamOptimized",
        "vdi",
        "vpc",
        "vhdx -o block_size=1M"
      })
  void whateverIsChangedEndsInBytesOrInASentence(String options) throws IOException {
    byte[] whole = Files.readAllBytes(made(options));
    int[] places = places(whole);
    Random random = new Random(7);
    int opened = 0;
    for (int round = 0; round < 50; round++) {
      byte[] bytes = whole.clone();
      for (int change = 0; change <= round % 4; change++) {
        int at = places[random.nextInt(places.length)];
        bytes[at] = (byte) (random.nextBoolean() ? random.nextInt() : bytes[at] ^ 1 << round % 8);
      }
      if (options.startsWith("vhdx")) {
        DifferencingDisks.seal(bytes, 192 << 10, 64 << 10);
      }
      try (Image image = open(bytes)) {
        image.info();
        image.read(0, ByteBuffer.allocate(300_000));
        image.read(image.size() / 2, ByteBuffer.allocate(300_000));
        if (round % 5 == 0) {
          image.verify(Task.unwatched());
        }
        opened++;
      } catch (BlkshException e) {
        assertThat(e.getMessage()).doesNotContain("null");
      }
    }
    assertThat(opened).isPositive();
  }

  /** Where headers and tables are: what is not zero at the beginning, and around. */
  private static int[] places(byte[] bytes) {
    return IntStream.range(0, Math.min(bytes.length, 4 << 20))
        .filter(at -> bytes[at] != 0 && (at < 4096 || at % 4096 < 512))
        .limit(4000)
        .toArray();
  }
}
