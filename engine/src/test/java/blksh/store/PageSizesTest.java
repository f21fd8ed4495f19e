package blksh.store;

import static blksh.store.Images.MIB;
import static blksh.store.Images.assertClean;
import static blksh.store.Images.assertRestores;
import static blksh.store.Images.assertSame;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import blksh.block.BlockSource;
import blksh.block.ByteArraySource;
import blksh.block.Extent;
import blksh.block.FaultySource;
import blksh.block.SourceInfo;
import blksh.io.Checksum;
import blksh.io.LittleEndian;
import blksh.io.UnreadableException;
import blksh.kit.Content;
import blksh.kit.InMemory;
import blksh.snapshot.SnapshotRequest;
import blksh.snapshot.StoredSnapshots;
import blksh.store.pack.CodecChoice;
import blksh.store.pack.Page;
import blksh.store.pack.PageSize;
import blksh.store.shelf.DirectoryShelf;
import blksh.task.Task;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Stores whose pages have another size than 4 KiB. */
class PageSizesTest {

  private static final int SIZE = 5 * MIB + 12_345;

  @TempDir(factory = InMemory.class)
  Path folder;

  private Store create(String name, int pageSize, CodecChoice codec, int parity) {
    StoreOptions options = new StoreOptions(codec, PageSize.of(pageSize), parity);
    return Store.create(folder.resolve(name), options);
  }

  private static Manifest capture(Store store, String name, byte[] bytes) {
    return capture(store, name, new ByteArraySource(bytes));
  }

  private static Manifest capture(Store store, String name, BlockSource source) {
    return store.capture(source, name, CaptureOptions.defaults(), Task.unwatched()).manifest();
  }

  /** Data that can be compressed and that cannot, and zeros, of whole pages of 64 KiB and not. */
  private static byte[] image() {
    byte[] bytes = Content.compressible(SIZE, 1);
    System.arraycopy(Content.random(MIB, 2), 0, bytes, MIB, MIB);
    Arrays.fill(bytes, 3 * MIB, 3 * MIB + 640 * 1024, (byte) 0);
    Arrays.fill(bytes, 4 * MIB + 5000, 4 * MIB + 40_000, (byte) 0);
    return bytes;
  }

  private Path file(String name, byte[] bytes) throws IOException {
    return Images.write(folder.resolve(name), bytes);
  }

  private List<Path> packs(String store) throws IOException {
    try (Stream<Path> files = Files.walk(folder.resolve(store).resolve("packs"))) {
      return files.filter(f -> f.toString().endsWith(".pack")).sorted().toList();
    }
  }

  private static void assertReadsAnywhere(Store store, Manifest manifest, byte[] bytes) {
    Random random = new Random(7);
    try (BlockSource source = store.source(manifest)) {
      for (int i = 0; i < 200; i++) {
        int at = random.nextInt(bytes.length);
        int length = Math.min(bytes.length - at, 1 + random.nextInt(i < 150 ? 5000 : 300_000));
        byte[] read = new byte[length];
        assertThat(source.read(at, ByteBuffer.wrap(read))).isEqualTo(length);
        assertThat(read).isEqualTo(Arrays.copyOfRange(bytes, at, at + length));
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {8192, 16384, 32768, 65536})
  void aStoreLivesWithThem(int size) throws IOException {
    byte[] first = image();
    byte[] second = first.clone();
    System.arraycopy(Content.random(100_000, 3), 0, second, 2 * MIB + 777, 100_000);
    Path one = file("one", first);
    Path two = file("two", second);
    CodecChoice codec = size == 16384 ? CodecChoice.RAW : CodecChoice.LZ4;
    try (Store store = create("s", size, codec, 0)) {
      assertThat(store.pageSize().bytes()).isEqualTo(size);
      assertThat(folder.resolve("s/store.json"))
          .content()
          .contains("\"format\": 4", "\"pageSize\": " + size);
      Manifest a = capture(store, "disk", first);
      int pages = (SIZE + size - 1) / size;
      int zeros = 640 * 1024 / size + (size < 16384 ? 3 : size == 16384 ? 1 : 0);
      assertThat(a.figures().newPages()).isBetween(pages / 2L, pages - zeros + 2L);
      assertThat(a.figures().zeroBytes()).isGreaterThanOrEqualTo(640 * 1024);
      Manifest same = capture(store, "disk", first);
      assertThat(same.figures().newPages()).isZero();
      assertThat(same.root()).isEqualTo(a.root());
      Manifest b = capture(store, "disk", second);
      assertThat(b.figures().newPages()).isBetween(1L, 100_000L / size + 2);
      ManifestDiff diff = store.diff(a, b);
      long from = (2 * MIB + 777) / size * size;
      assertThat(diff.changed()).hasSize(1);
      assertThat(diff.changed().get(0).start()).isEqualTo(from);
      assertThat(diff.changed().get(0).end() % size).isZero();
      assertThat(diff.changed().get(0).end()).isBetween(2 * MIB + 100_777L, 2 * MIB + 170_000L);
      assertRestores(store, a, one, folder);
      assertRestores(store, b, two, folder);
      assertReadsAnywhere(store, b, second);
      assertClean(store);
      // Onto the other image, of which only what differs is written.
      RestoreOptions changed = RestoreOptions.defaults().withOverwrite(true).withOnlyChanged(true);
      RestoreResult restored = store.restore(b, one, changed, Task.unwatched());
      assertThat(restored.writtenBytes()).isBetween(1L, 104_000L);
      assertSame(one, two);
      store.delete(a);
      store.delete(same);
      CompactOptions all = CompactOptions.defaults().withThreshold(1).withRecompress(true);
      CompactResult compacted = store.upkeep().compact(all, Task.unwatched());
      assertThat(compacted.rewritten()).isEqualTo(1);
      assertRestores(store, b, two, folder);
      assertClean(store);
      assertThat(capture(store, "disk", second).figures().newPages()).isZero();
    }
    Path out = folder.resolve("python");
    StoreFormatTest.python(folder.resolve("s"), "disk", out);
    assertSame(out, two);
    // Without what is derived, and without the descriptor.
    for (String lost : List.of("index.db", "pages.idx", "store.json")) {
      Files.deleteIfExists(folder.resolve("s").resolve(lost));
    }
    try (Store store = Store.open(folder.resolve("s"))) {
      store.reindex(Task.unwatched());
    }
    try (Store store = Store.open(folder.resolve("s"))) {
      assertThat(store.pageSize().bytes()).isEqualTo(size);
      assertThat(capture(store, "disk", second).figures().newPages()).isZero();
      assertClean(store);
    }
  }

  @Test
  void whatCannotBeReadIsExactToTheSector() throws IOException {
    byte[] bytes = image();
    BlockSource worn =
        new FaultySource(new ByteArraySource(bytes))
            .unreadable(100_352, 1024)
            .unreadable(MIB, 3 * 65536);
    try (Store store = create("s", 65536, CodecChoice.LZ4, 0)) {
      Manifest manifest = capture(store, "disk", worn);
      assertThat(manifest.figures().badBytes()).isEqualTo(1024 + 3 * 65536);
      try (BlockSource source = store.source(manifest)) {
        byte[] before = new byte[100_352];
        source.read(0, ByteBuffer.wrap(before));
        assertThat(before).isEqualTo(Arrays.copyOf(bytes, 100_352));
        assertThatThrownBy(() -> source.read(100_000, ByteBuffer.allocate(1000)))
            .isInstanceOfSatisfying(
                UnreadableException.class, e -> assertThat(e.start()).isEqualTo(100_352));
      }
      // The same in stores of smaller pages and of larger ones.
      try (Store small = create("small", 4096, CodecChoice.LZ4, 0);
          Store back = create("back", 65536, CodecChoice.ZSTD, 0)) {
        assertThat(copied(store, small)).isEqualTo(1);
        assertThat(copied(small, back)).isEqualTo(1);
        for (Store each : List.of(small, back)) {
          Manifest copy = each.manifest("disk");
          assertThat(copy.figures().badBytes()).isEqualTo(1024 + 3 * 65536);
          try (BlockSource source = each.source(copy)) {
            assertThat(bad(source))
                .containsExactly(
                    new Extent(100_352, 1024, Extent.Kind.BAD),
                    new Extent(MIB, 3 * 65536, Extent.Kind.BAD));
          }
          assertClean(each);
        }
      }
    }
  }

  private static List<Extent> bad(BlockSource source) {
    List<Extent> all = new ArrayList<>();
    source.extents().forEachRemaining(all::add);
    return all.stream().filter(extent -> extent.kind() == Extent.Kind.BAD).toList();
  }

  private static int copied(Store from, Store to) {
    return (int)
        from.upkeep().copyTo(to, "*", false, Task.unwatched()).versions().stream()
            .filter(version -> version.outcome() == CopyResult.Outcome.COPIED)
            .count();
  }

  @ParameterizedTest
  @ValueSource(ints = {16384, 65536})
  void whatIsLostComesBackByParityOrFromAnotherStore(int size) throws IOException {
    byte[] bytes = image();
    Path whole = file("whole", bytes);
    Random random = new Random(size);
    try (Store store = create("s", size, CodecChoice.LZ4, 10);
        Store other = create("other", size, CodecChoice.ZSTD, 0)) {
      capture(other, "disk", bytes);
      Manifest manifest = capture(store, "disk", bytes);
      Path pack = packs("s").get(0);
      byte[] sound = Files.readAllBytes(pack);
      byte[] noise = new byte[4096];
      random.nextBytes(noise);
      Images.put(pack, 50_000, noise);
      VerifyReport found = Images.verify(store);
      assertThat(found.damage()).isNotEmpty();
      List<AffectedRange> affected =
          found.damage().stream().flatMap(damage -> damage.affected().stream()).toList();
      assertThat(affected).isNotEmpty();
      for (AffectedRange range : affected) {
        assertThat(range.start() % size).isZero();
        assertThat(range.start() + range.length()).isLessThanOrEqualTo(SIZE);
      }
      assertThat(store.upkeep().repair(List.of(), false, Task.unwatched()).left()).isEmpty();
      assertThat(Files.readAllBytes(pack)).isEqualTo(sound);
      assertClean(store);
      // And without parity.
      store.upkeep().protect(0, false, Task.unwatched());
      Images.put(pack, 50_000, noise);
      assertThat(Images.verify(store).damage()).isNotEmpty();
      RepairResult repaired = store.upkeep().repair(List.of(other), false, Task.unwatched());
      assertThat(repaired.left()).isEmpty();
      assertThat(repaired.pages()).isPositive();
      assertRestores(store, manifest, whole, folder);
      assertThat(folder.resolve("s/store.json")).content().contains("\"format\": 4");
    }
  }

  @Test
  void aStoreOfOtherPagesIsRefusedAsOneToRepairFrom() throws IOException {
    try (Store store = create("s", 4096, CodecChoice.LZ4, 0);
        Store other = create("other", 65536, CodecChoice.LZ4, 0)) {
      capture(store, "disk", image());
      assertThatThrownBy(() -> store.upkeep().repair(List.of(other), false, Task.unwatched()))
          .hasMessageContaining("they have 65536 bytes there and 4096 here");
    }
  }

  @Test
  void versionsAreCopiedBetweenStoresOfAllSizesAndKnownAgain() throws IOException {
    byte[] first = image();
    byte[] second = first.clone();
    System.arraycopy(Content.random(9000, 3), 0, second, 2 * MIB, 9000);
    Path one = file("one", first);
    Path two = file("two", second);
    try (Store small = create("small", 4096, CodecChoice.LZ4, 0);
        Store large = create("large", 65536, CodecChoice.LZ4, 0);
        Store back = create("back", 4096, CodecChoice.LZ4, 0)) {
      capture(small, "disk", first);
      Manifest b = capture(small, "disk", second);
      capture(small, "empty", new byte[0]);
      assertThat(copied(small, large)).isEqualTo(3);
      assertThat(copied(small, large)).isZero();
      assertThat(copied(large, small)).isZero();
      assertThat(copied(large, back)).isEqualTo(3);
      assertThat(copied(large, back)).isZero();
      assertThat(copied(small, back)).isZero();
      assertThat(copied(back, small)).isZero();
      for (Store each : List.of(large, back)) {
        Manifest copy = each.manifest("disk@2");
        assertThat(copy.started()).isEqualTo(b.started());
        assertRestores(each, each.manifest("disk@1"), one, folder);
        assertRestores(each, copy, two, folder);
        assertClean(each);
      }
      assertThat(large.manifest("disk@2").root()).isNotEqualTo(b.root());
      assertThat(back.manifest("disk@2").root()).isEqualTo(b.root());
    }
  }

  @Test
  void aVersionOfWhichAPageIsDamagedIsNotCopied() throws IOException {
    try (Store small = create("small", 4096, CodecChoice.LZ4, 0);
        Store large = create("large", 65536, CodecChoice.LZ4, 0)) {
      capture(small, "disk", image());
      Images.flip(packs("small").get(0), 50_000, 1);
      CopyResult result = small.upkeep().copyTo(large, "*", false, Task.unwatched());
      assertThat(result.versions())
          .singleElement()
          .satisfies(
              version -> {
                assertThat(version.outcome()).isEqualTo(CopyResult.Outcome.LEFT);
                assertThat(version.problem()).contains("at byte");
              });
      assertThat(large.names()).isEmpty();
    }
  }

  @Test
  void snapshotsOfFileTreesAreTakenAndCopied() throws IOException {
    Path source = Files.createDirectories(folder.resolve("tree/sub"));
    byte[] bytes = Content.random(600_000, 8);
    Arrays.fill(bytes, 70_000, 300_000, (byte) 0);
    Path large = Files.write(source.resolve("large"), bytes);
    byte[] holed = Content.random(100_000, 9);
    Arrays.fill(holed, 20_480, 28_672, (byte) 0);
    Files.write(source.resolve("holed"), holed);
    for (int i = 0; i < 40; i++) {
      Files.write(source.resolve("small" + i), ("some text " + i).getBytes());
    }
    String real = source.toRealPath().toString();
    try (Store store = create("s", 65536, CodecChoice.RAW, 0); // which Python reads alone
        StoredSnapshots snapshots = new StoredSnapshots(store, false);
        Store small = create("small", 4096, CodecChoice.RAW, 0)) {
      take(snapshots);
      Files.write(source.resolve("small3"), "another".getBytes());
      take(snapshots);
      assertThat(store.manifest("files@2").figures().newPages()).isLessThan(6);
      assertThat(copied(store, small)).isEqualTo(2);
      Task task = Task.unwatched();
      for (Store each : List.of(store, small)) {
        try (StoredSnapshots in = new StoredSnapshots(each, false)) {
          assertThat(in.verify(List.of("files@2"), task).faults()).isEmpty();
        }
        Path out = folder.resolve("out-" + each.path().getFileName());
        StoreFormatTest.python(each.path(), "files@1:" + real + "/large", out);
        assertSame(out, large);
      }
      // The next in the other store takes nothing over from pages of another size, and is whole.
      try (StoredSnapshots in = new StoredSnapshots(small, false)) {
        take(in);
        assertThat(in.verify(List.of("files@3"), task).faults()).isEmpty();
      }
      try (Store back = create("back", 65536, CodecChoice.RAW, 0)) {
        assertThat(copied(small, back)).isEqualTo(3);
        try (StoredSnapshots in = new StoredSnapshots(back, false)) {
          assertThat(in.verify(List.of("files@2", "files@3"), task).faults()).isEmpty();
        }
        Path out = folder.resolve("out-back");
        StoreFormatTest.python(back.path(), "files@3:" + real + "/holed", out);
        assertThat(out).hasBinaryContent(holed);
      }
    }
  }

  private void take(StoredSnapshots snapshots) {
    snapshots.take(SnapshotRequest.of(folder.resolve("tree")).named("files"), Task.unwatched());
  }

  @Test
  void aDescriptorThatContradictsAllThatIsThereIsMadeAgain() throws IOException {
    byte[] bytes = image();
    for (int size : new int[] {4096, 65536}) {
      String name = "s" + size;
      try (Store store = create(name, size, CodecChoice.LZ4, 0)) {
        capture(store, "disk", bytes);
      }
      // As an older blksh would make one that had lost it, by the id in the packs.
      Path path = folder.resolve(name);
      try (DirectoryShelf shelf = new DirectoryShelf(path)) {
        StoreDescriptor now = StoreDescriptor.read(shelf);
        PageSize other = size == 4096 ? PageSize.LARGEST : PageSize.USUAL;
        new StoreDescriptor(now.id(), now.codec(), other, 0).write(shelf);
      }
      try (Store store = Store.open(path)) {
        assertThat(store.pageSize().bytes()).isEqualTo(size);
        assertReadsAnywhere(store, store.manifest("disk"), bytes);
        assertThatThrownBy(() -> capture(store, "disk", bytes))
            .hasMessageContaining("store.json says that pages have");
        store.reindex(Task.unwatched());
      }
      assertThat(path.resolve("store.json")).content().contains("\"pageSize\": " + size);
      try (Store store = Store.open(path)) {
        assertThat(capture(store, "disk", bytes).figures().newPages()).isZero();
        assertClean(store);
      }
    }
  }

  /** One that had lost the descriptor has made another, and captured by it. */
  @Test
  void whatMostHaveCountsWhereAnOlderOneHasCapturedToo() throws IOException {
    byte[] bytes = image();
    Path path = folder.resolve("s");
    StoreDescriptor now;
    try (Store store = create("s", 65536, CodecChoice.LZ4, 0)) {
      capture(store, "disk", bytes);
      capture(store, "disk", bytes);
    }
    try (DirectoryShelf shelf = new DirectoryShelf(path)) {
      now = StoreDescriptor.read(shelf);
    }
    create("older", 4096, CodecChoice.LZ4, 0).close();
    Path older = folder.resolve("older");
    StoreDescriptor lost = new StoreDescriptor(now.id(), now.codec(), PageSize.USUAL, 0);
    for (Path each : List.of(older, path)) {
      try (DirectoryShelf shelf = new DirectoryShelf(each)) {
        lost.write(shelf);
      }
    }
    try (Store store = Store.open(older)) {
      capture(store, "late", Arrays.copyOf(bytes, 50_000));
    }
    Path pack = packs("older").get(0);
    Path to = path.resolve(older.relativize(pack).toString());
    Files.createDirectories(to.getParent());
    Files.copy(pack, to);
    Files.createDirectories(path.resolve("manifests/late"));
    String late = "manifests/late/1.manifest";
    Files.copy(older.resolve(late), path.resolve(late));
    try (Store store = Store.open(path)) {
      assertThat(store.pageSize()).isEqualTo(PageSize.LARGEST);
      assertReadsAnywhere(store, store.manifest("disk"), bytes);
      assertThatThrownBy(() -> capture(store, "disk", bytes))
          .hasMessageContaining(
              "4096 bytes, as 2 of its manifests and packs have them, and 3 have");
      store.reindex(Task.unwatched());
    }
    assertThat(path.resolve("store.json")).content().contains("\"pageSize\": 65536");
    try (Store store = Store.open(path)) {
      assertThat(capture(store, "disk", bytes).figures().newPages()).isZero();
      assertThat(Images.verify(store).damage())
          .anyMatch(damage -> damage.problem().contains("its pages have 4096 bytes"));
    }
    assertThat(path.resolve(late)).exists();
    assertSame(to, pack); // nobody has written it anew
  }

  /** Only its last page says that an image is that of a tree. */
  @Test
  void aDamagedPageNearTheEndOfASnapshotCostsTheFileItIsOf() throws IOException {
    Path source = Files.createDirectories(folder.resolve("tree/sub"));
    byte[] rotten = Content.random(5000, 1);
    Files.write(source.resolve("a"), rotten);
    Path sound = Files.write(source.resolve("b"), Content.random(5000, 2));
    try (Store store = create("s", 4096, CodecChoice.RAW, 0);
        StoredSnapshots snapshots = new StoredSnapshots(store, false)) {
      take(snapshots);
    }
    Path pack = packs("s").get(0);
    String stored = Files.readString(pack, StandardCharsets.ISO_8859_1);
    String first = new String(rotten, 0, 4096, StandardCharsets.ISO_8859_1);
    assertThat(stored).contains(first);
    Images.flip(pack, stored.indexOf(first) + 100L, 1);
    String real = source.toRealPath().toString();
    try (Store store = Store.open(folder.resolve("s"));
        StoredSnapshots snapshots = new StoredSnapshots(store, false)) {
      assertThat(store.manifest("files").size()).isLessThanOrEqualTo(65536);
      assertThat(snapshots.verify(List.of("files"), Task.unwatched()).faults())
          .singleElement()
          .asString()
          .contains("sub/a");
      Path out = folder.resolve("out");
      byte[] path = real.substring(1).concat("/b").getBytes();
      Task task = Task.unwatched();
      assertThat(snapshots.restore("files", List.of(path), out, false, task).problems()).isEmpty();
      assertSame(out.resolve(real.substring(1)).resolve("b"), sound);
    }
    Path out = folder.resolve("python");
    StoreFormatTest.python(folder.resolve("s"), "files:" + real + "/b", out);
    assertSame(out, sound);
  }

  /** Of a frame of two pages of 65,536 bytes, where 0 bytes may mean one that went or all. */
  @Test
  void aPageOfAFrameThatGoesLeavesTheOtherWhole() throws IOException {
    byte[] first = Content.random(6 * 65536 + 999, 1);
    byte[] third = first.clone();
    System.arraycopy(Content.random(65536, 3), 0, third, 4 * 65536, 65536);
    Path one = file("one", first);
    Path path = folder.resolve("s");
    Path pack;
    try (Store store = create("s", 65536, CodecChoice.RAW, 0)) {
      capture(store, "disk", first);
      pack = packs("s").get(0);
      int payload = 40 + 28 + 2 * 34;
      Images.flip(pack, payload + 100, 1); // in the first page of the first frame
      Images.flip(pack, 2L * payload - 40 + 3 * 65536 + 100, 1); // and the second of the second
      assertThat(Images.verify(store).damage()).isNotEmpty();
      assertThat(capture(store, "disk", first).figures().newPages()).isEqualTo(2);
      store.reindex(Task.unwatched()); // drops them where they are damaged
    }
    byte[] bytes = Files.readAllBytes(pack);
    List<Integer> forms = new ArrayList<>();
    int end = 40;
    while (new String(bytes, end, 4, StandardCharsets.ISO_8859_1).equals("BKFR")) {
      forms.add((int) bytes[end + 11]);
      end += 28 + 34 * LittleEndian.u16(bytes, end + 8) + LittleEndian.i32(bytes, end + 16);
    }
    assertThat(forms).startsWith(0x14, 0x24, 0x04);
    try (Store store = Store.open(path)) {
      assertRestores(store, store.manifest("disk@1"), one, folder);
      assertClean(store);
    }
    assertPythonRestores(path, one, "one");
    // Without its footer: the headers alone tell.
    Files.write(pack, Arrays.copyOf(bytes, end));
    assertPythonRestores(path, one, "none");
    try (Store store = Store.open(path)) {
      assertRestores(store, store.manifest("disk"), one, folder);
      store.reindex(Task.unwatched());
      assertRestores(store, store.manifest("disk"), one, folder);
      assertClean(store);
    }
    // Without the header of a frame: the footer cannot tell which of both pages is there.
    Files.write(pack, bytes);
    Images.flip(pack, 40 + 30, 1);
    try (Store store = Store.open(path);
        Store other = create("other", 65536, CodecChoice.LZ4, 0)) {
      Manifest manifest = store.manifest("disk");
      capture(other, "disk", first);
      assertThat(Images.verify(store).damage()).isNotEmpty();
      RepairResult repaired = store.upkeep().repair(List.of(other), false, Task.unwatched());
      assertThat(repaired.left()).isEmpty();
      assertThat(repaired.pages()).isEqualTo(1);
      assertRestores(store, manifest, one, folder);
    }
    // And without what nobody needs any more.
    Files.write(pack, bytes);
    try (Store store = Store.open(path)) {
      store.reindex(Task.unwatched());
      Manifest last = capture(store, "disk", third);
      store.delete("disk@1");
      store.delete("disk@2");
      CompactOptions all = CompactOptions.defaults().withThreshold(1).withRecompress(true);
      assertThat(store.upkeep().compact(all, Task.unwatched()).rewritten()).isPositive();
      assertRestores(store, last, file("three", third), folder);
      assertClean(store);
    }
  }

  private void assertPythonRestores(Path store, Path image, String as) throws IOException {
    Path out = folder.resolve("python-" + as);
    StoreFormatTest.python(store, "disk", out);
    assertSame(out, image);
  }

  /** What keeps a range of bytes from being read, whatever sectors there are. */
  private static final class Mapped implements BlockSource {
    private final byte[] bytes;
    private final Extent hole;

    Mapped(byte[] bytes, Extent hole) {
      this.bytes = bytes;
      this.hole = hole;
    }

    @Override
    public long size() {
      return bytes.length;
    }

    @Override
    public int read(long position, ByteBuffer target) {
      int count = (int) Math.min(target.remaining(), bytes.length - position);
      long end = position + count;
      if (hole.kind() == Extent.Kind.BAD && hole.start() < end && hole.end() > position) {
        Extent bad = hole.clip(position, end);
        target.put(bytes, (int) position, (int) (bad.start() - position));
        throw new UnreadableException("it", bad.start(), bad.length(), "nobody knows", null) {
          @Override
          public boolean isGone() {
            return true;
          }
        };
      }
      target.put(bytes, (int) position, count);
      return count;
    }

    @Override
    public Iterator<Extent> extents(long position, long length) {
      long end = Math.min(bytes.length, BlockSource.saturatedEnd(position, length));
      return Stream.of(
              new Extent(0, hole.start(), Extent.Kind.DATA),
              hole,
              new Extent(hole.end(), bytes.length - hole.end(), Extent.Kind.DATA))
          .filter(extent -> extent.start() < end && extent.end() > position)
          .map(extent -> extent.clip(position, end))
          .iterator();
    }

    @Override
    public SourceInfo describe() {
      return new SourceInfo("disk", "it", "it", Map.of("nbd place", "there", "more", "1"));
    }

    @Override
    public void close() {}
  }

  @Test
  void whatCouldNotBeReadIsCopiedToTheByte() throws IOException {
    Extent bad = new Extent(100_001, 7777, Extent.Kind.BAD);
    try (Store small = create("small", 4096, CodecChoice.LZ4, 0);
        Store large = create("large", 65536, CodecChoice.LZ4, 0)) {
      capture(small, "disk", new Mapped(image(), bad));
      try (BlockSource source = small.source(small.manifest("disk"))) {
        assertThat(bad(source)).containsExactly(bad);
      }
      assertThat(copied(small, large)).isEqualTo(1);
      try (BlockSource source = large.source(large.manifest("disk"))) {
        assertThat(bad(source)).containsExactly(bad);
      }
      assertThat(large.manifest("disk").source().details())
          .containsKeys("nbd place", "more"); // nothing was free
    }
  }

  /** By which the next capture would take over zeros where a part of a page was free. */
  @Test
  void aCopyOfWhatWasFreeInPartHasNoMarksOfABitmap() throws IOException {
    Extent free = new Extent(100 * 4096, 3 * 65536, Extent.Kind.FREE);
    try (Store small = create("small", 4096, CodecChoice.LZ4, 0);
        Store large = create("large", 65536, CodecChoice.LZ4, 0)) {
      capture(small, "disk", new Mapped(image(), free));
      assertThat(small.manifest("disk").source().details()).containsKey("nbd place");
      assertThat(copied(small, large)).isEqualTo(1);
      assertThat(large.manifest("disk").figures().freeBytes()).isEqualTo(2 * 65536);
      assertThat(large.manifest("disk").source().details())
          .containsKey("more")
          .doesNotContainKey("nbd place");
    }
  }

  @Test
  void aCopyThatCannotBeginLeavesTheStoreToOthers() throws IOException {
    Path manifest = folder.resolve("small/manifests/disk/1.manifest");
    try (Store small = create("small", 4096, CodecChoice.LZ4, 0);
        Store large = create("large", 65536, CodecChoice.LZ4, 0)) {
      capture(small, "disk", new Mapped(image(), new Extent(100_001, 7777, Extent.Kind.BAD)));
      byte[] range = new byte[16];
      LittleEndian.putI32(range, 0, 100_001);
      LittleEndian.putI32(range, 8, 7777);
      String stored = Files.readString(manifest, StandardCharsets.ISO_8859_1);
      int at = stored.indexOf(new String(range, StandardCharsets.ISO_8859_1));
      Images.flip(manifest, at, 2);
      assertThat(copied(small, large)).isZero();
      assertThat(large.names()).isEmpty();
      small.reindex(Task.unwatched()); // which needs it alone
    }
  }

  /** As written before manifests proved pages: packs alone say what these are. */
  @Test
  void aCopyOfWhatOnlyPacksProveIsOfWhatTheySayTwice() throws IOException {
    byte[] bytes = image();
    Path path = folder.resolve("small");
    try (Store small = create("small", 4096, CodecChoice.RAW, 0);
        Store large = create("large", 65536, CodecChoice.LZ4, 0)) {
      capture(small, "disk", bytes);
      FirstForm.of(path.resolve("manifests/disk/1.manifest"));
      assertThat(copied(small, large)).isEqualTo(1);
      assertRestores(large, large.manifest("disk"), file("one", bytes), folder);
    }
    // A frame with a header that fits other bytes, where the footer has the digests of those
    // before.
    Path pack = packs("small").get(0);
    byte[] stored = Files.readAllBytes(pack);
    FirstForm.exchangeFirstPage(stored, Content.random(4096, 9));
    Files.write(pack, stored);
    try (Store small = Store.open(path);
        Store other = create("other", 65536, CodecChoice.LZ4, 0)) {
      assertThat(copied(small, other)).isZero();
      assertThat(other.names()).isEmpty();
    }
  }

  /** Makes bytes as older writers, or accidents, would have left them. */
  private static final class FirstForm {
    private FirstForm() {}

    /** Turns a manifest of one chunk each of extents and of groups into one of the first form. */
    static void of(Path file) throws IOException {
      byte[] old = Files.readAllBytes(file);
      int end = old.length - 96;
      long extents = LittleEndian.i64(old, end + 8);
      int packs = LittleEndian.i32(old, end + 24);
      int described = LittleEndian.i32(old, end + 28);
      long groups = LittleEndian.i64(old, end + 80);
      int tables = (int) (8 + 16 * extents + 24 * groups);
      int table = tables + 8 * packs;
      int at = (int) LittleEndian.i64(old, table + 8); // where the extents are
      ByteBuffer now = ByteBuffer.allocate(old.length).order(ByteOrder.LITTLE_ENDIAN);
      now.put("BKMANIF1".getBytes()).put(old, at, (int) (16 * extents));
      now.put(old, tables, 8 * packs);
      byte[] entry = new byte[12];
      LittleEndian.putI32(entry, 8, Checksum.of(old, at, (int) (16 * extents)));
      now.put(entry).put(old, end - described, described);
      byte[] trailer = Arrays.copyOfRange(old, end, old.length);
      LittleEndian.putI32(trailer, 52, Checksum.of(entry, 0, entry.length));
      Arrays.fill(trailer, 80, 92, (byte) 0);
      LittleEndian.putI32(trailer, 92, Checksum.of(trailer, 0, 92));
      now.put(trailer);
      Files.write(file, Arrays.copyOf(now.array(), now.position()));
    }

    /** Other bytes in the first page of the first frame, of which its header knows. */
    static void exchangeFirstPage(byte[] pack, byte[] page) {
      int pages = LittleEndian.u16(pack, 48);
      int header = 28 + 34 * pages;
      System.arraycopy(page, 0, pack, 40 + header, page.length);
      int digest = 40 + 24 + 2 * pages;
      Page.digest(Page.sha256(), page, 0, page.length, pack, digest);
      int stored = LittleEndian.i32(pack, 56);
      LittleEndian.putI32(pack, 60, Checksum.of(pack, 40 + header, stored));
      LittleEndian.putI32(pack, 40 + header - 4, Checksum.of(pack, 40, header - 4));
    }
  }
}
