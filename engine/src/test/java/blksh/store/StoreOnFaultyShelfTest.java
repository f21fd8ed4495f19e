package blksh.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import blksh.BlkshException;
import blksh.block.ByteArraySource;
import blksh.kit.Content;
import blksh.kit.Effort;
import blksh.kit.InMemory;
import blksh.kit.Trees;
import blksh.retention.Policy;
import blksh.store.pack.Page;
import blksh.store.shelf.DirectoryShelf;
import blksh.store.shelf.FaultyShelf;
import blksh.store.shelf.FaultyShelf.Fault;
import blksh.task.Task;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Calls that an operation makes to its shelf go wrong, in every way, one in each run or all from
 * one on: the store opens and is clean afterwards, every version that was reported as written
 * restores bit for bit, and the same operation run again succeeds. One call in thirteen does, or
 * each in a long run.
 */
class StoreOnFaultyShelfTest {

  private static final int PAGES = 60;

  /** Every how many-th call; each way of going wrong begins with another. */
  private static final int STEP = Effort.of("blksh.failing.stride", 19, 1);

  /** As above, of a shelf that is away from then on: every call tells the same. */
  private static final int AWAY_STEP = Effort.of("blksh.failing.stride", 97, 1);

  @TempDir(factory = InMemory.class)
  static Path folder;

  private static final byte[] FIRST = Content.compressible(PAGES * Page.SIZE + 100, 1);
  private static final byte[] SECOND = changed(FIRST, 2);
  private static final byte[] OTHER = Content.random(20 * Page.SIZE, 3);
  private static final byte[] NEW = changed(SECOND, 4);

  private static byte[] changed(byte[] bytes, int seed) {
    byte[] changed = bytes.clone();
    byte[] part = Content.random(10 * Page.SIZE, seed);
    System.arraycopy(part, 0, changed, seed * 5 * Page.SIZE, part.length);
    Arrays.fill(changed, 50 * Page.SIZE, 55 * Page.SIZE, (byte) 0);
    return changed;
  }

  /** What an image of a name and version holds. */
  private static byte[] content(Manifest manifest) {
    return switch (manifest.name()) {
      case "disk" -> manifest.version() == 1 ? FIRST : SECOND;
      case "other" -> OTHER;
      default -> NEW;
    };
  }

  private static Path template() {
    return folder.resolve("template");
  }

  @BeforeAll
  static void storeOfThreeVersions() {
    try (Store store = Store.create(template(), StoreOptions.defaults())) {
      capture(store, "disk", FIRST);
      capture(store, "disk", SECOND);
      capture(store, "other", OTHER);
    }
  }

  private static Manifest capture(Store store, String name, byte[] bytes) {
    return store
        .capture(new ByteArraySource(bytes), name, CaptureOptions.defaults(), Task.unwatched())
        .manifest();
  }

  /** What is done with the store, and what is known when it is reported as done. */
  enum Operation {
    CAPTURE {
      @Override
      void run(Store store, Set<String> there, Path path) {
        there.add(capture(store, "new", NEW).reference());
      }
    },
    DELETE {
      @Override
      void run(Store store, Set<String> there, Path path) {
        there.remove("disk@1"); // once it was begun nobody knows
        if (store.versions("disk").contains(1)) {
          store.delete(store.manifest("disk@1"));
        }
      }
    },
    UNDELETE {
      @Override
      void prepare(Path path) {
        deleteFirst(path);
      }

      @Override
      Set<String> there() {
        return Set.of("disk@2", "other@1");
      }

      @Override
      void run(Store store, Set<String> there, Path path) {
        if (!store.versions("disk").contains(1)) {
          store.upkeep().undelete("disk@1");
        }
        there.add("disk@1");
      }
    },
    FORGET {
      @Override
      void run(Store store, Set<String> there, Path path) {
        there.remove("disk@1");
        store.upkeep().mark("other@1", marks -> marks.withPinned(true));
        store.upkeep().forget("*", all -> true, new Policy(1), false, Task.unwatched());
        assertThat(store.versions("disk")).contains(2); // and 1 where 2 could not be read
      }
    },
    /** Of which a pack goes, one is written anew, and one stays. */
    COMPACT {
      @Override
      void prepare(Path path) {
        try (Store store = Store.open(path)) {
          store.delete(capture(store, "gone", Content.random(30 * Page.SIZE, 7)));
        }
        deleteFirst(path);
      }

      @Override
      Set<String> there() {
        return UNDELETE.there();
      }

      @Override
      void run(Store store, Set<String> there, Path path) {
        CompactOptions options = CompactOptions.defaults().withThreshold(1);
        Task task = Task.unwatched();
        store.upkeep().compact(options, task);
        CompactResult left = store.upkeep().compact(options.withDryRun(true), task);
        if (task.findings().isEmpty()) { // what could not be read is said, and nothing of it goes
          assertThat(left.freedBytes()).isZero();
          assertThat(left.deadPages()).isZero();
        }
        assertThat(store.upkeep().trash()).isEmpty();
      }
    },
    PROTECT {
      @Override
      void run(Store store, Set<String> there, Path path) {
        Task task = Task.unwatched();
        int missing = store.upkeep().protect(10, false, task).missing();
        assertThat(missing == 0 || !task.findings().isEmpty()).isTrue();
      }
    },
    /** As COMPACT, in a store with parity, all of which has some afterwards. */
    COMPACT_PROTECTED {
      @Override
      void prepare(Path path) throws IOException {
        COMPACT.prepare(path);
        try (Store store = Store.open(path)) {
          store.upkeep().protect(10, false, Task.unwatched());
        }
      }

      @Override
      Set<String> there() {
        return UNDELETE.there();
      }

      @Override
      void run(Store store, Set<String> there, Path path) {
        Task task = Task.unwatched();
        store.upkeep().compact(CompactOptions.defaults().withThreshold(1), task);
        int missing = store.upkeep().health(null, task).unprotected();
        assertThat(missing == 0 || !task.findings().isEmpty()).isTrue();
      }
    },
    REINDEX {
      @Override
      void run(Store store, Set<String> there, Path path) {
        store.reindex(Task.unwatched());
      }
    },
    /** A reindex that has something to repair: then the store is clean only once it is done. */
    REPAIR {
      @Override
      void prepare(Path path) throws IOException {
        Images.flip(path.resolve("store.json"), 30, 1);
        try (var files = Files.walk(path.resolve("packs"))) {
          for (Path pack : files.filter(Files::isRegularFile).toList()) {
            Images.flip(pack, 3, 1); // the header
            Images.flip(pack, Files.size(pack) - 3, 1); // the trailer
          }
        }
      }

      @Override
      void run(Store store, Set<String> there, Path path) {
        store.reindex(Task.unwatched());
      }
    },
    VERIFY {
      @Override
      void run(Store store, Set<String> there, Path path) {
        store.verify(VerifyOptions.full(), Task.unwatched());
      }
    },
    RESTORE {
      @Override
      void run(Store store, Set<String> there, Path path) throws IOException {
        Path target = path.resolveSibling("target");
        boolean done = false;
        try {
          Images.restore(store, store.manifest("disk@2"), target);
          done = true;
        } finally {
          assertThat(Files.exists(target)).isEqualTo(done);
          if (done) {
            assertThat(Arrays.mismatch(Files.readAllBytes(target), SECOND)).isEqualTo(-1);
            Files.delete(target);
          }
        }
      }
    };

    /** Does what must be done before. */
    void prepare(Path path) throws IOException {}

    /** Whether it says something of all that the shelf holds, and so not without it. */
    boolean isWordOfAll() {
      return this == VERIFY || this == RESTORE;
    }

    /** What versions there are then. */
    Set<String> there() {
      return Set.of("disk@1", "disk@2", "other@1");
    }

    private static void deleteFirst(Path path) {
      try (Store store = Store.open(path)) {
        store.delete("disk@1");
      }
    }

    /**
     * @param there the versions that are reported as written
     */
    abstract void run(Store store, Set<String> there, Path path) throws IOException;
  }

  static Stream<Arguments> everyOperationAndFault() {
    return Stream.of(Operation.values())
        .flatMap(operation -> Stream.of(Fault.values()).map(fault -> arguments(operation, fault)));
  }

  @ParameterizedTest
  @MethodSource("everyOperationAndFault")
  void everyCallMayGoWrong(Operation operation, Fault fault) throws IOException {
    int step = fault == Fault.AWAY ? AWAY_STEP : STEP;
    int call = fault.ordinal() % step;
    while (survives(operation, fault, call)) {
      call += step;
    }
    assertThat(call).isGreaterThan(10);
    System.out.println(operation + ": " + fault + " at calls up to " + call + ", survived");
  }

  /** False when the operation makes fewer calls. */
  private static boolean survives(Operation operation, Fault fault, int call) throws IOException {
    Path path =
        Trees.copy(template(), folder.resolve("%s-%s-%d".formatted(operation, fault, call)));
    operation.prepare(path);
    FaultyShelf shelf = new FaultyShelf(new DirectoryShelf(path), fault, call);
    Set<String> there = new HashSet<>(operation.there());
    BlkshException failure = null;
    try (Store store = Store.open(shelf, path)) {
      operation.run(store, there, path);
    } catch (BlkshException e) {
      failure = e;
    }
    String about = "%s, %s at call %d: %s".formatted(operation, fault, call, shelf.struck());
    if (fault == Fault.DELAY || shelf.struck() == null) {
      assertThat(failure).as(about).isNull();
    }
    if (fault == Fault.AWAY && shelf.struck() != null && operation.isWordOfAll()) {
      assertThat(failure).as(about).isNotNull();
    }
    try (Store store = Store.open(path)) {
      if (fault == Fault.AWAY) { // nothing was learned of what it holds
        StoreIndex rows = store.repository().indexes().rows();
        assertThat(rows.damage().places()).as(about).isEmpty();
        assertThat(rows.bad(null)).as(about).isEmpty();
      }
      if (operation != Operation.REPAIR) {
        assertThat(Images.verify(store).damage()).as(about).isEmpty();
      }
      assertHolds(store, there, about);
      operation.run(store, there, path);
      about += ", run again";
      assertThat(Images.verify(store).damage()).as(about).isEmpty();
      assertHolds(store, there, about);
    }
    Trees.remove(path);
    return shelf.struck() != null;
  }

  private static void assertHolds(Store store, Set<String> there, String about) {
    Set<String> found = new HashSet<>();
    for (Manifest manifest : store.manifests()) {
      ByteArrayOutputStream out = new ByteArrayOutputStream();
      store.restore(manifest, out, Task.unwatched());
      assertThat(Arrays.mismatch(out.toByteArray(), content(manifest)))
          .as("%s: first difference of %s", about, manifest.reference())
          .isEqualTo(-1);
      found.add(manifest.reference());
    }
    assertThat(found).as(about).containsAll(there);
  }
}
