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
import blksh.block.SourceInfo;
import blksh.kit.Await;
import blksh.kit.ChildJvm;
import blksh.kit.Content;
import blksh.kit.Tmpfs;
import blksh.retention.Age;
import blksh.retention.Policy;
import blksh.store.pack.PackFiles;
import blksh.store.pack.Page;
import blksh.task.CancelledException;
import blksh.task.Task;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What compaction gives back, and what it leaves. */
class CompactionTest {

  @TempDir Path folder;

  private Path path() {
    return folder.resolve("store");
  }

  private Path image(String name, byte[] bytes) throws IOException {
    return Images.write(folder.resolve(name), bytes);
  }

  private static CompactResult compact(Store store) {
    return compact(store, CompactOptions.defaults());
  }

  private static CompactResult compact(Store store, CompactOptions options) {
    return store.upkeep().compact(options, Task.unwatched());
  }

  private List<Path> packs() throws IOException {
    try (Stream<Path> files = Files.walk(path().resolve("packs"))) {
      return files.filter(Files::isRegularFile).sorted().toList();
    }
  }

  private long packBytes() throws IOException {
    long bytes = 0;
    for (Path pack : packs()) {
      bytes += Files.size(pack);
    }
    return bytes;
  }

  // ---- what is given back --------------------------------------------------------------------

  @Test
  void packsThatNobodyNeedsAreRemoved() throws IOException {
    Path kept = image("kept", Content.random(MIB, 1));
    try (Store store = Store.create(path(), StoreOptions.defaults())) {
      for (int seed = 2; seed < 6; seed++) {
        capture(store, image("gone", Content.random(4 * MIB, seed)), "gone");
      }
      Manifest stays = capture(store, kept, "kept").manifest();
      store.manifests("gone").forEach(store::delete);
      assertThat(packBytes()).isGreaterThan(17 * MIB);
      CompactResult foreseen = compact(store, CompactOptions.defaults().withDryRun(true));
      assertThat(packBytes()).isGreaterThan(17 * MIB);
      assertThat(store.upkeep().trash()).hasSize(4);
      CompactResult result = compact(store);
      assertThat(result.removed()).isEqualTo(4).isEqualTo(foreseen.removed());
      assertThat(result.freedBytes()).isGreaterThan(16 * MIB).isEqualTo(foreseen.freedBytes());
      assertThat(result.emptied()).containsExactly("gone@1", "gone@2", "gone@3", "gone@4");
      assertThat(packBytes()).isBetween((long) MIB, (long) (MIB * 1.1));
      assertThat(store.upkeep().trash()).isEmpty();
      assertClean(store);
      assertRestores(store, stays, kept, folder);
      assertThat(compact(store).freedBytes()).isZero();
      assertThat(store.info().packs()).isEqualTo(1);
      // What went is stored again, and the index is the same as before, not made anew.
      byte[] index = Files.readAllBytes(path().resolve("pages.idx"));
      CaptureResult again = capture(store, image("gone", Content.random(4 * MIB, 2)), "gone");
      assertThat(again.manifest().figures().newPages()).isEqualTo(1024);
      assertThat(again.manifest().version()).isEqualTo(5);
      byte[] after = Files.readAllBytes(path().resolve("pages.idx"));
      assertThat(Arrays.copyOf(after, 16)).isEqualTo(Arrays.copyOf(index, 16));
      assertClean(store);
    }
  }

  /** Four packs' worth of pages in one pack, of which every n-th is needed by another version. */
  private Manifest thinned(Store store, int every, byte[] all) throws IOException {
    Manifest whole = capture(store, image("all", all), "all").manifest();
    byte[] some = new byte[all.length];
    for (int page = 0; page < all.length / Page.SIZE; page += every) {
      System.arraycopy(all, page * Page.SIZE, some, page * Page.SIZE, Page.SIZE);
    }
    Manifest kept = capture(store, image("some", some), "some").manifest();
    assertThat(kept.figures().newPages()).isZero();
    store.delete(whole);
    return kept;
  }

  @Test
  void aPackPastTheThresholdIsWrittenAnewAndItsPagesKeepTheirNumbers() throws IOException {
    for (Codecs codec : Codecs.values()) {
      Path own = folder.resolve("store-" + codec);
      try (Store store = Store.create(own, new StoreOptions(codec.codec))) {
        Manifest kept = thinned(store, 3, Content.compressible(8 * MIB, 7));
        long before = store.info().storedBytes();
        CompactResult foreseen = compact(store, CompactOptions.defaults().withDryRun(true));
        byte[] manifest = Files.readAllBytes(own.resolve("manifests/some/1.manifest"));
        CompactResult result = compact(store);
        assertThat(result.rewritten()).isEqualTo(1).isEqualTo(foreseen.rewritten());
        assertThat(result.deadPages()).isZero();
        assertThat((double) foreseen.freedBytes())
            .isBetween(result.freedBytes() * 0.8, result.freedBytes() * 1.2);
        // Two thirds of the pages are gone, and what they took.
        assertThat(store.info().storedBytes()).isLessThan(before * 45 / 100 + 300_000);
        assertThat(Files.readAllBytes(own.resolve("manifests/some/1.manifest")))
            .isEqualTo(manifest);
        assertRestores(store, kept, folder.resolve("some"), folder);
        assertClean(store);
        // What is left is known, what went is stored again; then all is as it was.
        assertThat(compact(store).rewritten()).isZero();
        Manifest again = capture(store, folder.resolve("all"), "all").manifest();
        assertThat(again.figures().newPages()).isEqualTo(2048 - 683);
        assertRestores(store, again, folder.resolve("all"), folder);
        assertClean(store);
        store.reindex(Task.unwatched());
        assertRestores(store, kept, folder.resolve("some"), folder);
        assertClean(store);
      }
    }
  }

  /** How a store compresses. */
  private enum Codecs {
    LZ4(blksh.store.pack.CodecChoice.LZ4),
    ZSTD(blksh.store.pack.CodecChoice.ZSTD),
    AUTO(blksh.store.pack.CodecChoice.auto(9)),
    RAW(blksh.store.pack.CodecChoice.RAW);

    final blksh.store.pack.CodecChoice codec;

    Codecs(blksh.store.pack.CodecChoice codec) {
      this.codec = codec;
    }
  }

  @Test
  void aPackBelowTheThresholdIsLeftByteForByte() throws IOException {
    byte[] all = Content.random(4 * MIB, 3);
    byte[] most = all.clone();
    Arrays.fill(most, 0, MIB - Page.SIZE, (byte) 0); // 24.9 % of its pages
    try (Store store = Store.create(path(), StoreOptions.defaults())) {
      Manifest whole = capture(store, image("all", all), "all").manifest();
      Manifest kept = capture(store, image("most", most), "most").manifest();
      store.delete(whole);
      Path pack = packs().get(0);
      byte[] before = Files.readAllBytes(pack);
      Object inode = Files.getAttribute(pack, "unix:ino");
      CompactResult result = compact(store);
      assertThat(result.rewritten()).isZero();
      assertThat(result.deadPages()).isEqualTo(255);
      assertThat(Files.getAttribute(pack, "unix:ino")).isEqualTo(inode);
      assertThat(Files.readAllBytes(pack)).isEqualTo(before);
      result = compact(store, CompactOptions.defaults().withThreshold(4));
      assertThat(result.rewritten()).isEqualTo(1);
      // Within 5 % of what the pages that are needed take alone.
      Path ideal = folder.resolve("ideal");
      try (Store other = Store.create(ideal, StoreOptions.defaults())) {
        capture(other, folder.resolve("most"), "most");
        assertThat(result.writtenBytes())
            .isLessThan((long) (1.05 * bytesOfPacks(ideal)))
            .isEqualTo(packBytes());
      }
      assertRestores(store, kept, folder.resolve("most"), folder);
      assertClean(store);
    }
  }

  private static long bytesOfPacks(Path store) throws IOException {
    try (Stream<Path> files = Files.walk(store.resolve("packs"))) {
      return files.filter(Files::isRegularFile).mapToLong(file -> file.toFile().length()).sum();
    }
  }

  // ---- what stays ----------------------------------------------------------------------------

  @Test
  void aVersionThatIsReadKeepsItsPagesThoughItIsDeleted() throws IOException {
    byte[] bytes = Content.random(4 * MIB, 1);
    try (Store store = Store.create(path(), StoreOptions.defaults());
        Store other = Store.open(path())) {
      Manifest read = capture(store, image("read", bytes), "read").manifest();
      try (BlockSource source = other.source(read)) {
        store.delete(read);
        CompactResult result = compact(store);
        assertThat(result.held()).containsExactly(new CompactResult.Held("read@1", "is read"));
        assertThat(result.removed()).isZero();
        ByteBuffer found = ByteBuffer.allocate(bytes.length);
        while (found.hasRemaining()) {
          source.read(found.position(), found);
        }
        assertThat(found.array()).isEqualTo(bytes);
      }
      assertThat(compact(store).removed()).isEqualTo(1);
      assertThat(packs()).isEmpty();
      assertClean(store);
    }
  }

  @Test
  void aVersionThatAnotherProcessReadsKeepsItsPages() throws Exception {
    Path image = image("read", Content.random(4 * MIB, 1));
    try (Store store = Store.create(path(), StoreOptions.defaults())) {
      Manifest read = capture(store, image, "read").manifest();
      Process child = ChildJvm.start(List.of(), ReadProgram.class, path().toString());
      try {
        assertThat(child.getInputStream().read()).isEqualTo('o');
        store.delete(read);
        assertThat(compact(store).held()).hasSize(1);
        child.getOutputStream().close(); // now it reads all of it
        assertThat(new String(child.getInputStream().readAllBytes())).contains("whole");
      } finally {
        child.destroyForcibly().waitFor();
      }
      assertThat(compact(store).removed()).isEqualTo(1);
    }
  }

  /** Opens a version, says so, waits for the end of its input, and reads the version. */
  static final class ReadProgram {
    public static void main(String[] arguments) throws IOException {
      try (Store store = Store.open(Path.of(arguments[0]));
          BlockSource source = store.source(store.manifest("read@1"))) {
        System.out.println("opened");
        System.in.readAllBytes();
        ByteBuffer found = ByteBuffer.allocate((int) source.size());
        while (found.hasRemaining()) {
          source.read(found.position(), found);
        }
        boolean same = Arrays.equals(found.array(), Content.random(4 * MIB, 1));
        System.out.println(same ? "whole" : "other bytes");
      }
    }
  }

  @Test
  void whatTheGraceKeepsCanBeTakenBack() throws IOException {
    Path image = image("image", Content.random(MIB, 1));
    try (Store store = Store.create(path(), StoreOptions.defaults())) {
      Manifest gone = capture(store, image, "disk").manifest();
      capture(store, image("other", Content.random(MIB, 2)), "disk");
      store.upkeep().mark("disk@1", marks -> marks.withNote("before the move"));
      store.delete(gone);
      assertThat(store.versions("disk")).containsExactly(2);
      assertThat(store.upkeep().trash())
          .extracting(DeletedVersion::reference)
          .containsExactly("disk@1");
      CompactResult result = compact(store, CompactOptions.defaults().withGrace(Age.parse("7d")));
      assertThat(result.held()).containsExactly(new CompactResult.Held("disk@1", "grace"));
      assertThat(result.removed()).isZero();
      store.upkeep().undelete("disk@1");
      assertThat(store.manifest("disk@1")).isEqualTo(gone);
      assertThat(store.manifests("disk")).hasSize(2);
      assertThat(store.upkeep().marks("disk@1").note()).isEqualTo("before the move");
      assertRestores(store, gone, image, folder);
      assertThatThrownBy(() -> store.upkeep().undelete("disk@1"))
          .isInstanceOf(BlkshException.class)
          .hasMessageContaining("it is there");
      store.delete(gone);
      compact(store);
      assertThatThrownBy(() -> store.upkeep().undelete("disk@1"))
          .isInstanceOf(BlkshException.class)
          .hasMessageContaining("not in the trash");
      assertThat(path().resolve("manifests/disk/1.marks")).doesNotExist();
      assertClean(store);
    }
  }

  @Test
  void aManifestThatCannotBeReadForbidsToRemoveAnything() throws IOException {
    try (Store store = Store.create(path(), StoreOptions.defaults())) {
      Manifest gone = capture(store, image("gone", Content.random(MIB, 1)), "gone").manifest();
      capture(store, image("hurt", Content.random(MIB, 2)), "hurt");
      store.delete(gone);
      Path manifest = path().resolve("manifests/hurt/1.manifest");
      byte[] whole = Files.readAllBytes(manifest);
      Images.flip(manifest, Files.size(manifest) - 3, 1);
      assertThatThrownBy(() -> compact(store))
          .isInstanceOf(BlkshException.class)
          .hasMessageContaining("hurt@1")
          .hasMessageContaining("nothing is removed");
      assertThat(packs()).hasSize(2);
      assertThat(store.upkeep().trash()).hasSize(1);
      Files.write(manifest, whole);
      assertThat(compact(store).removed()).isEqualTo(1);
      // One of which only a part is damaged still says which packs it needs.
      Images.flip(manifest, 20, 1);
      assertThat(compact(store).removed()).isZero();
      assertThat(packs()).hasSize(1);
    }
  }

  @Test
  void damageThatIsNeededStaysAsItIsAndDamageThatIsNotGoes() throws IOException {
    byte[] all = Content.random(4 * MIB, 3);
    byte[] half = all.clone();
    Arrays.fill(half, 0, 2 * MIB, (byte) 0);
    try (Store store = Store.create(path(), StoreOptions.defaults())) {
      Manifest whole = capture(store, image("all", all), "all").manifest();
      Manifest kept = capture(store, image("half", half), "half").manifest();
      store.delete(whole);
      Path pack = packs().get(0);
      Images.flip(pack, MIB, 1); // of what goes
      Images.flip(pack, 3 * MIB, 1); // of what stays
      assertThat(compact(store).rewritten()).isEqualTo(1);
      VerifyReport report = Images.verify(store);
      assertThat(report.damage()).hasSize(1);
      List<AffectedRange> affected = report.damage().get(0).affected();
      assertThat(affected).hasSize(1);
      assertThat(affected.get(0).manifest()).isEqualTo(kept.reference());
      assertThat(affected.get(0).length()).isEqualTo(Page.SIZE);
      capture(store, folder.resolve("half"), "half"); // heals it
      assertRestores(store, kept, folder.resolve("half"), folder);
    }
  }

  /** A header says again what the footer says; where it is damaged only that says it. */
  @Test
  void pagesBehindADamagedHeaderKeepTheirDigests() throws IOException {
    byte[] all = Content.random(4 * MIB, 3);
    byte[] half = all.clone();
    Arrays.fill(half, 0, 2 * MIB, (byte) 0);
    try (Store store = Store.create(path(), StoreOptions.defaults())) {
      Manifest whole = capture(store, image("all", all), "all").manifest();
      Manifest kept = capture(store, image("half", half), "half").manifest();
      store.delete(whole);
      Path pack = packs().get(0);
      Images.flip(pack, PackFiles.placeOf(pack, 960), 1); // a page that is not sound
      for (int page : new int[] {640, 960, 1023}) { // of a frame that is, of its own, of the last
        Images.flip(pack, PackFiles.frameOf(pack, page) + 30, 1);
      }
      assertThat(compact(store).rewritten()).isEqualTo(1);
      VerifyReport report = Images.verify(store);
      assertThat(report.damage().stream().flatMap(each -> each.affected().stream()))
          .allSatisfy(affected -> assertThat(affected.length()).isEqualTo(Page.SIZE))
          .isNotEmpty();
      CaptureResult healed = capture(store, folder.resolve("half"), "half");
      assertThat(healed.manifest().figures().newPages()).isEqualTo(1);
      assertRestores(store, kept, folder.resolve("half"), folder);
    }
  }

  @Test
  void aVerificationReadsWhatIsThereAndNotWhatItHadOpen() throws IOException {
    try (Store other = Store.create(path(), StoreOptions.defaults());
        Store store = Store.open(path())) {
      Manifest kept = thinned(store, 2, Content.random(4 * MIB, 1));
      assertClean(other);
      assertThat(compact(store).rewritten()).isEqualTo(1);
      assertClean(other);
      assertRestores(other, kept, folder.resolve("some"), folder);
      Path pack = packs().get(0);
      Images.flip(pack, PackFiles.placeOf(pack, 0), 1);
      assertThat(Images.verify(other).damage()).isNotEmpty();
    }
  }

  @Test
  void entriesThatAPowerCutBringsBackLeadToNothingAndAreNoDamage() throws IOException {
    byte[] all = Content.random(4 * MIB, 5);
    Manifest kept;
    byte[] before;
    try (Store store = Store.create(path(), StoreOptions.defaults())) {
      kept = thinned(store, 2, all);
      store.delete(capture(store, image("gone", Content.random(MIB, 6)), "gone").manifest());
      before = Files.readAllBytes(path().resolve("pages.idx"));
      CompactResult result = compact(store);
      assertThat(result.rewritten()).isEqualTo(1);
      assertThat(result.removed()).isEqualTo(1);
    }
    // Nothing syncs it: the rows may be of after, and it of before.
    Files.write(path().resolve("pages.idx"), before);
    try (Store store = Store.open(path())) {
      assertClean(store);
      CaptureResult again = capture(store, folder.resolve("all"), "all");
      assertThat(again.manifest().figures().newPages()).isEqualTo(512);
      assertRestores(store, again.manifest(), folder.resolve("all"), folder);
      assertRestores(store, kept, folder.resolve("some"), folder);
      assertClean(store);
    }
  }

  // ---- beside others -------------------------------------------------------------------------

  /** A capture that has found pages, and goes on when it is let. */
  private static final class SlowSource implements BlockSource {
    final CountDownLatch reached = new CountDownLatch(1);
    final CountDownLatch goOn = new CountDownLatch(1);
    private final BlockSource source;
    private final long from;

    SlowSource(byte[] bytes, long from) {
      this.source = new ByteArraySource(bytes);
      this.from = from;
    }

    @Override
    public long size() {
      return source.size();
    }

    @Override
    public int read(long position, ByteBuffer target) {
      if (position >= from) {
        reached.countDown();
        try {
          goOn.await();
        } catch (InterruptedException e) {
          throw new CancelledException("read");
        }
      }
      return source.read(position, target);
    }

    @Override
    public SourceInfo describe() {
      return source.describe();
    }

    @Override
    public void close() {
      goOn.countDown();
    }
  }

  @Test
  void aCaptureInFlightKeepsThePagesItHasFound() throws Exception {
    byte[] dead = Content.random(8 * MIB, 1);
    byte[] alsoDead = Content.random(8 * MIB, 2);
    byte[] both = Arrays.copyOf(dead, 24 * MIB);
    System.arraycopy(alsoDead, 0, both, 16 * MIB, 8 * MIB);
    System.arraycopy(Content.random(8 * MIB, 3), 0, both, 8 * MIB, 8 * MIB);
    ExecutorService thread = Executors.newSingleThreadExecutor();
    try (Store store = Store.create(path(), StoreOptions.defaults());
        Store other = Store.open(path());
        SlowSource slow = new SlowSource(both, 16 * MIB)) {
      store.delete(capture(store, image("a", dead), "a").manifest());
      store.delete(capture(store, image("b", alsoDead), "b").manifest());
      Future<CaptureResult> capturing =
          thread.submit(
              () -> other.capture(slow, "both", CaptureOptions.defaults(), Task.unwatched()));
      slow.reached.await();
      Await.await(() -> isRelied(store));
      // It has found the pages of a and may find those of b, which it has not looked for.
      CompactResult result = compact(store);
      assertThat(result.reliedOn()).isPositive();
      assertThat(result.removed()).isEqualTo(1);
      slow.goOn.countDown();
      CaptureResult captured = capturing.get();
      assertThat(captured.manifest().figures().newPages()).isEqualTo(4096);
      assertRestores(store, captured.manifest(), image("both", both), folder);
      assertThat(compact(store).reliedOn()).isZero();
      assertRestores(store, captured.manifest(), folder.resolve("both"), folder);
      assertClean(store);
    } finally {
      thread.shutdown();
    }
  }

  private boolean isRelied(Store store) {
    return compact(store, CompactOptions.defaults().withDryRun(true)).reliedOn() > 0;
  }

  @Test
  void aCompactionThatIsCancelledLeavesAStoreToBeCompacted() throws IOException {
    try (Store store = Store.create(path(), StoreOptions.defaults())) {
      Manifest kept = thinned(store, 2, Content.random(4 * MIB, 1));
      Task task = new Task("compact", "s");
      task.cancel();
      assertThatThrownBy(() -> store.upkeep().compact(CompactOptions.defaults(), task))
          .isInstanceOf(CancelledException.class);
      assertRestores(store, kept, folder.resolve("some"), folder);
      assertThat(compact(store).rewritten()).isEqualTo(1);
      assertClean(store);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aFullDiskIsGivenItsSpaceBack(boolean openBefore) throws IOException {
    Path image = image("image", Content.random(MIB, 1));
    try (Tmpfs mount = Tmpfs.of(folder.resolve("mounted"), "24m")) {
      Path store = mount.path().resolve("store");
      try (Store opened = Store.create(store, StoreOptions.defaults())) {
        capture(opened, image, "kept");
        for (int seed = 2; seed < 8; seed++) {
          capture(opened, image("gone", Content.random(2 * MIB, seed)), "gone");
        }
      }
      Path filler = mount.path().resolve("filler");
      if (!openBefore) {
        Images.fillDisk(filler);
      }
      try (Store opened = Store.open(store)) {
        if (openBefore) {
          opened.info(); // its index can be opened, and then there is no room in it
          Images.fillDisk(filler);
        }
        opened.upkeep().forget("gone", all -> true, new Policy(1), false, Task.unwatched());
        assertThat(opened.versions("gone")).containsExactly(6);
        assertThat(compact(opened).removed()).isEqualTo(5);
        assertThat(capture(opened, image("new", Content.random(4 * MIB, 9)), "new")).isNotNull();
        assertRestores(opened, opened.manifest("kept@1"), image, folder);
      }
    }
  }
}
