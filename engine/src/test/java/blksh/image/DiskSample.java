package blksh.image;

import static org.assertj.core.api.Assertions.assertThat;

import blksh.block.BlockSource;
import blksh.block.Extent;
import blksh.kit.Tool;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Random;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

/** A disk with data, holes, zeros and what compresses well, and what qemu-img makes of it. */
final class DiskSample {

  /** No multiple of any cluster or geometry. */
  static final int SIZE = (9 << 20) + 1536;

  private static final Pattern MAPPED =
      Pattern.compile("\"start\": (\\d+), \"length\": (\\d+),.*?\"zero\": (true|false)");

  private DiskSample() {}

  /** Its bytes; others for another seed. */
  static byte[] bytes(long seed) {
    byte[] bytes = new byte[SIZE];
    Random random = new Random(seed);
    fill(random, bytes, 0, 700_000);
    for (int i = 2 << 20; i < (2 << 20) + 300_000; i++) {
      bytes[i] = (byte) ("what compresses well ".charAt(i % 21) + seed);
    }
    fill(random, bytes, 5 << 20, 5000);
    fill(random, bytes, (6 << 20) + 70_000, 512);
    fill(random, bytes, SIZE - 1000, 1000);
    return bytes;
  }

  private static void fill(Random random, byte[] bytes, int at, int length) {
    byte[] some = new byte[length];
    random.nextBytes(some);
    System.arraycopy(some, 0, bytes, at, length);
  }

  static String qemu(Object... words) throws IOException {
    return Tool.named("qemu-img").run(words);
  }

  /** Converts by qemu-img: words of the options, then from and to. */
  static void convert(String options, Path from, Path to) throws IOException {
    Tool.named("bash")
        .run("-c", "qemu-img convert -f raw " + options + " \"$1\" \"$2\"", "bash", from, to);
  }

  /** Changes an image by commands of qemu-io. */
  static void change(Path image, String format, String... commands) throws IOException {
    List<Object> words = new ArrayList<>(List.of("-d", "unmap", "-f", format));
    for (String command : commands) {
      words.addAll(List.of("-c", command));
    }
    words.add(image);
    Tool.named("qemu-io").run(words.toArray());
  }

  /** All bytes of a source, as its extents say where it is to be read, and read through. */
  static byte[] all(BlockSource source) {
    byte[] through = new byte[(int) source.size()];
    assertThat(source.read(0, ByteBuffer.wrap(through))).isEqualTo(through.length);
    byte[] pieces = new byte[through.length];
    long at = 0;
    for (Iterator<Extent> extents = source.extents(); extents.hasNext(); ) {
      Extent extent = extents.next();
      assertThat(extent.start()).isEqualTo(at);
      at = extent.end();
      if (!extent.kind().readsAsZeros()) {
        ByteBuffer piece = ByteBuffer.wrap(pieces, (int) extent.start(), (int) extent.length());
        source.read(extent.start(), piece);
      }
    }
    assertThat(at).isEqualTo(source.size());
    assertThat(Arrays.equals(through, pieces)).as("extents leave nothing out").isTrue();
    return through;
  }

  /** That a source has these bytes, and zeros behind them. */
  static void requireSame(BlockSource source, byte[] expected) {
    byte[] found = all(source);
    assertThat(found.length).isGreaterThanOrEqualTo(expected.length);
    assertThat(Arrays.mismatch(found, Arrays.copyOf(expected, found.length)))
        .as("the first byte that differs")
        .isEqualTo(-1);
  }

  /** The ranges that are not zeros, as extents tell them, one string each. */
  static List<String> data(BlockSource source) {
    List<long[]> ranges = new ArrayList<>();
    for (Iterator<Extent> extents = source.extents(); extents.hasNext(); ) {
      Extent extent = extents.next();
      if (!extent.kind().readsAsZeros()) {
        add(ranges, extent.start(), extent.end());
      }
    }
    return ranges.stream().map(Arrays::toString).toList();
  }

  /** The same, as qemu-img tells them. */
  static List<String> mapped(Path image, String format) throws IOException {
    List<long[]> ranges = new ArrayList<>();
    for (MatchResult range :
        MAPPED.matcher(qemu("map", "-f", format, "--output=json", image)).results().toList()) {
      long start = Long.parseLong(range.group(1));
      if (range.group(3).equals("false")) {
        add(ranges, start, start + Long.parseLong(range.group(2)));
      }
    }
    return ranges.stream().map(Arrays::toString).toList();
  }

  /**
   * That an image tells its holes as qemu-img does, or more of them: of some formats that tells
   * none.
   */
  static void requireHoles(BlockSource source, Path image, String format) throws IOException {
    List<long[]> told = ranges(mapped(image, format));
    for (long[] range : ranges(data(source))) {
      assertThat(told).anyMatch(each -> each[0] <= range[0] && range[1] <= each[1]);
    }
  }

  private static List<long[]> ranges(List<String> told) {
    return told.stream()
        .map(each -> each.replaceAll("[\\[\\] ]", "").split(","))
        .map(each -> new long[] {Long.parseLong(each[0]), Long.parseLong(each[1])})
        .toList();
  }

  private static void add(List<long[]> ranges, long start, long end) {
    if (!ranges.isEmpty() && ranges.get(ranges.size() - 1)[1] == start) {
      ranges.get(ranges.size() - 1)[1] = end;
    } else {
      ranges.add(new long[] {start, end});
    }
  }

  /** What qemu-img reads of an image. */
  static byte[] asQemuReads(Path image, String format, Path folder) throws IOException {
    Path raw = folder.resolve("as-qemu-reads");
    qemu("convert", "-f", format, "-O", "raw", image, raw);
    byte[] bytes = Files.readAllBytes(raw);
    Files.delete(raw);
    return bytes;
  }
}
