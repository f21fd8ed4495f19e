package blksh.dsl;

import static org.assertj.core.api.Assertions.assertThat;

import blksh.Place;
import blksh.store.VerifyOptions;
import blksh.store.pack.CodecChoice;
import blksh.view.Percent;
import blksh.view.Size;
import java.nio.file.Path;
import java.time.Duration;
import kotlin.jvm.JvmClassMappingKt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a word of a command line is as a value, and what it is not. */
class ValueTypeTest {

  private static ValueType type(Class<?> type) {
    return new ValueType(JvmClassMappingKt.getKotlinClass(type));
  }

  private static void reads(Class<?> type, String word, String outcome) {
    assertThat(String.valueOf(type(type).read(word))).as(word).isEqualTo(outcome);
  }

  @ParameterizedTest
  @CsvSource({
    "7, 7",
    "-7, -7",
    "007, 7",
    "2147483647, 2147483647",
    "2147483648, null",
    "'', null",
    "' 7', null",
    "1_000, null",
    "0x10, null",
    "1.0, null",
    "-, null",
  })
  void readsWholeNumbers(String word, String outcome) {
    reads(Integer.class, word, outcome);
  }

  @Test
  void readsLargeWholeNumbers() {
    reads(Long.class, "9223372036854775807", "9223372036854775807");
    reads(Long.class, "9223372036854775808", "null");
  }

  @ParameterizedTest
  @CsvSource({"1, 1.0", "-0.5, -0.5", "1e3, 1000.0", "'1,5', null", "'', null", "x, null"})
  void readsNumbers(String word, String outcome) {
    reads(Double.class, word, outcome);
  }

  @ParameterizedTest
  @CsvSource({
    "lz4, lz4",
    "ZSTD, zstd",
    "zstd-9, zstd-9",
    "auto-3, auto",
    "zstd-0, null",
    "gzip, null"
  })
  void readsCodecs(String word, String outcome) {
    reads(CodecChoice.class, word, outcome);
  }

  @ParameterizedTest
  @CsvSource({"true, true", "false, false", "TRUE, null", "yes, null", "1, null", "'', null"})
  void readsTrueAndFalseAlone(String word, String outcome) {
    reads(Boolean.class, word, outcome);
  }

  @ParameterizedTest
  @CsvSource({
    "0, 0",
    "512, 512",
    "512B, 512",
    "64K, 65536",
    "64KiB, 65536",
    "64kb, 65536",
    "'4 gib', 4294967296",
    "1.5M, 1572864",
    "1P, 1125899906842624",
    "9223372036854775807, 9223372036854775807",
    "9223372036854775808, null",
    "99999999999999999999, null",
    "99999999999.5P, null",
    "8192P, null",
    "8191P, 9222246136947933184",
    "'', null",
    "K, null",
    "-1, null",
    "4X, null",
    "4iB, 4",
    "1.M, null",
  })
  void readsSizes(String word, String outcome) {
    Size size = (Size) type(Size.class).read(word);
    assertThat(size == null ? "null" : Long.toString(size.getBytes())).isEqualTo(outcome);
  }

  @ParameterizedTest
  @CsvSource({
    "5%, 5",
    "5, 5",
    "0, 0",
    "0.5%, 0.5",
    "100%, 100",
    "100.1%, null",
    "-1%, null",
    "5%%, null",
    "NaN, null",
    "%, null",
    "'', null",
  })
  void readsShares(String word, String outcome) {
    Percent share = (Percent) type(Percent.class).read(word);
    assertThat(share == null ? "null" : share.toString().replace(" %", "")).isEqualTo(outcome);
  }

  @ParameterizedTest
  @CsvSource({
    "0s, PT0S",
    "15m, PT15M",
    "2h, PT2H",
    "'', null",
    "15, null",
    "1.5h, null",
    "2H, null",
    "2 h, null",
  })
  void readsTimes(String word, String outcome) {
    reads(Duration.class, word, outcome);
  }

  @Test
  void readsPathsAndPlacesUnlessTheyCannotBeAny() {
    reads(Path.class, "a b/../c", "a b/../c");
    reads(Path.class, "", "null");
    reads(Path.class, "a\0b", "null");
    reads(Place.class, "/srv/backup", "/srv/backup");
    reads(Place.class, "", "null");
    reads(Place.class, "a\0b", "null");
    reads(String.class, "", "");
  }

  @Test
  void readsOneOfSomeWordsInAnyCase() {
    ValueType mode = type(VerifyOptions.Mode.class);
    assertThat(mode.read("Quick")).isEqualTo(VerifyOptions.Mode.QUICK);
    assertThat(mode.read("FULL")).isEqualTo(VerifyOptions.Mode.FULL);
    assertThat(mode.read("qui")).isNull();
    assertThat(mode.read("")).isNull();
    assertThat(mode.getChoices()).containsExactly("quick", "sample", "full");
    assertThat(type(String.class).getChoices()).isEmpty();
  }

  @Test
  void saysWhatAWordMustBe() {
    assertThat(type(Integer.class).getExpected()).isEqualTo("a whole number");
    assertThat(type(Long.class).getExpected()).isEqualTo("a whole number");
    assertThat(type(Double.class).getExpected()).isEqualTo("a number");
    assertThat(type(Boolean.class).getExpected()).isEqualTo("true or false");
    assertThat(type(Size.class).getExpected()).isEqualTo("a size such as 4GiB");
    assertThat(type(Percent.class).getExpected()).isEqualTo("a percentage such as 5%");
    assertThat(type(Duration.class).getExpected()).isEqualTo("a time such as 90s, 15m, 2h or 7d");
    assertThat(type(VerifyOptions.Mode.class).getExpected())
        .isEqualTo("one of quick, sample, full");
  }

  @Test
  void onlyNumbersMayBeNegative() {
    assertThat(type(Integer.class).getNumeric()).isTrue();
    assertThat(type(Double.class).getNumeric()).isTrue();
    assertThat(type(Size.class).getNumeric()).isFalse();
    assertThat(type(String.class).getNumeric()).isFalse();
  }
}
