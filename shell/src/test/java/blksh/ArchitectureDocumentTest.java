package blksh;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The table of rooms in docs/architecture.md says what the sources say. */
class ArchitectureDocumentTest {

  private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
  private static final Pattern ROW =
      Pattern.compile("^\\| `(blksh[\\w.]*)` [^|]*\\|[^|]*\\|([^|]*)\\|$");
  private static final Pattern NAME = Pattern.compile("`(blksh[\\w.]*)`");
  private static final Pattern PACKAGE =
      Pattern.compile("^package (blksh[\\w.]*);?$", Pattern.MULTILINE);
  private static final Pattern IMPORT =
      Pattern.compile("^import (?:static )?(blksh(?:\\.[a-z]\\w*)*)\\.[A-Z]", Pattern.MULTILINE);

  /** For each room what it stands on, as the table says. */
  private static Map<String, Set<String>> written() throws IOException {
    Map<String, Set<String>> rooms = new TreeMap<>();
    for (String line : Files.readAllLines(ROOT.resolve("docs/architecture.md"))) {
      Matcher row = ROW.matcher(line);
      if (row.matches()) {
        Set<String> below = rooms.computeIfAbsent(row.group(1), none -> new TreeSet<>());
        NAME.matcher(row.group(2)).results().forEach(name -> below.add(name.group(1)));
      }
    }
    return rooms;
  }

  /** The same as the sources say; what the program's start stands on is everything. */
  private static Map<String, Set<String>> built() throws IOException {
    Map<String, Set<String>> rooms = new TreeMap<>();
    List<Path> sources = new ArrayList<>();
    for (String module : List.of("engine", "shell")) {
      try (Stream<Path> files = Files.walk(ROOT.resolve(module).resolve("src/main"))) {
        files.filter(it -> it.toString().matches(".*\\.(java|kt)")).forEach(sources::add);
      }
    }
    for (Path source : sources) {
      String text = Files.readString(source);
      Matcher room = PACKAGE.matcher(text);
      assertThat(room.find()).as(source.toString()).isTrue();
      Set<String> below = rooms.computeIfAbsent(room.group(1), none -> new TreeSet<>());
      IMPORT.matcher(text).results().forEach(it -> below.add(it.group(1)));
    }
    rooms.forEach((room, below) -> below.remove(room));
    rooms.get("blksh").clear();
    return rooms;
  }

  @Test
  void namesEveryRoomAndWhatItStandsOn() throws IOException {
    assertThat(written()).isEqualTo(built());
  }
}
