package blksh.store;

import static blksh.store.Images.MIB;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import blksh.BlkshException;
import blksh.block.ByteArraySource;
import blksh.kit.Content;
import blksh.kit.Effort;
import blksh.kit.InMemory;
import blksh.kit.Trees;
import blksh.store.shelf.FaultyShelf;
import blksh.store.shelf.FaultyShelf.Fault;
import blksh.store.shelf.LocalSpool;
import blksh.store.shelf.MemoryShelf;
import blksh.store.shelf.Part;
import blksh.store.shelf.Shelf;
import blksh.store.shelf.ShelfAwayException;
import blksh.store.shelf.Spool;
import blksh.task.Task;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Stores whose place is not for what is derived, used by several machines that know nothing of each
 * other.
 */
class StoreApartTest {

  /** Every how many-th call goes wrong. */
  private static final int STEP = Effort.of("blksh.failing.stride", 23, 1);

  @TempDir(factory = InMemory.class)
  Path folder;

  private final Shelf shelf = new MemoryShelf();

  @BeforeEach
  void makeStore() throws IOException {
    Store.create(shelf, StoreOptions.defaults());
  }

  private Store on(String machine) {
    return Store.openApart(shelf, new DerivedDirectory(folder.resolve(machine)), Task.unwatched());
  }

  private Path derived(String machine) throws IOException {
    try (var all = Files.list(folder.resolve(machine))) {
      return all.toList().get(0);
    }
  }

  private static Manifest capture(Store store, String name, byte[] bytes) {
    return store
        .capture(new ByteArraySource(bytes), name, CaptureOptions.defaults(), Task.unwatched())
        .manifest();
  }

  private static void assertRestores(Store store, Manifest manifest, byte[] expected) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    store.restore(manifest, out, Task.unwatched());
    assertThat(Arrays.mismatch(out.toByteArray(), expected)).isEqualTo(-1);
  }

  // ---- the directory -------------------------------------------------------------------------

  @Test
  void itIsWhereTheUserKeepsWhatCanBeMadeAgain() {
    UUID id = new UUID(1, 2);
    Path caches = folder.resolve("caches");
    Map<String, String> chosen = Map.of("XDG_CACHE_HOME", caches.toString(), "HOME", "/nowhere");
    Path made = DerivedDirectory.of(chosen).make(id, "somewhere");
    assertThat(made).startsWith(caches.resolve("blksh/stores")).isDirectory();
    assertThat(DerivedDirectory.of(chosen).make(id, "elsewhere")).isNotEqualTo(made);
    Map<String, String> relative = Map.of("XDG_CACHE_HOME", "caches", "HOME", folder.toString());
    assertThat(DerivedDirectory.of(relative).make(id, "somewhere"))
        .startsWith(folder.resolve(".cache/blksh/stores"))
        .isDirectory();
  }

  @Test
  void nobodyElseMayLookIntoIt() throws IOException {
    DerivedDirectory all = new DerivedDirectory(folder);
    Path made = all.make(new UUID(1, 2), "somewhere");
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(made)))
        .isEqualTo("rwx------");
    Files.setPosixFilePermissions(made, PosixFilePermissions.fromString("rwxrwxrwx"));
    assertThat(all.make(new UUID(1, 2), "somewhere")).isEqualTo(made);
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(made)))
        .isEqualTo("rwx------");
    Files.delete(made);
    Path others = Files.createDirectory(folder.resolve("others"));
    Files.createSymbolicLink(made, others);
    assertThat(all.make(new UUID(1, 2), "somewhere")).doesNotExist();
    assertThat(others).isEmptyDirectory();
  }

  @Test
  void whereNothingCanBeNotedAStoreIsReadAllTheSame() throws IOException {
    byte[] image = Content.compressible(MIB, 1);
    try (Store store = on("one")) {
      capture(store, "disk", image);
    }
    Files.writeString(folder.resolve("file"), "in the way");
    try (Store store = on("file")) {
      assertRestores(store, store.manifest("disk"), image);
      assertThatThrownBy(() -> capture(store, "disk", image)).isInstanceOf(BlkshException.class);
    }
  }

  @Test
  void whatIsLostOfItOrOfAnotherStoreIsMadeAgain() throws IOException {
    byte[] image = Content.random(MIB, 1);
    try (Store store = on("one")) {
      capture(store, "disk", image);
    }
    for (String file : List.of("index.db", "pages.idx")) {
      Files.write(derived("one").resolve(file), new byte[5000]);
      try (Store store = on("one")) {
        assertThat(capture(store, "disk", image).figures().newPages()).as(file).isZero();
      }
      Files.delete(derived("one").resolve(file));
      try (Store store = on("one")) {
        assertThat(capture(store, "disk", image).figures().newPages()).as(file).isZero();
      }
    }
    Trees.remove(derived("one"));
    try (Store store = on("one")) {
      assertThat(store.manifests()).hasSize(5);
      assertThat(capture(store, "disk", image).figures().newPages()).isZero();
      assertRestores(store, store.manifest("disk"), image);
    }
  }

  // ---- several machines ----------------------------------------------------------------------

  @Test
  void aMachineFindsThePagesOfAnother() {
    byte[] image = Content.random(MIB, 1);
    try (Store one = on("one");
        Store two = on("two")) {
      capture(two, "before", Content.random(MIB, 2));
      capture(one, "disk", image);
      assertThat(capture(two, "copy", image).figures().newPages()).isZero();
      assertThat(one.manifests()).hasSize(3);
      assertThat(two.manifests()).hasSize(3);
      one.delete("disk@1");
      assertThat(two.names()).containsExactly("before", "copy");
      assertThat(capture(two, "disk", image).version()).isEqualTo(2);
      two.delete("disk@2");
      two.upkeep().undelete("disk@1");
      assertRestores(one, one.manifest("disk@1"), image);
      Images.assertClean(one);
      Images.assertClean(two);
    }
  }

  @Test
  void machinesThatCaptureOneNameAtOnceLoseNothing() throws Exception {
    int machines = 3;
    int times = Effort.isLong() ? 10 : 3;
    ExecutorService threads = Executors.newFixedThreadPool(machines);
    try {
      List<Future<List<Manifest>>> running = new ArrayList<>();
      for (int i = 0; i < machines; i++) {
        int machine = i;
        running.add(
            threads.submit(
                () -> {
                  List<Manifest> made = new ArrayList<>();
                  try (Store store = on("m" + machine)) {
                    for (int time = 0; time < times; time++) {
                      made.add(capture(store, "disk", image(machine, time)));
                    }
                  }
                  return made;
                }));
      }
      try (Store store = on("reader")) {
        List<Integer> numbers = new ArrayList<>();
        for (int machine = 0; machine < machines; machine++) {
          List<Manifest> made = running.get(machine).get();
          for (int time = 0; time < times; time++) {
            Manifest told = made.get(time);
            numbers.add(told.version());
            assertRestores(store, store.manifest(told.reference()), image(machine, time));
          }
        }
        assertThat(numbers).doesNotHaveDuplicates();
        assertThat(store.versions("disk")).containsExactlyInAnyOrderElementsOf(numbers);
        Images.assertClean(store);
      }
    } finally {
      threads.shutdownNow();
    }
  }

  private static byte[] image(int machine, int time) {
    return Content.random(MIB / 4, 100 * machine + time);
  }

  /** Each request of a capture may be the last that is answered. */
  @Test
  void aCaptureThatIsLeftAtAnyRequestIsGoneOnWith() throws IOException {
    byte[] image = Content.random(MIB / 2, 1);
    for (Fault fault : List.of(Fault.AWAY, Fault.LOSE)) {
      int call = fault.ordinal() % STEP;
      boolean struck = true;
      for (; struck; call += STEP) {
        String about = fault + " at call " + call;
        Shelf shared = new MemoryShelf();
        Store.create(shared, StoreOptions.defaults());
        Path home = folder.resolve(fault + "-" + call);
        DerivedDirectory derived = new DerivedDirectory(home);
        FaultyShelf faulty = new FaultyShelf(shared, fault, call);
        Manifest told = null;
        try (Store store = Store.openApart(faulty, derived, Task.unwatched())) {
          told = capture(store, "disk", image);
        } catch (BlkshException e) {
          // the next goes on with it
        }
        struck = faulty.struck() != null;
        assertThat(told != null || struck).as(about).isTrue();
        try (Store store = Store.openApart(shared, derived, Task.unwatched())) {
          assertRestores(store, capture(store, "disk", image), image);
          if (told != null) {
            assertRestores(store, store.manifest(told.reference()), image);
          }
          assertThat(store.repository().indexes().rows().damage().places()).as(about).isEmpty();
          Images.assertClean(store);
        }
        assertThat(shared.list("packs/")).as(about).hasSize(1);
        try (Stream<Path> left = Files.walk(home)) {
          assertThat(left.filter(file -> file.toString().endsWith(".part"))).as(about).isEmpty();
        }
        Trees.remove(home);
      }
      assertThat(call).isGreaterThan(STEP);
    }
  }

  /** Somebody captures and deletes between the look at the numbers and the putting. */
  @Test
  void aNumberThatWasGivenAndDeletedMeanwhileIsNotGivenAgain() throws IOException {
    byte[] theirs = Content.random(MIB, 1);
    byte[] mine = Content.random(MIB, 2);
    Runnable[] first = {null};
    Shelf shared =
        new MemoryShelf() {
          @Override
          public boolean putIfAbsent(String name, byte[] content) {
            if (name.endsWith("/1.manifest") && first[0] != null) {
              Runnable now = first[0];
              first[0] = null;
              now.run();
            }
            return super.putIfAbsent(name, content);
          }
        };
    Store.create(shared, StoreOptions.defaults());
    DerivedDirectory here = new DerivedDirectory(folder.resolve("here"));
    DerivedDirectory there = new DerivedDirectory(folder.resolve("there"));
    try (Store one = Store.openApart(shared, here, Task.unwatched());
        Store two = Store.openApart(shared, there, Task.unwatched())) {
      first[0] =
          () -> {
            capture(two, "disk", theirs);
            two.delete("disk@1");
          };
      assertThat(capture(one, "disk", mine).version()).isEqualTo(2);
      assertThat(first[0]).isNull();
      two.upkeep().undelete("disk@1");
      assertRestores(one, one.manifest("disk@1"), theirs);
      assertRestores(one, one.manifest("disk@2"), mine);
      Images.assertClean(one);
    }
  }

  @Test
  void aCopyThatWasCutOffBeforeWhatWasSaidIsPinnedByTheNext() throws IOException {
    byte[] image = Content.random(MIB / 4, 1);
    boolean[] away = {true};
    Shelf shared =
        new MemoryShelf() {
          @Override
          public void put(String name, byte[] content) {
            if (name.endsWith(".marks") && away[0]) {
              throw new ShelfAwayException("use memory", "it is away", null);
            }
            super.put(name, content);
          }
        };
    Store.create(shared, StoreOptions.defaults());
    try (Store from = Store.create(folder.resolve("from"), StoreOptions.defaults());
        Store to =
            Store.openApart(
                shared, new DerivedDirectory(folder.resolve("cut")), Task.unwatched())) {
      capture(from, "disk", image);
      from.upkeep().mark("disk@1", marks -> marks.withPinned(true));
      assertThatThrownBy(() -> from.upkeep().copyTo(to, "*", false, Task.unwatched()))
          .isInstanceOf(ShelfAwayException.class);
      assertThat(to.manifests()).hasSize(1);
      away[0] = false;
      from.upkeep().copyTo(to, "*", false, Task.unwatched());
      assertThatThrownBy(() -> to.delete("disk@1")).hasMessageContaining("it is pinned");
    }
  }

  @Test
  void whatCouldHarmMachinesNobodyKnowsOfIsRefused() {
    byte[] image = Content.random(MIB, 1);
    try (Store store = on("one")) {
      capture(store, "disk", image);
      store.delete("disk@1");
      assertThatThrownBy(() -> store.upkeep().compact(CompactOptions.defaults(), Task.unwatched()))
          .isInstanceOf(BlkshException.class)
          .hasMessageContaining("compact store memory")
          .hasMessageContaining("other machines may be using it");
      assertThatThrownBy(() -> store.upkeep().purge("disk@1"))
          .hasMessageContaining("other machines may be using it");
      assertThatThrownBy(() -> store.upkeep().repair(List.of(), false, Task.unwatched()))
          .hasMessageContaining("other machines may be using it");
      CompactOptions dry = CompactOptions.defaults().withDryRun(true);
      assertThat(store.upkeep().compact(dry, Task.unwatched()).freedBytes()).isPositive();
      store.upkeep().undelete("disk@1");
      assertRestores(store, store.manifest("disk@1"), image);
    }
  }

  // ---- parts ---------------------------------------------------------------------------------

  @Test
  void aPartOfAWriterThatDiedIsFoundByTheNext() throws IOException {
    Path local = Files.createDirectory(folder.resolve("local"));
    Spool spool = new LocalSpool(shelf, local);
    byte[] content = Content.random(100_000, 1);
    try (Part part = spool.begin("packs/00/one")) {
      part.write(0, content, 0, content.length);
      assertThat(spool.takeOver("packs/00/one")).isNull();
    }
    assertThat(shelf.size("packs/00/one")).isEmpty();
    assertThat(spool.parts("packs/")).containsExactly("packs/00/one");
    try (Part part = spool.takeOver("packs/00/one")) {
      assertThat(part.publishIfAbsent("packs/00/one")).isTrue();
    }
    assertThat(spool.parts("packs/")).isEmpty();
    try (Part part = spool.begin("packs/00/two")) {
      part.write(0, content, 0, 10);
      assertThat(part.publishIfAbsent("packs/00/one")).isFalse();
      part.publish("packs/00/two");
    }
    try (var blob = shelf.open("packs/00/one")) {
      assertThat(blob.read(0, content.length)).isEqualTo(content);
    }
    assertThat(shelf.size("packs/00/two")).hasValue(10);
  }
}
