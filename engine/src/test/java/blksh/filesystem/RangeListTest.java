package blksh.filesystem;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** More ranges than are held on the heap. */
class RangeListTest {

  private static final int SEGMENT = 1 << 18;

  /** Two segments on the heap, two in files, and some more. */
  private static final int COUNT = 4 * SEGMENT + 1000;

  private static long start(int i) {
    return 3L * i << 30; // beyond what an int holds
  }

  @Test
  void rangesBeyondTheHeapAreFoundByTheirNumbersAndLeaveNoFileBehind() throws IOException {
    Set<Path> before = scratch();
    RangeList ranges = new RangeList();
    for (int i = 0; i < COUNT; i++) {
      ranges.add(start(i), start(i) + 1);
      ranges.endLast(start(i) + 2 + i % 7);
    }
    assertThat(ranges.count()).isEqualTo(COUNT);
    for (int i = 0; i < COUNT; i++) {
      if (ranges.start(i) != start(i) || ranges.end(i) != start(i) + 2 + i % 7) {
        assertThat(ranges.start(i)).as("start of %d", i).isEqualTo(start(i));
        assertThat(ranges.end(i)).as("end of %d", i).isEqualTo(start(i) + 2 + i % 7);
      }
    }
    assertThat(scratch()).isEqualTo(before);
  }

  @Test
  void aSegmentThatIsJustFullIsReadBeforeAnotherBegins() {
    for (int count : new int[] {1, 64, SEGMENT - 1, SEGMENT, SEGMENT + 1, 3 * SEGMENT}) {
      RangeList ranges = new RangeList();
      for (int i = 0; i < count; i++) {
        ranges.add(start(i), start(i) + 1);
      }
      assertThat(ranges.count()).isEqualTo(count);
      assertThat(ranges.start(count - 1)).as("last of %d", count).isEqualTo(start(count - 1));
      ranges.endLast(start(count));
      assertThat(ranges.end(count - 1)).as("end of %d", count).isEqualTo(start(count));
      assertThat(ranges.start(0)).isZero();
    }
  }

  private static Set<Path> scratch() throws IOException {
    try (Stream<Path> files = Files.list(Path.of(System.getProperty("java.io.tmpdir")))) {
      return files.filter(file -> file.toString().endsWith(".scratch")).collect(Collectors.toSet());
    }
  }
}
