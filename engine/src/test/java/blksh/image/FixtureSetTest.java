package blksh.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import blksh.BlkshException;
import blksh.block.BlockSource;
import blksh.kit.Effort;
import blksh.task.Task;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every image of a set made by the real tools, and every damaged one, does what its table says. The
 * set lies where {@code -Dblksh.fixtures} points to: a directory with {@code fixtures.tsv}.
 */
class FixtureSetTest {

  @TempDir Path indexes;

  private static Path set;

  @BeforeAll
  static void find() {
    set = Effort.needFixtures();
  }

  static Stream<Arguments> rows() throws IOException {
    return Files.readAllLines(set.resolve("fixtures.tsv")).stream()
        .map(line -> line.split("\t"))
        .filter(row -> !row[0].equals("path"))
        .map(row -> arguments(row[0], row[2]));
  }

  /** Whatever a row holds, reads anywhere from eight threads agree with one read in order. */
  @ParameterizedTest(name = "{0}")
  @MethodSource("rows")
  void randomReadsAreRight(String name, String expected) throws Exception {
    int reads = Effort.of("blksh.random.reads", 0, 1000);
    Effort.need(reads > 0, "--long or -Dblksh.random.reads=N");
    if (!expected.startsWith("ERR:") && !expected.equals("-")) {
      readAtRandom(name, reads);
    }
  }

  private void readAtRandom(String name, int reads) throws Exception {
    Path path = set.resolve(name);
    ImageOptions options = ImageOptions.defaults().withIndexDirectory(indexes.resolve("random"));
    try (Image image = Images.open(path, options)) {
      int size = (int) image.size();
      Path whole = Files.createTempFile(indexes, "whole", "");
      ImageRestore.run(
          image, whole, ImageRestoreOptions.defaults().withOverwrite(true), Task.unwatched());
      ExecutorService threads = Executors.newFixedThreadPool(8);
      List<Future<?>> done = new ArrayList<>();
      try (FileChannel expected = FileChannel.open(whole)) {
        ByteBuffer all = expected.map(FileChannel.MapMode.READ_ONLY, 0, size);
        for (int t = 0; t < 8; t++) {
          Random random = new Random(t);
          done.add(
              threads.submit(
                  () -> {
                    for (int i = 0; i < reads / 8; i++) {
                      int at = random.nextInt(size + 100);
                      int length = 1 + random.nextInt(random.nextInt(10) == 0 ? 300_000 : 5000);
                      ByteBuffer read = ByteBuffer.allocate(length);
                      int count = image.read(at, read);
                      int right = Math.max(0, Math.min(length, size - at));
                      if (count != right
                          || !all.slice(Math.min(at, size), count).equals(read.flip())) {
                        throw new AssertionError(length + " bytes at " + at);
                      }
                    }
                  }));
        }
        for (Future<?> future : done) {
          future.get();
        }
      } finally {
        threads.shutdown();
        Files.delete(whole);
      }
    }
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("rows")
  void isAsTheTableSays(String name, String expected) {
    Path path = set.resolve(name);
    long started = cpuNanos();
    String found = outcome(path, ImageOptions.defaults().withIndexDirectory(indexes));
    long millis = (cpuNanos() - started) / 1_000_000;
    if (expected.startsWith("ERR:")) {
      assertThat(found.toUpperCase()).isEqualTo(expected.replace("_", ""));
    } else if (!expected.equals("-")) {
      assertThat(found).isEqualTo(expected);
    }
    assertThat(millis).as("milliseconds of CPU time").isLessThan(2000);
  }

  /** What the process has used; others on the machine do not count. */
  private static long cpuNanos() {
    return ((com.sun.management.OperatingSystemMXBean)
            java.lang.management.ManagementFactory.getOperatingSystemMXBean())
        .getProcessCpuTime();
  }

  /** The SHA-256 of everything that can be read, or the kind of the first failure. */
  private static String outcome(Path path, ImageOptions options) {
    try (Image image = Images.open(path, options)) {
      String digest = sha256(image);
      ImageVerification verification = image.verify(Task.unwatched());
      return verification.clean() ? digest : "ERR:" + verification.bad().get(0).kind();
    } catch (BlkshException e) {
      return "ERR:" + e.kind();
    }
  }

  static String sha256(BlockSource source) {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      ByteBuffer buffer = ByteBuffer.allocate(1 << 20);
      long at = 0;
      while (true) {
        buffer.clear();
        int count = source.read(at, buffer);
        if (count == 0) {
          return HexFormat.of().formatHex(digest.digest());
        }
        digest.update(buffer.flip());
        at += count;
      }
    } catch (java.security.NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
