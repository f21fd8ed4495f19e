package blksh.powercut;

import static org.assertj.core.api.Assertions.assertThat;

import blksh.block.FileSource;
import blksh.kit.ChildJvm;
import blksh.kit.Effort;
import blksh.kit.PowerCuts;
import blksh.kit.RecordedDisk;
import blksh.kit.RecordedVolume;
import blksh.kit.Tmpfs;
import blksh.kit.Tool;
import blksh.kit.Trees;
import blksh.kit.Volumes;
import blksh.task.Task;
import blksh.task.Workers;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Cuts the power of a disk whose writes and flushes are recorded, with a real file system on it,
 * while a program uses stores, caches, overlays and exports. After each of the states that the disk
 * may be left in, what the program had told before is so. As many states as the system property
 * {@code blksh.cuts} says for each test.
 */
class PowerCutTest {

  private static final int CUTS = Effort.of("blksh.cuts", 84, 6000);

  /** The file system writes data late, and nothing because of a rename. */
  private static final String LATE = "noauto_da_alloc";

  /** The file system writes all data before each commit of its journal. */
  private static final String EARLY = "nodelalloc";

  private static final int DISK = 40 << 20;
  private static final int SHOWN_FAULTS = 25;
  private static final int WORKERS = 2;

  /** A program that says nothing more must not hold up its file system. */
  private static final int PATIENCE_SECONDS = 90;

  @TempDir Path folder;

  private final List<String> faults = Collections.synchronizedList(new ArrayList<>());
  private final AtomicInteger states = new AtomicInteger();

  /** Looks at what a cut left in a directory. */
  private interface Look {
    void at(Path files, PowerCuts.Cut cut, Faults faults);
  }

  @AfterEach
  void nothingFailed() {
    System.out.println(states + " states");
    Map<String, Integer> kinds = new TreeMap<>();
    faults.forEach(fault -> kinds.merge(fault.split(": ")[1], 1, Integer::sum));
    kinds.forEach((kind, count) -> System.out.println(count + " times not: " + kind));
    faults.stream().limit(SHOWN_FAULTS).forEach(System.out::println);
    assertThat(faults).isEmpty();
  }

  // ---- the cases ------------------------------------------------------------------------------

  @ParameterizedTest
  @ValueSource(strings = {LATE, EARLY})
  void aStoreHoldsWhatWasReported(String options) throws Exception {
    RecordedDisk disk = record(StoreProgram.class, options, 13);
    cut(
        disk,
        (files, cut, found) -> {
          StoreClaims store = StoreClaims.of(cut.told(), Scene::image);
          FileClaims restored = FileClaims.of(cut.told());
          restored.checkWhole(
              files.resolve(StoreProgram.RESTORED), FileSource::open, store::image, found);
          store.check(files.resolve(StoreProgram.STORE), cut.number() % 3 == 0, found);
        });
  }

  @ParameterizedTest
  @ValueSource(strings = {LATE, EARLY})
  void cachesOverlaysAndExportsHoldWhatWasReported(String options) throws Exception {
    RecordedDisk disk = record(FileProgram.class, options, 14);
    cut(
        disk,
        (files, cut, found) -> {
          FileClaims.of(cut.told()).check(files, found);
          StoreClaims.of(cut.told(), Scene::overlaid).look(files.resolve(FileProgram.STORE), found);
        });
  }

  // ---- recording ------------------------------------------------------------------------------

  private RecordedDisk record(Class<?> program, String options, long seed) throws Exception {
    RecordedDisk disk = new RecordedDisk(DISK);
    try (RecordedVolume volume = RecordedVolume.of(disk, folder.resolve("recorded"), options)) {
      Process child =
          ChildJvm.start(
              List.of("-Xmx256m"), program, volume.path().toString(), Long.toString(seed));
      CompletableFuture.delayedExecutor(PATIENCE_SECONDS, TimeUnit.SECONDS)
          .execute(child::destroyForcibly);
      try {
        follow(child, disk, volume.path(), new Random(seed));
        assertThat(child.waitFor()).as("how the program ended").isZero();
      } finally {
        child.destroyForcibly().waitFor();
      }
    }
    return disk;
  }

  /**
   * Marks on the disk what a program tells, and lets it go on. Now and then all is written while it
   * works, as a system does at any time.
   */
  private static void follow(Process child, RecordedDisk disk, Path files, Random random)
      throws Exception {
    Process sync = null;
    try (BufferedReader told = child.inputReader();
        OutputStream answer = child.getOutputStream()) {
      for (String line = told.readLine(); line != null; line = told.readLine()) {
        disk.mark(line);
        if ((sync == null || !sync.isAlive()) && random.nextInt(3) == 0) {
          sync = Tool.named("sync").start("-f", files);
        }
        answer.write('\n');
        answer.flush();
      }
    } finally {
      if (sync != null) {
        sync.waitFor();
      }
    }
  }

  // ---- cutting --------------------------------------------------------------------------------

  private void cut(RecordedDisk disk, Look look) throws IOException {
    PowerCuts cuts = new PowerCuts(disk, CUTS, 1);
    AtomicInteger numbers = new AtomicInteger();
    try (Tmpfs memory = Tmpfs.of(folder.resolve("memory"), "1g")) {
      Task task = Task.unwatched();
      Workers.run(
          task,
          WORKERS,
          () -> cut(cuts, memory.path().resolve("" + numbers.getAndIncrement()), look, task),
          () -> {});
    }
    assertThat(states.get()).isEqualTo(cuts.count()).isGreaterThanOrEqualTo(CUTS);
  }

  private void cut(PowerCuts cuts, Path own, Look look, Task task) throws IOException {
    Files.createDirectories(own);
    Path image = own.resolve("disk");
    Path files = own.resolve("files");
    for (PowerCuts.Cut cut = cuts.next(image); cut != null; cut = cuts.next(image)) {
      task.checkCancelled();
      Faults found = new Faults();
      boolean readable = found.check("the file system is whole", () -> mend(image, files));
      if (readable) {
        look.at(files, cut, found);
      }
      Trees.remove(files);
      for (String fault : found.list()) {
        faults.add(cut.name() + ": " + fault);
      }
      states.incrementAndGet();
    }
  }

  /**
   * Has the kernel bring a file system up to date by its journal, and copies what is in it. One at
   * a time: a program being started has open for an instant what another thread has.
   */
  private synchronized void mend(Path image, Path files) throws IOException {
    Path mount = Files.createDirectories(image.resolveSibling("mount"));
    Tool.named("mount").run("-t", "ext4", "-o", "loop,noatime", image, mount);
    try {
      Trees.copy(mount, files);
    } finally {
      Volumes.unmount(mount);
    }
  }
}
