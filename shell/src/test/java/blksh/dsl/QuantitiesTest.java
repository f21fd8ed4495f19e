package blksh.dsl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import blksh.view.Percent;
import blksh.view.Size;
import org.junit.jupiter.api.Test;

/** Sizes and shares as scripts write them. */
class QuantitiesTest {

  @Test
  void unitsAreBinary() {
    assertThat(QuantitiesKt.getB(3)).isEqualTo(new Size(3));
    assertThat(QuantitiesKt.getKiB(3)).isEqualTo(new Size(3072));
    assertThat(QuantitiesKt.getMiB(3)).isEqualTo(new Size(3L << 20));
    assertThat(QuantitiesKt.getGiB(3)).isEqualTo(new Size(3L << 30));
    assertThat(QuantitiesKt.getTiB(3)).isEqualTo(new Size(3L << 40));
    assertThat(QuantitiesKt.getKiB(3L)).isEqualTo(QuantitiesKt.getKiB(3));
    assertThat(QuantitiesKt.getTiB(3L)).isEqualTo(QuantitiesKt.getTiB(3));
  }

  @Test
  void anIntOfUnitsMayBeMoreThanAnIntHolds() {
    assertThat(QuantitiesKt.getKiB(Integer.MAX_VALUE).getBytes()).isEqualTo(2_199_023_254_528L);
    assertThat(QuantitiesKt.getGiB(Integer.MAX_VALUE)).hasToString("2 EiB");
  }

  @Test
  void whatNoNumberHoldsIsRefusedAndNotCutShort() {
    assertThat(QuantitiesKt.getB(Long.MAX_VALUE)).hasToString("8 EiB");
    assertThatThrownBy(() -> QuantitiesKt.getKiB(Long.MAX_VALUE))
        .isInstanceOf(ArithmeticException.class);
    assertThatThrownBy(() -> QuantitiesKt.getTiB(Integer.MAX_VALUE))
        .isInstanceOf(ArithmeticException.class);
    assertThatThrownBy(() -> QuantitiesKt.getTiB(1).times(Integer.MAX_VALUE))
        .isInstanceOf(ArithmeticException.class);
  }

  @Test
  void nothingAndLessIsASizeToo() {
    assertThat(QuantitiesKt.getTiB(0)).isEqualTo(QuantitiesKt.getB(0)).hasToString("0 B");
    assertThat(QuantitiesKt.getMiB(-1)).hasToString("-1 MiB");
    assertThat(QuantitiesKt.getMiB(1).minus(QuantitiesKt.getKiB(1024)))
        .isEqualTo(QuantitiesKt.getB(0));
  }

  @Test
  void sharesAreInPercent() {
    assertThat(QuantitiesKt.getPercent(5)).isEqualTo(new Percent(5)).hasToString("5 %");
    assertThat(QuantitiesKt.getPercent(0.5)).hasToString("0.5 %");
    assertThat(QuantitiesKt.getPercent(99.5)).isLessThan(QuantitiesKt.getPercent(100));
  }
}
