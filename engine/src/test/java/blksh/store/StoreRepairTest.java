package blksh.store;

import static blksh.store.Images.PAGE;
import static org.assertj.core.api.Assertions.assertThat;

import blksh.block.BlockSource;
import blksh.block.ByteArraySource;
import blksh.kit.Content;
import blksh.kit.InMemory;
import blksh.store.pack.PackFiles;
import blksh.task.Task;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What was lost is stored again from sound pages, and nothing is called healed that is not. */
class StoreRepairTest {

  private static final int PAGES = 600;

  @TempDir(factory = InMemory.class)
  Path folder;

  private final byte[] image = Content.compressible(PAGES * PAGE + 77, 1);
  private Path path;
  private Path otherPath;

  @BeforeEach
  void twoStoresOfOneImage() {
    path = make("store", image);
    otherPath = make("other", image);
  }

  private Path make(String name, byte[] content) {
    Path made = folder.resolve(name);
    try (Store store = Store.create(made, StoreOptions.defaults())) {
      put(store, "disk", content);
    }
    return made;
  }

  private static Manifest put(Store store, String name, byte[] content) {
    return store
        .capture(new ByteArraySource(content), name, CaptureOptions.defaults(), Task.unwatched())
        .manifest();
  }

  private static Path pack(Path store) throws IOException {
    try (Stream<Path> files = Files.walk(store.resolve("packs"))) {
      return files.filter(file -> file.toString().endsWith(".pack")).findFirst().orElseThrow();
    }
  }

  private static RepairResult repair(Store store, List<Store> from) {
    return store.upkeep().repair(from, false, Task.unwatched());
  }

  private static byte[] read(Store store, String reference) throws IOException {
    try (BlockSource source = store.source(store.manifest(reference))) {
      ByteBuffer bytes = ByteBuffer.allocate((int) source.size());
      source.read(0, bytes);
      return bytes.array();
    }
  }

  /** Damages the frame that has a page. */
  private static void flipPage(Path store, int page) throws IOException {
    Path pack = pack(store);
    long[] range = PackFiles.payloadOf(pack, page);
    Images.flip(pack, (range[0] + range[1]) / 2, 0x10);
  }

  private static void flip(Path store, String region) throws IOException {
    Path pack = pack(store);
    long[] range = PackFiles.regions(pack).get(region);
    Images.flip(pack, (range[0] + range[1]) / 2, 0x10);
  }

  private static StoreHealth health(Store store) {
    return store.upkeep().health(null, Task.unwatched());
  }

  @Test
  void whatIsLostComesFromAnotherStore() throws Exception {
    flipPage(path, 26);
    flipPage(path, 322);
    try (Store store = Store.open(path);
        Store other = Store.open(otherPath)) {
      assertThat(Images.verify(store).lossless()).isFalse();
      Path pack = pack(path);
      byte[] before = Files.readAllBytes(pack);
      long packs = store.info().packs();
      RepairResult dry = store.upkeep().repair(List.of(other), true, Task.unwatched());
      assertThat(dry.pages()).isPositive();
      assertThat(dry.left()).isEmpty();
      assertThat(store.info().packs()).as("a dry run").isEqualTo(packs);
      assertThat(health(store).open()).hasSize(1);
      RepairResult done = repair(store, List.of(other));
      assertThat(done.pages()).isEqualTo(dry.pages());
      assertThat(done.left()).isEmpty();
      assertThat(Files.readAllBytes(pack)).as("no pack that was there").isEqualTo(before);
      assertThat(read(store, "disk@1")).isEqualTo(image);
      assertThat(health(store).open()).isEmpty();
      assertThat(Images.verify(store).lossless()).isTrue();
      assertThat(repair(store, List.of(other)).packs()).as("a second time").isZero();
      store.upkeep().compact(CompactOptions.defaults(), Task.unwatched());
      assertThat(read(store, "disk@1")).as("after a compaction").isEqualTo(image);
      store.reindex(Task.unwatched());
      Images.assertClean(store);
      assertThat(put(store, "again", image).figures().newPages()).isZero();
      Images.assertClean(other);
    }
  }

  @Test
  void withNobodyToAskItSaysWhatIsLost() throws Exception {
    flipPage(path, 26);
    try (Store store = Store.open(path)) {
      Images.verify(store);
      Task task = Task.unwatched();
      RepairResult done = store.upkeep().repair(List.of(), false, task);
      assertThat(done.pages()).isZero();
      assertThat(done.left()).hasSize(1);
      assertThat(done.left().get(0).affected()).isNotEmpty();
      assertThat(task.findings()).hasSize(1);
      assertThat(store.info().packs()).isEqualTo(1);
      assertThat(Images.verify(store).lossless()).isFalse();
      StoreHealth health = health(store);
      assertThat(health.open()).hasSize(1);
      assertThat(health.overdue()).isNotEmpty();
      assertThat(health.bytes(StoreHealth.State.DAMAGED)).isEqualTo(health.bytes());
    }
  }

  @Test
  void pagesWhoseDigestsAreLostTooAreNotCalledHealed() throws Exception {
    Images.flip(pack(path), PackFiles.frameOf(pack(path), 43) + 9, 0x10);
    flip(path, "trailer"); // which said what the header of that frame did
    try (Store store = Store.open(path);
        Store other = Store.open(otherPath)) {
      Images.verify(store);
      RepairResult done = repair(store, List.of(other));
      assertThat(done.left()).singleElement();
      assertThat(done.left().get(0).affected())
          .containsExactly(new AffectedRange("disk@1", 40L * PAGE, 8L * PAGE));
      assertThat(health(store).open()).hasSize(1);
      assertThat(Images.verify(store).lossless()).isFalse();
    }
  }

  @Test
  void aPackThatIsMissingIsNamedAndNotMadeUp() throws Exception {
    Path pack = pack(path);
    Files.move(pack, folder.resolve("aside"));
    try (Store store = Store.open(path);
        Store other = Store.open(otherPath)) {
      Images.verify(store);
      assertThat(repair(store, List.of(other)).left()).hasSize(1);
      assertThat(health(store).open()).hasSize(1);
      Files.move(folder.resolve("aside"), pack);
      assertThat(Images.verify(store).lossless()).isTrue();
      assertThat(health(store).open()).isEmpty();
    }
  }

  @Test
  void pagesOfOtherContentsAreNotTaken() throws Exception {
    byte[] another = Content.compressible(PAGES * PAGE + 77, 2);
    Path unlike = make("unlike", another);
    flipPage(path, 26);
    try (Store store = Store.open(path);
        Store other = Store.open(unlike)) {
      Images.verify(store);
      assertThat(repair(store, List.of(other)).left()).hasSize(1);
      assertThat(Images.verify(store).lossless()).isFalse();
    }
  }

  @Test
  void damagedPagesOfTheOtherAreNotHandedOn() throws Exception {
    flipPage(path, 26);
    flipPage(otherPath, 26);
    try (Store store = Store.open(path);
        Store other = Store.open(otherPath)) {
      Images.verify(store);
      assertThat(repair(store, List.of(other)).left()).hasSize(1);
      assertThat(Images.verify(store).lossless()).isFalse();
    }
  }

  @Test
  void manyDamagedPlacesAreAllStoredAgain() throws Exception {
    Random random = new Random(7);
    Path pack = pack(path);
    for (int page = 0; page < PAGES; page += 8) {
      if (random.nextInt(4) == 0) {
        byte[] noise = new byte[100];
        random.nextBytes(noise);
        Images.put(pack, PackFiles.payloadOf(pack, page)[0], noise);
      }
    }
    try (Store store = Store.open(path);
        Store other = Store.open(otherPath)) {
      assertThat(Images.verify(store).damaged()).isGreaterThan(5);
      assertThat(repair(store, List.of(other)).left()).isEmpty();
      assertThat(Arrays.equals(read(store, "disk@1"), image)).isTrue();
      assertThat(health(store).open()).isEmpty();
    }
  }

  @Test
  void whatOfAFrameIsFoundIsStoredThoughNotAllOfItIs() throws Exception {
    Path pack = pack(path);
    Images.put(pack, PackFiles.payloadOf(pack, 26)[0], new byte[100]); // nothing of it decompresses
    byte[] half = image.clone();
    Arrays.fill(half, 24 * PAGE, 26 * PAGE, (byte) 9); // two pages of that frame are others there
    Path partly = make("partly", half);
    try (Store store = Store.open(path);
        Store other = Store.open(partly)) {
      Images.verify(store);
      RepairResult done = repair(store, List.of(other));
      assertThat(done.pages()).isEqualTo(6);
      assertThat(done.left()).singleElement();
      assertThat(health(store).open().get(0).affected())
          .containsExactly(new AffectedRange("disk@1", 24 * PAGE, 2 * PAGE));
      try (BlockSource source = store.source(store.manifest("disk@1"))) {
        ByteBuffer some = ByteBuffer.allocate(4 * PAGE);
        source.read(28L * PAGE, some);
        assertThat(some.array()).isEqualTo(Arrays.copyOfRange(image, 28 * PAGE, 32 * PAGE));
      }
    }
  }

  @Test
  void aSourceThatWasCapturedHealsWhatItStillHas() throws Exception {
    flipPage(path, 26);
    flipPage(path, 322);
    byte[] changed = image.clone();
    Arrays.fill(changed, 24 * PAGE, 32 * PAGE, (byte) 9);
    try (Store store = Store.open(path)) {
      Images.verify(store);
      Manifest version = store.manifest("disk@1");
      assertThat(store.upkeep().damagedVersions()).containsExactly("disk@1");
      RepairResult partly =
          store.upkeep().repair(version, new ByteArraySource(changed), Task.unwatched());
      assertThat(partly.pages()).isPositive();
      assertThat(partly.left()).hasSize(1);
      assertThat(Images.verify(store).lossless()).isFalse();
      RepairResult rest =
          store.upkeep().repair(version, new ByteArraySource(image), Task.unwatched());
      assertThat(rest.left()).isEmpty();
      assertThat(store.upkeep().damagedVersions()).isEmpty();
      assertThat(read(store, "disk@1")).isEqualTo(image);
    }
  }

  @Test
  void twoBadPagesOfOneFrameAreBothKnownToBeLost() throws Exception {
    byte[] raw = Content.random(16 * PAGE, 3);
    Path rawPath = make("raw", raw);
    Path pack = pack(rawPath);
    Images.flip(pack, PackFiles.placeOf(pack, 1) + 7, 1);
    Images.flip(pack, PackFiles.placeOf(pack, 5) + 7, 1);
    try (Store store = Store.open(rawPath)) {
      Images.verify(store);
      assertThat(health(store).open()).singleElement();
      assertThat(health(store).open().get(0).affected())
          .containsExactly(
              new AffectedRange("disk@1", PAGE, PAGE), new AffectedRange("disk@1", 5 * PAGE, PAGE));
      assertThat(store.upkeep().damagedVersions()).containsExactly("disk@1");
    }
  }

  @Test
  void aVersionThatIsTakenBackBringsItsDamageBack() throws Exception {
    flipPage(path, 26);
    try (Store store = Store.open(path)) {
      store.delete(store.manifest("disk@1"));
      Images.verify(store);
      assertThat(health(store).open()).as("nobody needs it").isEmpty();
      store.upkeep().undelete("disk@1");
      assertThat(health(store).open()).singleElement();
      assertThat(health(store).open().get(0).affected()).isNotEmpty();
    }
  }

  @Test
  void whatOneVerificationFindsAnotherDoesNotForget() {
    try (StoreIndex rows = StoreIndex.inMemory()) {
      KnownDamage known = rows.damage();
      List<StoreIndex.BadPages> three = List.of(new StoreIndex.BadPages(7, 3, 4));
      known.putPages(7, List.of(three.get(0), new StoreIndex.BadPages(7, 100, 111)));
      BitSet looked = new BitSet();
      looked.set(0, 8);
      known.replacePages(7, looked, three);
      assertThat(known.pages(7L))
          .containsExactlyInAnyOrder(three.get(0), new StoreIndex.BadPages(7, 100, 111));
      known.replacePages(7, looked, List.of());
      assertThat(known.pages(7L)).containsExactly(new StoreIndex.BadPages(7, 100, 111));
      Damage mine = new Damage("packs/a", 5, 1, "bad", List.of(new AffectedRange("d@1", 0, 1)));
      Damage more = new Damage("packs/a", 5, 1, "bad", List.of());
      Damage others = new Damage("packs/b", 9, 1, "bad", List.of());
      Instant then = Instant.parse("2026-01-01T00:00:00Z");
      known.addUnexplained(List.of(others), then);
      known.replacePlaces(Set.of(), Set.of(), List.of(mine, more), Set.of(), then);
      assertThat(known.places()).hasSize(2);
      assertThat(known.places().get(0).damage().affected()).hasSize(1);
      known.replacePlaces(
          Set.of(KnownDamage.key(mine)), Set.of(), List.of(mine), Set.of("packs/a"), Instant.now());
      assertThat(known.places()).allSatisfy(place -> assertThat(place.explained()).isFalse());
      assertThat(known.places()).allSatisfy(place -> assertThat(place.since()).isEqualTo(then));
      known.replacePlaces(Set.of(KnownDamage.key(mine)), Set.of(), List.of(), Set.of(), then);
      assertThat(known.places()).extracting(p -> p.damage().file()).containsExactly("packs/b");
    }
  }
}
