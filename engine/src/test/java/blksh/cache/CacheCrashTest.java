package blksh.cache;

import static blksh.kit.Await.pause;
import static org.assertj.core.api.Assertions.assertThat;

import blksh.block.FileSource;
import blksh.kit.ChildJvm;
import blksh.kit.Content;
import blksh.kit.Effort;
import blksh.kit.Reading;
import blksh.task.Task;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whenever a process is killed, what the map on disk claims is in the data file. */
class CacheCrashTest {

  /** How often to kill: a property, for the patient. */
  private static final int KILLS = Effort.of("blksh.kills", 8, 100);

  private static final int SIZE = 48 << 20;

  @TempDir Path folder;

  /** Reads at random on eight threads while it fills, until it is killed. */
  static final class Victim {

    private Victim() {}

    public static void main(String[] arguments) {
      Path medium = Path.of(arguments[0]);
      Path file = Path.of(arguments[1]);
      CacheOptions options = new CacheOptions(4096, 64 << 10, Duration.ofMillis(10));
      Cache cache = Cache.open(FileSource.open(medium), file, options);
      for (int i = 0; i < 8; i++) {
        Random random = new Random();
        Thread reader =
            new Thread(
                () -> {
                  while (true) {
                    Reading.read(cache, random.nextInt(SIZE), 1 + random.nextInt(9000));
                  }
                });
        reader.setDaemon(true);
        reader.start();
      }
      System.out.println("reading");
      cache.fill(Task.unwatched());
    }
  }

  @Test
  void whatTheMapClaimsIsThereAfterAKill() throws Exception {
    byte[] bytes = Content.random(SIZE, 1);
    Path medium = Files.write(folder.resolve("medium"), bytes);
    Path file = folder.resolve("disc");
    Random random = new Random(5);
    long claimed = 0;
    for (int kill = 0; kill < KILLS; kill++) {
      Process victim = ChildJvm.start(List.of(), Victim.class, medium.toString(), file.toString());
      assertThat(victim.getInputStream().read()).isEqualTo('r');
      pause(random.nextInt(400));
      victim.destroyForcibly().waitFor();
      claimed = check(file, bytes, claimed, kill % 4 == 3);
    }
    assertThat(claimed).isNotNegative();
  }

  /** Checks every claim; begins anew now and then, or all would soon be claimed. */
  private long check(Path file, byte[] bytes, long before, boolean anew) throws IOException {
    Path data;
    try (var entries = Files.newDirectoryStream(folder, "disc.cache.*~")) {
      data = entries.iterator().next();
    }
    Path map = folder.resolve(data.getFileName() + ".map");
    long claimed = 0;
    if (Files.exists(map)) {
      byte[] held = Files.readAllBytes(data);
      for (RescueRange range : RescueMap.read(map, SIZE).ranges(RescueStatus.FINISHED)) {
        int from = (int) range.start();
        int to = (int) range.end();
        assertThat(Arrays.equals(held, from, to, bytes, from, to)).as("%s", range).isTrue();
        claimed += range.length();
      }
    }
    assertThat(claimed).isGreaterThanOrEqualTo(before);
    if (anew) {
      Files.delete(data);
      Files.deleteIfExists(map);
      return 0;
    }
    return claimed;
  }
}
