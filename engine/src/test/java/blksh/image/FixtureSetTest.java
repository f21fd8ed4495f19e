package blksh.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import blksh.BlkshException;
import blksh.block.BlockSource;
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
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/**
 * Every image of a set made by the real tools, and every damaged one, does what its table says. The
 * set lies where {@code -Dblksh.fixtures} points to: a directory with {@code fixtures.tsv}.
 */
class FixtureSetTest {

  @TempDir Path indexes;

  @TestFactory
  Stream<DynamicTest> everyRowIsAsTheTableSays() throws IOException {
    return everyRow(row -> check(row));
  }

  private interface Check {
    void of(String[] row) throws Exception;
  }

  private static Stream<DynamicTest> everyRow(Check check) throws IOException {
    String set = System.getProperty("blksh.fixtures");
    assumeTrue(set != null, "-Dblksh.fixtures names no set of images");
    Path directory = Path.of(set);
    List<DynamicTest> tests = new ArrayList<>();
    for (String line : Files.readAllLines(directory.resolve("fixtures.tsv"))) {
      String[] row = line.split("\t");
      if (!row[0].equals("path")) {
        tests.add(dynamicTest(row[0], () -> check.of(row)));
      }
    }
    return tests.stream();
  }

  /** Whatever a row holds, reads anywhere from eight threads agree with one read in order. */
  @TestFactory
  Stream<DynamicTest> randomReadsOfEveryRowAreRight() throws IOException {
    assumeTrue(Integer.getInteger("blksh.random.reads") != null, "-Dblksh.random.reads is not set");
    return everyRow(
        row -> {
          if (!row[2].startsWith("ERR:") && !row[2].equals("-")) {
            readAtRandom(row[0], Integer.getInteger("blksh.random.reads"));
          }
        });
  }

  private void readAtRandom(String name, int reads) throws Exception {
    Path path = Path.of(System.getProperty("blksh.fixtures")).resolve(name);
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

  private void check(String[] row) {
    Path path = Path.of(System.getProperty("blksh.fixtures")).resolve(row[0]);
    String expected = row[2];
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
