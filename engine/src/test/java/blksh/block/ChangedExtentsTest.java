package blksh.block;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class ChangedExtentsTest {

  private final ChangedExtents changes = new ChangedExtents();

  private static Extent data(long start, long length) {
    return new Extent(start, length, Extent.Kind.DATA);
  }

  private static Extent zero(long start, long length) {
    return new Extent(start, length, Extent.Kind.ZERO);
  }

  @Test
  void neighboursOfAKindAreOne() {
    changes.add(data(20, 10));
    changes.add(data(0, 10));
    changes.add(data(10, 10));
    changes.add(zero(30, 5));
    assertThat(changes.list()).containsExactly(data(0, 30), zero(30, 5));
  }

  @Test
  void aLaterOneCoversWhatWasThere() {
    changes.add(data(0, 100));
    changes.add(zero(40, 20));
    assertThat(changes.list()).containsExactly(data(0, 40), zero(40, 20), data(60, 40));
    changes.add(zero(0, 200));
    assertThat(changes.list()).containsExactly(zero(0, 200));
  }

  @Test
  void itIsTheSameAsAnArray() {
    Random random = new Random(3);
    Extent.Kind[] model = new Extent.Kind[500];
    for (int i = 0; i < 1000; i++) {
      int start = random.nextInt(490);
      int length = 1 + random.nextInt(Math.min(60, 500 - start));
      Extent over = random.nextBoolean() ? data(start, length) : zero(start, length);
      changes.add(over);
      Arrays.fill(model, start, start + length, over.kind());
      List<Extent> expected = new ArrayList<>();
      for (int at = 0; at < model.length; ) {
        int end = at;
        while (end < model.length && model[end] == model[at]) {
          end++;
        }
        if (model[at] != null) {
          expected.add(new Extent(at, end - at, model[at]));
        }
        at = end;
      }
      assertThat(changes.list()).isEqualTo(expected);
    }
  }
}
