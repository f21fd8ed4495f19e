package blksh.image;

import static org.assertj.core.api.Assertions.assertThat;

import blksh.block.BlockSource;
import blksh.block.ByteArraySource;
import org.junit.jupiter.api.Test;

class PartitionTableTest {

  private static PartitionTable table(byte[] disk) {
    return PartitionTable.of(new ByteArraySource(disk));
  }

  @Test
  void primaryAndLogicalPartitionsAreNumberedAsLinuxDoes() {
    byte[] disk = Fixture.bytes("disk-mbr");
    PartitionTable table = table(disk);
    assertThat(table.kind()).isEqualTo(PartitionTable.Kind.MBR);
    assertThat(table.warnings()).isEmpty();
    assertThat(table.partitions())
        .extracting(p -> p.name() + " " + p.start() / 512 + " " + p.length() / 512 + " " + p.type())
        .containsExactly(
            "p1 2048 2048 83", "p2 4096 12288 05", "p5 6144 2048 82", "p6 10240 2048 07");
    assertThat(table.partition("p1").orElseThrow().bootable()).isTrue();
    disk[10240 * 512] = 42;
    try (BlockSource six = table.partition("p6").orElseThrow().of(new ByteArraySource(disk))) {
      assertThat(six.size()).isEqualTo(2048 * 512);
      assertThat(Fixture.read(six, 0, 1)).containsExactly(42);
    }
  }

  @Test
  void aGptIsReadWithItsNames() {
    PartitionTable table = table(Fixture.bytes("disk-gpt"));
    assertThat(table.kind()).isEqualTo(PartitionTable.Kind.GPT);
    assertThat(table.warnings()).isEmpty();
    Partition efi = table.partition("p1").orElseThrow();
    assertThat(efi.label()).isEqualTo("efi part");
    assertThat(efi.typeName()).isEqualTo("EFI system");
    assertThat(efi.uuid()).isEqualTo("93c25b1f-3871-2644-806e-a23d02899df9");
    assertThat(table.partition("p2").orElseThrow().length()).isEqualTo(8192 * 512);
  }

  @Test
  void eitherCopyOfAGptWillDoAndTheOtherIsReported() {
    for (int damaged : new int[] {512 + 20, 8 * 1024 * 1024 - 512 + 20, 1024 + 3}) {
      byte[] disk = Fixture.bytes("disk-gpt");
      disk[damaged] ^= 1;
      PartitionTable table = table(disk);
      assertThat(table.partitions()).hasSize(2);
      assertThat(table.warnings()).hasSize(1);
    }
  }

  @Test
  void aChainOfLogicalPartitionsThatRunsInACircleEnds() {
    byte[] disk = Fixture.bytes("disk-mbr");
    HeaderBytes first = new HeaderBytes(disk);
    int record = 4096 * 512;
    first.putI32(record + 446 + 16 + 8, 0);
    PartitionTable table = table(disk);
    assertThat(table.warnings()).anyMatch(warning -> warning.contains("circle"));
  }

  @Test
  void aFileSystemIsNoTable() {
    assertThat(table(new byte[1 << 20]).kind()).isEqualTo(PartitionTable.Kind.NONE);
    assertThat(table(new byte[10]).kind()).isEqualTo(PartitionTable.Kind.NONE);
  }
}
