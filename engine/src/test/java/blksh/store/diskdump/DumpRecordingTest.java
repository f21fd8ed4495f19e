package blksh.store.diskdump;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import blksh.BlkshException;
import blksh.block.BlockSource;
import blksh.block.BlockSources;
import blksh.block.ByteArraySource;
import blksh.block.FaultySource;
import blksh.io.Sha256;
import blksh.kit.Content;
import blksh.kit.DumpFiles;
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
import java.util.Set;
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
  void aBlockSizeThatMakesNoSenseMakesNoStore() {
    Path base = folder.resolve("base");
    for (int size : new int[] {0, 100, 511, 32 << 20}) {
      assertThatThrownBy(() -> Diskdump.create(base, size))
          .isInstanceOf(BlkshException.class)
          .hasMessageContainingAll("blocks of " + size + " bytes", "from 512");
    }
    assertThat(base).doesNotExist();
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

  private Diskdump withTwoDumps() {
    Diskdump store = create();
    record(store, Content.random(2 * BLOCK, 1), "disk");
    record(store, Content.random(2 * BLOCK, 2), "other");
    return store;
  }

  private static Path manifests(Diskdump store) {
    return store.base().resolve(".blockstore/manifests");
  }

  private static void assertNothingIsCollected(Diskdump store, String... words) {
    for (boolean dryRun : new boolean[] {true, false}) {
      assertThatThrownBy(() -> store.collect(dryRun, Task.unwatched()))
          .isInstanceOf(BlkshException.class)
          .hasMessageContainingAll(words);
    }
    assertThat(store.info().blocks()).isEqualTo(4);
    assertThat(new DiskdumpPlace(store.base()).store()).isDirectory();
  }

  @Test
  void manifestsThatAreKeptElsewhereNeedTheirBlocks() throws IOException {
    Diskdump store = withTwoDumps();
    Path elsewhere = folder.resolve("elsewhere");
    Files.move(manifests(store), elsewhere);
    Files.createSymbolicLink(manifests(store), elsewhere);
    assertThat(store.dumps()).hasSize(2);
    assertThat(collect(store).blocks()).isZero();
    assertThat(record(store, Content.random(2 * BLOCK, 1), "disk").dump().reference())
        .isEqualTo("disk@1");
    // Where that is not mounted.
    Path away = folder.resolve("away");
    Files.move(elsewhere, away);
    assertNothingIsCollected(store, ".blockstore/manifests", "is a link");
    assertThat(store.unreadable()).hasSize(1);
    assertThat(store.verify(Task.unwatched()).clean()).isFalse();
    Files.createDirectory(elsewhere);
    assertNothingIsCollected(store, "not a single manifest", "4 blocks");
    Files.delete(elsewhere);
    Files.delete(manifests(store));
    assertNothingIsCollected(store, "not a single manifest", "4 blocks");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "disk/keep.manifest",
        "x.manifest",
        "disk/1234567890.manifest",
        "a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p/q/r/s/t/u/v/w/x/y/z/1/2/3/4/5/6/7/8/9/10/0.manifest",
        "../../2026/04/24/host/disk.manifest",
        "../../2026/04/24/disk.manifest",
      })
  void aManifestIsNeededWhateverItIsCalled(String name) throws IOException {
    Diskdump store = withTwoDumps();
    Path other = manifests(store).resolve("other/0.manifest");
    Path moved = manifests(store).resolve(name);
    Files.createDirectories(moved.getParent());
    Files.move(other, moved);
    assertThat(collect(store).blocks()).isZero();
    boolean named = store.dumps().size() == 2;
    assertThat(named || store.unreadable().size() == 1).isTrue();
    assertThat(store.verify(Task.unwatched()).clean()).isEqualTo(named);
  }

  @ParameterizedTest
  @ValueSource(strings = {".blockstore/manifests/other", "2026", "2026/04", "2026/04/24"})
  void aLinkToADirectoryMayHideManifests(String link) throws IOException {
    Diskdump store = withTwoDumps();
    Path elsewhere = folder.resolve("elsewhere");
    Files.move(manifests(store).resolve("other"), elsewhere);
    Path name = store.base().resolve(link);
    Files.createDirectories(name.getParent());
    Files.createSymbolicLink(name, elsewhere);
    assertNothingIsCollected(store, link, "a link to a directory");
    assertThat(store.unreadable()).hasSize(1);
    Files.delete(elsewhere.resolve("0.manifest"));
    Files.delete(elsewhere);
    assertNothingIsCollected(store, link, "a link to a directory");
  }

  @Test
  void whatCannotBeLookedAtMayHideManifests() throws IOException {
    Diskdump store = withTwoDumps();
    Path loop = manifests(store).resolve("loop");
    Files.createSymbolicLink(loop, loop);
    assertNothingIsCollected(store, ".blockstore/manifests/loop", "cannot be looked at");
    assertThat(store.dumps()).hasSize(2);
    assertThat(store.unreadable()).hasSize(1);
    assertThat(store.verify(Task.unwatched()).blocks()).isEqualTo(4);
  }

  @Test
  void aLinkToANameThatIsThereHidesNothing() throws IOException {
    Diskdump store = withTwoDumps();
    Files.createSymbolicLink(manifests(store).resolve("again"), Path.of("other"));
    assertThat(collect(store).blocks()).isZero();
    assertThat(store.unreadable()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"3.manifest", "0007.manifest"})
  void whateverHasANumberIsCountedForTheNext(String there) throws IOException {
    Diskdump store = create();
    Path directory = Files.createDirectories(manifests(store).resolve("disk"));
    Files.createDirectory(directory.resolve(there));
    long number =
        record(store, Content.random(BLOCK, 1), "disk")
                .dump()
                .manifest()
                .toString()
                .endsWith("/4.manifest")
            ? 4
            : 8;
    assertThat(there).contains(Long.toString(number - 1));
  }

  @ParameterizedTest
  @ValueSource(strings = {"999999999.manifest", "12345678901234567890.manifest"})
  void whereThereIsNoNextNumberIsSaid(String there) throws IOException {
    Diskdump store = create();
    Path directory = Files.createDirectories(manifests(store).resolve("disk"));
    Files.createFile(directory.resolve(there));
    assertThatThrownBy(() -> record(store, Content.random(BLOCK, 1), "disk"))
        .isInstanceOf(BlkshException.class)
        .hasMessageContaining("number");
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
}
