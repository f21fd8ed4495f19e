package blksh.store;

import static blksh.store.Images.MIB;
import static blksh.store.Images.assertRestores;
import static blksh.store.Images.capture;
import static org.assertj.core.api.Assertions.assertThat;

import blksh.block.BlockSource;
import blksh.block.BlockSources;
import blksh.kit.ChildJvm;
import blksh.kit.Content;
import blksh.kit.Effort;
import blksh.kit.InMemory;
import blksh.retention.Policy;
import blksh.task.Task;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Kills a process that captures, forgets, takes back and compacts at random instants, again and
 * again, on one store. As often as the system property {@code blksh.kills} says.
 */
class CompactionKillTest {

  private static final int KILLS = Effort.of("blksh.kills", 8, 300);
  private static final int IMAGES = 5;

  @TempDir(factory = InMemory.class)
  Path folder;

  private final Map<String, String> alive = new LinkedHashMap<>(); // reference to image

  /** That somebody had begun to delete, or to take back, when he was killed. */
  private final Set<String> doubtful = new HashSet<>();

  private final Set<String> deleted = new HashSet<>();

  private Path image(int number) {
    return folder.resolve("image" + number);
  }

  /** Half of each image is that of all, in another order. */
  private void makeImages() throws IOException {
    for (int number = 0; number < IMAGES; number++) {
      byte[] bytes = Content.compressible(6 * MIB, 1);
      System.arraycopy(
          Content.compressible(3 * MIB, 2 + number), 0, bytes, number * MIB / 2, 3 * MIB);
      Images.write(image(number), bytes);
    }
  }

  @Test
  void aProcessKilledAtAnyInstantLeavesAStoreThatCanBeCompacted() throws Exception {
    makeImages();
    Path path = folder.resolve("store");
    Store.create(path, StoreOptions.defaults()).close();
    Random random = new Random(1809);
    for (int kill = 0; kill < KILLS; kill++) {
      List<String> said = killOne(path, random);
      believe(said);
      check(path, "after kill " + kill + ", which came after " + said, kill);
    }
  }

  private List<String> killOne(Path path, Random random) throws Exception {
    Path output = folder.resolve("said");
    Process child =
        ChildJvm.start(
            output,
            List.of("-Xmx128m"),
            UpkeepProgram.class,
            path.toString(),
            folder.toString(),
            Long.toString(random.nextLong()));
    ChildJvm.awaitOutput(child, output);
    long nanos = (long) (random.nextDouble() * random.nextDouble() * 1.5e9);
    boolean ended = child.waitFor(nanos, TimeUnit.NANOSECONDS);
    assertThat(ended).as(Files.readString(output)).isFalse();
    child.destroyForcibly().waitFor();
    String text = Files.readString(output);
    return text.substring(0, text.lastIndexOf('\n') + 1).lines().toList();
  }

  private void believe(List<String> said) {
    for (String line : said) {
      String[] words = line.split(" ");
      switch (words[0]) {
        case "captured", "undeleted" -> {
          alive.put(words[1], words[2]);
          doubtful.remove(words[1]);
        }
        case "deleting" -> {
          alive.remove(words[1]);
          doubtful.add(words[1]);
        }
        case "deleted" -> {
          deleted.add(words[1]);
          doubtful.remove(words[1]);
        }
        case "undeleting" -> {
          deleted.remove(words[1]);
          doubtful.add(words[1]);
        }
        default -> {}
      }
    }
  }

  private void check(Path path, String about, int kill) throws IOException {
    try (Store store = Store.open(path)) {
      assertThat(Images.verify(store).damage()).as(about).isEmpty();
      Set<String> listed = new HashSet<>();
      store.manifests().forEach(manifest -> listed.add(manifest.reference()));
      assertThat(listed).as(about).containsAll(alive.keySet()).noneMatch(deleted::contains);
      for (Map.Entry<String, String> version : alive.entrySet()) {
        assertRestores(
            store, store.manifest(version.getKey()), Path.of(version.getValue()), folder);
      }
      // The next capture and compaction put all in order.
      Manifest fresh = capture(store, image(kill % IMAGES), "after").manifest();
      compact(store);
      assertRestores(store, fresh, image(kill % IMAGES), folder);
      assertThat(Images.verify(store).damage()).as(about).isEmpty();
      assertThat(leftovers(path)).as(about).isEmpty();
      store.delete(fresh);
      while (store.manifests().size() > 6) {
        Manifest oldest = store.manifests().get(0);
        store.delete(oldest);
        alive.remove(oldest.reference());
      }
    }
  }

  private static void compact(Store store) {
    CompactOptions options = CompactOptions.defaults().withThreshold(0.01);
    store.upkeep().compact(options, Task.unwatched());
    CompactResult left = store.upkeep().compact(options.withDryRun(true), Task.unwatched());
    assertThat(left.deadPages() + left.removed() + left.rewritten()).isZero();
  }

  private static List<Path> leftovers(Path store) throws IOException {
    try (Stream<Path> files = Files.walk(store)) {
      return files
          .filter(file -> file.toString().matches(".*\\.(part|deleted|marks|new)"))
          .toList();
    }
  }

  /**
   * Captures, forgets, takes back and compacts until it is killed, and says what is done.
   * Arguments: store, folder of the images, seed.
   */
  static final class UpkeepProgram {
    private final Store store;
    private final Path folder;
    private final Random random;

    /** Of what, as far as it knows. */
    private final Map<String, String> images = new LinkedHashMap<>();

    private UpkeepProgram(Store store, Path folder, long seed) {
      this.store = store;
      this.folder = folder;
      this.random = new Random(seed);
    }

    public static void main(String[] arguments) throws IOException {
      Store store = Store.open(Path.of(arguments[0]));
      UpkeepProgram program =
          new UpkeepProgram(store, Path.of(arguments[1]), Long.parseLong(arguments[2]));
      System.out.println("begun");
      while (true) {
        program.step();
      }
    }

    private void step() throws IOException {
      int dice = random.nextInt(10);
      if (dice < 4) {
        captureOne();
      } else if (dice < 6) {
        forget("disk" + random.nextInt(3));
      } else if (dice < 7) {
        takeBack();
      } else {
        CompactOptions options = CompactOptions.defaults().withThreshold(1 + random.nextInt(50));
        store.upkeep().compact(options, Task.unwatched());
        System.out.println("compacted");
      }
    }

    private void captureOne() throws IOException {
      String image = folder.resolve("image" + random.nextInt(IMAGES)).toString();
      try (BlockSource source = BlockSources.open(Path.of(image))) {
        String name = "disk" + random.nextInt(3);
        Manifest manifest =
            store.capture(source, name, CaptureOptions.defaults(), Task.unwatched()).manifest();
        System.out.println("captured " + manifest.reference() + " " + image);
        images.put(manifest.reference(), image);
      }
    }

    private void forget(String name) {
      List<String> going = new ArrayList<>();
      for (Policy.Verdict<Manifest> verdict : judge(name, true)) {
        if (!verdict.stays()) {
          going.add(verdict.thing().reference());
        }
      }
      going.forEach(each -> System.out.println("deleting " + each));
      judge(name, false);
      going.forEach(each -> System.out.println("deleted " + each));
    }

    private List<Policy.Verdict<Manifest>> judge(String name, boolean dryRun) {
      return store.upkeep().forget(name, all -> true, new Policy(2), dryRun, Task.unwatched());
    }

    private void takeBack() {
      for (DeletedVersion version : store.upkeep().trash()) {
        String image = images.get(version.reference());
        if (image != null) {
          System.out.println("undeleting " + version.reference());
          store.upkeep().undelete(version.reference());
          System.out.println("undeleted " + version.reference() + " " + image);
          return;
        }
      }
    }
  }
}
