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
import blksh.store.pack.PackFiles;
import blksh.store.pack.Page;
import blksh.task.Task;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.HexFormat;
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
 * Kills a process that captures, deletes and reindexes at random instants, again and again, on one
 * store. 25 times, or as often as the system property {@code blksh.kills} says.
 */
class KillTest {

  private static final int KILLS = Effort.of("blksh.kills", 10, 300);
  private static final int REINDEXES = Effort.of("blksh.kills", 8, 300);
  private static final int GENERATIONS = 4;

  @TempDir(factory = InMemory.class)
  Path folder;

  private final Map<String, String> alive = new LinkedHashMap<>(); // reference to image
  private final Set<String> deleted = new HashSet<>();

  /** A generation of an image; it shares most of its pages with the others, some with none. */
  private Path image(int generation, int seed) throws IOException {
    byte[] bytes = Content.compressible(20 * MIB, 1);
    for (int g = 0; g <= generation; g++) {
      System.arraycopy(Content.compressible(2 * MIB, 10 + g), 0, bytes, (4 + 2 * g) * MIB, 2 * MIB);
    }
    System.arraycopy(Content.compressible(2 * MIB, 1000 + seed), 0, bytes, 16 * MIB, 2 * MIB);
    Arrays.fill(bytes, 18 * MIB, 19 * MIB, (byte) 0);
    return Images.write(folder.resolve("image" + generation), bytes);
  }

  @Test
  void aProcessKilledAtAnyInstantLeavesAStoreThatHasLostNothing() throws Exception {
    Path path = folder.resolve("store");
    Store.create(path, StoreOptions.defaults()).close();
    Random random = new Random(20260);
    int fresh = 0;
    for (int kill = 0; kill < KILLS; kill++) {
      List<Path> images = new ArrayList<>();
      for (int g = 0; g < GENERATIONS; g++) {
        // Now and then an image changes, so that there is always something new to store.
        boolean change = kill == 0 || random.nextInt(3) == 0;
        images.add(change ? image(g, fresh++) : folder.resolve("image" + g));
      }
      keep(images);
      List<String> said = killOne(path, images, random);
      believe(said);
      check(path, kill, said);
    }
  }

  @Test
  void aReindexKilledAtAnyInstantRemembersTheNumbersOfVersionsThatAreGone() throws Exception {
    Path path = folder.resolve("store");
    Path image = Images.write(folder.resolve("image"), Content.compressible(MIB, 1));
    Path output = folder.resolve("said");
    Random random = new Random(20261);
    Store.create(path, StoreOptions.defaults()).close();
    for (int kill = 1; kill <= REINDEXES; kill++) {
      try (Store store = Store.open(path)) {
        Manifest manifest = capture(store, image, "disk").manifest();
        assertThat(manifest.version()).as("after kill " + (kill - 1)).isEqualTo(kill);
        store.delete(manifest);
      }
      Process child =
          ChildJvm.start(output, List.of("-Xmx128m"), ReindexProgram.class, path.toString());
      ChildJvm.awaitOutput(child, output);
      child.waitFor(random.nextInt(100_000), TimeUnit.MICROSECONDS);
      child.destroyForcibly().waitFor();
    }
  }

  /** Copies of images by their contents' name, so that every version can be compared for ever. */
  private void keep(List<Path> images) throws IOException {
    Set<String> kept = new HashSet<>();
    for (Path image : images) {
      Path copy = folder.resolve("kept-" + digest(image));
      if (!Files.exists(copy)) {
        Files.copy(image, copy);
      }
      kept.add(copy.toString());
    }
    kept.addAll(alive.values());
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.filter(f -> f.getFileName().toString().startsWith("kept-")).toList()) {
        if (!kept.contains(file.toString())) {
          Files.delete(file); // nothing that lives was made from it
        }
      }
    }
  }

  private static String digest(Path image) throws IOException {
    byte[] bytes = Files.readAllBytes(image);
    byte[] digest = new byte[Page.DIGEST];
    Page.digest(Page.sha256(), bytes, 0, bytes.length, digest, 0);
    return HexFormat.of().formatHex(digest, 0, 8);
  }

  private List<String> killOne(Path store, List<Path> images, Random random) throws Exception {
    List<String> arguments = new ArrayList<>();
    arguments.add(store.toString());
    arguments.add(Long.toString(random.nextLong()));
    for (Path image : images) {
      arguments.add(folder.resolve("kept-" + digest(image)).toString());
    }
    Path output = folder.resolve("said");
    Process child =
        ChildJvm.start(
            output, List.of("-Xmx128m"), BusyProgram.class, arguments.toArray(String[]::new));
    ChildJvm.awaitOutput(child, output);
    // Between nothing and several operations.
    long nanos = (long) (random.nextDouble() * random.nextDouble() * 1.5e9);
    boolean ended = child.waitFor(nanos, TimeUnit.NANOSECONDS);
    assertThat(ended).as("the child ended by itself").isFalse();
    child.destroyForcibly().waitFor();
    String text = Files.readString(output);
    return text.substring(0, text.lastIndexOf('\n') + 1).lines().toList(); // whole lines
  }

  private void believe(List<String> said) {
    assertThat(said.get(0)).isEqualTo("begun");
    for (String line : said) {
      String[] words = line.split(" ");
      switch (words[0]) {
        case "captured" -> alive.put(words[1], words[2]);
        case "deleting" -> alive.remove(words[1]); // from here on it may be there or not
        case "deleted" -> deleted.add(words[1]);
        default -> {}
      }
    }
  }

  private void check(Path path, int kill, List<String> said) throws IOException {
    String about = "after kill " + kill + ", which came after " + said;
    long durable = durablePages(path);
    try (Store store = Store.open(path)) {
      assertThat(Images.verify(store).damage()).as(about).isEmpty();
      // The verification has proven all roots; what is new and some of the old is compared, too.
      for (Map.Entry<String, String> entry : alive.entrySet()) {
        Manifest manifest = store.manifest(entry.getKey());
        if (said.toString().contains(entry.getKey()) || (manifest.version() + kill) % 4 == 0) {
          assertRestores(store, manifest, Path.of(entry.getValue()), folder);
        }
      }
      Set<String> listed = new HashSet<>();
      store.manifests().forEach(m -> listed.add(m.reference()));
      assertThat(alive.keySet()).as(about).allMatch(listed::contains);
      assertThat(deleted).as(about).noneMatch(listed::contains);
      // All that was durable is known to the next capture, and no page is stored a second time.
      Path image = folder.resolve("image" + kill % GENERATIONS);
      Manifest manifest = capture(store, image, "after").manifest();
      assertRestores(store, manifest, image, folder);
      long now = store.info().pages();
      assertThat(now).as(about).isEqualTo(durable + manifest.figures().newPages());
      assertThat(distinctPages(path)).as(about).isEqualTo(now);
      store.delete(manifest);
      if (kill % 5 == 0) {
        assertThat(Images.verify(store).damage()).as(about).isEmpty();
      }
      assertThat(leftovers(path)).as(about).isEmpty();
      while (store.manifests().size() > 8) {
        Manifest oldest = store.manifests().get(0);
        store.delete(oldest);
        alive.remove(oldest.reference());
      }
    }
  }

  /** Pages in whole frames on disk, in sealed packs and in those left open. */
  private static long durablePages(Path store) throws IOException {
    long pages = 0;
    for (Path file : packFiles(store)) {
      pages += PackFiles.wholePages(file);
    }
    return pages;
  }

  private static long distinctPages(Path store) throws IOException {
    Set<String> digests = new HashSet<>();
    for (Path file : packFiles(store)) {
      digests.addAll(PackFiles.digests(file));
    }
    return digests.size();
  }

  private static List<Path> packFiles(Path store) throws IOException {
    try (Stream<Path> files = Files.walk(store.resolve("packs"))) {
      return files.filter(Files::isRegularFile).toList();
    }
  }

  private static List<Path> leftovers(Path store) throws IOException {
    try (Stream<Path> files = Files.walk(store)) {
      return files.filter(f -> f.toString().endsWith(".part")).toList();
    }
  }

  /** Reindexes a store until it is killed. */
  static final class ReindexProgram {
    public static void main(String[] arguments) {
      try (Store store = Store.open(Path.of(arguments[0]))) {
        while (true) {
          store.reindex(Task.unwatched());
          System.out.println("reindexed");
        }
      }
    }
  }

  /**
   * Captures, deletes and reindexes until it is killed, and says what is done. Arguments: store,
   * seed, images.
   */
  static final class BusyProgram {
    public static void main(String[] arguments) throws IOException {
      Random random = new Random(Long.parseLong(arguments[1]));
      Store store = Store.open(Path.of(arguments[0]));
      System.out.println("begun");
      List<String> mine = new ArrayList<>();
      while (true) {
        int dice = random.nextInt(10);
        if (dice < 6 || mine.isEmpty()) {
          String image = arguments[2 + random.nextInt(arguments.length - 2)];
          try (BlockSource source = BlockSources.open(Path.of(image))) {
            String name = "disk" + random.nextInt(3);
            Manifest manifest =
                store.capture(source, name, CaptureOptions.defaults(), Task.unwatched()).manifest();
            System.out.println("captured " + manifest.reference() + " " + image);
            mine.add(manifest.reference());
          }
        } else if (dice < 9) {
          String reference = mine.remove(random.nextInt(mine.size()));
          System.out.println("deleting " + reference);
          store.delete(store.manifest(reference));
          System.out.println("deleted " + reference);
        } else {
          store.reindex(Task.unwatched());
          System.out.println("reindexed");
        }
      }
    }
  }
}
