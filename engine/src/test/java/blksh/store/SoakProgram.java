package blksh.store;

import blksh.BlkshException;
import blksh.block.BlockSource;
import blksh.block.ByteArraySource;
import blksh.kit.Content;
import blksh.store.pack.Page;
import blksh.task.Task;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;

/**
 * Captures, restores, deletes, compacts, verifies and makes parity at random, with names of its own
 * in a store that others use too, until it is killed. Says before what it is about to do and after
 * what it has done, and WRONG with whatever it met that must not be. Arguments: store, directory of
 * its own, name, seed.
 */
final class SoakProgram {

  private final Store store;
  private final Path target;
  private final String name;
  private final Random random;

  /** The seeds that the images of the versions were made of, as far as is known. */
  private final Map<String, Integer> seeds = new TreeMap<>();

  private SoakProgram(Store store, Path target, String name, long seed) {
    this.store = store;
    this.target = target;
    this.name = name;
    this.random = new Random(seed);
  }

  /** An image: most pages are those of all, some of its own, some zero. */
  static byte[] image(int seed) {
    byte[] bytes = Content.compressible(300 * Page.SIZE + seed % Page.SIZE, 1);
    int at = seed % 100 * Page.SIZE;
    byte[] own = Content.random(40 * Page.SIZE, seed);
    System.arraycopy(own, 0, bytes, at, own.length);
    Arrays.fill(bytes, 200 * Page.SIZE, 220 * Page.SIZE, (byte) 0);
    return bytes;
  }

  public static void main(String[] arguments) throws IOException {
    Path directory = Path.of(arguments[1]);
    try (Store store = Store.open(Path.of(arguments[0]))) {
      SoakProgram soak =
          new SoakProgram(
              store, directory.resolve("back"), arguments[2], Long.parseLong(arguments[3]));
      System.out.println("begun");
      while (true) {
        soak.step();
      }
    } catch (BlkshException e) {
      System.out.println("WRONG " + e.getMessage());
    }
  }

  private void step() throws IOException {
    List<Manifest> mine = store.manifests(name);
    int choice = random.nextInt(10);
    if (mine.size() < 2 || choice < 4) {
      capture();
    } else if (choice < 6) {
      delete(mine.get(random.nextInt(mine.size())));
    } else if (choice < 8) {
      restore(mine.get(random.nextInt(mine.size())));
    } else if (choice < 9) {
      compactUnderAReader(mine.get(random.nextInt(mine.size())));
    } else if (random.nextBoolean()) {
      store.upkeep().protect(random.nextBoolean() ? 5 : 10, false, Task.unwatched());
    } else {
      verify();
    }
  }

  /** As one who has a version mounted that is deleted, and whose pages go as soon as they may. */
  private void compactUnderAReader(Manifest manifest) {
    Integer seed = seeds.get(manifest.reference());
    try (BlockSource mounted = store.source(manifest)) {
      delete(manifest);
      compact();
      ByteBuffer found = ByteBuffer.allocate((int) mounted.size());
      mounted.read(0, found);
      if (seed != null && !Arrays.equals(found.array(), image(seed))) {
        System.out.println("WRONG " + manifest.reference() + " lost pages that were read");
      }
    }
    compact();
  }

  private void compact() {
    CompactOptions options = CompactOptions.defaults().withThreshold(1 + random.nextInt(40));
    store.upkeep().compact(options, Task.unwatched());
  }

  private void capture() {
    int seed = random.nextInt(1 << 20);
    System.out.println("capturing " + seed);
    Manifest made =
        store
            .capture(
                new ByteArraySource(image(seed)), name, CaptureOptions.defaults(), Task.unwatched())
            .manifest();
    System.out.println("captured " + made.reference() + " " + seed);
    seeds.put(made.reference(), seed);
  }

  private void delete(Manifest manifest) {
    System.out.println("deleting " + manifest.reference());
    store.delete(manifest);
    System.out.println("deleted " + manifest.reference());
  }

  private void restore(Manifest manifest) throws IOException {
    Files.deleteIfExists(target);
    store.restore(manifest, target, RestoreOptions.defaults(), Task.unwatched());
    Integer seed = seeds.get(manifest.reference());
    if (seed != null && !Arrays.equals(Files.readAllBytes(target), image(seed))) {
      System.out.println("WRONG " + manifest.reference() + " restored other bytes");
    }
  }

  private void verify() {
    VerifyReport report = store.verify(VerifyOptions.full(), Task.unwatched());
    for (Damage damage : report.damage()) {
      if (!damage.affected().isEmpty()) {
        System.out.println("WRONG " + damage);
      }
    }
  }
}
