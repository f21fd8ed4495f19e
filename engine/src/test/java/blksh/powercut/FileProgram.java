package blksh.powercut;

import static blksh.powercut.Telling.tell;

import blksh.block.ByteArraySource;
import blksh.block.Overlay;
import blksh.block.WritableFile;
import blksh.block.WritableSource;
import blksh.cache.Cache;
import blksh.cache.CacheOptions;
import blksh.cache.RescueRange;
import blksh.cache.RescueStatus;
import blksh.cache.WritableCache;
import blksh.image.Convert;
import blksh.image.ConvertOptions;
import blksh.io.PartFile;
import blksh.io.WholeFile;
import blksh.kit.Reading;
import blksh.store.CaptureOptions;
import blksh.store.Manifest;
import blksh.store.Store;
import blksh.task.Task;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Random;
import java.util.StringJoiner;

/**
 * Reads discs through caches, writes a medium through one, writes an overlay and commits it, and
 * exports and converts, and tells of each what it is about to do and what is done. Arguments: a
 * directory, and a seed.
 */
final class FileProgram {

  static final String STORE = "store";
  static final String OVERLAY = "changes";
  static final String MEDIUM = "medium";
  static final String WRITTEN = "written";
  static final String EXPORTED = "exported.img";
  static final String CONVERTED = "converted.zst";

  private static final int ROUNDS = 3;

  private final Path folder;
  private final Random random;
  private int overlaid;
  private int changed;

  private FileProgram(Path folder, Random random) {
    this.folder = folder;
    this.random = random;
  }

  public static void main(String[] arguments) throws IOException {
    Random random = new Random(Long.parseLong(arguments[1]));
    new FileProgram(Path.of(arguments[0]), random).run();
  }

  /** Saves its map often, and reads little at a time. */
  static CacheOptions options() {
    return new CacheOptions(Scene.PAGE, 16 * Scene.PAGE, Duration.ofMillis(20));
  }

  private void run() throws IOException {
    Path medium = folder.resolve(MEDIUM);
    WholeFile.create(medium, PartFile.Durability.DURABLE, Scene.medium());
    tell("begun");
    try (WritableCache cache = cache(medium).writable();
        Overlay overlay = Overlay.open(new ByteArraySource(Scene.base()), folder.resolve(OVERLAY));
        Store store = Store.openOrCreate(folder.resolve(STORE))) {
      for (int round = 0; round < ROUNDS; round++) {
        cache.cache().fill(Task.unwatched());
        readDisc(round, cache, overlay);
        convert(round);
        writeOverlay(overlay);
        commit(overlay, store);
        writeMedium(cache);
      }
    }
    tell("closed");
  }

  private Cache cache(Path medium) {
    return Cache.open(
        WritableFile.open(medium),
        folder.resolve(WRITTEN),
        folder.resolve(WRITTEN + ".map"),
        options());
  }

  // ---- a disc that is read, and its image -----------------------------------------------------

  private void readDisc(int number, WritableCache written, Overlay overlay) throws IOException {
    byte[] disc = Scene.disc(number);
    Path data = folder.resolve("disc" + number);
    Path map = folder.resolve("disc" + number + ".map");
    try (Cache cache = Cache.open(new ByteArraySource(disc), data, map, options())) {
      for (int i = 0; i < 4; i++) {
        for (int j = 0; j < 3; j++) {
          Reading.read(cache, random.nextInt(disc.length), 1 + random.nextInt(20_000));
        }
        String kept = finished(cache);
        cache.flush();
        tell("kept " + number + kept);
        if (i % 2 == 1) {
          writeOverlay(overlay);
          writeMedium(written);
        }
      }
      cache.fill(Task.unwatched());
      tell("writing " + EXPORTED + " " + number);
      cache.export(folder.resolve(EXPORTED), true, Task.unwatched());
      tell("wrote " + EXPORTED + " " + number);
    }
    tell("kept " + number + " 0-" + disc.length);
  }

  private static String finished(Cache cache) {
    StringJoiner ranges = new StringJoiner(" ", " ", "");
    for (RescueRange range : cache.map().ranges(RescueStatus.FINISHED)) {
      ranges.add(range.start() + "-" + range.end());
    }
    return ranges.toString();
  }

  private void convert(int number) throws IOException {
    tell("writing " + CONVERTED + " " + number);
    Convert.toRawZstd(
        new ByteArraySource(Scene.disc(number)),
        folder.resolve(CONVERTED),
        ConvertOptions.defaults().withOverwrite(true),
        Task.unwatched());
    tell("wrote " + CONVERTED + " " + number);
  }

  // ---- what is written ------------------------------------------------------------------------

  private void writeOverlay(Overlay overlay) throws IOException {
    overlaid = write(overlay, OVERLAY, Scene.BASE, overlaid);
  }

  private void writeMedium(WritableCache cache) throws IOException {
    changed = write(cache, MEDIUM, Scene.MEDIUM, changed);
  }

  private int write(WritableSource to, String name, int size, int first) throws IOException {
    int number = first;
    for (int i = 0; i < 3; i++) {
      int end = number + 1 + random.nextInt(4);
      for (; number < end; number++) {
        tell("changing " + name + " " + number);
        Scene.Change change = Scene.Change.of(number, size);
        if (change.bytes() == null) {
          to.zero(change.position(), change.length());
        } else {
          to.write(change.position(), change.buffer());
        }
      }
      to.sync();
      tell("synced " + name);
    }
    return number;
  }

  private void commit(Overlay overlay, Store store) throws IOException {
    tell("capturing overlaid " + overlaid);
    Manifest manifest =
        store.capture(overlay, "overlaid", CaptureOptions.defaults(), Task.unwatched()).manifest();
    tell("captured " + manifest.reference() + " " + overlaid);
  }
}
