package blksh.store;

import static blksh.store.Images.MIB;
import static blksh.store.Images.PAGE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import blksh.BlkshException;
import blksh.block.BlockSource;
import blksh.block.ByteArraySource;
import blksh.kit.Content;
import blksh.kit.InMemory;
import blksh.store.pack.CodecChoice;
import blksh.store.pack.PackDirectory;
import blksh.store.parity.ParityBlobs;
import blksh.store.parity.ParityCoverage;
import blksh.store.shelf.MemoryShelf;
import blksh.task.Task;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.FutureTask;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What was lost of packs, manifests and the descriptor comes back by parity alone. */
class StoreParityTest {

  private static final int SECTOR = 4096;

  @TempDir(factory = InMemory.class)
  Path folder;

  private final Random random = new Random(18);

  private Path path() {
    return folder.resolve("store");
  }

  private static Store create(Path path, int parity) {
    return Store.create(path, new StoreOptions(CodecChoice.LZ4, parity));
  }

  private static Manifest capture(Store store, String name, byte[] bytes) {
    return store
        .capture(new ByteArraySource(bytes), name, CaptureOptions.defaults(), Task.unwatched())
        .manifest();
  }

  /** Images that share much, the last of them with as many extents as there can be. */
  private static Map<String, byte[]> images() {
    Map<String, byte[]> images = new TreeMap<>();
    byte[] first = Content.disk(20 * MIB + 77, 1);
    byte[] second = first.clone();
    System.arraycopy(Content.random(3 * MIB, 2), 0, second, 5 * MIB + 9 * PAGE, 3 * MIB);
    byte[] third = new byte[6 * MIB];
    Random order = new Random(3);
    for (int at = 0; at < third.length; at += PAGE) {
      System.arraycopy(second, order.nextInt(4000) * PAGE, third, at, PAGE);
    }
    images.put("disk@1", first);
    images.put("disk@2", second);
    images.put("mixed@1", third);
    return images;
  }

  private static void fill(Store store) {
    images().forEach((name, bytes) -> capture(store, name.replaceAll("@.*", ""), bytes));
  }

  /** All that is not derived. */
  private static List<Path> files(Path store) throws IOException {
    try (Stream<Path> files = Files.walk(store)) {
      return files
          .filter(Files::isRegularFile)
          .filter(f -> store.relativize(f).toString().matches("(packs|manifests|parity)/.*|.*json"))
          .sorted(Comparator.naturalOrder())
          .toList();
    }
  }

  private static Map<Path, byte[]> contents(Path store) throws IOException {
    Map<Path, byte[]> contents = new TreeMap<>();
    for (Path file : files(store)) {
      contents.put(file, Files.readAllBytes(file));
    }
    return contents;
  }

  private void overwrite(Path file, int sector) throws IOException {
    long at = (long) sector * SECTOR;
    byte[] bytes = new byte[(int) Math.min(SECTOR, Files.size(file) - at)];
    random.nextBytes(bytes);
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      channel.write(ByteBuffer.wrap(bytes), at);
    }
  }

  private static int sectors(Path file) throws IOException {
    return (int) ((Files.size(file) + SECTOR - 1) / SECTOR);
  }

  /** Of all files together one sector in a hundred; how many. */
  private int overwriteOnePercent(Path store) throws IOException {
    int count = 0;
    for (Path file : files(store)) {
      for (int sector = 0; sector < sectors(file); sector++) {
        if (random.nextInt(100) == 0) {
          overwrite(file, sector);
          count++;
        }
      }
    }
    return count;
  }

  private static RepairResult repair(Store store) {
    return store.upkeep().repair(List.of(), false, Task.unwatched());
  }

  private static ParityCoverage protect(Store store, int percent) {
    return store.upkeep().protect(percent, false, Task.unwatched());
  }

  private static void assertRestores(Store store, String reference, byte[] expected) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    store.restore(store.manifest(reference), out, Task.unwatched());
    assertThat(Arrays.mismatch(out.toByteArray(), expected)).as(reference).isEqualTo(-1);
  }

  private static Path pack(Path store) throws IOException {
    return files(store).stream()
        .filter(file -> file.toString().endsWith(".pack") && !file.toString().contains("parity"))
        .findFirst()
        .orElseThrow();
  }

  private static Path parityOf(Path store, Path file) {
    return store.resolve(ParityBlobs.nameOf(store.relativize(file).toString()));
  }

  // ---- what is lost --------------------------------------------------------------------------

  @Test
  void onePercentOfAllSectorsComesBackWithTenPercentOfParity() throws IOException {
    try (Store store = create(path(), 10)) {
      fill(store);
    }
    Map<Path, byte[]> before = contents(path());
    int damaged = overwriteOnePercent(path());
    overwrite(path().resolve("store.json"), 0);
    overwrite(path().resolve("manifests/mixed/1.manifest"), 1);
    overwrite(path().resolve("manifests/disk/2.manifest"), 0);
    overwrite(pack(path()), sectors(pack(path())) - 1); // its trailer
    overwrite(pack(path()), 0); // its header
    assertThat(damaged).isGreaterThan(40);
    try (Store store = Store.open(path())) {
      assertThat(Images.verify(store).damage()).isNotEmpty();
      RepairResult dry = store.upkeep().repair(List.of(), true, Task.unwatched());
      assertThat(dry.left()).isEmpty();
      RepairResult repaired = repair(store);
      assertThat(repaired.left()).isEmpty();
      assertThat(repaired.byParity()).isEqualTo(dry.byParity());
      assertThat(repaired.byParity()).contains("manifests/mixed/1.manifest");
      Images.assertClean(store);
      images().forEach((name, bytes) -> assertRestores(store, name, bytes));
    }
    Map<Path, byte[]> after = contents(path());
    assertThat(after.keySet()).isEqualTo(before.keySet());
    before.forEach((file, bytes) -> assertThat(after.get(file)).as("" + file).isEqualTo(bytes));
  }

  /** What cannot be read is what was reported, to the page, and all else is what it was. */
  @Test
  void onePercentWithoutParityHitsWhatIsReportedAndNothingElse() throws IOException {
    try (Store store = create(path(), 0)) {
      fill(store);
    }
    overwriteOnePercent(path());
    overwrite(path().resolve("manifests/mixed/1.manifest"), 1);
    try (Store store = Store.open(path())) {
      VerifyReport report = Images.verify(store);
      assertThat(report.lossless()).isFalse();
      assertThat(repair(store).left()).isNotEmpty();
      for (Map.Entry<String, byte[]> each : images().entrySet()) {
        List<AffectedRange> lost =
            report.damage().stream()
                .flatMap(damage -> damage.affected().stream())
                .filter(range -> range.manifest().equals(each.getKey()))
                .toList();
        assertThat(lost).as(each.getKey()).isNotEmpty();
        assertLost(store, each.getKey(), each.getValue(), lost);
      }
    }
  }

  private static void assertLost(
      Store store, String reference, byte[] bytes, List<AffectedRange> lost) throws IOException {
    int failed = 0;
    try (BlockSource source = store.source(store.manifest(reference))) {
      for (int at = 0; at < bytes.length; at += PAGE) {
        int page = at;
        int length = Math.min(PAGE, bytes.length - at);
        boolean gone =
            lost.stream().anyMatch(r -> r.start() < page + length && r.start() + r.length() > page);
        ByteBuffer read = ByteBuffer.allocate(length);
        Throwable failure = catchThrowable(() -> source.read(page, read));
        if (gone && failure != null) {
          assertThat(failure).isInstanceOf(BlkshException.class);
          failed++;
        } else {
          // Of a damaged frame the first pages may be read alone, and are proven.
          assertThat(failure).as(reference + " " + page).isNull();
          assertThat(read.array())
              .as(reference + " " + page)
              .isEqualTo(Arrays.copyOfRange(bytes, page, page + length));
        }
      }
      assertThat(failed).isGreaterThanOrEqualTo(lost.size() / 2);
    } catch (BlkshException e) {
      // its manifest cannot be opened: then all of it was reported
      assertThat(lost).anyMatch(range -> range.start() == 0);
    }
  }

  @Test
  void whatIsTooMuchForParityIsNamedAndTheRestComesRight() throws IOException {
    byte[] image = Content.random(8 * MIB, 5);
    try (Store store = create(path(), 5)) {
      capture(store, "disk", image);
    }
    Path pack = pack(path());
    for (int sector = 100; sector < 500; sector++) {
      overwrite(pack, sector); // a fifth, in one piece
    }
    try (Store store = Store.open(path())) {
      assertThat(Images.verify(store).lossless()).isFalse();
      RepairResult dry = store.upkeep().repair(List.of(), true, Task.unwatched());
      byte[] before = Files.readAllBytes(pack);
      RepairResult repaired = repair(store);
      assertThat(dry.byParity()).isEqualTo(repaired.byParity());
      assertThat(repaired.left()).isNotEmpty();
      assertThat(Files.readAllBytes(pack)).isEqualTo(before);
      // A page that was sound is, whatever parity says.
      assertThat(Images.verify(store).lossless()).isFalse();
    }
  }

  @Test
  void aReindexMakesPacksAgainByParityBeforeItWritesAnyAnew() throws IOException {
    byte[] image = Content.random(4 * MIB, 6);
    try (Store store = create(path(), 10)) {
      capture(store, "disk", image);
    }
    Map<Path, byte[]> before = contents(path());
    Path pack = pack(path());
    for (int sector : new int[] {0, 7, 300, sectors(pack) - 1}) {
      overwrite(pack, sector);
    }
    overwrite(path().resolve("store.json"), 0);
    Files.delete(path().resolve("index.db"));
    Files.delete(path().resolve("pages.idx"));
    try (Store store = Store.open(path())) {
      ReindexReport report = store.reindex(Task.unwatched());
      assertThat(report.damage()).isEmpty();
      Images.assertClean(store);
      assertRestores(store, "disk@1", image);
      assertThat(store.upkeep().parity()).isEqualTo(10);
    }
    contents(path()).forEach((file, bytes) -> assertThat(bytes).isEqualTo(before.get(file)));
  }

  // ---- where there is parity -----------------------------------------------------------------

  @Test
  void parityIsAddedLaterChangedAndRemoved() throws IOException {
    try (Store store = create(path(), 0)) {
      fill(store);
      assertThat(Files.readString(path().resolve("store.json"))).contains("\"format\": 2");
      assertThat(store.upkeep().protect(10, true, Task.unwatched()).made()).isPositive();
      assertThat(files(path())).noneMatch(file -> file.toString().contains("parity"));
      ParityCoverage coverage = protect(store, 10);
      assertThat(coverage.missing()).isZero();
      assertThat(coverage.made()).isEqualTo(files(path()).size() / 2);
      assertThat(Files.readString(path().resolve("store.json")))
          .contains("\"format\": 3", "\"parity\": 10");
      Images.assertClean(store);
      assertThat(Images.verify(store).parity()).isEqualTo(coverage.made());
      assertThat(protect(store, -1).made()).isZero();
      long ten = Files.size(parityOf(path(), pack(path())));
      assertThat(protect(store, 20).made()).isEqualTo(coverage.made());
      assertThat(Files.size(parityOf(path(), pack(path())))).isGreaterThan(ten * 3 / 2);
      assertThat(health(store).overdue()).isEmpty();
      Files.delete(parityOf(path(), pack(path())));
      assertThat(health(store).unprotected()).isEqualTo(1);
      assertThat(health(store).overdue()).anyMatch(it -> it.contains("have no parity"));
      assertThat(protect(store, -1).made()).isEqualTo(1);
      assertThat(protect(store, 0).missing()).isZero();
      assertThat(files(path())).noneMatch(file -> file.toString().contains("parity"));
      assertThat(Files.readString(path().resolve("store.json")))
          .contains("\"format\": 2")
          .doesNotContain("parity");
      Images.assertClean(store);
      assertThatThrownBy(() -> protect(store, 51)).hasMessageContaining("1 to 50 percent");
    }
  }

  private static StoreHealth health(Store store) {
    return store.upkeep().health(null, Task.unwatched());
  }

  @Test
  void whatIsDamagedGetsNoParity() throws IOException {
    try (Store store = create(path(), 0)) {
      capture(store, "disk", Content.random(2 * MIB, 1));
      overwrite(pack(path()), 9);
      Task task = Task.unwatched();
      ParityCoverage coverage = store.upkeep().protect(10, false, task);
      assertThat(coverage.missing()).isEqualTo(1);
      assertThat(task.findings()).anyMatch(it -> it.contains("gets no parity"));
      assertThat(parityOf(path(), pack(path()))).doesNotExist();
    }
  }

  @Test
  void parityFollowsWhatACompactionWritesAnewAndGoesWithWhatItRemoves() throws IOException {
    byte[] first = Content.random(4 * MIB, 1);
    byte[] second = Content.random(4 * MIB, 2);
    byte[] other = Content.random(2 * MIB, 3);
    System.arraycopy(first, 0, second, 0, MIB);
    try (Store store = create(path(), 10)) {
      capture(store, "disk", first);
      capture(store, "disk", second);
      capture(store, "other", other);
      store.delete("disk@1");
      store.delete("other@1");
      assertThat(store.upkeep().compact(CompactOptions.defaults(), Task.unwatched()).rewritten())
          .isEqualTo(1);
      assertThat(health(store).unprotected()).isZero();
      for (Path file : files(path())) {
        Path blob = path().resolve(path().resolve("parity").relativize(file));
        assertThat(!file.startsWith(path().resolve("parity")) || Files.exists(blob)).isTrue();
      }
      Images.assertClean(store);
      overwrite(pack(path()), 3);
      Images.verify(store);
      assertThat(repair(store).byParity()).hasSize(1);
      Images.assertClean(store);
      assertRestores(store, "disk@2", second);
    }
  }

  @Test
  void parityOfAnEarlierGenerationIsNotUsedAndMadeAnew() throws IOException {
    byte[] first = Content.random(4 * MIB, 1);
    byte[] second = Content.random(4 * MIB, 2);
    System.arraycopy(first, 0, second, 0, MIB);
    try (Store store = create(path(), 10)) {
      capture(store, "disk", first);
      capture(store, "disk", second);
      Map<Path, byte[]> before = contents(path());
      store.delete("disk@1");
      store.upkeep().compact(CompactOptions.defaults(), Task.unwatched());
      for (Map.Entry<Path, byte[]> each : before.entrySet()) {
        if (each.getKey().startsWith(path().resolve("parity/packs"))) {
          Files.write(each.getKey(), each.getValue());
        }
      }
      byte[] pack = Files.readAllBytes(pack(path()));
      assertThat(Images.verify(store).damage())
          .allMatch(damage -> damage.problem().contains("of what was there before"))
          .isNotEmpty();
      assertThat(repair(store).left()).isEmpty();
      Images.assertClean(store);
      assertThat(Files.readAllBytes(pack(path()))).isEqualTo(pack);
      assertRestores(store, "disk@2", second);
    }
  }

  @Test
  void damagedParityIsNamedAndMadeAnew() throws IOException {
    try (Store store = create(path(), 10)) {
      capture(store, "disk", Content.random(2 * MIB, 1));
      Map<Path, byte[]> before = contents(path());
      Path parity = parityOf(path(), pack(path()));
      overwrite(parity, 0);
      overwrite(parity, 5);
      assertThat(Images.verify(store).damage())
          .hasSize(1)
          .allMatch(damage -> damage.problem().contains("parity is damaged"))
          .allMatch(damage -> damage.affected().isEmpty());
      assertThat(repair(store).byParity()).hasSize(1);
      Images.assertClean(store);
      assertThat(Files.readAllBytes(parity)).isEqualTo(before.get(parity));
    }
  }

  @Test
  void aVersionInTheTrashComesRightByTheParityItHad() throws IOException {
    try (Store store = create(path(), 10)) {
      byte[] image = Content.random(MIB, 1);
      capture(store, "disk", image);
      store.delete("disk@1");
      Path deleted =
          files(path()).stream().filter(f -> f.toString().endsWith("deleted")).findAny().get();
      overwrite(deleted, 0);
      assertThat(store.upkeep().trash().get(0).manifest()).isNull();
      assertThat(repair(store).left()).isEmpty();
      store.upkeep().undelete("disk@1");
      assertRestores(store, "disk@1", image);
      Images.assertClean(store);
    }
  }

  @Test
  void theParityOfWhatLiesInTheTrashIsVerifiedAndMadeAnew() throws IOException {
    try (Store store = create(path(), 10)) {
      byte[] image = Content.random(MIB, 1);
      capture(store, "disk", image);
      Path parity =
          files(path()).stream().filter(f -> f.toString().endsWith("1.manifest")).toList().stream()
              .filter(f -> f.toString().contains("/parity/"))
              .findAny()
              .orElseThrow();
      store.delete("disk@1");
      Images.assertClean(store);
      byte[] before = Files.readAllBytes(parity);
      overwrite(parity, 1);
      assertThat(Images.verify(store).damage())
          .singleElement()
          .satisfies(damage -> assertThat(damage.file()).endsWith("disk/1.manifest"))
          .satisfies(damage -> assertThat(damage.problem()).contains("parity is damaged"));
      assertThat(repair(store).byParity()).hasSize(1);
      assertThat(Files.readAllBytes(parity)).isEqualTo(before);
      Images.assertClean(store);
    }
  }

  /** Somebody begins to make parity, and another removes all before it has its name. */
  @Test
  void whatIsMadeWhileAllIsRemovedGoesToo() throws Exception {
    try (Store store = create(path(), 10)) {
      capture(store, "disk", Content.random(2 * MIB, 1));
      Path pack = pack(path());
      Path parity = parityOf(path(), pack);
      Files.delete(parity);
      Repository repository = store.repository();
      long id = PackDirectory.idOf(path().relativize(pack).toString()).orElseThrow();
      var making = new FutureTask<>(() -> new StoreParity(repository, Task.unwatched()).pack(id));
      repository
          .exclusion()
          .publishing(
              () -> {
                new Thread(making).start();
                Path part = parity.resolveSibling(parity.getFileName() + ".part");
                for (int i = 0; i < 500 && !Files.exists(part); i++) {
                  LockSupport.parkNanos(1_000_000);
                }
                assertThat(part).exists();
                return new StoreParity(repository, Task.unwatched()).by(0, false);
              });
      assertThat(making.get()).isFalse();
      try (Stream<Path> left = Files.walk(path().resolve("parity"))) {
        assertThat(left.filter(Files::isRegularFile)).isEmpty();
      }
      assertThat(path().resolve("store.json")).content().contains("\"format\": 2");
    }
  }

  @Test
  void anySortOfShelfHasParity() throws IOException {
    MemoryShelf shelf = new MemoryShelf();
    Store.create(shelf, new StoreOptions(CodecChoice.LZ4, 10));
    byte[] image = Content.random(MIB, 1);
    try (Store store = Store.open(shelf, Files.createDirectory(folder.resolve("here")))) {
      capture(store, "disk", image);
      String pack = shelf.list("packs/").get(0);
      byte[] bytes;
      try (var blob = shelf.open(pack)) {
        bytes = blob.read(0, (int) blob.size());
      }
      byte[] damaged = bytes.clone();
      Arrays.fill(damaged, 50_000, 60_000, (byte) 1);
      shelf.put(pack, damaged);
      // Nobody knows who else uses it, or whether it is damaged there or has come so only.
      assertThat(store.reindex(Task.unwatched()).repaired()).isEmpty();
      try (var blob = shelf.open(pack)) {
        assertThat(blob.read(0, (int) blob.size())).isEqualTo(damaged);
      }
      shelf.put(pack, bytes);
    }
    try (Store store = Store.open(shelf, folder.resolve("here"))) {
      assertRestores(store, "disk@1", image);
      assertThat(protect(store, 0).missing()).isZero();
      assertThat(protect(store, 3).missing()).isZero();
      assertThat(shelf.list("parity/")).hasSize(3);
    }
  }
}
