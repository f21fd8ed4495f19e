package blksh.image;

import static org.assertj.core.api.Assertions.assertThat;

import blksh.kit.Child;
import blksh.kit.Effort;
import blksh.kit.Tool;
import com.github.luben.zstd.Zstd;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A short run of the fuzzer over all formats, seeded with images of the real tools. {@code
 * -Dblksh.fuzz.seconds} makes it longer, {@code -Dblksh.fixtures} adds a directory of images to
 * change, {@code -Dblksh.fuzz.corpus} keeps what it learns, what it finds and its log beside it.
 * Memory is bounded by the heap alone: what libFuzzer measures includes the process it was started
 * from.
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

  /** Disks of virtual machines, as qemu-img writes them. */
  private static final List<String> DISKS =
      List.of(
          "qcow2 -o cluster_size=4k",
          "qcow2 -c -o compression_type=zstd,extended_l2=on",
          "vmdk",
          "vmdk -o subformat=streamOptimized",
          "vdi",
          "vpc",
          "vhdx -o block_size=1M");

  private static final long LARGEST_BASE = 16 << 20;
  private static final int A_MINUTE = 60;

  @TempDir Path directory;

  @Test
  void anyBytesAreOpenedOrRefusedWithASentence() throws Exception {
    int seconds = Effort.of("blksh.fuzz.seconds", 6, 3600);
    String kept = System.getProperty("blksh.fuzz.corpus");
    Path corpus = kept == null ? directory.resolve("corpus") : Path.of(kept);
    Files.createDirectories(corpus);
    seed(corpus);
    Path bases = Files.createDirectory(directory.resolve("bases"));
    int count = bases(bases);
    for (int i = 0; i < count; i++) {
      Files.write(corpus.resolve("changes-" + i), new byte[] {ImageFuzz.PATCH, (byte) i});
      byte[] one = {ImageFuzz.PATCH, (byte) i, 0, 0, 0, 40, 0, 0, 1, 0};
      Files.write(corpus.resolve("changes-one-" + i), one);
    }
    Path log = kept == null ? directory.resolve("log") : Path.of(kept + ".log");
    Process fuzzer =
        Child.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx512m",
                // A short run is mostly the beginning of one.
                "-XX:TieredStopAtLevel=" + (seconds < A_MINUTE ? 1 : 4),
                "-Djava.io.tmpdir=" + directory,
                "-Dblksh.fuzz.bases=" + bases,
                "-cp",
                System.getProperty("java.class.path"),
                "com.code_intelligence.jazzer.Jazzer",
                "--target_class=blksh.image.ImageFuzz",
                "--instrumentation_includes=blksh.image.**:blksh.filesystem.**:blksh.compress.**:blksh.partition.**",
                "--disabled_hooks=*",
                "--keep_going=" + (kept == null ? 1 : 20),
                "--reproducer_path=" + directory,
                "-max_total_time=" + seconds,
                "-max_len=200000",
                "-timeout=60",
                "-rss_limit_mb=0",
                "-seed=1",
                "-artifact_prefix=" + corpus + ".found-",
                corpus.toString())
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .start();
    assertThat(fuzzer.waitFor(seconds + 120L, TimeUnit.SECONDS)).isTrue();
    String output = Files.readString(log);
    assertThat(fuzzer.exitValue()).as(tail(output)).isZero();
    assertThat(output).contains("DONE");
    // One that goes on after what it finds ends well all the same.
    assertThat(output.lines().filter(line -> line.startsWith("== Java "))).isEmpty();
  }

  private static String tail(String output) {
    List<String> lines = output.lines().toList();
    return String.join("\n", lines.subList(Math.max(0, lines.size() - 60), lines.size()));
  }

  /** Images too large for inputs, of which changes are. @return how many */
  private static int bases(Path bases) throws IOException {
    for (String name : SEEDS) {
      Fixture.file(bases, name);
    }
    try (var files = Files.list(Path.of("src/test/resources/images/files"))) {
      for (Path file : files.filter(f -> f.toString().endsWith(".zst")).toList()) {
        byte[] packed = Files.readAllBytes(file);
        int size = (int) Zstd.getFrameContentSize(packed);
        if (size <= LARGEST_BASE) {
          Files.write(bases.resolve(file.getFileName().toString()), Zstd.decompress(packed, size));
        }
      }
    }
    if (Tool.isThere("qemu-img")) {
      byte[] some = Arrays.copyOfRange(DiskSample.bytes(1), 690_000, 690_000 + (1 << 20));
      Path sample = Files.write(bases.resolveSibling("sample"), some);
      for (String options : DISKS) {
        String name = options.replaceAll("\\W+", "-");
        DiskSample.convert("-O " + options, sample, bases.resolve(name));
      }
    }
    Optional<Path> set = Effort.fixtures();
    if (set.isPresent()) {
      try (var files = Files.walk(set.get())) {
        for (Path file : files.filter(Files::isRegularFile).toList()) {
          String name = set.get().relativize(file).toString().replace('/', '-');
          if (Files.size(file) <= LARGEST_BASE / 4 && !name.contains(".bz2")) {
            Files.copy(file, bases.resolve(name));
          }
        }
      }
    }
    try (var files = Files.list(bases)) {
      return (int) files.count();
    }
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
