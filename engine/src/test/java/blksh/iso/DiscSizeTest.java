package blksh.iso;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import blksh.kit.SampleDisc;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DiscSizeTest {

  private static final DiscLabel LABEL = new DiscLabel("SIZE", "0123456789abcdef", "blksh", 0);

  private static long planned(SampleDisc disc) {
    return DiscPlan.of(disc.tree(1), LABEL).bytes();
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 3, 10, 40, 200, 1000})
  void isToTheByteWhatThePlanSays(int entries) {
    for (int seed = 0; seed < 20; seed++) {
      SampleDisc disc = SampleDisc.of(seed, entries);
      DiscSize size = new DiscSize();
      Map<String, Integer> directories = SampleDisc.onlyRoot();
      disc.entries().forEach(entry -> SampleDisc.add(entry, size, directories));
      assertThat(size.bytes()).as("seed %d", seed).isEqualTo(planned(disc));
      assertThat(size.directories()).isEqualTo(disc.tree(2).directories());
    }
  }

  @Test
  void whatWasTriedAndTakenBackLeavesNoTrace() {
    for (int seed = 0; seed < 20; seed++) {
      SampleDisc disc = SampleDisc.of(seed, 300);
      DiscSize size = new DiscSize();
      Map<String, Integer> directories = SampleDisc.onlyRoot();
      Random random = new Random(seed);
      for (int i = 0; i < disc.entries().size(); i++) {
        if (random.nextInt(5) == 0) {
          long before = size.bytes();
          size.mark();
          Map<String, Integer> tried = new HashMap<>(directories);
          for (int j = i; j < Math.min(i + 40, disc.entries().size()); j++) {
            SampleDisc.add(disc.entries().get(j), size, tried);
          }
          size.back();
          assertThat(size.bytes()).isEqualTo(before);
        }
        SampleDisc.add(disc.entries().get(i), size, directories);
      }
      assertThat(size.bytes()).as("seed %d", seed).isEqualTo(planned(disc));
    }
  }

  @Test
  void growsByTheContentOnceHoweverManyFilesHaveIt() {
    DiscSize size = new DiscSize();
    DiscContent content = DiscContent.of(7, 10 << 20);
    size.file(DiscSize.ROOT, "one".getBytes(), content);
    long once = size.bytes();
    size.file(DiscSize.ROOT, "two".getBytes(), content);
    assertThat(size.has(7)).isTrue();
    assertThat(size.dataBytes()).isEqualTo(10 << 20);
    assertThat(size.bytes()).isBetween(once, once + 65536);
  }

  @Test
  void manyFilesAreMeasuredInASecondOrTwo() {
    DiscSize size = new DiscSize();
    int directory = 0;
    long begun = System.nanoTime();
    for (int i = 0; i < 100_000; i++) {
      if (i % 100 == 0) {
        directory = size.directory(DiscSize.ROOT, ("directory " + i).getBytes());
      }
      size.mark();
      size.file(directory, ("photograph-%08d.jpeg".formatted(i)).getBytes(), DiscContent.of(i, i));
      size.bytes();
    }
    assertThat((System.nanoTime() - begun) / 1_000_000).isLessThan(20_000);
  }

  @Test
  void aLongTableForgetsWhatItIsTold() {
    LongTable table = new LongTable();
    Map<Long, Integer> expected = new HashMap<>();
    Random random = new Random(5);
    for (int i = 0; i < 100_000; i++) {
      long key = random.nextInt(500) * (random.nextBoolean() ? 1L : 1L << 40);
      if (expected.containsKey(key) && random.nextBoolean()) {
        table.remove(key);
        expected.remove(key);
      } else {
        table.put(key, i);
        expected.put(key, i);
      }
    }
    assertThat(table.size()).isEqualTo(expected.size());
    for (long key = 0; key < 500; key++) {
      for (long each : new long[] {key, key << 40}) {
        assertThat(table.get(each)).isEqualTo(expected.getOrDefault(each, LongTable.NONE));
      }
    }
  }

  @Test
  void aFileThatUdfCannotDescribeIsRefused() {
    assertThatThrownBy(() -> DiscContent.of(1, DiscContent.LARGEST + 1))
        .isInstanceOf(IllegalArgumentException.class);
    assertThat(DiscContent.LARGEST).isGreaterThan(233L << 30);
  }

  @Test
  void theLargestImageThatFitsIsWholeUnits() {
    assertThat(DiscSize.largest(3_000_000)).isEqualTo(2_949_120);
    assertThat(DiscSize.largest(65_535)).isZero();
  }
}
