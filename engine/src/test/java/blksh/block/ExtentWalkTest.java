package blksh.block;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import org.junit.jupiter.api.Test;

class ExtentWalkTest {

  private static final Extent DATA = new Extent(0, 100, Extent.Kind.DATA);

  private static List<Extent> all(Iterator<Extent> extents) {
    List<Extent> list = new ArrayList<>();
    extents.forEachRemaining(list::add);
    return list;
  }

  private static Extent tens(long at) {
    Extent.Kind kind = at / 10 % 2 == 0 ? Extent.Kind.DATA : Extent.Kind.ZERO;
    return new Extent(at, 10 - at % 10, kind);
  }

  @Test
  void goesOnWhereTheLastOneEndedAndCutsOffAtTheEnd() {
    assertThat(all(ExtentWalk.of(5, 22, ExtentWalkTest::tens)))
        .containsExactly(
            new Extent(5, 5, Extent.Kind.DATA),
            new Extent(10, 10, Extent.Kind.ZERO),
            new Extent(20, 2, Extent.Kind.DATA));
  }

  @Test
  void anEmptyRangeHasNoExtentsAndAsksForNone() {
    Iterator<Extent> none =
        ExtentWalk.of(
            7,
            7,
            at -> {
              throw new AssertionError();
            });
    assertThat(none.hasNext()).isFalse();
    assertThatThrownBy(none::next).isInstanceOf(NoSuchElementException.class);
    assertThat(ExtentWalk.of(9, 7, at -> DATA).hasNext()).isFalse();
  }

  @Test
  void takesAllOfALayerBeforeItAsksAgain() {
    List<Long> asked = new ArrayList<>();
    Iterator<Extent> walk =
        ExtentWalk.through(
            0,
            45,
            at -> {
              asked.add(at);
              return ExtentWalk.of(at, at + 30, ExtentWalkTest::tens);
            });
    assertThat(asked).isEmpty();
    assertThat(all(walk)).hasSize(5).last().isEqualTo(new Extent(40, 5, Extent.Kind.DATA));
    assertThat(asked).containsExactly(0L, 30L);
  }

  @Test
  void putsExtentsInOtherWords() {
    assertThat(all(ExtentWalk.each(ExtentWalk.one(DATA), extent -> extent.moved(50))))
        .containsExactly(new Extent(50, 100, Extent.Kind.DATA));
  }
}
