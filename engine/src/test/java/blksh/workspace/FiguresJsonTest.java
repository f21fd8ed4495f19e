package blksh.workspace;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.time.Duration;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class FiguresJsonTest {

  @Test
  void figuresComeBackAsTheyWere() throws IOException {
    Map<String, Object> figures = new LinkedHashMap<>();
    figures.put("most", Long.MAX_VALUE);
    figures.put("least", Long.MIN_VALUE);
    figures.put("ratio", 1.5);
    figures.put("yes", true);
    figures.put("text", "a \"quoted\"\nline, ünïcode");
    figures.put("nothing", null);
    figures.put("list", Arrays.asList(1L, null, List.of(), Map.of("a", 2L)));
    figures.put("map", Map.of("inner", Map.of("x", List.of(1L, 2L))));
    Map<String, Object> read = FiguresJson.read(FiguresJson.write(figures));
    assertThat(read).isEqualTo(figures);
    assertThat(read.keySet()).containsExactlyElementsOf(figures.keySet());
  }

  @Test
  void otherNumbersAndValuesAreWidenedOrTold() throws IOException {
    Map<String, Object> figures =
        Map.of("int", 7, "float", 0.5f, "duration", Duration.ofSeconds(3));
    assertThat(FiguresJson.read(FiguresJson.write(figures)))
        .isEqualTo(Map.of("int", 7L, "float", 0.5, "duration", "PT3S"));
  }

  @Test
  void noFiguresAreAnEmptyObject() throws IOException {
    assertThat(FiguresJson.write(Map.of())).isEqualTo("{}");
    assertThat(FiguresJson.read("{}")).isEmpty();
  }
}
