package blksh.image;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The table of docs/images.md names tests there are. */
class ImageDocumentTest {

  private static final Pattern NAMED = Pattern.compile("`([A-Z]\\w+Test)\\.(\\w+)`");

  @Test
  void everyRowIsProvenByTestsThereAre() throws IOException {
    Map<String, String> sources = new HashMap<>();
    for (Path module : List.of(Path.of("."), Path.of("../shell"))) {
      try (Stream<Path> files = Files.walk(module.resolve("src/test/java"))) {
        for (Path file : files.filter(it -> it.toString().endsWith("Test.java")).toList()) {
          String name = file.getFileName().toString();
          String source = Files.readString(file);
          sources.merge(name.substring(0, name.length() - 5), source, String::concat);
        }
      }
    }
    String document = Files.readString(Path.of("../docs/images.md"));
    List<String> rows =
        document
            .lines()
            .filter(line -> line.startsWith("| ") && line.split("\\|").length == 7)
            .filter(line -> !line.contains("proven by"))
            .toList();
    assertThat(rows).hasSizeGreaterThan(30);
    for (String row : rows) {
      List<MatchResult> named = NAMED.matcher(row).results().toList();
      assertThat(named).as(row).isNotEmpty();
      for (MatchResult each : named) {
        assertThat(sources).containsKey(each.group(1));
        assertThat(sources.get(each.group(1)))
            .as(each.group())
            .containsPattern("void " + each.group(2) + "\\(");
      }
    }
  }
}
