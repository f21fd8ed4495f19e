package blksh.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import blksh.BlkshException;
import blksh.block.BlockSource;
import blksh.task.Task;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
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
    String set = System.getProperty("blksh.fixtures");
    assumeTrue(set != null, "-Dblksh.fixtures names no set of images");
    Path directory = Path.of(set);
    List<DynamicTest> tests = new ArrayList<>();
    for (String line : Files.readAllLines(directory.resolve("fixtures.tsv"))) {
      String[] row = line.split("\t");
      if (!row[0].equals("path")) {
        tests.add(dynamicTest(row[0], () -> check(directory.resolve(row[0]), row[1], row[2])));
      }
    }
    return tests.stream();
  }

  private void check(Path path, String kind, String expected) {
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
