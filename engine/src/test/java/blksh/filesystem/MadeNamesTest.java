package blksh.filesystem;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.Random;
import org.junit.jupiter.api.Test;

class MadeNamesTest {

  @Test
  void everyNumberHasItsPathAlsoOfMany() {
    try (MadeNames names = new MadeNames()) {
      assertThat(names.get(1)).isNull();
      long[] numbers = new Random(8).longs(30_000, 1, Long.MAX_VALUE).toArray();
      for (int i = 0; i < numbers.length; i++) {
        assertThat(names.get(numbers[i])).isNull();
        names.put(numbers[i], ("a/path/" + i).getBytes(StandardCharsets.US_ASCII));
      }
      for (int i = 0; i < numbers.length; i++) {
        assertThat(new String(names.get(numbers[i]), StandardCharsets.US_ASCII))
            .isEqualTo("a/path/" + i);
      }
      assertThat(names.get(numbers[5] + 1)).isNull();
    }
  }
}
