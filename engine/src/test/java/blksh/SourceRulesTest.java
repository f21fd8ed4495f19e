package blksh;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The house rules of the tests, of both modules: what only their kit does. */
class SourceRulesTest {

  private static final List<Path> SOURCES =
      List.of(Path.of("src/test/java"), Path.of("../shell/src/test/java"));

  /** Text blocks, strings and comments: scripts sleep, and comments may speak of it. */
  private static final Pattern WORDS =
      Pattern.compile("(?s)\"\"\".*?\"\"\"|\"(?:\\\\.|[^\"\\\\\n])*\"|//[^\n]*|/\\*.*?\\*/");

  @ParameterizedTest(name = "{0}")
  @CsvSource({
    "Thread\\.sleep|TimeUnit\\.\\w+\\.sleep, Await.java",
    "new ProcessBuilder, Child.java Watchdog.java",
    "Assumptions|assumeT|getenv, Component.java Effort.java",
    "Integer\\.getInteger|Boolean\\.getBoolean, Effort.java",
  })
  void onlyTheKitDoes(String what, String allowed) throws IOException {
    Pattern found = Pattern.compile(what);
    List<String> guilty = new ArrayList<>();
    for (Path source : sources()) {
      String code = WORDS.matcher(Files.readString(source)).replaceAll("\"\"");
      boolean kit = source.getParent().endsWith("kit");
      Set<String> names = kit ? Set.of(allowed.split(" ")) : Set.of();
      if (found.matcher(code).find() && !names.contains(source.getFileName().toString())) {
        guilty.add(source.toString());
      }
    }
    assertThat(guilty).isEmpty();
  }

  @Test
  void theSourcesOfBothModulesAreLookedAt() throws IOException {
    assertThat(sources()).anyMatch(path -> path.endsWith("blksh/SourceRulesTest.java"));
    assertThat(sources()).anyMatch(path -> path.endsWith("blksh/InterruptTest.java"));
  }

  private static List<Path> sources() throws IOException {
    List<Path> all = new ArrayList<>();
    for (Path directory : SOURCES) {
      try (Stream<Path> files = Files.walk(directory)) {
        files.filter(file -> file.toString().endsWith(".java")).forEach(all::add);
      }
    }
    return all;
  }
}
