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

/** House rules of both modules: what only the kit of the tests does, how long a source may be. */
class SourceRulesTest {

  private static final List<Path> SOURCES =
      List.of(Path.of("src/test/java"), Path.of("../shell/src/test/java"));

  private static final List<Path> SHIPPED =
      List.of(
          Path.of("src/main/java"),
          Path.of("../shell/src/main/java"),
          Path.of("../shell/src/main/kotlin"));

  private static final int MOST_LINES = 500;

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

  /** A store says how large its pages are: nothing else may count with those of most stores. */
  @Test
  void onlyOnePlaceGoesFromPagesToBytes() throws IOException {
    try (Stream<Path> files = Files.walk(Path.of("src/main/java"))) {
      List<Path> sources = files.filter(file -> file.toString().endsWith(".java")).toList();
      List<String> guilty = new ArrayList<>();
      for (Path source : sources) {
        if (Files.readString(source).contains("Page.SIZE")) {
          guilty.add(source.getFileName().toString());
        }
      }
      assertThat(guilty).containsExactly("PageSize.java");
    }
  }

  @Test
  void theSourcesOfBothModulesAreLookedAt() throws IOException {
    assertThat(sources()).anyMatch(path -> path.endsWith("blksh/SourceRulesTest.java"));
    assertThat(sources()).anyMatch(path -> path.endsWith("blksh/InterruptTest.java"));
  }

  @Test
  void aSourceThatIsShippedHasAtMost500Lines() throws IOException {
    List<String> longer = new ArrayList<>();
    int looked = 0;
    for (Path source : below(SHIPPED)) {
      looked++;
      try (Stream<String> lines = Files.lines(source)) {
        long count = lines.count();
        if (count > MOST_LINES) {
          longer.add(source + ": " + count);
        }
      }
    }
    assertThat(looked).isGreaterThan(500);
    assertThat(longer).as("one concept a file").isEmpty();
  }

  private static List<Path> sources() throws IOException {
    return below(SOURCES);
  }

  private static List<Path> below(List<Path> directories) throws IOException {
    List<Path> all = new ArrayList<>();
    for (Path directory : directories) {
      try (Stream<Path> files = Files.walk(directory)) {
        files.filter(file -> file.toString().matches(".*\\.(java|kt)")).forEach(all::add);
      }
    }
    return all;
  }
}
