package blksh.store;

import static blksh.kit.Await.await;
import static blksh.kit.Await.pause;
import static blksh.store.Images.MIB;
import static blksh.store.Images.assertClean;
import static blksh.store.Images.assertRestores;
import static blksh.store.Images.capture;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import blksh.BlkshException;
import blksh.kit.ChildJvm;
import blksh.kit.Content;
import blksh.store.shelf.DirectoryShelf;
import blksh.store.shelf.Exclusion;
import blksh.task.CancelledException;
import blksh.task.Task;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Several threads and processes at one store. */
class SharedStoreTest {

  @TempDir Path folder;

  private Path path() {
    return folder.resolve("store");
  }

  private List<Path> images(int count) throws IOException {
    List<Path> images = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      byte[] bytes = Content.random(12 * MIB, i);
      System.arraycopy(Content.random(4 * MIB, 99), 0, bytes, i * MIB, 4 * MIB); // all have this
      images.add(Images.write(folder.resolve("image" + i), bytes));
    }
    return images;
  }

  @Test
  void processesThatCaptureAtOnceAllSucceed() throws Exception {
    List<Path> images = images(3);
    for (int round = 0; round < 4; round++) {
      Path store = folder.resolve("store" + round);
      Store.create(store, StoreOptions.defaults()).close();
      List<Process> children = new ArrayList<>();
      for (int i = 0; i < 3; i++) {
        String image = images.get(i).toString();
        children.add(
            ChildJvm.start(
                List.of("-Xmx128m"),
                CaptureProgram.class,
                store.toString(),
                image,
                "own" + i,
                image,
                "shared"));
      }
      for (Process child : children) {
        String said = new String(child.getInputStream().readAllBytes());
        assertThat(child.waitFor()).as(said).isZero();
      }
      try (Store opened = Store.open(store)) {
        assertThat(opened.manifests("shared")).hasSize(3);
        for (int i = 0; i < 3; i++) {
          assertRestores(opened, opened.manifest("own" + i), images.get(i), folder);
          assertRestores(opened, opened.manifest("shared@" + (i + 1)), like(opened, i), folder);
        }
        assertClean(opened);
        assertNoLeftovers(store);
      }
    }
  }

  /** The image that a shared version must be: the one of the same root. */
  private Path like(Store store, int version) {
    String root = store.manifest("shared@" + (version + 1)).root();
    for (int i = 0; i < 3; i++) {
      if (store.manifest("own" + i).root().equals(root)) {
        return folder.resolve("image" + i);
      }
    }
    throw new AssertionError("no image has root " + root);
  }

  @Test
  void threadsThatCaptureAtOnceAllSucceedWhateverElseIsAsked() throws Exception {
    List<Path> images = images(3);
    Store.create(path(), StoreOptions.defaults()).close();
    ExecutorService threads = Executors.newFixedThreadPool(5);
    try (Store one = Store.open(path());
        Store two = Store.open(path())) {
      List<Callable<Object>> work = new ArrayList<>();
      for (int i = 0; i < 3; i++) {
        int n = i;
        work.add(
            () -> {
              for (int round = 0; round < 3; round++) {
                capture(n == 0 ? two : one, images.get(n), "disk" + n);
              }
              return null;
            });
      }
      work.add(
          () -> {
            for (int round = 0; round < 40; round++) {
              one.info();
              two.manifests();
              pause(10);
            }
            return null;
          });
      work.add(
          () -> {
            for (int round = 0; round < 5; round++) {
              assertClean(two);
            }
            return null;
          });
      for (Future<Object> done : threads.invokeAll(work)) {
        done.get();
      }
      for (int n = 0; n < 3; n++) {
        for (int version = 1; version <= 3; version++) {
          assertRestores(one, one.manifest("disk" + n + "@" + version), images.get(n), folder);
        }
      }
      assertClean(one);
      assertNoLeftovers(path());
    } finally {
      threads.shutdown();
    }
  }

  @Test
  void aStoreInUseIsNotReindexed() throws Exception {
    try (Store one = Store.create(path(), StoreOptions.defaults())) {
      try (Store two = Store.open(path())) {
        assertThatThrownBy(() -> one.reindex(Task.unwatched()))
            .isInstanceOf(BlkshException.class)
            .hasMessageContaining("in use in this process");
        assertClean(two);
      }
      one.reindex(Task.unwatched());
    }
    Path gate = folder.resolve("gate");
    Process child =
        ChildJvm.start(List.of(), HoldProgram.class, path().toString(), gate.toString());
    assertThat(child.getInputStream().read()).isEqualTo('o');
    try (Store store = Store.open(path())) {
      assertThatThrownBy(() -> store.reindex(Task.unwatched()))
          .isInstanceOf(BlkshException.class)
          .hasMessageContaining("in use by another process");
      capture(store, Images.write(folder.resolve("image"), Content.random(MIB, 1)), "still");
    } finally {
      child.destroyForcibly().waitFor();
    }
  }

  /** Opens a store, says so, and holds it until it is killed. */
  static final class HoldProgram {
    public static void main(String[] arguments) throws InterruptedException {
      try (Store store = Store.open(Path.of(arguments[0]))) {
        System.out.println("opened " + store.id());
        pause(60_000);
      }
    }
  }

  @Test
  void anIndexThatManyMakeAtOnceIsMadeOnce() throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(6);
    try {
      for (int round = 0; round < 20; round++) {
        Path file = folder.resolve("index" + round);
        List<Callable<Object>> work = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
          String key = "key" + i;
          work.add(
              () -> {
                StoreIndex index = StoreIndex.open(file);
                index.meta(key, key);
                index.close();
                return null;
              });
        }
        for (Future<Object> done : threads.invokeAll(work)) {
          done.get();
        }
        StoreIndex index = StoreIndex.open(file);
        for (int i = 0; i < 6; i++) {
          assertThat(index.meta("key" + i)).isEqualTo("key" + i);
        }
        index.close();
      }
    } finally {
      threads.shutdown();
    }
  }

  @Test
  void aStoreBeingRepairedIsWaitedForWithAWordAndAsLongAsOneLikes() throws Exception {
    Store.create(path(), StoreOptions.defaults()).close();
    Path image = Images.write(folder.resolve("image"), Content.random(4096, 1));
    Task stopped = new Task("open store", "s");
    ExecutorService threads = Executors.newCachedThreadPool();
    try (Exclusion lock = new DirectoryShelf(path()).exclusion().orElseThrow()) {
      Process child =
          lock.alone(
              () -> {
                Process started =
                    ChildJvm.start(
                        List.of(), CaptureProgram.class, path().toString(), image.toString(), "x");
                Future<Store> waiting = threads.submit(() -> Store.open(path(), stopped));
                await(() -> stopped.phase().equals("waiting until it is repaired"));
                stopped.cancel();
                assertThatThrownBy(waiting::get).hasCauseInstanceOf(CancelledException.class);
                assertThat(started.isAlive()).isTrue();
                return started;
              });
      String said = new String(child.getInputStream().readAllBytes());
      assertThat(child.waitFor()).as(said).isZero();
    } finally {
      threads.shutdown();
    }
    try (Store store = Store.open(path())) {
      assertThat(store.manifest("x@1").size()).isEqualTo(4096);
      assertClean(store);
    }
  }

  private static void await(BooleanSupplier reached) {
    for (long end = System.nanoTime() + 30_000_000_000L; !reached.getAsBoolean(); ) {
      assertThat(System.nanoTime()).isLessThan(end);
      LockSupport.parkNanos(1_000_000);
    }
  }

  @Test
  void aStoreIsNotReindexedWhileItCaptures() throws Exception {
    try (Store store = Store.create(path(), StoreOptions.defaults())) {
      byte[] bytes = Content.random(8 * MIB, 1);
      blksh.block.FaultySource slow =
          new blksh.block.FaultySource(new blksh.block.ByteArraySource(bytes))
              .slow(Duration.ofMillis(50));
      Task task = new Task("capture", "slow");
      ExecutorService thread = Executors.newSingleThreadExecutor();
      try {
        Future<CaptureResult> capturing =
            thread.submit(() -> store.capture(slow, "slow", CaptureOptions.defaults(), task));
        await(() -> task.done() > 0);
        assertThatThrownBy(() -> store.reindex(Task.unwatched()))
            .isInstanceOf(BlkshException.class)
            .hasMessageContaining("in use");
        Manifest manifest = capturing.get().manifest();
        assertRestores(store, manifest, Images.write(folder.resolve("image"), bytes), folder);
        store.reindex(Task.unwatched());
        assertClean(store);
      } finally {
        thread.shutdown();
      }
    }
  }

  private static void assertNoLeftovers(Path store) throws IOException {
    try (Stream<Path> files = Files.walk(store)) {
      assertThat(files.map(Path::toString))
          .noneMatch(file -> file.endsWith(".part") || file.endsWith(".new"));
    }
  }
}
