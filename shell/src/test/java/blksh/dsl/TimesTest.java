package blksh.dsl;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

/** Lengths of time as scripts write them. */
class TimesTest {

  @Test
  void eachUnitIsSoManyOfTheOneBelow() {
    assertThat(TimesKt.getSeconds(90)).isEqualTo(Duration.parse("PT1M30S"));
    assertThat(TimesKt.getMinutes(90)).isEqualTo(TimesKt.getSeconds(5400));
    assertThat(TimesKt.getHours(25)).isEqualTo(TimesKt.getMinutes(1500));
    assertThat(TimesKt.getDays(7)).isEqualTo(TimesKt.getHours(168));
  }

  @Test
  void noneNegativeAndTheMostAreTimesToo() {
    assertThat(TimesKt.getDays(0)).isZero();
    assertThat(TimesKt.getHours(-1)).isEqualTo(Duration.ofHours(1).negated());
    assertThat(TimesKt.getDays(Integer.MAX_VALUE).toDays()).isEqualTo(Integer.MAX_VALUE);
  }
}
