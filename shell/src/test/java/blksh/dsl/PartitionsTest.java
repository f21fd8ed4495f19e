package blksh.dsl;

import static blksh.kit.Content.MIB;
import static blksh.kit.Content.random;
import static blksh.kit.Reading.read;
import static org.assertj.core.api.Assertions.assertThat;

import blksh.block.BlockSource;
import blksh.kit.Tool;
import blksh.kit.Volumes;
import blksh.partition.PartitionTable;
import blksh.view.Size;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The partitions of a disk that sfdisk divided, by whatever one may call them. */
class PartitionsTest {

  private static final byte[] BOOT = random(2 * MIB, 1);

  @TempDir Path folder;
  @AutoClose private Sitting sitting;

  @BeforeEach
  void open() {
    sitting = new Sitting(folder);
  }

  /** 8 MiB with {@code boot} of 2 MiB and one without a label. */
  private Path divided() throws IOException {
    Path disk = Volumes.blank(folder.resolve("disk"), 8 * MIB);
    String table =
        """
        label: gpt
        1: start=1M, size=2M, name="boot", uuid=93c25b1f-3871-2644-806e-a23d02899df9
        2: start=4M, size=1M
        """;
    Path script = Files.writeString(folder.resolve("script"), table);
    Tool.named("sfdisk");
    Tool.named("sh").run("-c", "sfdisk -q '" + disk + "' < '" + script + "'");
    write(disk, MIB, BOOT);
    return disk;
  }

  private static void write(Path disk, long position, byte[] bytes) throws IOException {
    try (RandomAccessFile file = new RandomAccessFile(disk.toFile(), "rw")) {
      file.seek(position);
      file.write(bytes);
    }
  }

  private Partitions partitions(Path disk) {
    return sitting.words.drive(disk).getPartitions();
  }

  @Test
  void aPartitionIsCalledByNameNumberOrLabel() throws IOException {
    Partitions partitions = partitions(divided());
    assertThat(partitions.getKind()).isEqualTo(PartitionTable.Kind.GPT);
    assertThat(partitions.getKeys()).containsExactly("p1", "p2");
    for (String name : List.of("p1", "1", "boot", "disk1", "diskp1")) {
      assertThat(partitions.get(name).getStart()).as(name).isEqualTo(MIB);
    }
    for (String name : List.of("", "0", "p", "P1", "Boot", "disk", "disk3", "01")) {
      assertThat(partitions.member(name)).as(name).isNull();
    }
    Sitting.refused(
        () -> partitions.get("p3"),
        "cannot find partition p3 of disk: there is none; there are p1, p2");
  }

  @Test
  void aPartitionIsASourceLikeTheWhole() throws IOException {
    Path disk = divided();
    Partition boot = partitions(disk).get("boot");
    assertThat(boot.getName()).isEqualTo("disk.p1");
    assertThat(boot.getSize()).isEqualTo(new Size(2 * MIB));
    assertThat(boot.getLabel()).isEqualTo("boot");
    assertThat(boot.title()).isEqualTo("partition p1 of disk");
    assertThat(Sitting.value(boot, "uuid")).isEqualTo("93c25b1f-3871-2644-806e-a23d02899df9");
    assertThat(Sitting.value(boot, "device")).isNull();
    try (BlockSource source = boot.open()) {
      assertThat(read(source, 0, 3 * MIB)).isEqualTo(BOOT);
    }
    assertThat(boot.compare(sitting.words.drive(sitting.file("boot", BOOT))).getSame()).isTrue();
    assertThat(Sitting.value(partitions(disk).get("2"), "label")).isNull();
    assertThat(boot.getPartitions()).isEmpty();
  }

  @Test
  void logicalPartitionsBeginAtFive() throws IOException {
    Partitions partitions = partitions(sitting.image("disk-mbr.img"));
    assertThat(partitions.getKind()).isEqualTo(PartitionTable.Kind.MBR);
    assertThat(partitions.getKeys()).containsExactly("p1", "p5", "p6");
    assertThat(partitions.get("5").getLabel()).isEmpty();
    assertThat(partitions.member("2")).isNull();
  }

  @Test
  void whatIsNotDividedSaysSo() throws IOException {
    Partitions none = partitions(sitting.file("plain", random(MIB, 2)));
    assertThat(none).isEmpty();
    assertThat(none.getKind()).isEqualTo(PartitionTable.Kind.NONE);
    assertThat(none.appendix()).isNull();
    assertThat(Sitting.value(none, "warnings")).isNull();
    Sitting.refused(
        () -> none.get("p1"),
        "cannot find partition p1 of plain: there is none; it has no partitions");
  }

  @Test
  void whatIsOddAboutATableIsToldAndTheRestIsRead() throws IOException {
    Path disk = divided();
    write(disk, 512 + 20, new byte[] {(byte) 0xaa});
    Partitions partitions = partitions(disk);
    assertThat(partitions.getKeys()).containsExactly("p1", "p2");
    assertThat(partitions.getWarnings()).isNotEmpty();
    assertThat(Sitting.value(partitions, "warnings")).isEqualTo(partitions.getWarnings());
  }

  @Test
  void aPartitionThatLiesBeyondTheEndIsAsLongAsTheDisk() throws IOException {
    Path disk = divided();
    Files.write(disk, Arrays.copyOf(Files.readAllBytes(disk), 2 * MIB));
    Partition boot = partitions(disk).get("p1");
    assertThat(boot.getSize()).isEqualTo(new Size(2 * MIB));
    try (BlockSource source = boot.open()) {
      assertThat(source.size()).isEqualTo(MIB);
    }
    try (BlockSource source = partitions(disk).get("p2").open()) {
      assertThat(source.size()).isZero();
    }
  }
}
