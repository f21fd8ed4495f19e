package blksh.view;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.Arrays;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import kotlin.Pair;
import kotlin.ranges.IntRange;
import org.junit.jupiter.api.Test;

class ViewsTest {

  private record Disk(String name, Size size) {}

  private static final List<Disk> DISKS =
      List.of(new Disk("a", new Size(4L << 30)), new Disk("bb", new Size(5L << 20)));

  private static List<String> lines(Object value) {
    return new Fitted(0, false).lines(Views.of(value));
  }

  @Test
  void showsManyOfAKindAsATable() {
    assertThat(lines(DISKS)).containsExactly("name   size", "a     4 GiB", "bb    5 MiB");
    assertThat(lines(List.of(new Pair<>("x", 1), new Pair<>("y", 20))))
        .containsExactly("first  second", "x           1", "y          20");
    Map<String, Object> one = new LinkedHashMap<>(Map.of("a", 1));
    assertThat(lines(List.of(one, Map.of("b", "z")))).containsExactly("a  b", "1  -", "-  z");
    assertThat(lines(Map.of("k", DISKS.get(0))))
        .containsExactly("key  name   size", "k    a     4 GiB");
    assertThat(lines(Map.of("k", 1).entrySet())).containsExactly("key  value", "k        1");
  }

  @Test
  void showsPlainValuesOneUnderTheOther() {
    assertThat(lines(List.of(1, "b"))).containsExactly("1", "b");
    assertThat(lines(Arrays.asList(null, 1.0))).containsExactly("-", "1");
    assertThat(lines(new int[] {1, 2})).containsExactly("1", "2");
    assertThat(lines(new Object[] {new int[] {1, 2}, List.of(List.of(3))}))
        .containsExactly("1, 2", "[3]");
    assertThat(lines(List.of())).containsExactly("(none)");
    assertThat(lines(Map.of())).containsExactly("(none)");
  }

  @Test
  void loosesNothingOfANumber() {
    assertThat(lines(1e-9)).containsExactly("1.0E-9");
    assertThat(lines(1.0 / 3)).containsExactly("0.3333333333333333");
    assertThat(lines(List.of(1e-9, 1e20, 1.0 / 3))).containsExactly("1.0E-9", "1.0E20", "0.333");
  }

  @Test
  void looksIntoNothingThatMayHaveNoEnd() {
    assertThat(lines(new IntRange(1, 2_000_000_000))).containsExactly("1..2000000000");
    assertThat(lines(Stream.iterate(1, i -> i + 1))).hasSize(1).allMatch(it -> it.contains("take"));
    Iterable<Integer> endless =
        () ->
            new Iterator<>() {
              @Override
              public boolean hasNext() {
                return true;
              }

              @Override
              public Integer next() {
                return 1;
              }
            };
    assertThat(new Fitted(0, false).lines(Views.upTo(2).view(endless)))
        .containsExactly("1", "1", "", "… and more");
  }

  @Test
  void showsTheFirstOfMany() {
    List<Integer> many = IntStream.range(0, 1000).boxed().toList();
    assertThat(new Fitted(0, false).lines(Views.upTo(3).view(many)))
        .containsExactly("0", "1", "2", "", "… 997 more");
    assertThat(new Fitted(0, false).lines(Views.upTo(1).table(DISKS)))
        .containsExactly("name   size", "a     4 GiB", "", "… 1 more");
    assertThat(new Fitted(0, false).lines(Views.upTo(2).tree(many)))
        .containsExactly("(1000)", "├─ 0", "├─ 1", "└─ … 998 more");
    assertThat(lines(many)).hasSize(1000);
  }

  @Test
  void showsBytesAsAHexdump() {
    assertThat(lines(new byte[] {0x41, 2}))
        .containsExactly("0000000000  41 02" + " ".repeat(45) + "|A.|");
  }

  @Test
  void showsAnythingAsCardAndTree() {
    assertThat(new Fitted(0, false).lines(Views.upTo(9).cards(DISKS.get(0))))
        .containsExactly("Disk", "  name  a", "  size  4 GiB");
    assertThat(new Fitted(0, false).lines(Views.upTo(9).tree(DISKS)))
        .containsExactly(
            "(2)",
            "├─ Disk",
            "│  ├─ name: a",
            "│  └─ size: 4 GiB",
            "└─ Disk",
            "   ├─ name: bb",
            "   └─ size: 5 MiB");
  }

  @Test
  void fitsTablesToAnyWidth() {
    List<Disk> disks =
        IntStream.range(0, 20)
            .mapToObj(i -> new Disk("a-disk-of-a-long-name-".repeat(i % 4) + i, new Size(1L << i)))
            .toList();
    for (int width : new int[] {40, 80, 200}) {
      assertThat(new Fitted(width, false).lines(Views.of(disks)))
          .hasSize(21)
          .allMatch(line -> Columns.of(line) <= width);
    }
  }

  @Test
  void givesValidJsonOfAnything() throws Exception {
    assertThat(Json.object(DISKS, List.of()))
        .isEqualTo(
            "{\"items\":[{\"name\":\"a\",\"size\":4294967296},{\"name\":\"bb\",\"size\":5242880}]}");
    BigInteger huge = new BigInteger("123456789012345678901234567890");
    assertThat(Json.object(List.of(huge, new BigDecimal("1.50")), List.of()))
        .isEqualTo("{\"items\":[123456789012345678901234567890,1.50]}");
    assertThat(Json.object(new int[] {1}, List.of())).isEqualTo("{\"items\":[1]}");
    assertThat(Json.object(new byte[] {1}, List.of())).isEqualTo("{\"value\":\"AQ==\"}");
    assertThat(Json.object(new Pair<>("a", 1), List.of()))
        .isEqualTo("{\"first\":\"a\",\"second\":1}");
    List<Object> odd =
        Arrays.asList(
            null,
            Double.NaN,
            'c',
            "a\u0001\"\n",
            Map.of(1, List.of()),
            new IntRange(1, 5),
            new IllegalStateException("x"),
            new Object[] {new long[] {1}},
            new Pair<>(null, odd()));
    try (JsonParser parser = new JsonFactory().createParser(Json.indented(odd))) {
      while (parser.nextToken() != null) {
        assertThat(parser.currentToken()).isNotNull();
      }
    }
  }

  private static Object odd() {
    return kotlin.Unit.INSTANCE;
  }
}
