package blksh.view;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class WordsTest {

  @Test
  void saysSizesInBinaryUnits() {
    assertThat(Words.size(0)).isEqualTo("0 B");
    assertThat(Words.size(1023)).isEqualTo("1023 B");
    assertThat(Words.size(1024)).isEqualTo("1 KiB");
    assertThat(Words.size(1536)).isEqualTo("1.5 KiB");
    assertThat(Words.size(1024 * 1024 - 1)).isEqualTo("1 MiB");
    assertThat(Words.size(150L << 30)).isEqualTo("150 GiB");
    assertThat(Words.size(Long.MAX_VALUE)).isEqualTo("8 EiB");
    assertThat(Words.size(-1536)).isEqualTo("-1.5 KiB");
  }

  @Test
  void saysTimesToTwoFigures() {
    assertThat(Words.duration(Duration.ofMillis(840))).isEqualTo("840 ms");
    assertThat(Words.duration(Duration.ofMillis(2_440))).isEqualTo("2.4 s");
    assertThat(Words.duration(Duration.ofSeconds(61))).isEqualTo("1 min 1 s");
    assertThat(Words.duration(Duration.ofMinutes(65))).isEqualTo("1 h 5 min");
    assertThat(Words.duration(Duration.ofHours(50))).isEqualTo("2 d 2 h");
  }

  @Test
  void saysAnythingInOneLine() {
    assertThat(Words.of(null)).isEqualTo("-");
    assertThat(Words.of(true)).isEqualTo("yes");
    assertThat(Words.of(2.50)).isEqualTo("2.5");
    assertThat(Words.of(List.of(1, "a"))).isEqualTo("1, a");
  }
}
