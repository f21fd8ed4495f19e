package blksh.store;

import static org.assertj.core.api.Assertions.assertThat;

import blksh.kit.Await;
import blksh.kit.ChildJvm;
import blksh.kit.Effort;
import blksh.kit.InMemory;
import blksh.store.pack.CodecChoice;
import blksh.store.parity.ParityBlobs;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Three processes use one store at once and are killed in turn at random instants; now and then all
 * at once. What they said they did must be so. Half a minute, or as many seconds as the system
 * property {@code blksh.soak} says.
 */
class SoakTest {

  private static final int SECONDS = Effort.of("blksh.soak", 10, 1800);
  private static final int PROCESSES = 3;

  /** Kills between two looks at the whole store. */
  private static final int BETWEEN = 8;

  @TempDir(factory = InMemory.class)
  Path folder;

  /** What versions must be there, by reference, with the seeds of their images. */
  private final Map<String, Integer> present = new TreeMap<>();

  /** What may be there or not: somebody was killed before he could say. */
  private final Set<String> doubtful = new HashSet<>();

  private final Set<String> deleted = new HashSet<>();

  /** Seeds of what each was capturing when he was killed. */
  private final Map<String, Set<Integer>> unsaid = new TreeMap<>();

  private final Random random = new Random(77);
  private int kills;

  /** A process, and where what it says goes. */
  private record Worker(String name, Process process, Path output) {}

  @Test
  @Timeout(2400)
  void whatWasSaidIsSo() throws Exception {
    Path path = folder.resolve("store");
    Store.create(path, new StoreOptions(CodecChoice.LZ4, 10)).close();
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(SECONDS);
    while (System.nanoTime() < end) {
      List<Worker> workers = new ArrayList<>();
      try {
        for (int i = 0; i < PROCESSES; i++) {
          workers.add(start(path, "w" + i));
        }
        for (int kill = 0; kill < BETWEEN && System.nanoTime() < end; kill++) {
          Await.pause(random.nextInt(2500));
          int victim = random.nextInt(PROCESSES);
          kill(workers.get(victim));
          workers.set(victim, start(path, "w" + victim));
        }
      } finally {
        for (Worker worker : workers) {
          kill(worker);
        }
      }
      check(path);
    }
    System.out.println(
        kills + " kills, " + present.size() + " versions, " + deleted.size() + " deleted");
  }

  private Worker start(Path path, String name) throws Exception {
    Path own = Files.createDirectories(folder.resolve(name));
    Path output = own.resolve("said");
    Files.deleteIfExists(output);
    Process process =
        ChildJvm.start(
            output,
            List.of("-Xmx96m"),
            SoakProgram.class,
            path.toString(),
            own.toString(),
            name,
            Long.toString(random.nextLong()));
    return new Worker(name, process, output);
  }

  private void kill(Worker worker) throws Exception {
    kills++;
    worker.process.destroyForcibly().waitFor();
    String text = Files.readString(worker.output);
    Integer capturing = null;
    for (String line : text.substring(0, text.lastIndexOf('\n') + 1).lines().toList()) {
      String[] words = line.split(" ");
      switch (words[0]) {
        case "capturing" -> capturing = Integer.valueOf(words[1]);
        case "captured" -> {
          present.put(words[1], Integer.valueOf(words[2]));
          capturing = null;
        }
        case "deleting" -> {
          if (present.remove(words[1]) != null) {
            doubtful.add(words[1]);
          }
        }
        case "deleted" -> deleted.add(words[1]);
        default -> assertThat(line).isEqualTo("begun");
      }
    }
    if (capturing != null) {
      unsaid.computeIfAbsent(worker.name, name -> new HashSet<>()).add(capturing);
    }
  }

  private void check(Path path) throws IOException {
    try (Store store = Store.open(path)) {
      assertThat(Images.verify(store).damage())
          .allMatch(damage -> damage.problem().contains("nothing is lost"))
          .noneMatch(damage -> damage.file().startsWith(ParityBlobs.PREFIX));
      Set<String> listed = new HashSet<>();
      for (Manifest manifest : store.manifests()) {
        String reference = manifest.reference();
        listed.add(reference);
        Path target = folder.resolve("target");
        Images.restore(store, manifest, target);
        byte[] found = Files.readAllBytes(target);
        Files.delete(target);
        if (present.containsKey(reference)) {
          assertThat(found).as(reference).isEqualTo(SoakProgram.image(present.get(reference)));
        } else if (!doubtful.contains(reference)) {
          // Captured by one who was killed before he could say so.
          int seed = madeOf(manifest.name(), found);
          present.put(reference, seed);
        }
      }
      assertThat(listed).containsAll(present.keySet());
      assertThat(listed).filteredOn(deleted::contains).isEmpty();
    }
  }

  private int madeOf(String name, byte[] image) {
    return unsaid.getOrDefault(name, Set.of()).stream()
        .filter(seed -> Arrays.equals(SoakProgram.image(seed), image))
        .findAny()
        .orElseThrow(() -> new AssertionError("a version of " + name + " that nobody captured"));
  }
}
