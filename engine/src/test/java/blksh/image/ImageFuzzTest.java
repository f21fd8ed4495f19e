package blksh.image;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A short run of the fuzzer over all formats, seeded with images of the real tools. {@code
 * -Dblksh.fuzz.seconds} makes it longer; {@code -Dblksh.fuzz.corpus} keeps what it learns. Memory
 * is bounded by the heap alone: what libFuzzer measures includes the process it was started from.
 */
class ImageFuzzTest {

  private static final List<String> SEEDS =
      List.of(
          "partclone-ext4-crc32",
          "partclone-ext4-no-reseed",
          "ntfsclone-ntfs",
          "partimage-ext2",
          "disk-mbr",
          "disk-gpt");

  @TempDir Path directory;

  @Test
  void anyBytesAreOpenedOrRefusedWithASentence() throws Exception {
    int seconds = Integer.getInteger("blksh.fuzz.seconds", 10);
    String kept = System.getProperty("blksh.fuzz.corpus");
    Path corpus = kept == null ? directory.resolve("corpus") : Path.of(kept);
    Files.createDirectories(corpus);
    seed(corpus);
    Path log = directory.resolve("log");
    Process fuzzer =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx512m",
                "-Djava.io.tmpdir=" + directory,
                "-cp",
                System.getProperty("java.class.path"),
                "com.code_intelligence.jazzer.Jazzer",
                "--target_class=blksh.image.ImageFuzz",
                "--instrumentation_includes=blksh.image.**",
                "--disabled_hooks=*",
                "--reproducer_path=" + directory,
                "-max_total_time=" + seconds,
                "-max_len=200000",
                "-timeout=60",
                "-rss_limit_mb=0",
                "-seed=1",
                "-artifact_prefix=" + directory + "/",
                corpus.toString())
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .start();
    assertThat(fuzzer.waitFor(seconds + 120L, TimeUnit.SECONDS)).isTrue();
    String output = Files.readString(log);
    assertThat(fuzzer.exitValue()).as(tail(output)).isZero();
    assertThat(output).contains("DONE");
  }

  private static String tail(String output) {
    List<String> lines = output.lines().toList();
    return String.join("\n", lines.subList(Math.max(0, lines.size() - 60), lines.size()));
  }

  /** Small inputs keep the fuzzer quick: the images, their heads alone, and compressed ones. */
  private static void seed(Path corpus) throws IOException {
    for (String name : SEEDS) {
      byte[] whole = Fixture.bytes(name);
      Files.write(corpus.resolve(name + "-head"), Arrays.copyOf(whole, 3000));
      if (whole.length < 200_000) {
        Files.write(corpus.resolve(name), whole);
      }
      byte[] even = Arrays.copyOf(whole, 20_000);
      even[even.length - 1] = 2;
      Files.write(corpus.resolve(name + "-even"), even);
    }
    Path compressed = Path.of("src/test/resources/images/compressed");
    if (Files.isDirectory(compressed)) {
      try (var files = Files.list(compressed)) {
        for (Path file : files.filter(f -> !f.toString().endsWith(".sh")).toList()) {
          Files.write(corpus.resolve(file.getFileName().toString()), Files.readAllBytes(file));
        }
      }
    }
  }
}
