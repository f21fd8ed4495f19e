package blksh.store;

import static blksh.store.Images.MIB;
import static blksh.store.Images.assertClean;
import static blksh.store.Images.assertRestores;
import static blksh.store.Images.capture;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import blksh.BlkshException;
import blksh.block.BlockSource;
import blksh.block.ByteArraySource;
import blksh.block.Extent;
import blksh.io.Checksum;
import blksh.io.UnreadableException;
import blksh.kit.ChildJvm;
import blksh.kit.Content;
import blksh.kit.Tmpfs;
import blksh.kit.Tool;
import blksh.store.pack.CodecChoice;
import blksh.store.pack.Page;
import blksh.task.Task;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class StoreTest {

  @TempDir Path folder;

  private Path path() {
    return folder.resolve("store");
  }

  private Store create() {
    return Store.create(path(), StoreOptions.defaults());
  }

  private static Manifest put(Store store, String name, byte[] bytes) {
    return store
        .capture(new ByteArraySource(bytes), name, CaptureOptions.defaults(), Task.unwatched())
        .manifest();
  }

  // ---- making and opening --------------------------------------------------------------------

  @Test
  void aNewStoreIsEmptyAndClean() {
    assertThat(Store.isStore(path())).isFalse();
    try (Store store = create()) {
      assertThat(Store.isStore(path())).isTrue();
      assertThat(store.names()).isEmpty();
      assertThat(store.manifests()).isEmpty();
      assertThat(store.info().packs()).isZero();
      assertClean(store);
    }
  }

  @Test
  void aDirectoryThatHoldsSomethingElseIsNotMadeAStore() throws IOException {
    Files.createDirectories(path());
    Files.writeString(path().resolve("notes"), "mine");
    assertThatThrownBy(this::create)
        .isInstanceOf(BlkshException.class)
        .hasMessageContaining("not empty");
    assertThatThrownBy(() -> Store.open(path()))
        .isInstanceOf(BlkshException.class)
        .hasMessageContaining("there is no store in it");
    assertThatThrownBy(() -> Store.open(folder.resolve("none")))
        .isInstanceOf(BlkshException.class)
        .hasMessageContaining("no such directory");
    assertThat(path().resolve("notes")).hasContent("mine");
  }

  @Test
  void aStoreOfANewerFormatIsRefusedAndNamed() throws IOException {
    create().close();
    String text = Files.readString(path().resolve("store.json")).replace("2,", "5,");
    String body = text.substring(0, text.indexOf("  \"crc32c\""));
    byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
    Files.writeString(
        path().resolve("store.json"),
        body + "  \"crc32c\": \"%08x\"\n}\n".formatted(Checksum.of(bytes, 0, bytes.length)));
    assertThatThrownBy(() -> Store.open(path()))
        .isInstanceOf(BlkshException.class)
        .hasMessageContaining("its format is 5")
        .hasMessageContaining("newer blksh");
  }

  @Test
  void aClosedStoreSaysSo() {
    Store store = create();
    store.close();
    store.close();
    assertThatThrownBy(store::manifests)
        .isInstanceOf(BlkshException.class)
        .hasMessageContaining("closed");
  }

  // ---- finding -------------------------------------------------------------------------------

  @Test
  void manifestsAreListedByNameThenVersionAndFoundByReference() {
    try (Store store = create()) {
      Manifest b1 = put(store, "b", Content.random(5000, 1));
      Manifest a1 = put(store, "a", Content.random(5000, 2));
      for (int i = 2; i <= 11; i++) {
        put(store, "b", Content.random(5000, i));
      }
      assertThat(store.names()).containsExactly("a", "b");
      assertThat(store.manifests()).hasSize(12).startsWith(a1, b1);
      assertThat(store.manifests("b"))
          .extracting(Manifest::version)
          .containsExactly(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11);
      assertThat(store.manifests("c")).isEmpty();
      assertThat(store.manifest("b@1")).isEqualTo(b1);
      assertThat(store.manifest("b").version()).isEqualTo(11);
      assertThat(store.manifest("b@latest").version()).isEqualTo(11);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"c", "a@2", "a@0", "a@-1", "a@01", "a@9999999999", "a@x", "a@", "@1", "../a@1"})
  void aReferenceToNothingIsRefused(String reference) {
    try (Store store = create()) {
      put(store, "a", new byte[10]);
      assertThatThrownBy(() -> store.manifest(reference)).isInstanceOf(BlkshException.class);
    }
  }

  @Test
  void aVersionNumberIsNeverUsedAgain() {
    try (Store store = create()) {
      put(store, "a", Content.random(100, 1));
      Manifest second = put(store, "a", Content.random(100, 2));
      store.delete(second);
      assertThat(put(store, "a", Content.random(100, 3)).version()).isEqualTo(3);
      store.manifests("a").forEach(store::delete);
      assertThat(store.names()).isEmpty();
      assertThat(path().resolve("manifests/a")).exists(); // they can be taken back
      store.upkeep().compact(CompactOptions.defaults(), Task.unwatched());
      assertThat(path().resolve("manifests/a")).doesNotExist();
    }
    try (Store store = Store.open(path())) {
      assertThat(put(store, "a", Content.random(100, 4)).version()).isEqualTo(4);
    }
  }

  @Test
  void aDeletedVersionIsGoneAndTheOthersStay() throws IOException {
    Path image = Images.write(folder.resolve("image"), Content.random(MIB, 1));
    try (Store store = create()) {
      Manifest first = capture(store, image, "a").manifest();
      Manifest second = capture(store, image, "a").manifest();
      store.delete(first);
      assertThat(store.manifests()).containsExactly(second);
      assertThatThrownBy(() -> store.manifest("a@1")).hasMessageContaining("no such manifest");
      assertThatThrownBy(() -> store.delete(first)).hasMessageContaining("no such manifest");
      assertThatThrownBy(() -> Images.restore(store, first, folder.resolve("no")))
          .hasMessageContaining("no such manifest");
      assertRestores(store, second, image, folder);
      assertClean(store);
      store.delete(second);
      assertThat(capture(store, image, "b").manifest().figures().newPages()).isZero();
      assertClean(store);
    }
  }

  @Test
  void figuresTellWhatTheStoreHolds() throws IOException {
    try (Store store = create()) {
      put(store, "a", Content.compressible(MIB, 1));
      put(store, "b", Content.compressible(2 * MIB, 1));
      StoreInfo info = store.info();
      assertThat(info.names()).isEqualTo(2);
      assertThat(info.manifests()).isEqualTo(2);
      assertThat(info.pages()).isEqualTo(2 * MIB / Page.SIZE);
      assertThat(info.uniqueBytes()).isEqualTo(2 * MIB);
      assertThat(info.imageBytes()).isEqualTo(3 * MIB);
      assertThat(info.storedBytes()).isGreaterThan(MIB / 2);
      assertThat(info.lastVerified()).isNull();
      assertClean(store);
      assertThat(store.info().lastVerified()).isNotNull();
    }
  }

  // ---- a captured image as a source ----------------------------------------------------------

  @Test
  void aManifestIsASourceWithExtentsThatCanBeReadAnywhere() throws IOException {
    byte[] bytes = Content.random(3 * MIB + 77, 1);
    Arrays.fill(bytes, MIB, 2 * MIB, (byte) 0);
    BlockSource source;
    try (Store store = create()) {
      source = store.source(put(store, "a", bytes));
    }
    try (source) { // it has the store open for itself
      assertThat(source.size()).isEqualTo(bytes.length);
      List<Extent> extents = new ArrayList<>();
      source.extents().forEachRemaining(extents::add);
      assertThat(extents.stream().filter(e -> e.kind() == Extent.Kind.ZERO))
          .containsExactly(new Extent(MIB, MIB, Extent.Kind.ZERO));
      Random random = new Random(1);
      for (int i = 0; i < 300; i++) {
        int at = random.nextInt(bytes.length + 10);
        ByteBuffer buffer = ByteBuffer.allocate(random.nextInt(i % 10 == 0 ? MIB : 9000));
        int count = source.read(at, buffer);
        assertThat(count).isEqualTo(Math.max(0, Math.min(buffer.capacity(), bytes.length - at)));
        assertThat(Arrays.copyOf(buffer.array(), count))
            .isEqualTo(Arrays.copyOfRange(bytes, at, at + count));
      }
    }
    assertThatThrownBy(() -> source.read(0, ByteBuffer.allocate(1)))
        .isInstanceOf(BlkshException.class);
  }

  @Test
  void aManifestCapturedIntoAnotherStoreHasTheSameRoot() throws IOException {
    Path image = Images.sparse(folder.resolve("image"), 8 * MIB + 1);
    Images.put(image, 3 * MIB + 5, Content.random(MIB, 1));
    try (Store store = create();
        Store other = Store.create(folder.resolve("other"), new StoreOptions(CodecChoice.ZSTD))) {
      Manifest first = capture(store, image, "a").manifest();
      try (BlockSource source = store.source(first)) {
        Manifest copy =
            other.capture(source, "a", CaptureOptions.defaults(), Task.unwatched()).manifest();
        assertThat(copy.root()).isEqualTo(first.root());
        assertRestores(other, copy, image, folder);
      }
    }
  }

  // ---- comparing -----------------------------------------------------------------------------

  @Test
  void aDiffNamesTheRangesThatDiffer() {
    byte[] bytes = Content.random(4 * MIB, 1);
    Arrays.fill(bytes, MIB, 2 * MIB, (byte) 0);
    try (Store store = create()) {
      Manifest first = put(store, "a", bytes);
      byte[] changed = Arrays.copyOf(bytes, 4 * MIB + 8192);
      changed[5] ^= 1;
      changed[MIB + 4096] = 1;
      Arrays.fill(changed, 3 * MIB, 3 * MIB + 8192, (byte) 0);
      changed[4 * MIB + 1] = 9;
      Manifest second = put(store, "a", changed);
      ManifestDiff diff = store.diff(first, second);
      assertThat(diff.changed())
          .containsExactly(
              new Extent(0, 4096, Extent.Kind.DATA),
              new Extent(MIB + 4096, 4096, Extent.Kind.DATA),
              new Extent(3 * MIB, 8192, Extent.Kind.ZERO),
              new Extent(4 * MIB, 4096, Extent.Kind.DATA),
              new Extent(4 * MIB + 4096, 4096, Extent.Kind.ZERO));
      assertThat(diff.ranges()).isEqualTo(5);
      assertThat(diff.changedBytes()).isEqualTo(6 * 4096);
      assertThat(diff.sameBytes()).isEqualTo(4 * MIB - 4 * 4096);
      assertThat(store.diff(first, first).changedBytes()).isZero();
    }
  }

  @Test
  void aDiffOfImagesOfDifferentSizesNamesWhatOneHasAlone() {
    byte[] bytes = Content.random(MIB, 1);
    byte[] longer = Arrays.copyOf(bytes, 2 * MIB); // zeros
    byte[] odd = Arrays.copyOf(bytes, MIB + 100);
    try (Store store = create()) {
      Manifest first = put(store, "a", bytes);
      Manifest second = put(store, "a", longer);
      Manifest third = put(store, "a", odd);
      Manifest empty = put(store, "a", new byte[0]);
      assertThat(store.diff(first, second).changed())
          .containsExactly(new Extent(MIB, MIB, Extent.Kind.ZERO));
      assertThat(store.diff(second, first).changedBytes()).isEqualTo(MIB);
      assertThat(store.diff(second, first).sameBytes()).isEqualTo(MIB);
      assertThat(store.diff(first, third).changed())
          .containsExactly(new Extent(MIB, 100, Extent.Kind.ZERO));
      assertThat(store.diff(third, second).changedBytes()).isEqualTo(MIB);
      assertThat(store.diff(empty, first).changed())
          .containsExactly(new Extent(0, MIB, Extent.Kind.DATA));
      assertThat(store.diff(first, empty).changedBytes()).isEqualTo(MIB);
      assertThat(store.diff(empty, empty).changed()).isEmpty();
    }
  }

  @Test
  void aDiffKnowsTheSameBytesStoredInAnotherPlace() throws IOException {
    byte[] bytes = Content.random(MIB, 1);
    Manifest first;
    try (Store store = create()) {
      first = put(store, "a", bytes);
    }
    // Without its pack the same data is stored again, in another.
    Path hidden = folder.resolve("hidden");
    Files.move(path().resolve("packs"), hidden);
    Files.createDirectory(path().resolve("packs"));
    Files.delete(path().resolve("pages.idx"));
    Manifest second;
    try (Store store = Store.open(path())) {
      second = put(store, "a", bytes);
    }
    for (Path pack : listPacks(hidden)) {
      Path to = path().resolve("packs").resolve(hidden.relativize(pack));
      Files.createDirectories(to.getParent());
      Files.move(pack, to);
    }
    try (Store store = Store.open(path())) {
      assertThat(store.diff(first, second).changedBytes()).isZero();
      assertThat(store.diff(first, second).sameBytes()).isEqualTo(MIB);
    }
  }

  private static List<Path> listPacks(Path root) throws IOException {
    try (var files = Files.walk(root)) {
      return files.filter(Files::isRegularFile).toList();
    }
  }

  // ---- what is derived -----------------------------------------------------------------------

  @Test
  void whatIsDerivedCanBeDeletedAndNothingIsLost() throws IOException {
    Path image = Images.write(folder.resolve("image"), Content.random(2 * MIB, 1));
    Manifest manifest;
    try (Store store = create()) {
      manifest = capture(store, image, "a").manifest();
    }
    Files.delete(path().resolve("index.db"));
    Files.delete(path().resolve("pages.idx"));
    try (Store store = Store.open(path())) {
      assertThat(store.manifests()).containsExactly(manifest);
      assertRestores(store, manifest, image, folder);
      assertClean(store);
      assertThat(capture(store, image, "a").manifest().figures().newPages()).isZero();
      assertThat(store.info().packs()).isEqualTo(1);
      assertClean(store);
    }
  }

  /** An older copy of one of them, put back on the day it was made. */
  @ParameterizedTest
  @ValueSource(strings = {"pages.idx", "index.db"})
  void whatIsDerivedOfAnotherTimeIsNoticedAndMadeAgain(String older) throws IOException {
    Path first = Images.write(folder.resolve("first"), Content.random(MIB, 1));
    Path second = Images.write(folder.resolve("second"), Content.random(MIB, 2));
    Path copy = folder.resolve("copy");
    for (boolean empty : new boolean[] {true, false}) {
      Path path = folder.resolve("store-" + empty);
      try (Store store = Store.create(path, StoreOptions.defaults())) {
        Path one = Images.write(folder.resolve("one"), new byte[MIB]);
        capture(store, empty ? one : first, "a");
      }
      Files.copy(path.resolve(older), copy, StandardCopyOption.REPLACE_EXISTING);
      Manifest manifest;
      try (Store store = Store.open(path)) {
        manifest = capture(store, second, "b").manifest();
      }
      Files.copy(copy, path.resolve(older), StandardCopyOption.REPLACE_EXISTING);
      try (Store store = Store.open(path)) {
        if (older.equals("pages.idx")) {
          assertThat(Images.verify(store).damage())
              .singleElement()
              .asString()
              .contains("it is of another time than index.db");
        }
        assertThat(capture(store, second, "c").manifest().figures().newPages()).isZero();
        assertClean(store);
        assertRestores(store, manifest, second, folder);
      }
    }
  }

  @Test
  void aReindexChangesNothingThatIsWhole() throws IOException {
    Path image = Images.write(folder.resolve("image"), Content.random(2 * MIB, 1));
    try (Store store = create()) {
      Manifest manifest = capture(store, image, "a").manifest();
      assertClean(store);
      var verified = store.info().lastVerified();
      ReindexReport report = store.reindex(Task.unwatched());
      assertThat(report.packs()).isEqualTo(1);
      assertThat(report.pages()).isEqualTo(2 * MIB / Page.SIZE);
      assertThat(report.manifests()).isEqualTo(1);
      assertThat(report.repaired()).isEmpty();
      assertThat(report.damage()).isEmpty();
      assertThat(store.info().lastVerified()).isEqualTo(verified);
      assertThat(store.manifests()).containsExactly(manifest);
      assertThat(capture(store, image, "a").manifest().figures().newPages()).isZero();
      assertClean(store);
    }
  }

  @Test
  void aDryRunOfAReindexSaysWhatItWouldRepairAndRepairsNothing() throws IOException {
    Path image = Images.write(folder.resolve("image"), Content.random(2 * MIB, 1));
    try (Store store = create()) {
      capture(store, image, "a");
    }
    Path pack;
    try (var files = Files.walk(path().resolve("packs"))) {
      pack = files.filter(file -> file.toString().endsWith(".pack")).findFirst().orElseThrow();
    }
    Images.flip(pack, Files.size(pack) - 1, 0x40);
    byte[] damaged = Files.readAllBytes(pack);
    try (Store store = Store.open(path())) {
      ReindexReport would = store.reindexDryRun(Task.unwatched());
      assertThat(would.repaired()).containsExactly(path().relativize(pack).toString());
      assertThat(would.manifests()).isEqualTo(1);
      assertThat(would.pages()).isEqualTo(2 * MIB / Page.SIZE);
      assertThat(pack).hasBinaryContent(damaged);
      assertThat(store.reindex(Task.unwatched()).repaired()).isEqualTo(would.repaired());
      assertThat(store.reindexDryRun(Task.unwatched()).repaired()).isEmpty();
    }
  }

  // ---- how pages are used --------------------------------------------------------------------

  @Test
  void pagesAreUnusedUsedOnceOrShared() {
    byte[] two = Content.random(64 * Page.SIZE, 1);
    try (Store store = create()) {
      assertThat(store.use(4, Task.unwatched()).pages()).isZero();
      Manifest gone = put(store, "gone", Content.random(64 * Page.SIZE, 2));
      put(store, "a", two);
      put(store, "b", Arrays.copyOf(two, 32 * Page.SIZE));
      store.delete(gone);
      StoreUse use = store.use(4, Task.unwatched());
      assertThat(use.pages()).isEqualTo(128);
      assertThat(use.step()).isEqualTo(1);
      assertThat(use.shares())
          .containsExactly(
              new StoreUse.Share(32, 0, 0),
              new StoreUse.Share(32, 0, 0),
              new StoreUse.Share(0, 0, 32),
              new StoreUse.Share(0, 32, 0));
    }
  }

  // ---- a store that cannot be written --------------------------------------------------------

  /** In another JVM: what this one maps would keep the file system writable. */
  private static void captureElsewhere(Path store, Path image) throws IOException {
    Process child =
        ChildJvm.start(List.of(), CaptureProgram.class, store.toString(), image.toString(), "a");
    String said = new String(child.getInputStream().readAllBytes());
    assertThat(said).startsWith("a@1");
    assertThat(child.onExit().join().exitValue()).isZero();
  }

  @Test
  void aReadOnlyStoreListsRestoresAndVerifies() throws IOException {
    Path image = Images.write(folder.resolve("image"), Content.random(2 * MIB, 1));
    try (Tmpfs mount = Tmpfs.of(folder.resolve("mounted"), "64m")) {
      Path at = mount.path().resolve("store");
      captureElsewhere(at, image);
      mount.makeReadOnly();
      try (Store store = Store.open(at)) {
        Manifest manifest = store.manifest("a");
        assertThat(store.manifests()).containsExactly(manifest);
        assertRestores(store, manifest, image, folder);
        assertClean(store);
        assertThat(store.info().packs()).isEqualTo(1);
        assertThat(store.info().pages()).isEqualTo(2 * MIB / Page.SIZE);
        assertThat(store.diff(manifest, manifest).changedBytes()).isZero();
        assertThatThrownBy(() -> capture(store, image, "a"))
            .isInstanceOf(BlkshException.class)
            .hasMessageContaining("cannot be written");
        assertThatThrownBy(() -> store.delete(manifest))
            .isInstanceOf(BlkshException.class)
            .hasMessageContaining("cannot be written");
        assertThatThrownBy(() -> store.reindex(Task.unwatched()))
            .isInstanceOf(BlkshException.class)
            .hasMessageContaining("read-only");
      }
    }
  }

  @Test
  void aDamagedPageOfAReadOnlyStoreFailsWithItsRange() throws IOException {
    Path image = Images.write(folder.resolve("image"), Content.random(2 * MIB, 1));
    try (Tmpfs mount = Tmpfs.of(folder.resolve("mounted"), "64m")) {
      Path at = mount.path().resolve("store");
      captureElsewhere(at, image);
      Images.flip(listPacks(at.resolve("packs")).get(0), MIB, 1);
      Files.delete(at.resolve("pages.idx"));
      mount.makeReadOnly();
      try (Store store = Store.open(at)) {
        Manifest manifest = store.manifest("a");
        assertThatThrownBy(() -> Images.restore(store, manifest, folder.resolve("back")))
            .isInstanceOf(UnreadableException.class);
        assertThat(folder.resolve("back")).doesNotExist();
        assertThat(Images.verify(store).damage()).isNotEmpty();
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"none", "pages.idx", "index.db"})
  void aPageThatWasStoredAgainIsFoundWhereNothingCanBeWritten(String lost) throws IOException {
    Path image = Images.write(folder.resolve("image"), Content.random(2 * MIB, 1));
    try (Store store = create()) {
      capture(store, image, "a");
      Images.flip(listPacks(path().resolve("packs")).get(0), MIB, 1);
      Images.verify(store);
      capture(store, image, "a");
    }
    try (Tmpfs mount = Tmpfs.of(folder.resolve("mounted"), "64m")) {
      Path at = mount.path().resolve("store");
      Tool.named("cp").run("-a", path().toString(), at.toString());
      Files.deleteIfExists(at.resolve(lost));
      mount.makeReadOnly();
      try (Store store = Store.open(at)) {
        assertThat(store.manifests()).hasSize(2);
        for (Manifest manifest : store.manifests()) {
          assertRestores(store, manifest, image, folder);
        }
        assertThat(Images.verify(store).damage()).allMatch(damage -> damage.affected().isEmpty());
      }
    }
  }

  @Test
  void aStoreWhoseMakingWasCutOffIsUsed() throws IOException {
    Path image = Images.write(folder.resolve("image"), Content.random(MIB, 1));
    create().close();
    byte[] descriptor = Files.readAllBytes(path().resolve("store.json"));
    List<String> leftovers =
        List.of("store.json", "store.json.part", "store.json.0b7f2a5c.part", "packs");
    for (String last : leftovers) {
      Path cut = Files.createDirectory(folder.resolve("cut-" + last));
      if (last.equals("packs")) {
        Files.createDirectory(cut.resolve("packs"));
      }
      boolean named = !last.endsWith(".part");
      Files.write(cut.resolve(named ? "store.json" : last), descriptor);
      try (Store store = Store.openOrCreate(cut)) {
        Manifest manifest = capture(store, image, "a").manifest();
        assertRestores(store, manifest, image, folder);
        assertClean(store);
      }
    }
  }

  @Test
  void aStoreIsMadeOnceByManyAtOnce() throws Exception {
    Path at = folder.resolve("new");
    ExecutorService threads = Executors.newFixedThreadPool(4);
    try {
      List<Callable<String>> makers =
          Collections.nCopies(
              4,
              () -> {
                try (Store store = Store.openOrCreate(at)) {
                  return store.id();
                }
              });
      Set<String> ids = new HashSet<>();
      for (Future<String> made : threads.invokeAll(makers)) {
        ids.add(made.get());
      }
      assertThat(ids).hasSize(1);
    } finally {
      threads.shutdown();
    }
  }

  @Test
  void aStoreWhoseDirectoryVanishesFailsInWords() throws IOException {
    Path image = Images.write(folder.resolve("image"), Content.random(2 * MIB, 1));
    try (Store store = create()) {
      Manifest manifest = capture(store, image, "a").manifest();
      Files.move(path(), folder.resolve("elsewhere"));
      assertThatThrownBy(() -> capture(store, image, "a")).isInstanceOf(BlkshException.class);
      assertThatThrownBy(() -> Images.restore(store, manifest, folder.resolve("back")))
          .isInstanceOf(BlkshException.class);
      assertThatThrownBy(store::info).isInstanceOf(BlkshException.class);
      assertThat(folder.resolve("back")).doesNotExist();
      Files.move(folder.resolve("elsewhere"), path());
    }
    try (Store store = Store.open(path())) {
      assertClean(store);
    }
  }
}
