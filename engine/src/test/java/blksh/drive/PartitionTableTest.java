package blksh.drive;

import static org.assertj.core.api.Assertions.assertThat;

import blksh.Tool;
import blksh.block.BlockSource;
import blksh.block.ByteArraySource;
import blksh.block.FileSource;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tables made by sfdisk, read as sfdisk reads them. */
class PartitionTableTest {

  private static final long MIB = 1 << 20;

  @TempDir Path folder;

  private Path disk(String script) throws IOException {
    Path disk = Volumes.blank(folder.resolve("disk"), 100 * MIB);
    Path file = Files.writeString(folder.resolve("script"), script);
    Tool.named("sh").run("-c", "sfdisk -q '" + disk + "' < '" + file + "'");
    return disk;
  }

  private static Optional<PartitionTable> read(Path disk) {
    try (BlockSource source = FileSource.open(disk)) {
      return PartitionTable.read(source);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "label: gpt\n,10M\n,20M,L,\n,5M\n,\n",
        "label: gpt\n3: start=70M, size=20M\n1: start=2M, size=3M, name=\"Größe\"\n",
        "label: dos\n,10M,c,*\n,20M,7\n,5M\n",
        "label: dos\n,10M\n,60M,5\n,\n\n,10M\n,15M\n,7M\n,20M\n",
        "label: dos\n1: start=1M, size=3M\n2: start=20M, size=60M, type=f\n"
            + "5: start=22M, size=9M\n6: start=40M, size=8M\n",
      })
  void readsWhatSfdiskMade(String script) throws IOException {
    Path disk = disk(script);
    PartitionTable table = read(disk).orElseThrow();
    List<String> ours = new ArrayList<>();
    for (Partition each : table.partitions()) {
      ours.add(each.number() + " " + each.start() + " " + each.length());
    }
    List<String> theirs = new ArrayList<>();
    Pattern line = Pattern.compile("disk(\\d+) : start= *(\\d+), size= *(\\d+), type=([^,\\s]+)");
    Matcher found = line.matcher(Tool.named("sfdisk").run("-d", disk));
    while (found.find()) {
      if (!List.of("5", "f").contains(found.group(4))) {
        long start = Long.parseLong(found.group(2)) * 512;
        theirs.add(found.group(1) + " " + start + " " + Long.parseLong(found.group(3)) * 512);
      }
    }
    assertThat(ours).isNotEmpty().containsExactlyInAnyOrderElementsOf(theirs);
    assertThat(script).contains(table.kind());
  }

  @Test
  void namesAndTypesOfAGptAreRead() throws IOException {
    Path disk = disk("label: gpt\n1: start=2M, size=3M, name=\"Größe\", type=L\n");
    Partition partition = read(disk).orElseThrow().partitions().get(0);
    assertThat(partition.name()).isEqualTo("Größe");
    assertThat(partition.type()).isEqualTo("0FC63DAF-8483-4772-8E79-3D69D8477DE4");
  }

  @Test
  void theBackupIsReadWhenTheFirstGptIsDamaged() throws IOException {
    Path disk = disk("label: gpt\n,10M\n,20M\n");
    List<Partition> before = read(disk).orElseThrow().partitions();
    try (RandomAccessFile file = new RandomAccessFile(disk.toFile(), "rw")) {
      file.seek(512 + 72);
      file.write(99);
    }
    assertThat(read(disk).orElseThrow().partitions()).isEqualTo(before);
    try (RandomAccessFile file = new RandomAccessFile(disk.toFile(), "rw")) {
      file.seek(100 * MIB - 512 + 72);
      file.write(99);
    }
    assertThat(read(disk)).isEmpty();
  }

  @Test
  void aFileSystemIsNoPartitionTable() throws IOException {
    for (String command :
        List.of("mkfs.vfat", "mkfs.ntfs -q -F -f", "mkfs.exfat", "mkfs.ext4 -q")) {
      Path image = Volumes.blank(folder.resolve("fs"), 64 * MIB);
      List<Object> words = new ArrayList<>(List.of((Object[]) command.split(" ")));
      words.add(image);
      Tool.named(words.remove(0).toString()).run(words.toArray());
      assertThat(read(image)).as(command).isEmpty();
    }
  }

  @Test
  void logicalPartitionsThatLeadInACircleAreRefused() {
    byte[] disk = new byte[(int) MIB];
    entry(disk, 0, 0, 5, 100, 1000);
    entry(disk, 100 * 512, 0, 0x83, 1, 10);
    entry(disk, 100 * 512, 1, 5, 0, 100);
    assertThat(PartitionTable.read(new ByteArraySource(disk))).isEmpty();
  }

  @Test
  void partitionsThatOverlapOrLeaveTheDiskAreRefused() {
    byte[] disk = new byte[(int) MIB];
    entry(disk, 0, 0, 0x83, 10, 100);
    assertThat(PartitionTable.read(new ByteArraySource(disk))).isPresent();
    entry(disk, 0, 1, 0x83, 109, 100);
    assertThat(PartitionTable.read(new ByteArraySource(disk))).isEmpty();
    entry(disk, 0, 1, 0x83, 110, 100_000);
    assertThat(PartitionTable.read(new ByteArraySource(disk))).isEmpty();
  }

  private static void entry(byte[] disk, int at, int number, int type, int start, int length) {
    disk[at + 510] = 0x55;
    disk[at + 511] = (byte) 0xaa;
    int entry = at + 446 + 16 * number;
    disk[entry + 4] = (byte) type;
    for (int i = 0; i < 4; i++) {
      disk[entry + 8 + i] = (byte) (start >> 8 * i);
      disk[entry + 12 + i] = (byte) (length >> 8 * i);
    }
  }

  @Test
  void noiseIsNeverAFailure() {
    Random random = new Random(3);
    for (int i = 0; i < 300; i++) {
      byte[] disk = new byte[64 << 10];
      random.nextBytes(disk);
      disk[510] = 0x55;
      disk[511] = (byte) 0xaa;
      for (int entry = 446; entry < 510; entry += 16) {
        disk[entry] = 0;
      }
      assertThat(UsedBlocks.of(new ByteArraySource(disk)).freeBytes()).isZero();
    }
  }
}
