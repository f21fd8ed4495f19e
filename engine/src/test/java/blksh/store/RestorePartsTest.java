package blksh.store;

import static blksh.store.Images.MIB;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import blksh.BlkshException;
import blksh.block.BlockSource;
import blksh.block.BlockSources;
import blksh.kit.Content;
import blksh.kit.InMemory;
import blksh.kit.LoopDevice;
import blksh.kit.Tool;
import blksh.partition.Partition;
import blksh.partition.PartitionTable;
import blksh.task.Task;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A restore of some partitions, onto drives of other sizes, and read back. */
class RestorePartsTest {

  private static final int SIZE = 24 * MIB;

  @TempDir(factory = InMemory.class)
  Path folder;

  private Store store;
  private Path image;
  private byte[] content;
  private Manifest version;

  /** A disk that sfdisk divided: 4 MiB from 1 MiB on, and 8 MiB from 5 MiB and 1 KiB on. */
  @BeforeEach
  void diskOfTwoPartitions() throws IOException {
    image = folder.resolve("disk.img");
    divide("label: gpt\nstart=2048, size=8192, name=one\nstart=10242, size=16384, name=two\n");
    store = Store.create(folder.resolve("store"), StoreOptions.defaults());
    version = Images.capture(store, image, "disk").manifest();
  }

  private void divide(String script) throws IOException {
    content = new byte[SIZE];
    byte[] filled = Content.random(12 * MIB, 5);
    System.arraycopy(filled, 0, content, MIB, filled.length);
    Files.write(image, content);
    Path layout = Files.writeString(folder.resolve("layout"), script);
    Tool.named("sfdisk");
    Tool.named("sh").run("-c", "sfdisk -q '" + image + "' < '" + layout + "'");
    content = Files.readAllBytes(image);
  }

  @AfterEach
  void close() {
    store.close();
  }

  private RestoreResult restore(Path target, RestoreOptions options) {
    return store.restore(version, target, options.withOverwrite(true), Task.unwatched());
  }

  private static RestoreOptions options() {
    return RestoreOptions.defaults();
  }

  private Path copy(int size) throws IOException {
    return Files.write(folder.resolve("there.img"), Arrays.copyOf(content, size));
  }

  private static PartitionTable table(Path disk) {
    try (BlockSource source = BlockSources.open(disk)) {
      return PartitionTable.of(source);
    }
  }

  @Test
  void onlyThePartitionsThatAreNamedAreWritten() throws Exception {
    Path there = copy(SIZE);
    try (RandomAccessFile file = new RandomAccessFile(there.toFile(), "rw")) {
      for (long at : new long[] {MIB, 5 * MIB - 1, 5 * MIB + 1024, 13 * MIB + 1023, 20 * MIB}) {
        file.seek(at);
        file.write(0xAA);
      }
    }
    byte[] damaged = Files.readAllBytes(there);
    RestoreResult done = restore(there, options().withPartitions(List.of("two")).withVerify(true));
    assertThat(done.verified()).isTrue();
    assertThat(done.writtenBytes()).isBetween(1L, 4L * 4096);
    byte[] expected = damaged.clone();
    System.arraycopy(content, 5 * MIB + 1024, expected, 5 * MIB + 1024, 8 * MIB);
    assertThat(Files.mismatch(there, Files.write(folder.resolve("expected"), expected)))
        .isEqualTo(-1);
    restore(there, options().withPartitions(List.of("p1", "2")));
    System.arraycopy(content, MIB, expected, MIB, 4 * MIB);
    assertThat(Files.mismatch(there, Files.write(folder.resolve("expected"), expected)))
        .isEqualTo(-1);
  }

  @Test
  void aPartitionGoesOnlyWhereThereIsTheSame() throws Exception {
    Path there = copy(SIZE);
    assertThatThrownBy(() -> restore(there, options().withPartitions(List.of("p7"))))
        .hasMessageContaining("no partition p7");
    Tool.named("sfdisk").run("-q", "--delete", there, "2");
    byte[] before = Files.readAllBytes(there);
    assertThatThrownBy(() -> restore(there, options().withPartitions(List.of("p2"))))
        .isInstanceOf(BlkshException.class)
        .hasMessageContaining("no partition there begins at byte " + (5 * MIB + 1024));
    assertThat(Files.readAllBytes(there)).isEqualTo(before);
    Path absent = folder.resolve("absent");
    assertThatThrownBy(() -> restore(absent, options().withPartitions(List.of("p1"))))
        .hasMessageContaining("nothing it could be restored into");
    assertThat(absent).doesNotExist();
  }

  @Test
  void ontoALargerAndASmallerDriveTheTableFits() throws Exception {
    for (int size : new int[] {40 * MIB, 14 * MIB}) {
      Path file = Images.sparse(folder.resolve("drive" + size), size);
      try (LoopDevice drive = LoopDevice.attach(file, 512)) {
        RestoreResult done = restore(drive.path(), options().withFit(true).withVerify(true));
        assertThat(done.verified()).isTrue();
        PartitionTable found = table(drive.path());
        assertThat(found.warnings()).isEmpty();
        assertThat(found.partitions()).isEqualTo(table(image).partitions());
        String verdict = Tool.named("sfdisk").answer("--verify", drive.path());
        assertThat(verdict).contains("No errors detected").doesNotContain("backup");
        restore(drive.path(), options().withFit(true).withOnlyChanged(true));
        assertThat(table(drive.path())).isEqualTo(found);
      }
      byte[] there = Files.readAllBytes(file);
      for (Partition each : table(image).partitions()) {
        assertThat(
                Arrays.mismatch(
                    there,
                    (int) each.start(),
                    (int) each.end(),
                    content,
                    (int) each.start(),
                    (int) each.end()))
            .isEqualTo(-1);
      }
    }
  }

  @Test
  void whereAPartitionDoesNotFitNothingIsWritten() throws Exception {
    Path file = Images.sparse(folder.resolve("small"), 13 * MIB);
    try (LoopDevice drive = LoopDevice.attach(file, 512)) {
      assertThatThrownBy(() -> restore(drive.path(), options().withFit(true)))
          .hasMessageContaining("partition 2 ends at byte " + (13 * MIB + 1024));
      assertThatThrownBy(() -> restore(drive.path(), options())).isInstanceOf(BlkshException.class);
    }
    assertThat(Files.readAllBytes(file)).containsOnly(0);
  }

  @Test
  void aTableOfABootRecordFitsAsItIs() throws Exception {
    divide("label: dos\nstart=2048, size=8192\n");
    version = Images.capture(store, image, "dos").manifest();
    Path file = Images.sparse(folder.resolve("dos"), 8 * MIB);
    restore(file, options().withFit(true).withVerify(true));
    assertThat(Files.readAllBytes(file)).isEqualTo(Arrays.copyOf(content, 8 * MIB));
    assertThatThrownBy(
            () -> restore(Images.sparse(folder.resolve("dos"), 4 * MIB), options().withFit(true)))
        .hasMessageContaining("what its boot record names ends at byte " + 5 * MIB);
  }

  @Test
  void whatIsNotKeptIsFoundOutWhenItIsReadBack() throws Exception {
    Path there = copy(SIZE);
    assertThat(restore(there, options().withOnlyChanged(true).withVerify(true)).verified())
        .isTrue();
    try (RandomAccessFile file = new RandomAccessFile(there.toFile(), "rw")) {
      file.seek(6 * MIB + 5);
      file.write(content[6 * MIB + 5] ^ 1);
    }
    try (ReadBack back = new ReadBack(there, kind -> false)) {
      back.write(4L * MIB, content, 4 * MIB, MIB);
      assertThatThrownBy(() -> back.write(6L * MIB, content, 6 * MIB, MIB))
          .hasMessageContaining("other bytes are there")
          .hasMessageContaining(Integer.toString(6 * MIB + 5));
      back.zeros(20L * MIB, MIB);
      assertThatThrownBy(() -> back.zeros(6L * MIB, MIB))
          .hasMessageContaining("other bytes are there");
      assertThatThrownBy(() -> back.write(SIZE - 10L, new byte[20], 0, 20))
          .hasMessageContaining("other bytes are there");
    }
  }
}
