package blksh.parity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.BitSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ImageParityTest {

  @ParameterizedTest
  @CsvSource({"320, 0.01", "320, 0.5", "2048, 0.1", "50016, 0.1", "51232, 0.33"})
  void everySectorHasOnePlace(long image, double part) {
    ParityLayout layout = new ParityLayout("0123456789abcdef", image, ImageParity.of(part));
    BitSet taken = new BitSet();
    for (long index = 0; index < layout.dataSectors(); index++) {
      take(taken, layout.place(index));
      assertThat(layout.index(layout.place(index))).isEqualTo(index);
    }
    for (long stripe = 0; stripe < layout.stripes(); stripe++) {
      for (int copy = 0; copy < 3; copy++) {
        take(taken, layout.digests(copy) + stripe);
      }
      for (int row = 0; row < layout.rows(); row++) {
        take(taken, layout.row(row) + stripe);
        assertThat(layout.index(layout.row(row) + stripe)).isEqualTo(-1);
      }
    }
    take(taken, layout.lastHeader());
    assertThat(layout.total() % 32).isZero();
    assertThat(layout.total() - taken.cardinality()).as("zeros between").isBetween(0L, 31L);
    assertThat(taken.length()).isEqualTo(layout.total());
    assertThat(layout.columns() * layout.stripes()).isGreaterThanOrEqualTo(layout.dataSectors());
  }

  private static void take(BitSet taken, long sector) {
    assertThat(taken.get((int) sector)).as("sector %s", sector).isFalse();
    taken.set((int) sector);
  }

  @ParameterizedTest
  @ValueSource(doubles = {0, 0.01, 0.02, 0.1, 0.25, 0.5})
  void theLargestImageOfACapacityFillsIt(double part) {
    ImageParity parity = ImageParity.of(part);
    for (long capacity = 1000; capacity < 62_000_000; capacity = capacity * 3 / 2 + 17) {
      long image = parity.largest(capacity);
      assertThat(image % 32).isZero();
      assertThat(parity.sectors(image)).isLessThanOrEqualTo(capacity);
      assertThat(parity.sectors(image + 32)).isGreaterThan(capacity);
    }
  }

  @Test
  void whatIsNoPartOfAnImageIsRefused() {
    for (double part : new double[] {-0.1, 0.001, 0.51, Double.NaN}) {
      assertThatThrownBy(() -> ImageParity.of(part))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("percent");
    }
    assertThatThrownBy(() -> new ParityLayout("0123456789abcdef", 320, ImageParity.NONE))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
