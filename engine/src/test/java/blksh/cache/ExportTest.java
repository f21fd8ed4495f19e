package blksh.cache;

import static blksh.kit.Content.MIB;
import static blksh.kit.Content.random;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import blksh.BlkshException;
import blksh.block.ByteArraySource;
import blksh.block.FaultySource;
import blksh.block.FileSource;
import blksh.kit.ChildJvm;
import blksh.kit.Effort;
import blksh.kit.LoopDevice;
import blksh.kit.Tmpfs;
import blksh.task.CancelledException;
import blksh.task.Task;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** An export is there when it is whole, and until then everything is as it was. */
@Timeout(300)
class ExportTest {

  private static final int KILLS = Effort.of("blksh.kills", 8, 100);
  private static final int SIZE = 8 * MIB;

  @TempDir Path folder;

  private Cache filled(byte[] bytes) {
    Cache cache =
        Cache.open(new ByteArraySource(bytes), folder.resolve("cache"), CacheOptions.defaults());
    cache.fill(Task.unwatched());
    return cache;
  }

  /** The files of a directory that are not the cache's. */
  private static List<String> filesIn(Path directory) throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return files
          .map(file -> file.getFileName().toString())
          .filter(name -> !name.startsWith("cache."))
          .sorted()
          .toList();
    }
  }

  @Test
  void anExportTakesThePlaceOfAFile() throws IOException {
    byte[] bytes = random(SIZE, 1);
    Path image = Files.writeString(folder.resolve("image"), "before");
    try (Cache cache = filled(bytes)) {
      cache.export(image, true, Task.unwatched());
    }
    assertThat(Files.readAllBytes(image)).isEqualTo(bytes);
    assertThat(filesIn(folder)).containsExactly("image");
  }

  @Test
  void anInterruptedExportLeavesTheOldFileAndNothingElse() throws Exception {
    Path image = Files.writeString(folder.resolve("image"), "before");
    Path part = folder.resolve(".image.blksh.part");
    try (Cache cache = filled(random(8 * SIZE, 1))) {
      Throwable failure = null;
      for (int tries = 0; failure == null && tries < 20; tries++) {
        Files.writeString(image, "before");
        AtomicReference<Throwable> failed = new AtomicReference<>();
        Thread exporter =
            new Thread(
                () -> {
                  try {
                    cache.export(image, true, new Task("export", "disc"));
                  } catch (Throwable e) {
                    failed.set(e);
                  }
                });
        exporter.start();
        while (!Files.exists(part) && exporter.isAlive()) {
          Thread.onSpinWait();
        }
        exporter.interrupt();
        exporter.join();
        failure = failed.get(); // or it was whole already
      }
      assertThat(failure).isInstanceOf(CancelledException.class);
    }
    assertThat(image).hasContent("before");
    assertThat(filesIn(folder)).containsExactly("image");
  }

  @Test
  void aCancelledExportLeavesNothing() throws IOException {
    Task task = new Task("export", "disc");
    task.cancel();
    try (Cache cache = filled(random(SIZE, 1))) {
      assertThatThrownBy(() -> cache.export(folder.resolve("fresh"), false, task))
          .isInstanceOf(CancelledException.class);
    }
    assertThat(filesIn(folder)).isEmpty();
  }

  @Test
  void anExportThatCannotReadTheCacheLeavesTheOldFile() throws IOException {
    Path image = Files.writeString(folder.resolve("image"), "before");
    try (Cache cache = filled(random(SIZE, 1))) {
      try (var data = Files.newByteChannel(cache.dataFile(), StandardOpenOption.WRITE)) {
        data.truncate(SIZE / 2);
      }
      assertThatThrownBy(() -> cache.export(image, true, Task.unwatched()))
          .isInstanceOf(BlkshException.class)
          .hasMessageContaining("cut short behind our back");
    }
    assertThat(image).hasContent("before");
    assertThat(filesIn(folder)).containsExactly("image");
  }

  @Test
  void aFullDiskIsToldAndTheOldFileStays() throws IOException {
    byte[] bytes = random(SIZE, 1);
    try (Cache cache = filled(bytes);
        Tmpfs small = Tmpfs.of(folder.resolve("small"), "4m")) {
      Path image = Files.writeString(small.path().resolve("image"), "before");
      assertThatThrownBy(() -> cache.export(image, true, Task.unwatched()))
          .isInstanceOf(BlkshException.class)
          .hasMessageContaining("No space left on device");
      assertThat(image).hasContent("before");
      assertThat(filesIn(small.path())).containsExactly("image");
      small.resize("16m");
      cache.export(image, true, Task.unwatched());
      assertThat(Files.readAllBytes(image)).isEqualTo(bytes);
    }
  }

  @Test
  void aLinkIsFollowedAndStays() throws IOException {
    byte[] bytes = random(MIB, 1);
    Path image = Files.writeString(folder.resolve("image"), "before");
    Path link = Files.createSymbolicLink(folder.resolve("link"), Path.of("image"));
    try (Cache cache = filled(bytes)) {
      assertThatThrownBy(() -> cache.export(link, false, Task.unwatched()))
          .hasMessageContaining("exists already");
      cache.export(link, true, Task.unwatched());
    }
    assertThat(link).isSymbolicLink();
    assertThat(Files.readAllBytes(image)).isEqualTo(bytes);
  }

  @Test
  void theCacheIsNeverWrittenOver() throws IOException {
    try (Cache cache = filled(random(MIB, 1))) {
      Path link = Files.createSymbolicLink(folder.resolve("link"), cache.dataFile());
      for (Path own : List.of(cache.dataFile(), cache.mapFile(), link)) {
        assertThatThrownBy(() -> cache.export(own, true, Task.unwatched()))
            .hasMessageContaining("the cache itself");
      }
    }
  }

  @Test
  void aDirectoryIsRefused() throws IOException {
    try (Cache cache = filled(random(MIB, 1))) {
      assertThatThrownBy(() -> cache.export(folder, true, Task.unwatched()))
          .hasMessageContaining("it is a directory");
      assertThatThrownBy(() -> cache.export(folder.resolve("no/image"), true, Task.unwatched()))
          .hasMessageContaining("its directory does not exist");
    }
  }

  @Test
  void aDriveIsWrittenInPlaceWithZerosForWhatWasNotRead() throws IOException {
    byte[] bytes = random(MIB, 1);
    Arrays.fill(bytes, 300_000, 700_000, (byte) 0);
    Path backing = Files.write(folder.resolve("backing"), random(2 * MIB, 2));
    byte[] expected = Files.readAllBytes(backing);
    FaultySource source = new FaultySource(new ByteArraySource(bytes)).unreadable(MIB - 4096, 4096);
    try (Cache cache = Cache.open(source, folder.resolve("cache"), CacheOptions.defaults());
        LoopDevice drive = LoopDevice.attach(backing, 512)) {
      cache.rescue(RescueOptions.defaults(), Task.unwatched());
      assertThatThrownBy(() -> cache.export(drive.path(), false, Task.unwatched()))
          .hasMessageContaining("exists already");
      cache.export(drive.path(), true, Task.unwatched());
    }
    System.arraycopy(bytes, 0, expected, 0, MIB - 4096);
    Arrays.fill(expected, MIB - 4096, MIB, (byte) 0);
    assertThat(Files.readAllBytes(backing)).isEqualTo(expected);
  }

  @Test
  void aDriveThatIsTooSmallIsRefused() throws IOException {
    Path backing = Files.write(folder.resolve("backing"), random(MIB, 2));
    try (Cache cache = filled(random(2 * MIB, 1));
        LoopDevice drive = LoopDevice.attach(backing, 512)) {
      assertThatThrownBy(() -> cache.export(drive.path(), true, Task.unwatched()))
          .hasMessageContaining("it has 1048576 bytes and the image 2097152");
    }
    assertThat(Files.readAllBytes(backing)).isEqualTo(random(MIB, 2));
  }

  /** Exports one of two caches after the other over a file, until it is killed. */
  static final class Victim {
    public static void main(String[] arguments) {
      Path image = Path.of(arguments[0]);
      Cache[] caches = new Cache[2];
      for (int i = 0; i < caches.length; i++) {
        Path source = Path.of(arguments[1 + i]);
        Path data = source.resolveSibling(source.getFileName() + ".data");
        Path map = source.resolveSibling(source.getFileName() + ".map");
        caches[i] = Cache.open(FileSource.open(source), data, map, CacheOptions.defaults());
        caches[i].fill(Task.unwatched());
      }
      for (int i = 0; ; i++) {
        caches[i % 2].export(image, true, Task.unwatched());
        System.out.println(i);
      }
    }
  }

  @Test
  void anExportKilledAtAnyInstantLeavesAWholeFile() throws Exception {
    byte[][] contents = {random(SIZE, 1), random(SIZE, 2)};
    Path one = Files.write(folder.resolve("one"), contents[0]);
    Path two = Files.write(folder.resolve("two"), contents[1]);
    Path image = folder.resolve("image");
    Path said = folder.resolve("said");
    Random random = new Random(7);
    for (int kill = 0; kill < KILLS; kill++) {
      Process victim =
          ChildJvm.start(
              said,
              List.of("-Xmx64m"),
              Victim.class,
              image.toString(),
              one.toString(),
              two.toString());
      ChildJvm.awaitOutput(victim, said);
      victim.waitFor(random.nextInt(60_000), TimeUnit.MICROSECONDS);
      victim.destroyForcibly().waitFor();
      byte[] found = Files.readAllBytes(image);
      assertThat(Arrays.equals(found, contents[0]) || Arrays.equals(found, contents[1]))
          .as("after kill %d", kill)
          .isTrue();
    }
    try (Cache cache = filled(contents[0])) {
      cache.export(image, true, Task.unwatched()); // what the killed one left is taken over
    }
    assertThat(filesIn(folder)).noneMatch(name -> name.endsWith(".part"));
  }
}
