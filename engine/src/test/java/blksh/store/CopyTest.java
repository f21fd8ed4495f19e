package blksh.store;

import static blksh.store.Images.MIB;
import static blksh.store.Images.PAGE;
import static blksh.store.Images.assertClean;
import static blksh.store.Images.assertRestores;
import static blksh.store.Images.capture;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import blksh.BlkshException;
import blksh.block.BlockSource;
import blksh.block.ByteArraySource;
import blksh.block.Extent;
import blksh.block.FaultySource;
import blksh.block.SourceInfo;
import blksh.kit.Await;
import blksh.kit.ChildJvm;
import blksh.kit.Content;
import blksh.kit.Tmpfs;
import blksh.kit.Tool;
import blksh.snapshot.SnapshotRequest;
import blksh.snapshot.StoredSnapshots;
import blksh.store.CopyResult.Outcome;
import blksh.store.pack.CodecChoice;
import blksh.store.pack.PackFiles;
import blksh.task.CancelledException;
import blksh.task.Task;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.Statement;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a copy to another store brings there, and what it does not. */
class CopyTest {

  @TempDir Path folder;

  private Path a() {
    return folder.resolve("a");
  }

  private Path b() {
    return folder.resolve("b");
  }

  private Path image(String name, byte[] bytes) throws IOException {
    return Images.write(folder.resolve(name), bytes);
  }

  private static CopyResult copy(Store from, Store to, String names) {
    return from.upkeep().copyTo(to, names, false, Task.unwatched());
  }

  private static List<Path> packs(Path store) throws IOException {
    try (Stream<Path> files = Files.walk(store.resolve("packs"))) {
      return files.filter(file -> file.toString().endsWith(".pack")).sorted().toList();
    }
  }

  /** What each file of a store that is no index holds. */
  private static Map<String, String> contents(Path store) throws IOException {
    Map<String, String> found = new TreeMap<>();
    for (String part : List.of("packs", "manifests", "store.json")) {
      try (Stream<Path> files = Files.walk(store.resolve(part))) {
        for (Path file : files.filter(Files::isRegularFile).toList()) {
          found.put(file.toString(), Arrays.hashCode(Files.readAllBytes(file)) + "");
        }
      }
    }
    return found;
  }

  /** A source of data, zeros, what is free, and what cannot be read, to the sector. */
  private static BlockSource varied(byte[] bytes) {
    BlockSource data = new ByteArraySource(bytes);
    BlockSource worn =
        new FaultySource(data)
            .unreadable(3 * PAGE + 512, 2 * PAGE)
            .unreadable(50 * PAGE, 512)
            .unreadable(90 * PAGE, 10 * PAGE);
    return new BlockSource() {
      @Override
      public long size() {
        return worn.size();
      }

      @Override
      public int read(long position, ByteBuffer target) {
        return worn.read(position, target);
      }

      @Override
      public Iterator<Extent> extents(long position, long length) {
        List<Extent> all = new ArrayList<>();
        for (long at = 0; at < size(); at += 64 * PAGE) {
          Extent.Kind kind = at == 128 * PAGE ? Extent.Kind.FREE : Extent.Kind.DATA;
          all.add(new Extent(at, Math.min(64 * PAGE, size() - at), kind));
        }
        return all.stream()
            .filter(extent -> extent.end() > position && extent.start() < position + length)
            .map(extent -> extent.clip(position, position + length))
            .iterator();
      }

      @Override
      public SourceInfo describe() {
        return worn.describe();
      }

      @Override
      public void close() {}
    };
  }

  private static byte[] variedBytes() {
    byte[] bytes = Content.compressible(2 * MIB + 333, 4);
    System.arraycopy(Content.random(MIB / 2, 5), 0, bytes, MIB / 4, MIB / 2);
    Arrays.fill(bytes, 200 * PAGE, 230 * PAGE, (byte) 0);
    Arrays.fill(bytes, 50 * PAGE, 51 * PAGE, (byte) 0); // zeros, of which a sector is unknown
    System.arraycopy(bytes, 0, bytes, 300 * PAGE, 40 * PAGE);
    return bytes;
  }

  private static void assertSameVersion(Store from, Store to, Manifest original, Manifest copy) {
    assertThat(copy.name()).isEqualTo(original.name());
    assertThat(copy.root()).isEqualTo(original.root());
    assertThat(copy.size()).isEqualTo(original.size());
    assertThat(copy.started()).isEqualTo(original.started());
    assertThat(copy.finished()).isEqualTo(original.finished());
    assertThat(copy.source()).isEqualTo(original.source());
    assertThat(copy.tree()).isEqualTo(original.tree());
    assertThat(copy.sectorSize()).isEqualTo(original.sectorSize());
    ManifestFigures a = original.figures();
    ManifestFigures b = copy.figures();
    assertThat(List.of(b.dataBytes(), b.zeroBytes(), b.freeBytes(), b.badBytes()))
        .containsExactly(a.dataBytes(), a.zeroBytes(), a.freeBytes(), a.badBytes());
    if (original.kind() == ManifestKind.IMAGE) {
      try (BlockSource one = from.source(original);
          BlockSource two = to.source(copy)) {
        assertThat(bad(two)).isEqualTo(bad(one));
      }
    }
  }

  private static List<Extent> bad(BlockSource source) {
    List<Extent> found = new ArrayList<>();
    source.extents().forEachRemaining(found::add);
    found.removeIf(extent -> extent.kind() != Extent.Kind.BAD);
    return found;
  }

  @Test
  void versionsArriveAsTheyAre() throws IOException {
    byte[] second = variedBytes();
    System.arraycopy(Content.compressible(MIB / 8, 9), 0, second, MIB, MIB / 8);
    Path tree = Files.createDirectories(folder.resolve("tree/sub"));
    Files.write(tree.resolve("small"), "some text".getBytes());
    Files.write(tree.resolve("large"), Content.random(600_000, 8));
    try (Store from = Store.create(a(), StoreOptions.defaults())) {
      List<Manifest> all = new ArrayList<>();
      for (byte[] bytes : List.of(variedBytes(), second)) {
        all.add(
            from.capture(varied(bytes), "disk", CaptureOptions.defaults(), Task.unwatched())
                .manifest());
      }
      all.add(capture(from, image("empty", new byte[0]), "empty").manifest());
      capture(from, image("other", Content.random(MIB, 1)), "other");
      try (StoredSnapshots snapshots = new StoredSnapshots(from, false)) {
        snapshots.take(SnapshotRequest.of(folder.resolve("tree")).named("dtree"), Task.unwatched());
      }
      all.add(from.manifest("dtree"));
      from.upkeep()
          .mark(
              "disk@1",
              marks -> marks.withPinned(true).withNote("as delivered").withTags(List.of("x")));
      for (CodecChoice codec : List.of(CodecChoice.LZ4, CodecChoice.zstd(9))) {
        Path path = folder.resolve("to-" + codec);
        try (Store to = Store.create(path, new StoreOptions(codec))) {
          Map<String, String> before = contents(path);
          CopyResult dry = from.upkeep().copyTo(to, "*", true, Task.unwatched());
          assertThat(contents(path)).isEqualTo(before);
          assertThat(dry.count(Outcome.COPIED)).isEqualTo(5);
          for (String names : List.of("d*", "empty")) {
            CopyResult result = copy(from, to, names);
            assertThat(result.count(Outcome.LEFT)).isZero();
            assertThat(result.versions()).allMatch(each -> each.as().equals(each.reference()));
          }
          assertThat(to.names()).containsExactly("disk", "dtree", "empty");
          for (Manifest original : all) {
            assertSameVersion(from, to, original, to.manifest(original.reference()));
          }
          assertThat(to.upkeep().marks("disk@1")).isEqualTo(from.upkeep().marks("disk@1"));
          assertThat(to.upkeep().marks("disk@2")).isEqualTo(VersionMarks.NONE);
          assertClean(to);
          byte[] expected = second.clone();
          Arrays.fill(expected, 3 * PAGE + 512, 5 * PAGE + 512, (byte) 0);
          Arrays.fill(expected, 50 * PAGE, 50 * PAGE + 512, (byte) 0);
          Arrays.fill(expected, 90 * PAGE, 100 * PAGE, (byte) 0);
          Arrays.fill(expected, 128 * PAGE, 192 * PAGE, (byte) 0);
          assertRestores(to, to.manifest("disk@2"), image("expected", expected), folder);
          // A second time there is nothing to do, and nothing is done.
          before = contents(path);
          CopyResult again = copy(from, to, "d*");
          assertThat(again.count(Outcome.THERE)).isEqualTo(3);
          assertThat(again.movedBytes()).isZero();
          assertThat(contents(path)).isEqualTo(before);
          // And back: those that were made there know each other too.
          assertThat(copy(to, from, "*").count(Outcome.THERE)).isEqualTo(4);
          to.reindex(Task.unwatched());
          assertClean(to);
        }
      }
    }
  }

  @Test
  void onlyWhatIsMissingIsMoved() throws IOException {
    byte[] bytes = Content.random(4 * MIB, 1);
    Path first = image("first", bytes);
    byte[] changed = bytes.clone();
    System.arraycopy(Content.random(10 * PAGE, 2), 0, changed, MIB, 10 * PAGE);
    Path second = image("second", changed);
    try (Store from = Store.create(a(), StoreOptions.defaults());
        Store to = Store.create(b(), new StoreOptions(CodecChoice.ZSTD))) {
      capture(to, first, "elsewhere");
      capture(from, first, "disk");
      capture(from, second, "disk");
      CopyResult result = copy(from, to, "disk");
      assertThat(result.movedBytes()).isEqualTo(10 * PAGE);
      assertThat(result.versions())
          .extracting(CopyResult.Version::newBytes)
          .containsExactly(0L, 10L * PAGE);
      assertRestores(to, to.manifest("disk@1"), first, folder);
      assertRestores(to, to.manifest("disk@2"), second, folder);
      assertClean(to);
    }
  }

  @Test
  void aStoreThatMayOnlyBeReadCanBeCopiedFrom() throws IOException {
    Path image = image("image", Content.compressible(2 * MIB, 1));
    try (Tmpfs medium = Tmpfs.of(folder.resolve("medium"), "32m")) {
      Path path = medium.path().resolve("a");
      try (Store from = Store.create(a(), StoreOptions.defaults())) {
        capture(from, image, "disk");
        from.upkeep().mark("disk@1", marks -> marks.withNote("burned"));
      }
      Tool.named("cp").run("-a", a(), path);
      medium.makeReadOnly();
      try (Store from = Store.open(path);
          Store to = Store.create(b(), StoreOptions.defaults())) {
        assertThat(copy(from, to, "*").count(Outcome.COPIED)).isEqualTo(1);
        assertThat(to.upkeep().marks("disk@1").note()).isEqualTo("burned");
        assertRestores(to, to.manifest("disk@1"), image, folder);
        assertThatThrownBy(() -> copy(to, from, "*"))
            .isInstanceOf(BlkshException.class)
            .hasMessageContaining("cannot be written");
      }
    }
  }

  // ---- interrupted ---------------------------------------------------------------------------

  @Test
  void aCopyThatIsStoppedLeavesNothingThatLooksWholeAndGoesOn() throws Exception {
    Path image = image("image", Content.random(48 * MIB, 1));
    try (Store from = Store.create(a(), StoreOptions.defaults());
        Store to = Store.create(b(), StoreOptions.defaults())) {
      capture(from, image("small", Content.random(MIB, 2)), "a-small");
      capture(from, image, "disk");
      Task task = new Task("copy", "");
      Thread stopping =
          new Thread(
              () -> {
                while (task.done() < 30 * MIB) {
                  Thread.onSpinWait();
                }
                task.cancel();
              });
      stopping.start();
      assertThatThrownBy(() -> from.upkeep().copyTo(to, "*", false, task))
          .isInstanceOf(CancelledException.class);
      stopping.join();
      assertThat(to.names()).containsExactly("a-small");
      assertClean(to);
      CopyResult rest = copy(from, to, "*");
      assertThat(rest.count(Outcome.THERE)).isEqualTo(1);
      assertThat(rest.movedBytes()).isLessThan(25 * MIB);
      assertRestores(to, to.manifest("disk@1"), image, folder);
      assertClean(to);
    }
  }

  @Test
  void aCopyThatIsKilledGoesOn() throws Exception {
    Path image = image("image", Content.random(96 * MIB, 1));
    try (Store from = Store.create(a(), StoreOptions.defaults())) {
      capture(from, image, "disk");
      from.upkeep().mark("disk@1", marks -> marks.withPinned(true));
    }
    Store.create(b(), StoreOptions.defaults()).close();
    Process child = ChildJvm.start(List.of(), CopyProgram.class, a().toString(), b().toString());
    Await.await(() -> !packs(b()).isEmpty() || !child.isAlive());
    child.destroyForcibly().waitFor();
    try (Store from = Store.open(a());
        Store to = Store.open(b())) {
      assertClean(to);
      for (Manifest there : to.manifests()) {
        assertRestores(to, there, image, folder); // it was faster
      }
      CopyResult rest = copy(from, to, "*");
      assertThat(rest.movedBytes()).isLessThan(40 * MIB);
      assertRestores(to, to.manifest("disk@1"), image, folder);
      assertThat(to.upkeep().marks("disk@1").pinned()).isTrue();
      assertClean(to);
    }
  }

  /** Copies one store to another. */
  static final class CopyProgram {
    public static void main(String[] arguments) {
      try (Store from = Store.open(Path.of(arguments[0]));
          Store to = Store.open(Path.of(arguments[1]))) {
        copy(from, to, "*");
      }
    }
  }

  @Test
  void aFullDiskEndsItAndTheNextGoesOn() throws IOException {
    Path image = image("image", Content.random(12 * MIB, 1));
    try (Tmpfs disk = Tmpfs.of(folder.resolve("disk"), "8m");
        Store from = Store.create(a(), StoreOptions.defaults())) {
      capture(from, image, "disk");
      try (Store to = Store.create(disk.path().resolve("b"), StoreOptions.defaults())) {
        assertThatThrownBy(() -> copy(from, to, "*"))
            .isInstanceOf(BlkshException.class)
            .hasMessageContaining("No space left");
        assertThat(to.names()).isEmpty();
        disk.resize("40m");
        copy(from, to, "*");
        assertRestores(to, to.manifest("disk@1"), image, folder);
        assertClean(to);
      }
    }
  }

  // ---- damage --------------------------------------------------------------------------------

  @Test
  void whatIsDamagedIsNotHandedOnAndTheRestIs() throws IOException {
    byte[] bytes = Content.random(2 * MIB, 1);
    Path image = image("image", bytes);
    Path whole = image("whole", Content.random(MIB, 2));
    try (Store from = Store.create(a(), StoreOptions.defaults());
        Store to = Store.create(b(), StoreOptions.defaults())) {
      capture(from, image, "hurt");
      Path pack = packs(a()).get(0);
      capture(from, whole, "whole");
      Images.flip(pack, PackFiles.placeOf(pack, 300) + 7, 1);
      Task task = new Task("copy", "");
      CopyResult result = from.upkeep().copyTo(to, "*", false, task);
      assertThat(result.versions())
          .extracting(CopyResult.Version::outcome)
          .containsExactly(Outcome.LEFT, Outcome.COPIED);
      assertThat(task.findings())
          .singleElement()
          .asString()
          .contains("hurt@1 is not copied", "at byte " + 300 * PAGE);
      assertThat(to.names()).containsExactly("whole");
      assertRestores(to, to.manifest("whole@1"), whole, folder);
      assertClean(to);
      // Where the page is there already the copy is whole, and the damage here is what it was.
      byte[] page = Arrays.copyOfRange(bytes, 300 * PAGE, 301 * PAGE);
      capture(to, image("page", page), "page");
      assertThat(copy(from, to, "hurt").count(Outcome.COPIED)).isEqualTo(1);
      assertRestores(to, to.manifest("hurt@1"), image, folder);
      assertThat(Images.verify(from).clean()).isFalse();
      // Back it is the same version, and heals nothing by being there.
      assertThat(copy(to, from, "hurt").count(Outcome.THERE)).isEqualTo(1);
      assertThat(Images.verify(from).clean()).isFalse();
    }
  }

  @Test
  void aPageThatIsNotTheOneThatWasCapturedIsNotBelieved() throws IOException {
    // A pack that agrees with itself, under the id and of the store of another.
    try (Store from = Store.create(a(), StoreOptions.defaults());
        Store liar = Store.create(folder.resolve("liar"), StoreOptions.defaults());
        Store to = Store.create(b(), StoreOptions.defaults())) {
      capture(from, image("image", Content.random(2 * MIB, 1)), "disk");
      capture(liar, image("lie", Content.random(2 * MIB, 2)), "disk");
      capture(to, folder.resolve("lie"), "lie"); // even where all of the lie is there
      Path pack = packs(a()).get(0);
      byte[] other = Files.readAllBytes(packs(folder.resolve("liar")).get(0));
      Files.write(
          pack, PackFiles.renamed(other, pack, PackFiles.storeId(Files.readAllBytes(pack))));
    }
    try (Store from = Store.open(a());
        Store to = Store.open(b())) {
      CopyResult result = copy(from, to, "*");
      assertThat(result.versions())
          .extracting(CopyResult.Version::outcome)
          .containsExactly(Outcome.LEFT);
      assertThat(to.names()).containsExactly("lie");
      assertClean(to);
    }
  }

  @Test
  void aManifestThatIsDamagedIsNamed() throws IOException {
    try (Store from = Store.create(a(), StoreOptions.defaults());
        Store to = Store.create(b(), StoreOptions.defaults())) {
      capture(from, image("image", Content.random(MIB, 1)), "disk");
      capture(from, image("image", Content.random(MIB, 2)), "disk");
      capture(from, image("image", Content.random(MIB, 3)), "disk");
      Path first = a().resolve("manifests/disk/1.manifest");
      Images.flip(first, Files.size(first) - 3, 1); // none at all
      Images.flip(a().resolve("manifests/disk/2.manifest"), 20, 1); // its extents
      CopyResult result = copy(from, to, "*");
      assertThat(result.versions())
          .extracting(CopyResult.Version::outcome)
          .containsExactly(Outcome.LEFT, Outcome.LEFT, Outcome.COPIED);
      assertThat(to.versions("disk")).containsExactly(3);
      assertClean(to);
    }
  }

  // ---- numbers -------------------------------------------------------------------------------

  private static Manifest dated(Store store, int seed, String name, int day) {
    return store
        .capture(
            new ByteArraySource(Content.random(10 * PAGE, seed)),
            name,
            CaptureOptions.defaults()
                .withDate(Instant.parse("2026-01-%02dT00:00:00Z".formatted(day))),
            Task.unwatched())
        .manifest();
  }

  @Test
  void numbersKeepTheOrderOfDates() throws IOException {
    try (Store from = Store.create(a(), StoreOptions.defaults());
        Store to = Store.create(b(), StoreOptions.defaults())) {
      for (int i = 1; i <= 4; i++) {
        dated(from, i, "disk", 2 * i);
      }
      // Another of the same number, older than the first: those that are later go on after it.
      dated(to, 11, "disk", 1);
      CopyResult result = copy(from, to, "*");
      assertThat(result.versions())
          .extracting(CopyResult.Version::as)
          .containsExactly("disk@2", "disk@3", "disk@4", "disk@5");
      assertThat(copy(from, to, "*").count(Outcome.THERE)).isEqualTo(4);
      // What was deleted there would come again as the newest: its number is not the one it had.
      to.delete("disk@3");
      assertThat(copy(from, to, "*").count(Outcome.LEFT)).isEqualTo(1);
      assertThat(to.versions("disk")).containsExactly(1, 2, 4, 5);
    }
  }

  @Test
  void whatWouldBecomeTheNewestThoughItIsOlderHasNoPlace() throws IOException {
    try (Store from = Store.create(a(), StoreOptions.defaults());
        Store to = Store.create(b(), StoreOptions.defaults())) {
      dated(from, 1, "disk", 3);
      Manifest there = dated(to, 2, "disk", 9);
      Task task = new Task("copy", "");
      CopyResult result = from.upkeep().copyTo(to, "*", false, task);
      assertThat(result.count(Outcome.LEFT)).isEqualTo(1);
      assertThat(task.findings())
          .singleElement()
          .asString()
          .contains("disk@1 is not copied", "its number is not free", "disk@1 is later");
      assertThat(to.manifest("disk")).isEqualTo(there);
      // A gap in which it belongs is its place.
      dated(from, 3, "disk", 4);
      dated(from, 4, "disk", 5);
      from.delete("disk@1");
      from.delete("disk@2");
      to.delete("disk@1");
      to.upkeep().compact(CompactOptions.defaults(), Task.unwatched());
      dated(to, 5, "disk", 1);
      assertThat(to.versions("disk")).containsExactly(2);
      assertThat(copy(from, to, "*").versions())
          .extracting(CopyResult.Version::as)
          .containsExactly("disk@3");
      from.upkeep().undelete("disk@2");
      assertThat(copy(from, to, "*").count(Outcome.LEFT)).isEqualTo(1);
    }
  }

  @Test
  void aDeletedVersionThatMayBeWantedBackKeepsItsNumber() throws IOException {
    try (Store from = Store.create(a(), StoreOptions.defaults());
        Store to = Store.create(b(), StoreOptions.defaults())) {
      dated(from, 1, "disk", 3);
      dated(to, 2, "disk", 1);
      to.upkeep().mark("disk@1", marks -> marks.withNote("mine"));
      to.delete("disk@1");
      assertThat(copy(from, to, "*").versions())
          .extracting(CopyResult.Version::as)
          .containsExactly("disk@2");
      to.upkeep().undelete("disk@1");
      assertThat(to.upkeep().marks("disk@1").note()).isEqualTo("mine");
      // What was copied and deleted there comes again under its number.
      dated(from, 4, "other", 1);
      copy(from, to, "other");
      to.delete("other@1");
      assertThat(copy(from, to, "other").versions())
          .extracting(CopyResult.Version::as)
          .containsExactly("other@1");
    }
  }

  @Test
  void aStoreIsNotCopiedToItself() throws IOException {
    Path link = folder.resolve("link");
    try (Store from = Store.create(a(), StoreOptions.defaults())) {
      capture(from, image("image", Content.random(MIB, 1)), "disk");
      Files.createSymbolicLink(link, a());
      try (Store same = Store.open(link)) {
        assertThatThrownBy(() -> copy(from, same, "*"))
            .isInstanceOf(BlkshException.class)
            .hasMessageContaining("they are one store");
      }
    }
  }

  // ---- beside others -------------------------------------------------------------------------

  @Test
  void whatOthersForgetAndCompactMeanwhileHurtsNoCopy() throws Exception {
    byte[] bytes = Content.random(8 * MIB, 1);
    List<Path> images = new ArrayList<>();
    try (Store from = Store.create(a(), StoreOptions.defaults());
        Store to = Store.create(b(), StoreOptions.defaults())) {
      for (int i = 0; i < 8; i++) {
        System.arraycopy(Content.random(2 * MIB, 10 + i), 0, bytes, (i % 4) * 2 * MIB, 2 * MIB);
        images.add(image("image-" + i, bytes));
        capture(from, images.get(i), "disk");
      }
      AtomicBoolean ended = new AtomicBoolean();
      List<Throwable> failures = new ArrayList<>();
      Thread others =
          new Thread(
              () -> {
                try (Store f = Store.open(a());
                    Store t = Store.open(b())) {
                  CompactOptions options = CompactOptions.defaults().withThreshold(1);
                  for (int i = 1; !ended.get(); i++) {
                    if (i < 8 && f.versions("disk").contains(i)) {
                      f.delete("disk@" + i);
                    }
                    f.upkeep().compact(options, Task.unwatched());
                    capture(t, images.get(i % 8), "mine");
                    t.delete("mine");
                    t.upkeep().compact(options, Task.unwatched());
                  }
                } catch (Throwable e) {
                  failures.add(e);
                }
              });
      others.start();
      CopyResult result = copy(from, to, "disk");
      ended.set(true);
      others.join();
      assertThat(failures).isEmpty();
      assertThat(result.count(Outcome.LEFT)).isZero();
      assertThat(to.versions("disk")).contains(8);
      for (int number : to.versions("disk")) {
        assertRestores(to, to.manifest("disk@" + number), images.get(number - 1), folder);
      }
      assertClean(from);
      assertClean(to);
    }
  }

  /** As after a copy was deleted by mistake: what was said of it here is not the original's. */
  @Test
  void whatWasSaidOfADeletedVersionStaysWhenItIsCopiedAgain() throws Exception {
    try (Store from = Store.create(a(), StoreOptions.defaults());
        Store to = Store.create(b(), StoreOptions.defaults())) {
      capture(from, image("one", Content.compressible(MIB, 1)), "disk");
      copy(from, to, "*");
      to.upkeep().mark("disk@1", marks -> marks.withTags(List.of("keep")));
      to.delete(to.manifest("disk@1"));
      from.upkeep().mark("disk@1", marks -> marks.withNote("the original"));
      copy(from, to, "*");
      VersionMarks marks = to.upkeep().marks("disk@1");
      assertThat(marks.tags()).containsExactly("keep");
      assertThat(marks.note()).isEqualTo("the original");

      // Two of its number are in the trash then, and what was said of it stays with both.
      Await.pause(1100);
      to.delete(to.manifest("disk@1"));
      assertThat(to.upkeep().trash()).hasSize(2);
      to.upkeep().undelete("disk@1");
      assertThat(to.upkeep().marks("disk@1").tags()).containsExactly("keep");
    }
  }

  @Test
  void aNumberNearTheHighestIsNotBroughtAlong() throws Exception {
    Store.create(a(), StoreOptions.defaults()).close();
    try (Connection index = DriverManager.getConnection("jdbc:sqlite:" + a().resolve("index.db"));
        Statement statement = index.createStatement()) {
      statement.execute("INSERT INTO numbers(name, last) VALUES('disk', 999999998)");
    }
    try (Store from = Store.open(a());
        Store to = Store.create(b(), StoreOptions.defaults())) {
      capture(from, image("one", Content.compressible(MIB, 1)), "disk");
      assertThat(from.manifests("disk")).hasSize(1);
      Path next = image("two", Content.compressible(MIB, 2));
      assertThatThrownBy(() -> capture(from, next, "disk"))
          .isInstanceOf(BlkshException.class)
          .hasMessageContaining("go on under another name");
      copy(from, to, "*");
      assertThat(to.manifests("disk")).extracting(Manifest::reference).containsExactly("disk@1");
      capture(to, next, "disk");
      assertThat(to.manifests("disk")).hasSize(2);
    }
  }

  /** The number it brings was given before the last version went, and nothing was left. */
  @Test
  void aStoreOfCopiesWhoseManifestsAreAwayKeepsItsPacks() throws Exception {
    try (Store from = Store.create(a(), StoreOptions.defaults());
        Store to = Store.create(b(), StoreOptions.defaults())) {
      capture(from, image("one", Content.compressible(MIB, 1)), "disk");
      copy(from, to, "*");
      to.delete(to.manifest("disk@1"));
      to.upkeep().compact(CompactOptions.defaults(), Task.unwatched());
      assertThat(packs(b())).isEmpty();
      copy(from, to, "*");
      assertThat(to.manifests("disk")).extracting(Manifest::reference).containsExactly("disk@1");
    }
    List<Path> packs = packs(b());
    Files.move(b().resolve("manifests"), folder.resolve("away"));
    Files.createDirectory(b().resolve("manifests"));
    try (Store to = Store.open(b())) {
      assertThatThrownBy(() -> to.upkeep().compact(CompactOptions.defaults(), Task.unwatched()))
          .hasMessageContaining("no word that the last was deleted");
    }
    assertThat(packs(b())).isEqualTo(packs).isNotEmpty();
  }
}
