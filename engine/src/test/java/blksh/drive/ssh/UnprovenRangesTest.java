package blksh.drive.ssh;

import static org.assertj.core.api.Assertions.assertThat;

import blksh.block.Extent;
import org.junit.jupiter.api.Test;

class UnprovenRangesTest {

  private final UnprovenRanges ranges = new UnprovenRanges(1000);

  private static Extent range(long from, long to) {
    return new Extent(from, to - from, Extent.Kind.DATA);
  }

  @Test
  void withoutACutNothingIsDoubted() {
    ranges.handed(100);
    assertThat(ranges.isEmpty()).isTrue();
    ranges.durable(100);
    assertThat(ranges.next()).isEmpty();
  }

  @Test
  void whatWasNotDurableAtACutIs() {
    ranges.handed(100);
    ranges.durable(60);
    ranges.cut(true);
    ranges.handed(150);
    ranges.cut(true);
    ranges.handed(400);
    ranges.durable(300);
    ranges.cut(true);
    assertThat(ranges.next()).hasValue(range(60, 150));
    assertThat(ranges.next()).hasValue(range(300, 400));
    assertThat(ranges.next()).isEmpty();
  }

  @Test
  void aPassOverItDoubtsOnlyWhatItWroteItself() {
    ranges.handed(100);
    ranges.cut(true);
    assertThat(ranges.next()).hasValue(range(0, 100));
    ranges.durable(40); // compared, and found right
    ranges.handed(50);
    ranges.cut(true);
    ranges.durable(100);
    ranges.cut(true);
    assertThat(ranges.next()).hasValue(range(40, 50));
    ranges.durable(50);
    assertThat(ranges.isEmpty()).isTrue();
  }

  @Test
  void whenOthersMayHaveWrittenItAllIs() {
    ranges.handed(100);
    ranges.durable(100);
    ranges.cut(false);
    ranges.handed(200);
    assertThat(ranges.next()).hasValue(range(0, 1000));
    ranges.durable(30);
    ranges.cut(false);
    assertThat(ranges.next()).hasValue(range(0, 1000));
    assertThat(ranges.isEmpty()).isTrue();
  }
}
