package blksh.view;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class FittedTest {

  private static final View.Table TABLE =
      new View.Table(
          List.of("name", "size"),
          List.of(false, true),
          List.of(List.of("a-rather-long-name.img", "4 GiB"), List.of("b", "512 MiB")));

  @Test
  void alignsQuantitiesToTheRight() {
    assertThat(new Fitted(0, false).lines(TABLE))
        .containsExactly(
            "name                       size",
            "a-rather-long-name.img    4 GiB",
            "b                       512 MiB");
  }

  @Test
  void narrowsNamesInTheMiddleAndNeverQuantities() {
    assertThat(new Fitted(20, false).lines(TABLE))
        .containsExactly("name            size", "a-rat…e.img    4 GiB", "b            512 MiB")
        .allMatch(line -> line.length() <= 20);
  }

  @Test
  void drawsTrees() {
    View.Tree tree =
        new View.Tree(
            "root",
            List.of(
                new View.Tree("a", List.of(new View.Tree("b", List.of()))),
                new View.Tree("c", List.of())));
    assertThat(new Fitted(0, false).lines(tree)).containsExactly("root", "├─ a", "│  └─ b", "└─ c");
  }

  @Test
  void coloursOnlyWhenAsked() {
    assertThat(String.join("", new Fitted(0, false).lines(TABLE))).doesNotContain("\033");
    assertThat(String.join("", new Fitted(0, true).lines(TABLE))).contains("\033[1m");
  }

  private static final BlockTally TALLY =
      new BlockTally(
          100 * 4096,
          4096,
          List.of(
              new BlockTally.Kind("bad", 'X', 9, true),
              new BlockTally.Kind("data", '#', 4, false),
              new BlockTally.Kind("zero", '.', 8, false)));

  static {
    TALLY.add(0, 50 * 4096, 1);
    TALLY.add(50 * 4096, 50 * 4096 - 1, 2);
    TALLY.add(100 * 4096 - 1, 1, 0);
  }

  @Test
  void drawsBlocksAcrossTheWidthUnderATitleAndOverALegend() {
    assertThat(new Fitted(43, false).lines(new View.Blocks("map", TALLY)))
        .containsExactly(
            "map",
            "        0 B  ##############################",
            "    100 KiB  ##############################",
            "    200 KiB  ..............................",
            "    300 KiB  .............................X",
            "  X bad 1 B   # data 200 KiB",
            "  . zero 200 KiB");
  }

  @Test
  void tellsWhereRowsBeginApart() {
    BlockTally tally = new BlockTally(3L << 40, 1 << 20, TALLY.kinds());
    tally.add(0, 3L << 40, 1);
    List<String> lines = new Fitted(80, false).lines(new View.Blocks("", tally));
    List<String> starts =
        lines.stream().filter(it -> it.contains("#####")).map(it -> it.substring(0, 14)).toList();
    assertThat(starts).hasSizeGreaterThan(10).doesNotHaveDuplicates();
    assertThat(lines).allMatch(line -> Columns.of(line) <= 80);
  }

  @Test
  void tellsMembersOfALongListOneUnderTheOther() {
    List<String> ranges =
        List.of("server01.sda@1 bytes 0-4095", "server01.sda@2 bytes 8192-12287", "x@1");
    Map<String, Object> row = new LinkedHashMap<>();
    row.put("file", "packs/3f/" + "0".repeat(40) + ".pack");
    row.put("affected", ranges);
    row.put("byte", 4096);
    View view = Views.of(List.of(row));
    List<String> lines = new Fitted(70, false).lines(view);
    assertThat(lines).hasSize(4);
    for (int i = 0; i < 3; i++) {
      assertThat(lines.get(i + 1)).contains(ranges.get(i));
    }
    assertThat(new Fitted(70, false).lines(Views.of(List.of(Map.of("a", "b\u2029c")))))
        .containsExactly("a", "b\\u2029c");
  }

  @Test
  void knowsWhatRowsStandUnder() {
    Drawing drawing = new Drawing(100);
    new Fitted(80, false).write(new View.Stack(List.of(TABLE, new View.Text("end"))), drawing);
    assertThat(drawing.heading(0)).isNull();
    assertThat(drawing.heading(1)).isEqualTo(drawing.get(0));
    assertThat(drawing.heading(drawing.size() - 1)).isNull();
  }

  @Test
  void drawsEveryBlockOnceWhenAllFitInARow() {
    String row = new Fitted(200, false).lines(new View.Blocks("", TALLY)).get(0);
    assertThat(row).isEqualTo("        0 B  " + "#".repeat(50) + ".".repeat(49) + "X");
  }

  @Test
  void showsTheSmallestBadSpotOfAHugeWhole() {
    BlockTally huge = new BlockTally(1L << 50, 4096, TALLY.kinds());
    huge.add(0, 1L << 50, 1);
    huge.add(1L << 49, 512, 0);
    String picture = String.join("", new Fitted(80, false).lines(new View.Blocks("", huge)));
    assertThat(picture.chars().filter(c -> c == 'X').count()).isEqualTo(2); // and in the legend
  }

  @Test
  void drawsBarsOfACommonScale() {
    View.Bars bars =
        new View.Bars(
            "",
            List.of(
                new View.Bars.Bar("a", 100, "100 B"),
                new View.Bars.Bar("bb", 50, "50 B"),
                new View.Bars.Bar("c", 0.01, "0 B"),
                new View.Bars.Bar("d", 0, "0 B")));
    assertThat(new Fitted(29, false).lines(bars))
        .containsExactly(
            "  a   100 B  " + "█".repeat(16),
            "  bb   50 B  " + "█".repeat(8),
            "  c     0 B  ▏",
            "  d     0 B  ");
  }

  @Test
  void drawsACourseInOneLine() {
    View.Course course = new View.Course("", List.of(0.0, 1.0, 4.0, 7.0), "0 B", "7 B");
    assertThat(new Fitted(80, false).lines(course)).containsExactly("  0 B  ▁▂▅█  7 B");
    List<Double> long_ =
        java.util.stream.IntStream.range(0, 1000).mapToObj(i -> (double) i).toList();
    String line = new Fitted(40, false).lines(new View.Course("", long_, "a", "b")).get(0);
    assertThat(line).hasSize(40).endsWith("█  b");
  }

  @Test
  void breaksProseBetweenWords() {
    View prose = new View.Prose("head", List.of("one two three\nfour", "x"));
    assertThat(new Fitted(12, false).lines(prose))
        .containsExactly("head", "  one two", "  three four", "  x");
  }

  @Test
  void leavesOutTheLastColumnsOfATableThatCannotFit() {
    View.Table table =
        new View.Table(
            List.of("name", "size", "stored"),
            List.of(false, true, true),
            List.of(List.of("a", "100.5 MiB", "99.5 MiB")));
    assertThat(new Fitted(20, false).lines(table))
        .containsExactly("name       size", "a     100.5 MiB", "… too narr…r: stored");
  }

  @Test
  void leavesColumnsOutBeforeNamesAndMomentsTellNothing() {
    View.Table table =
        new View.Table(
            List.of("reference", "size", "captured", "root"),
            List.of(false, true, false, false),
            List.of(
                List.of("server01.sda@1", "24 MiB", "2026-11-21 14:19", "22116135cfca4cf722fd2a44"),
                List.of("x@1", "24 MiB", "-", "b38030bf467ebd8a8e30749a")));
    assertThat(new Fitted(40, false).lines(table))
        .containsExactly(
            "reference         size  captured",
            "server01.sda@1  24 MiB  2026-11-21 14:19",
            "x@1             24 MiB  -",
            "… too narrow for: root");
    assertThat(new Fitted(39, false).lines(table).get(1))
        .isEqualTo("server….sda@1  24 MiB  2026-11-21 14:19");
    assertThat(new Fitted(56, false).lines(table).get(1)).hasSize(56);
  }
}
