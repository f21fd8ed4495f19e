package blksh.block;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import blksh.BlkshException;
import blksh.kit.Reading;
import org.junit.jupiter.api.Test;

class ByteArraySourceTest {

  @Test
  void readsWhatItHoldsAndStopsAtTheEnd() {
    BlockSource source = new ByteArraySource(new byte[] {1, 2, 3});
    assertThat(source.size()).isEqualTo(3);
    assertThat(Reading.read(source, 1, 1)).containsExactly(2);
    assertThat(Reading.read(source, 1, 9)).containsExactly(2, 3);
    assertThat(Reading.read(source, 3, 9)).isEmpty();
    assertThat(Reading.read(source, Long.MAX_VALUE, 9)).isEmpty();
    assertThat(Reading.list(source.extents(1, Long.MAX_VALUE)))
        .containsExactly(new Extent(1, 2, Extent.Kind.DATA));
  }

  @Test
  void readingAfterClosingFails() {
    BlockSource source = new ByteArraySource("three", new byte[3]);
    source.close();
    assertThatThrownBy(() -> Reading.read(source, 0, 1))
        .isInstanceOf(BlkshException.class)
        .hasMessageContaining("read three");
  }
}
