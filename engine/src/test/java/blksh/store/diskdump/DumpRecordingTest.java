package blksh.store.diskdump;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import blksh.BlkshException;
import blksh.block.BlockSource;
import blksh.block.BlockSources;
import blksh.block.ByteArraySource;
import blksh.block.FaultySource;
import blksh.io.Sha256;
import blksh.kit.ChildJvm;
import blksh.kit.Content;
import blksh.kit.DumpFiles;
import blksh.kit.Effort;
import blksh.kit.InMemory;
import blksh.kit.Reading;
import blksh.kit.Volumes;
import blksh.task.Task;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What is recorded in a store of diskdump, collected and reindexed there, is as diskdump has it.
 */
class DumpRecordingTest {

  private static final int BLOCK = DumpRequest.USUAL_BLOCK;
  private static final int KILLS = Effort.of("blksh.kills", 3, 100);

  @TempDir(factory = InMemory.class)
  Path folder;

  private Diskdump create() {
    return Diskdump.create(folder.resolve("base"), BLOCK);
  }

  private static RecordedDump record(Diskdump store, byte[] image, String name) {
    return record(store, new ByteArraySource(image), DumpRequest.of(name, "localhost:/dev/sda"));
  }

  private static RecordedDump record(Diskdump store, BlockSource source, DumpRequest request) {
    return store.record(source, request, Task.unwatched());
  }

  private static CollectedBlocks collect(Diskdump store) {
    return store.collect(false, Task.unwatched());
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 20 * BLOCK + 7})
  void anySizeIsWhatDiskdumpRestores(int size) throws IOException {
    Diskdump store = create();
    byte[] image = Content.disk(size, size);
    RecordedDump recorded = record(store, image, "disk");
    assertThat(recorded.dump().reference()).isEqualTo("disk@0");
    String head = DumpFiles.assertRestores(store.base(), "disk/0.manifest", image);
    assertThat(head)
        .matches(
            "localhost:/dev/sda\\|\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(\\.\\d{6})?\\+00:00");
    assertThat(store.verify(Task.unwatched()).damage()).isEmpty();
    assertThat(Files.readString(store.base().resolve(".blockstore/config.json")))
        .isEqualTo(
            "{\n  \"block_size\": 131072,\n  \"hash_algo\": \"sha256\",\n  \"version\": 1\n}");
  }

  @Test
  void whatDiskdumpHasIsGoneOnWith() throws IOException {
    Path base = folder.resolve("base");
    byte[] image = Content.disk(3_000_000, 1);
    DumpFiles.write(base, image, "disk", 0);
    Diskdump store = Diskdump.open(base);
    byte[] changed = image.clone();
    changed[7] ^= 1;
    RecordedDump recorded = record(store, changed, "disk");
    assertThat(recorded.dump().reference()).isEqualTo("disk@1");
    assertThat(recorded.stored()).isEqualTo(1);
    assertThat(recorded.reused()).isEqualTo(22);
    DumpFiles.assertRestores(base, "disk/0.manifest", image);
    DumpFiles.assertRestores(base, "disk/1.manifest", changed);
    // And it with ours.
    Path manifest = DumpFiles.write(base, changed, "other", 0);
    assertThat(Files.readAllLines(manifest)).hasSize(6 + 23);
    assertThat(store.info().blocks()).isEqualTo(recorded.stored() + blocks(image));
  }

  private static long blocks(byte[] image) {
    Set<String> digests = new HashSet<>();
    for (int at = 0; at < image.length; at += BLOCK) {
      byte[] block = Arrays.copyOfRange(image, at, Math.min(image.length, at + BLOCK));
      digests.add(DiskdumpPlace.hex(Sha256.begin().digest(block), 0));
    }
    return digests.size();
  }

  @Test
  void holesAreNotReadAndAllBlocksOfZerosAreOne() throws IOException {
    Diskdump store = create();
    Path hole = Volumes.blank(folder.resolve("hole"), 8L << 30);
    try (BlockSource source = BlockSources.open(hole)) {
      RecordedDump recorded = record(store, source, DumpRequest.of("hole", "localhost:hole"));
      assertThat(recorded.stored()).isEqualTo(1);
      assertThat(recorded.reused()).isEqualTo(65_535);
    }
    try (BlockSource source = store.source(store.dump("hole"))) {
      assertThat(Reading.read(source, 7L << 30, 5000)).isEqualTo(new byte[5000]);
    }
  }

  @Test
  void aRowWithoutItsFileAndAFileWithoutItsRowAreWrittenAgain() throws IOException {
    Diskdump store = create();
    byte[] image = Content.random(4 * BLOCK, 1);
    Path manifest = record(store, image, "disk").dump().manifest();
    DiskdumpPlace place = new DiskdumpPlace(store.base());
    List<String> lines = Files.readAllLines(manifest).subList(6, 10);
    Files.delete(place.block(lines.get(0)));
    Files.write(place.block(lines.get(1)), new byte[0]); // as a power cut leaves it
    try (BlockTable table = BlockTable.open(place.table())) {
      table.remove(List.of(lines.get(2)));
    }
    assertThat(record(store, image, "disk").stored()).isEqualTo(3);
    DumpFiles.assertRestores(store.base(), "disk/0.manifest", image);
    DumpFiles.assertRestores(store.base(), "disk/1.manifest", image);
  }

  @Test
  void whatCannotBeReadAsAWholeIsNoDump() throws IOException {
    Diskdump store = create();
    byte[] image = Content.random(5 * BLOCK, 1);
    FaultySource faulty =
        new FaultySource(new ByteArraySource(image)).unreadable(3L * BLOCK + 512, 512);
    assertThatThrownBy(() -> record(store, faulty, DumpRequest.of("disk", "x:/dev/sda")))
        .isInstanceOf(BlkshException.class)
        .hasMessageContaining("at byte " + (3 * BLOCK + 512), "cannot be read", "capture it");
    assertThat(store.dumps()).isEmpty();
    faulty.heal();
    record(store, faulty, DumpRequest.of("disk", "x:/dev/sda"));
    DumpFiles.assertRestores(store.base(), "disk/0.manifest", image);
  }

  @ParameterizedTest(name = "{0} {1} {2} {3}")
  @CsvSource({
    "../x, 131072, 2026-01-01, no directory can be called so",
    "a//b, 131072, 2026-01-01, no directory can be called so",
    "disk, 100, 2026-01-01, are not from 512",
    "disk, 131072, yesterday, is no date",
  })
  void aRequestThatMakesNoSenseIsRefusedBeforeAnythingIsWritten(
      String name, int blockSize, String date, String problem) throws IOException {
    Diskdump store = create();
    DumpRequest request =
        DumpRequest.of(name, "localhost:/dev/sda").withBlockSize(blockSize).withDate(date);
    assertThatThrownBy(() -> record(store, new ByteArraySource(new byte[9]), request))
        .hasMessageContaining(problem);
    assertThat(store.dumps()).isEmpty();
    assertThat(store.info().blocks()).isZero();
  }

  @Test
  void onlyBlocksThatNoManifestNamesAreCollected() throws IOException {
    Diskdump store = create();
    byte[] kept = Content.random(2 * BLOCK, 1);
    byte[] old = Content.random(2 * BLOCK, 2);
    byte[] gone = Content.random(3 * BLOCK, 3);
    record(store, kept, "disk");
    Path manifest = record(store, gone, "gone").dump().manifest();
    DumpFiles.write(
        store.base(), old, "2026/04/24/disk.manifest", "x:/dev/sda", "2026-04-24", BLOCK);
    assertThat(collect(store).blocks()).isZero();
    Files.delete(manifest);
    assertThat(store.collect(true, Task.unwatched()).blocks()).isEqualTo(3);
    assertThat(store.info().blocks()).isEqualTo(7);
    CollectedBlocks collected = collect(store);
    assertThat(collected.blocks()).isEqualTo(3);
    assertThat(collected.bytes()).isGreaterThan(3L * BLOCK);
    assertThat(collected.kept()).isEqualTo(4);
    assertThat(store.info().blocks()).isEqualTo(4);
    assertThat(store.verify(Task.unwatched()).blocks()).isEqualTo(4);
    assertThat(store.verify(Task.unwatched()).damage()).isEmpty();
  }

  @Test
  void aReindexMakesTheTableAgainFromTheFiles() throws IOException {
    Diskdump store = create();
    byte[] image = Content.random(4 * BLOCK + 5, 1);
    record(store, image, "disk");
    Path table = store.base().resolve(".blockstore/blocks.db");
    Files.write(table, Content.random(8192, 1)); // no database at all
    assertThatThrownBy(() -> record(store, image, "disk")).hasMessageContaining("reindex");
    assertThat(store.verify(Task.unwatched()).damage()).hasSize(1);
    assertThat(store.info().blocks()).isEqualTo(5);
    assertThat(store.reindex(Task.unwatched())).isEqualTo(5);
    assertThat(record(store, image, "disk").stored()).isZero();
    DumpFiles.assertRestores(store.base(), "disk/1.manifest", image);
    Files.delete(table);
    assertThat(store.reindex(Task.unwatched())).isEqualTo(5);
    DumpFiles.assertRestores(store.base(), "disk/0.manifest", image);
  }

  /**
   * Whenever it is killed, each manifest that is there has all its blocks, and each row its file.
   */
  @Test
  void aProcessKilledAtAnyInstantLeavesAStoreThatIsWhole() throws Exception {
    Diskdump store = create();
    byte[][] images = new byte[3][];
    String[] arguments = new String[4];
    arguments[0] = store.base().toString();
    for (int i = 0; i < images.length; i++) {
      images[i] = Content.compressible(40 * BLOCK, 1);
      byte[] own = Content.compressible(20 * BLOCK, 2 + i);
      System.arraycopy(own, 0, images[i], 10 * BLOCK, own.length);
      arguments[1 + i] = Files.write(folder.resolve("image" + i), images[i]).toString();
    }
    Path output = folder.resolve("said");
    Random random = new Random(1);
    for (int kill = 0; kill < KILLS; kill++) {
      Process child = ChildJvm.start(output, List.of("-Xmx128m"), DumpProgram.class, arguments);
      ChildJvm.awaitOutput(child, output);
      boolean ended = child.waitFor(random.nextInt(1_000_000), TimeUnit.MICROSECONDS);
      assertThat(ended).as("the child ended by itself").isFalse();
      child.destroyForcibly().waitFor();
      check(store, images, Files.readString(output));
    }
  }

  private static void check(Diskdump store, byte[][] images, String said) throws IOException {
    assertThat(store.unreadable()).isEmpty();
    assertThat(store.verify(Task.unwatched()).damage()).as(said).isEmpty();
    List<Dump> dumps = store.dumps();
    for (String line : said.substring(0, said.lastIndexOf('\n') + 1).lines().skip(1).toList()) {
      String[] words = line.split(" ");
      assertThat(dumps).anyMatch(dump -> dump.reference().equals(words[0]));
      int image = words[1].charAt(words[1].length() - 1) - '0';
      try (BlockSource source = store.source(store.dump(words[0]))) {
        byte[] found = Reading.read(source, 0, (int) source.size());
        assertThat(Arrays.equals(found, images[image])).as(line).isTrue();
      }
    }
    DiskdumpPlace place = new DiskdumpPlace(store.base());
    try (BlockTable table = BlockTable.open(place.table());
        DigestTable rows = table.digests()) {
      byte[] digest = new byte[DiskdumpPlace.DIGEST];
      for (long i = 0; i < rows.size(); i++) {
        rows.read(i, digest, 1);
        assertThat(place.block(DiskdumpPlace.hex(digest, 0))).exists();
      }
    }
    // A part of a file that nobody writes any more is in nobody's way.
    try (Stream<Path> files = Files.walk(place.store())) {
      assertThat(files.filter(file -> file.toString().endsWith(".part")).count()).isLessThan(20);
    }
  }
}
