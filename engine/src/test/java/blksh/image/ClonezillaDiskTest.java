package blksh.image;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import blksh.BlkshException;
import blksh.block.Extent;
import blksh.block.FileSource;
import blksh.io.UnreadableException;
import blksh.kit.Content;
import blksh.kit.LoopDevice;
import blksh.kit.Tool;
import blksh.partition.PartitionTable;
import blksh.task.Task;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Drives put together from sets: made here of real disks by sfdisk, mkfs and partclone, with the
 * files that Clonezilla keeps of them under the names it gives them.
 */
class ClonezillaDiskTest {

  private static final int MIB = 1 << 20;
  private static final int SECTOR = 512;
  private static final String SWAP = "0a1b2c3d-1111-2222-3333-444455556666";

  private static final String DOS =
      """
      label: dos
      unit: sectors
      start=2048, size=32768, type=83
      start=34816, size=65536, type=5
      start=36864, size=16384, type=83, bootable
      start=55296, size=20480, type=82
      start=102400, size=16384, type=c
      """;

  private static final String GPT =
      """
      label: gpt
      unit: sectors
      first-lba: 34
      start=2048, size=32768, type=L, name="root"
      start=40960, size=20480, type=S
      """;

  @TempDir Path folder;
  private Path disk;
  private Path set;

  @BeforeEach
  void names() throws IOException {
    disk = folder.resolve("disk");
    set = Files.createDirectory(folder.resolve("set"));
  }

  /** Makes a drive, and the set that Clonezilla makes of it. */
  private byte[] save(String table, int mebibytes) throws IOException {
    Files.write(disk, Arrays.copyOf(Content.random(MIB, 3), mebibytes * MIB));
    Path script = Files.writeString(folder.resolve("table"), table);
    Tool.named("sh").run("-c", "sfdisk -q --wipe never \"$0\" < \"$1\"", disk, script);
    String dump = Tool.named("sfdisk").answer("--dump", disk);
    Files.writeString(
        set.resolve("sda-pt.sf"), dump.replaceAll("(?m)^" + disk + "(\\d+)", "/dev/sda$1"));
    Files.writeString(
        set.resolve("sda-pt.parted"),
        "Model: ATA (scsi)\nDisk /dev/sda: %ds\nSector size (logical/physical): 512B/512B\n"
            .formatted(mebibytes * (MIB / SECTOR)));
    ClonezillaTable noted = ClonezillaTable.read(set, "sda");
    StringBuilder parts = new StringBuilder();
    for (ClonezillaTable.Entry each : noted.entries()) {
      if (!each.isExtended() || !noted.label().equals("dos")) {
        savePartition(each);
        parts.append(each.name()).append(' ');
      }
    }
    Files.writeString(set.resolve("clonezilla-img"), "");
    Files.writeString(set.resolve("disk"), "sda\n");
    Files.writeString(set.resolve("parts"), parts + "\n");
    byte[] bytes = Files.readAllBytes(disk);
    write("sda-mbr", bytes, 0, SECTOR);
    if (noted.label().equals("gpt")) {
      write("sda-gpt-1st", bytes, 0, 34 * SECTOR);
      write("sda-gpt-2nd", bytes, bytes.length - 32 * SECTOR, 32 * SECTOR); // as Clonezilla does
    } else {
      write("sda-hidden-data-after-mbr", bytes, SECTOR, 2047 * SECTOR);
      write("sda2-ebr", bytes, 34816 * SECTOR, SECTOR);
    }
    return bytes;
  }

  private void write(String name, byte[] from, int at, int length) throws IOException {
    Files.write(set.resolve(name), Arrays.copyOfRange(from, at, at + length));
  }

  private void savePartition(ClonezillaTable.Entry entry) throws IOException {
    Path part = folder.resolve(entry.name());
    try (RandomAccessFile file = new RandomAccessFile(part.toFile(), "rw")) {
      file.setLength(entry.length());
    }
    boolean swap = entry.type().equals("82") || entry.type().startsWith("0657FD6D");
    if (swap) {
      Tool.named("mkswap").run("-q", "-U", SWAP, "-L", "rest", part);
      Files.writeString(
          set.resolve("swappt-" + entry.name() + ".info"),
          "UUID=\"" + SWAP + "\"\nLABEL=\"rest\"\n");
    } else {
      boolean fat = entry.type().equals("c");
      Path content = Files.write(folder.resolve("content"), Content.random(3 * MIB, 7));
      if (fat) {
        Tool.named("mkfs.vfat").run("-n", "DATA", part);
      } else {
        Path tree = Files.createDirectories(folder.resolve("tree"));
        Files.copy(content, tree.resolve("content-" + entry.name()));
        Tool.named("mkfs.ext4").run("-q", "-F", "-d", tree, part);
      }
      String kind = fat ? "vfat" : "ext4";
      Path image = set.resolve(entry.name() + "." + kind + "-ptcl-img.gz.aa");
      Path log = folder.resolve("log");
      Tool.named("partclone." + kind)
          .run("-c", "-F", "-L", log, "-s", part, "-O", folder.resolve("image"));
      Tool.named("sh").run("-c", "gzip -1 -c \"$0\" > \"$1\"", folder.resolve("image"), image);
    }
    Tool.named("dd")
        .run(
            "if=" + part,
            "of=" + disk,
            "bs=" + SECTOR,
            "seek=" + entry.start() / SECTOR,
            "conv=notrunc",
            "status=none");
  }

  private ClonezillaDisk open(long size) {
    return ClonezillaSet.open(set).openDiskFor("sda", size, ImageOptions.defaults());
  }

  /** Holds what is used of a source against the bytes of the drive; returns how much that was. */
  private static long compare(ClonezillaDisk found, byte[] drive, List<Extent> butFor) {
    long used = 0;
    ByteBuffer buffer = ByteBuffer.allocate(MIB);
    for (Iterator<Extent> extents = found.extents(); extents.hasNext(); ) {
      Extent extent = extents.next();
      boolean made = butFor.stream().anyMatch(it -> it.start() == extent.start());
      if (extent.kind() == Extent.Kind.FREE || made) {
        continue;
      }
      for (long at = extent.start(); at < extent.end(); at += buffer.position()) {
        buffer.clear().limit((int) Math.min(MIB, extent.end() - at));
        found.read(at, buffer);
        byte[] expected = Arrays.copyOfRange(drive, (int) at, (int) at + buffer.position());
        int differs = Arrays.mismatch(Arrays.copyOf(buffer.array(), buffer.position()), expected);
        assertThat(differs).as("at byte " + at).isEqualTo(-1);
      }
      used += extent.length();
    }
    return used;
  }

  @Test
  void aDriveWithLogicalPartitionsComesBack() throws IOException {
    byte[] drive = save(DOS, 64);
    try (ClonezillaDisk found = open(0)) {
      assertThat(found.missing()).isEmpty();
      assertThat(found.size()).isEqualTo(drive.length);
      // The header of the swap space is new, as are the records of the chain after the first.
      List<Extent> made =
          List.of(
              new Extent(55296L * SECTOR, 1, Extent.Kind.DATA),
              new Extent(34816L * SECTOR, 1, Extent.Kind.DATA),
              new Extent(53248L * SECTOR, 1, Extent.Kind.DATA));
      assertThat(compare(found, drive, made)).isGreaterThan(10 * MIB);
    }
    Path to = folder.resolve("back");
    try (ClonezillaDisk found = open(0)) {
      ImageRestore.run(found, to, ImageRestoreOptions.defaults(), Task.unwatched());
    }
    try (FileSource was = FileSource.open(disk);
        FileSource is = FileSource.open(to)) {
      assertThat(PartitionTable.of(is)).isEqualTo(PartitionTable.of(was));
    }
    String dump = Tool.named("sfdisk").answer("--dump", to).replace("" + to, "" + disk);
    assertThat(dump).isEqualTo(Tool.named("sfdisk").answer("--dump", disk));
    byte[] back = Files.readAllBytes(to);
    Path root = Files.write(folder.resolve("root"), Arrays.copyOfRange(back, MIB, 17 * MIB));
    Tool.named("e2fsck").run("-fn", root);
    Path swap =
        Files.write(
            folder.resolve("swap"),
            Arrays.copyOfRange(back, 55296 * SECTOR, (55296 + 20480) * SECTOR));
    assertThat(Tool.named("blkid").answer("-p", "-o", "export", swap))
        .contains("TYPE=swap", "UUID=" + SWAP, "LABEL=rest");
  }

  /** As sfdisk wrote dumps before it knew GPTs, and before it told how long a sector is. */
  @Test
  void dumpsOfOldToolsAreRead() throws IOException {
    save(DOS, 64);
    Path table = set.resolve("sda-pt.sf");
    String old =
        Files.readString(table, ISO_8859_1)
            .replaceAll("(?m)^(label|device|sector-size).*\\n", "")
            .replaceAll("type= *", "Id= ");
    Files.writeString(table, "# partition table of /dev/sda\n" + old);
    try (ClonezillaDisk found = open(0)) {
      assertThat(found.missing()).isEmpty();
    }
    Path parted = set.resolve("sda-pt.parted");
    Files.writeString(parted, Files.readString(parted).replace(" 512B/", " 4096B/"));
    assertThat(ClonezillaTable.read(set, "sda").entries().get(0).start()).isEqualTo(2048 * 4096);
    Files.writeString(table, "sector-size: 512\n" + old);
    assertThatThrownBy(() -> open(0)).hasMessageContaining("and by parted 4096");
    Files.writeString(table, "/dev/sda1 : start=0, size=8, Id=83\n");
    assertThatThrownBy(() -> open(0)).hasMessageContaining("where no partition can be");
  }

  @Test
  void aDriveWithAGuidTableGoesToDrivesOfOtherSizes() throws IOException {
    byte[] drive = save(GPT, 40);
    Extent swap = new Extent(40960L * SECTOR, 1, Extent.Kind.DATA);
    try (ClonezillaDisk found = open(0)) {
      assertThat(compare(found, drive, List.of(swap))).isGreaterThan(5 * MIB);
    }
    for (int mebibytes : new int[] {40, 56, 32}) {
      Path to = folder.resolve("back" + mebibytes);
      try (ClonezillaDisk found = open((long) mebibytes * MIB)) {
        ImageRestore.run(found, to, ImageRestoreOptions.defaults(), Task.unwatched());
      }
      assertThat(Files.size(to)).isEqualTo((long) mebibytes * MIB);
      assertThat(Tool.named("sfdisk").run("--verify", to)).contains("No errors detected");
      try (FileSource was = FileSource.open(disk);
          FileSource is = FileSource.open(to)) {
        assertThat(PartitionTable.of(is)).isEqualTo(PartitionTable.of(was));
      }
    }
    assertThatThrownBy(() -> open(28 * MIB))
        .isInstanceOf(BlkshException.class)
        .hasMessageContaining("is to have " + 28 * MIB);
  }

  /** Of a larger device that held something else: what is free there stays, and nothing lies. */
  @Test
  void aDriveIsPutBackOnABlockDevice() throws IOException {
    byte[] drive = save(GPT, 40);
    Path to = Files.write(folder.resolve("device"), Content.random(56 * MIB, 5));
    ImageRestoreOptions options = ImageRestoreOptions.defaults();
    try (LoopDevice loop = LoopDevice.attach(to, SECTOR);
        ClonezillaDisk found = open(56 * MIB)) {
      assertThatThrownBy(() -> ImageRestore.run(found, loop.path(), options, Task.unwatched()))
          .isInstanceOf(BlkshException.class)
          .hasMessageContaining(loop.path().toString());
      assertThat(Files.readAllBytes(to)).isEqualTo(Content.random(56 * MIB, 5));
      ImageRestore.run(found, loop.path(), options.withOverwrite(true), Task.unwatched());
    }
    assertThat(Tool.named("sfdisk").run("--verify", to)).contains("No errors detected");
    try (FileSource was = FileSource.open(disk);
        FileSource is = FileSource.open(to)) {
      assertThat(PartitionTable.of(is)).isEqualTo(PartitionTable.of(was));
    }
    byte[] back = Files.readAllBytes(to);
    assertThat(Arrays.copyOf(back, 440)).isEqualTo(Arrays.copyOf(drive, 440));
    Path root = Files.write(folder.resolve("root"), Arrays.copyOfRange(back, MIB, 17 * MIB));
    Tool.named("e2fsck").run("-fn", root);
    int swap = 40960 * SECTOR;
    Path rest =
        Files.write(folder.resolve("swap"), Arrays.copyOfRange(back, swap, swap + 20480 * SECTOR));
    assertThat(Tool.named("blkid").answer("-p", "-o", "export", rest))
        .contains("TYPE=swap", "UUID=" + SWAP);
  }

  @Test
  void whatTheSetDoesNotKeepIsToldAndWhatContradictsItselfRefused() throws IOException {
    save(DOS, 64);
    Path table = set.resolve("sda-pt.sf");
    String text = Files.readString(table, ISO_8859_1);
    Files.writeString(table, text.replaceFirst("size= *16384, type=c", "size=20480, type=c"));
    assertThatThrownBy(() -> open(0))
        .isInstanceOf(BlkshException.class)
        .hasMessageContaining("are not those of sda-pt.sf");
    Files.writeString(table, text.replaceFirst("start= *102400", "start=99000"));
    assertThatThrownBy(() -> open(0)).isInstanceOf(BlkshException.class);
    Files.writeString(table, text);
    Files.delete(set.resolve("sda5.ext4-ptcl-img.gz.aa"));
    try (ClonezillaDisk found = open(0)) {
      assertThat(found.missing()).singleElement().asString().contains("no image of sda5");
    }
    try (ClonezillaDisk found = ClonezillaSet.open(set).openDisk("sda", ImageOptions.defaults())) {
      ByteBuffer byteOf = ByteBuffer.allocate(1);
      assertThatThrownBy(() -> found.read(36864L * SECTOR, byteOf))
          .isInstanceOf(UnreadableException.class)
          .hasMessageContaining("no image of sda5");
    }
    Files.delete(set.resolve("sda-mbr"));
    assertThatThrownBy(() -> open(0)).hasMessageContaining("no boot record of it (sda-mbr)");
    assertThatThrownBy(() -> ClonezillaSet.open(set).openDisk("sdb", ImageOptions.defaults()))
        .hasMessageContaining("the set has none");
  }
}
