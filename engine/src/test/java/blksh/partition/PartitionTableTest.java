package blksh.partition;

import static org.assertj.core.api.Assertions.assertThat;

import blksh.block.BlockSource;
import blksh.block.ByteArraySource;
import blksh.block.FileSource;
import blksh.block.SourceInfo;
import blksh.kit.Tool;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.CRC32;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tables made by sfdisk, read as sfdisk reads them. */
class PartitionTableTest {

  private static final long MIB = 1 << 20;

  @TempDir Path folder;

  private Path disk(String script) throws IOException {
    Path disk = blank("disk", 100 * MIB);
    Path file = Files.writeString(folder.resolve("script"), script);
    Tool.named("sh").run("-c", "sfdisk -q '" + disk + "' < '" + file + "'");
    return disk;
  }

  private Path blank(String name, long size) throws IOException {
    Path file = folder.resolve(name);
    Files.deleteIfExists(file);
    try (RandomAccessFile all = new RandomAccessFile(file.toFile(), "rw")) {
      all.setLength(size);
    }
    return file;
  }

  private static PartitionTable read(Path disk) {
    try (BlockSource source = FileSource.open(disk)) {
      return PartitionTable.of(source);
    }
  }

  private static void write(Path disk, long position, int value) throws IOException {
    try (RandomAccessFile file = new RandomAccessFile(disk.toFile(), "rw")) {
      file.seek(position);
      file.write(value);
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
    PartitionTable table = read(disk);
    assertThat(table.warnings()).isEmpty();
    assertThat(table.sound()).isTrue();
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
    boolean gpt = script.contains("gpt");
    assertThat(table.kind()).isEqualTo(gpt ? PartitionTable.Kind.GPT : PartitionTable.Kind.MBR);
  }

  @Test
  void namesAndTypesOfAGptAreRead() throws IOException {
    String uuid = "93c25b1f-3871-2644-806e-a23d02899df9";
    Path disk =
        disk("label: gpt\n1: start=2M, size=3M, name=\"Größe\", type=L, uuid=" + uuid + "\n");
    Partition partition = read(disk).partition("p1").orElseThrow();
    assertThat(partition.label()).isEqualTo("Größe");
    assertThat(partition.type()).isEqualTo("0fc63daf-8483-4772-8e79-3d69d8477de4");
    assertThat(partition.typeName()).isEqualTo("Linux");
    assertThat(partition.uuid()).isEqualTo(uuid);
    assertThat(read(disk).partition("Größe")).contains(partition);
  }

  @ParameterizedTest
  @ValueSource(longs = {512 + 20, 1024 + 3, 100 * MIB - 512 + 20})
  void eitherCopyOfAGptWillDoAndTheOtherIsReported(long damaged) throws IOException {
    Path disk = disk("label: gpt\n,10M\n,20M\n");
    final List<Partition> before = read(disk).partitions();
    write(disk, damaged, 99);
    PartitionTable table = read(disk);
    assertThat(table.partitions()).isEqualTo(before).hasSize(2);
    assertThat(table.warnings()).hasSize(1);
    assertThat(table.sound()).isTrue();
  }

  @Test
  void aGptDamagedTwiceIsNotTrusted() throws IOException {
    Path disk = disk("label: gpt\n,10M\n,20M\n");
    write(disk, 512 + 72, 99);
    write(disk, 100 * MIB - 512 + 72, 99);
    assertThat(read(disk).partitions()).isEmpty();
    assertThat(read(disk).sound()).isFalse();
  }

  @Test
  void aGptLeftBehindByAnotherTableCountsForNothing() throws IOException {
    Path disk = disk("label: gpt\n,10M\n,20M\n");
    byte[] header = new byte[512];
    try (RandomAccessFile file = new RandomAccessFile(disk.toFile(), "r")) {
      file.seek(512);
      file.readFully(header);
    }
    disk = disk("label: dos\n,30M\n");
    try (RandomAccessFile file = new RandomAccessFile(disk.toFile(), "rw")) {
      file.seek(512);
      file.write(header);
    }
    assertThat(read(disk).kind()).isEqualTo(PartitionTable.Kind.MBR);
    assertThat(read(disk).partitions()).hasSize(1);
  }

  @ParameterizedTest
  @ValueSource(strings = {"mkfs.vfat", "mkfs.ntfs -q -F -f", "mkfs.exfat", "mkfs.ext4 -q"})
  void aFileSystemIsNoPartitionTable(String command) throws IOException {
    Path image = blank("fs", 64 * MIB);
    List<Object> words = new ArrayList<>(List.of((Object[]) command.split(" ")));
    words.add(image);
    Tool.named(words.remove(0).toString()).run(words.toArray());
    assertThat(read(image).kind()).as(command).isEqualTo(PartitionTable.Kind.NONE);
  }

  @Test
  void logicalPartitionsThatLeadInACircleEnd() {
    byte[] disk = new byte[(int) MIB];
    entry(disk, 0, 0, 5, 100, 1000);
    entry(disk, 100 * 512, 0, 0x83, 1, 10);
    entry(disk, 100 * 512, 1, 5, 0, 100);
    PartitionTable table = PartitionTable.of(new ByteArraySource(disk));
    assertThat(table.warnings()).anyMatch(warning -> warning.contains("has no end"));
    assertThat(table.sound()).isFalse();
  }

  /**
   * A chain of logical partitions, each over all that come later: as many warnings as partitions.
   */
  @Test
  void warningsOfAHostileTableAreFew() {
    byte[] disk = new byte[(int) MIB];
    entry(disk, 0, 0, 5, 100, 1900);
    for (int i = 0; i < 100; i++) {
      entry(disk, (100 + i) * 512, 0, 0x83, 500, 100);
      entry(disk, (100 + i) * 512, 1, 5, i + 1, 100);
    }
    PartitionTable table = PartitionTable.of(new ByteArraySource(disk));
    assertThat(table.partitions()).hasSizeGreaterThan(90);
    assertThat(table.warnings()).hasSize(20).last().asString().contains("more of that kind");
    assertThat(table.sound()).isFalse();
  }

  @Test
  void partitionsThatOverlapOrLeaveTheDiskAreReported() {
    byte[] disk = new byte[(int) MIB];
    entry(disk, 0, 0, 0x83, 10, 100);
    assertThat(PartitionTable.of(new ByteArraySource(disk)).sound()).isTrue();
    entry(disk, 0, 1, 0x83, 109, 100);
    assertThat(PartitionTable.of(new ByteArraySource(disk)).warnings())
        .containsExactly("partitions 1 and 2 overlap");
    entry(disk, 0, 1, 0x83, 110, 100_000);
    PartitionTable outside = PartitionTable.of(new ByteArraySource(disk));
    assertThat(outside.sound()).isFalse();
    try (BlockSource cut = outside.partition("p2").orElseThrow().of(new ByteArraySource(disk))) {
      assertThat(cut.size()).isEqualTo(MIB - 110 * 512);
    }
  }

  @Test
  void partitionsOutOfOrderKeepTheirNumbersAndAreSound() {
    byte[] disk = new byte[(int) MIB];
    entry(disk, 0, 0, 0x83, 1500, 100);
    entry(disk, 0, 1, 0x83, 10, 100);
    entry(disk, 0, 2, 5, 200, 1000);
    entry(disk, 200 * 512, 0, 0x83, 500, 100); // the first of the chain lies last
    entry(disk, 200 * 512, 1, 5, 100, 100);
    entry(disk, 300 * 512, 0, 0x83, 1, 50);
    entry(disk, 0, 3, 0x83, 110, 90);
    PartitionTable table = PartitionTable.of(new ByteArraySource(disk));
    assertThat(table.partitions()).extracting(Partition::number).containsExactly(1, 2, 4, 5, 6);
    assertThat(table.partitions())
        .extracting(each -> each.start() / 512)
        .containsExactly(1500L, 10L, 110L, 700L, 301L);
    assertThat(table.warnings()).isEmpty();
    assertThat(table.sound()).isTrue();
  }

  @Test
  void onePartitionAroundTwoOverlapsBothWhateverTheirOrder() {
    byte[] disk = new byte[(int) MIB];
    entry(disk, 0, 0, 0x83, 400, 50);
    entry(disk, 0, 1, 0x83, 10, 1000);
    entry(disk, 0, 2, 0x83, 100, 50);
    entry(disk, 0, 3, 0x83, 1010, 50);
    PartitionTable table = PartitionTable.of(new ByteArraySource(disk));
    assertThat(table.warnings())
        .containsExactly("partitions 2 and 3 overlap", "partitions 2 and 1 overlap");
    assertThat(table.sound()).isFalse();
    assertThat(table.partitions()).hasSize(4);
  }

  @Test
  void aGptOutOfOrderAndOverlappingIsReadAsItIs() throws IOException {
    Path disk =
        disk("label: gpt\n1: start=60M, size=8M\n2: start=30M, size=8M\n5: start=2M, size=8M\n");
    assertThat(read(disk).partitions()).extracting(Partition::number).containsExactly(1, 2, 5);
    assertThat(read(disk).sound()).isTrue();
    lengthenLastOf(disk, 2, 40 * MIB); // of both copies, with their checksums
    PartitionTable table = read(disk);
    assertThat(table.warnings()).containsExactly("partitions 2 and 1 overlap");
    assertThat(table.sound()).isFalse();
  }

  /** Changes where a partition ends in both copies of a GPT, as a hostile hand would. */
  private static void lengthenLastOf(Path disk, int number, long length) throws IOException {
    try (RandomAccessFile file = new RandomAccessFile(disk.toFile(), "rw")) {
      for (long at : new long[] {512, file.length() - 512}) {
        byte[] header = new byte[92];
        file.seek(at);
        file.readFully(header);
        ByteBuffer fields = ByteBuffer.wrap(header).order(ByteOrder.LITTLE_ENDIAN);
        byte[] entries = new byte[fields.getInt(80) * fields.getInt(84)];
        file.seek(fields.getLong(72) * 512);
        file.readFully(entries);
        ByteBuffer entry = ByteBuffer.wrap(entries).order(ByteOrder.LITTLE_ENDIAN);
        int from = (number - 1) * fields.getInt(84);
        entry.putLong(from + 40, entry.getLong(from + 32) + length / 512 - 1);
        file.seek(fields.getLong(72) * 512);
        file.write(entries);
        fields.putInt(88, crc(entries)).putInt(16, 0);
        fields.putInt(16, crc(header));
        file.seek(at);
        file.write(header);
      }
    }
  }

  private static int crc(byte[] bytes) {
    CRC32 crc = new CRC32();
    crc.update(bytes);
    return (int) crc.getValue();
  }

  @Test
  void aPartitionIsReadAsASourceOfItsOwn() {
    byte[] disk = new byte[(int) MIB];
    entry(disk, 0, 0, 0x83, 10, 100);
    disk[10 * 512] = 42;
    ByteArraySource source = new ByteArraySource(disk);
    try (BlockSource first = PartitionTable.of(source).partition("p1").orElseThrow().of(source)) {
      assertThat(first.size()).isEqualTo(100 * 512);
      java.nio.ByteBuffer one = java.nio.ByteBuffer.allocate(1);
      first.read(0, one);
      assertThat(one.get(0)).isEqualTo((byte) 42);
    }
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
  void theFirstSectorIsReadOnce() {
    List<Long> read = new ArrayList<>();
    BlockSource watched =
        new BlockSource() {
          @Override
          public long size() {
            return MIB;
          }

          @Override
          public int read(long position, ByteBuffer target) {
            read.add(position);
            int count = target.remaining();
            target.put(new byte[count]);
            return count;
          }

          @Override
          public SourceInfo describe() {
            return new SourceInfo("disk", "of zeros", "nowhere");
          }

          @Override
          public void close() {}
        };
    assertThat(PartitionTable.of(watched).kind()).isEqualTo(PartitionTable.Kind.NONE);
    assertThat(read).containsOnlyOnce(0L);
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
      PartitionTable table = PartitionTable.of(new ByteArraySource(disk));
      assertThat(table.partitions()).allMatch(partition -> partition.length() > 0);
    }
  }
}
