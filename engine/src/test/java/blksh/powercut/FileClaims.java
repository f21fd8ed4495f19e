package blksh.powercut;

import static org.assertj.core.api.Assertions.assertThat;

import blksh.block.BlockSource;
import blksh.block.ByteArraySource;
import blksh.block.FileSource;
import blksh.block.Overlay;
import blksh.cache.Cache;
import blksh.cache.RescueMap;
import blksh.cache.RescueRange;
import blksh.cache.RescueStatus;
import blksh.image.Convert;
import blksh.image.ConvertOptions;
import blksh.image.Images;
import blksh.kit.Reading;
import blksh.task.Task;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;

/**
 * What was told of caches, overlays and files written anew before a power cut, and whether it is so
 * afterwards.
 */
final class FileClaims {

  /** A file that appears when it is whole. */
  private static final class Whole {
    private String reported;

    /** What it may hold: what was reported, and what was begun since. */
    private final TreeSet<String> possible = new TreeSet<>();
  }

  private boolean begun;
  private final Map<String, Whole> files = new TreeMap<>();

  /** The ranges that were reported as kept, by the disc. */
  private final Map<Integer, String[]> kept = new TreeMap<>();

  private final Map<String, Sectors> media = new HashMap<>();

  private FileClaims() {
    media.put(FileProgram.OVERLAY, new Sectors(Scene.base()));
    media.put(FileProgram.MEDIUM, new Sectors(Scene.medium()));
  }

  static FileClaims of(List<String> told) {
    FileClaims claims = new FileClaims();
    told.forEach(line -> claims.hear(line.split(" ")));
    return claims;
  }

  private void hear(String[] words) {
    switch (words[0]) {
      case "begun" -> begun = true;
      case "kept" -> kept.put(Integer.parseInt(words[1]), words);
      case "changing" -> {
        Sectors medium = media.get(words[1]);
        medium.change(Scene.Change.of(Integer.parseInt(words[2]), medium.size()));
      }
      case "synced" -> media.get(words[1]).sync();
      case "writing" -> files.computeIfAbsent(words[1], n -> new Whole()).possible.add(words[2]);
      case "wrote" -> {
        Whole file = files.get(words[1]);
        file.reported = words[2];
        file.possible.clear();
        file.possible.add(words[2]);
      }
      default -> {}
    }
  }

  // ---- files that are written anew ------------------------------------------------------------

  /** Reads what a file holds. */
  interface Opening {
    BlockSource of(Path file);
  }

  /**
   * Checks a file under its final name.
   *
   * @param content by what the program called it
   */
  void checkWhole(Path file, Opening opening, Function<String, byte[]> content, Faults faults) {
    Whole whole = files.getOrDefault(file.getFileName().toString(), new Whole());
    faults.check(
        file.getFileName() + " is whole under its name",
        () -> {
          assertThat(Files.exists(file) || whole.reported == null).as("is there").isTrue();
          if (Files.exists(file)) {
            byte[] bytes = content(opening.of(file));
            assertThat(whole.possible)
                .anyMatch(called -> Arrays.equals(bytes, content.apply(called)));
          }
        });
  }

  /** What a dead writer left is in nobody's way. */
  private static void writeAgain(Path file, Faults faults) {
    faults.check(
        file.getFileName() + " can be written again",
        () -> {
          byte[] bytes = Scene.disc(9);
          ConvertOptions options = ConvertOptions.defaults().withOverwrite(true);
          Convert.toRaw(new ByteArraySource(bytes), file, options, Task.unwatched());
          assertThat(Files.readAllBytes(file)).isEqualTo(bytes);
        });
  }

  private static byte[] content(BlockSource opened) {
    try (BlockSource source = opened) {
      return Reading.read(source, 0, Math.toIntExact(source.size()));
    }
  }

  // ---- all of it ------------------------------------------------------------------------------

  void check(Path folder, Faults faults) {
    checkWhole(folder.resolve(FileProgram.EXPORTED), FileSource::open, FileClaims::disc, faults);
    checkWhole(folder.resolve(FileProgram.CONVERTED), Images::open, FileClaims::disc, faults);
    writeAgain(folder.resolve(FileProgram.EXPORTED), faults);
    for (int disc : kept.keySet()) {
      checkDisc(folder, disc, faults);
    }
    if (begun) {
      checkMedium(folder, faults);
      checkOverlay(folder.resolve(FileProgram.OVERLAY), faults);
    }
  }

  private static byte[] disc(String number) {
    return Scene.disc(Integer.parseInt(number));
  }

  // ---- caches ---------------------------------------------------------------------------------

  private void checkDisc(Path folder, int number, Faults faults) {
    byte[] disc = Scene.disc(number);
    Path data = folder.resolve("disc" + number);
    Path map = folder.resolve("disc" + number + ".map");
    faults.check(
        "the map of a cache claims what is there",
        () -> checkMap(RescueMap.read(map, disc.length), Files.readAllBytes(data), disc));
    faults.check(
        "the map of a cache claims what was reported as kept",
        () -> {
          RescueMap found = RescueMap.read(map, disc.length);
          String[] words = kept.get(number);
          for (String range : Arrays.asList(words).subList(2, words.length)) {
            String[] ends = range.split("-");
            RescueRange there = found.at(Long.parseLong(ends[0]));
            assertThat(there.status()).as(range).isEqualTo(RescueStatus.FINISHED);
            assertThat(there.end()).as(range).isGreaterThanOrEqualTo(Long.parseLong(ends[1]));
          }
        });
    faults.check(
        "a cache goes on",
        () -> {
          try (Cache cache =
              Cache.open(new ByteArraySource(disc), data, map, FileProgram.options())) {
            cache.fill(Task.unwatched());
            assertThat(Reading.read(cache, 0, disc.length)).isEqualTo(disc);
          }
        });
  }

  private static void checkMap(RescueMap map, byte[] data, byte[] source) {
    for (RescueRange range : map.ranges(RescueStatus.FINISHED)) {
      int from = (int) range.start();
      int to = (int) range.end();
      assertThat(to).as("end of %s", range).isLessThanOrEqualTo(data.length);
      assertThat(Arrays.mismatch(data, from, to, source, from, to))
          .as("first difference in %s", range)
          .isEqualTo(-1);
    }
  }

  // ---- what is written ------------------------------------------------------------------------

  private void checkMedium(Path folder, Faults faults) {
    Path medium = folder.resolve(FileProgram.MEDIUM);
    Path data = folder.resolve(FileProgram.WRITTEN);
    Path map = folder.resolve(FileProgram.WRITTEN + ".map");
    faults.check(
        "a medium holds what was synced",
        () -> media.get(FileProgram.MEDIUM).check(Files.readAllBytes(medium)));
    faults.check(
        "a cache that is written through claims what its medium holds",
        () -> {
          if (Files.exists(map)) {
            byte[] bytes = Files.readAllBytes(medium);
            checkMap(RescueMap.read(map, bytes.length), Files.readAllBytes(data), bytes);
          }
        });
    faults.check(
        "a cache that is written through goes on",
        () -> {
          byte[] bytes = Files.readAllBytes(medium);
          try (Cache cache =
              Cache.open(FileSource.open(medium), data, map, FileProgram.options())) {
            assertThat(Reading.read(cache, 0, bytes.length)).isEqualTo(bytes);
          }
        });
  }

  private void checkOverlay(Path file, Faults faults) {
    Sectors expected = media.get(FileProgram.OVERLAY);
    faults.check(
        "an overlay holds what was synced",
        () -> {
          try (Overlay overlay = Overlay.open(new ByteArraySource(Scene.base()), file)) {
            expected.check(Reading.read(overlay, 0, Scene.BASE));
          }
        });
    faults.check("an overlay goes on", () -> writeOverlay(file));
  }

  private static void writeOverlay(Path file) throws IOException {
    byte[] before;
    Scene.Change change = Scene.Change.of(1001, Scene.BASE);
    try (Overlay overlay = Overlay.open(new ByteArraySource(Scene.base()), file)) {
      before = Reading.read(overlay, 0, Scene.BASE);
      overlay.write(change.position(), ByteBuffer.wrap(change.bytes()));
      change.to(before);
    }
    try (Overlay overlay = Overlay.open(new ByteArraySource(Scene.base()), file)) {
      assertThat(Reading.read(overlay, 0, Scene.BASE)).isEqualTo(before);
    }
  }
}
