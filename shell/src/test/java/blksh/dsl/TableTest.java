package blksh.dsl;

import static org.assertj.core.api.Assertions.assertThat;

import blksh.view.Size;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TableTest {

  @TempDir Path folder;

  private static Map<String, Object> row(String name, Size size, Duration took) {
    Map<String, Object> row = new LinkedHashMap<>();
    row.put("name", name);
    row.put("new bytes", size);
    row.put("took", took);
    return row;
  }

  private final Table table =
      Table.of(
          List.of(
              row("a, \"b\"", new Size(2048), Duration.ofMillis(1500)),
              row("c", null, Duration.ZERO),
              row("b\nx", new Size(10), Duration.ofSeconds(90))));

  private static List<String> names(Table table) {
    return table.stream().map(it -> String.valueOf(it.get("name"))).toList();
  }

  @Test
  void isSortedByAColumnOfAnyKind() {
    assertThat(names(table.sorted("name", false))).containsExactly("a, \"b\"", "b\nx", "c");
    assertThat(names(table.sorted("newBytes", false))).containsExactly("b\nx", "a, \"b\"", "c");
    assertThat(names(table.sorted("New Bytes", true))).containsExactly("a, \"b\"", "b\nx", "c");
    assertThat(names(table.sorted("took", true).limit(1))).containsExactly("b\nx");
  }

  @Test
  void hasTheColumnsThatAreAskedForAndNoOthers() {
    assertThat(table.columns("took", "name").getColumns()).containsExactly("took", "name");
    assertThat(Sitting.lines(table.columns("name").limit(1))).containsExactly("name", "a, \"b\"");
    Sitting.refused(
        () -> table.columns("nmae"),
        "cannot find column nmae: there is none; did you mean name? there are name, new bytes,"
            + " took");
  }

  @Test
  void isWrittenAsCsvAndAsJsonLines() {
    assertThat(table.csv())
        .isEqualTo("name,new bytes,took\n\"a, \"\"b\"\"\",2048,1.5\nc,,0.0\n\"b\nx\",10,90.0\n");
    assertThat(table.limit(2).jsonLines())
        .isEqualTo(
            "{\"name\":\"a, \\\"b\\\"\",\"newBytes\":2048,\"took\":1.5}\n"
                + "{\"name\":\"c\",\"newBytes\":null,\"took\":0.0}\n");
  }

  @Test
  void hasItsHeadingsWithoutRowsWhereTheyAreKnown() {
    assertThat(Table.of(List.of()).csv()).isEmpty();
    assertThat(Table.of(List.of()).columns("name", "size").csv()).isEqualTo("name,size\n");
    assertThat(table.limit(0).csv()).isEqualTo("name,new bytes,took\n");
    assertThat(table.limit(0).sorted("took", true).columns("took").csv()).isEqualTo("took\n");
    Sitting.refused(
        () -> table.limit(0).columns("nmae"),
        "cannot find column nmae: there is none; did you mean name? there are name, new bytes,"
            + " took");
  }

  @Test
  void isSavedUnderANewNameOnly() throws IOException {
    Path csv = folder.resolve("t.csv");
    table.save(csv.toString());
    assertThat(Files.readString(csv)).isEqualTo(table.csv());
    table.save(folder.resolve("t.jsonl").toString());
    assertThat(folder.resolve("t.jsonl")).hasContent(table.jsonLines().stripTrailing());
    Sitting.refused(
        () -> table.save(csv.toString()),
        "cannot save a table as " + csv + ": it exists; name another file");
    Sitting.refused(
        () -> table.save("t.xls"),
        "cannot save a table as t.xls: how is not clear by its name; end it in .csv or .jsonl");
  }
}
