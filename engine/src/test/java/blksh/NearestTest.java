package blksh;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NearestTest {

  private static final List<String> WORDS =
      List.of("stores", "store", "capture", "manifests", "drives", "sda", "p1", ":help", "--count");

  @ParameterizedTest
  @CsvSource({
    "storse, stores",
    "captrue, capture",
    "Manifest, manifests",
    "mani, manifests",
    "drvies, drives",
    "sdz, sda",
    "hlep, :help",
    "--cuont, --count"
  })
  void findsWhatIsSpelledAlmostSo(String word, String meant) {
    assertThat(Nearest.of(word, WORDS)).hasValue(meant);
  }

  @ParameterizedTest
  @CsvSource({"nosuch", "x", "xyz", "zz", "elephant", "p3"})
  void findsNothingForOtherWords(String word) {
    assertThat(Nearest.of(word, WORDS)).isEmpty();
    assertThat(Nearest.question(word, WORDS)).isEmpty();
  }

  @Test
  void namesWhatThereIs() {
    assertThat(Nearest.among("dsik", List.of("disk", "home"), "none"))
        .isEqualTo("did you mean disk? there are disk, home");
    assertThat(Nearest.among("other", List.of("disk"), "none")).isEqualTo("there are disk");
    assertThat(Nearest.among("other", List.of(), "it is empty")).isEqualTo("it is empty");
    List<String> many = List.of("a", "b", "c", "d", "e", "f", "g", "h", "i", "j");
    assertThat(Nearest.among("other", many, ""))
        .isEqualTo("there are a, b, c, d, e, f, g, h and 2 more");
  }
}
