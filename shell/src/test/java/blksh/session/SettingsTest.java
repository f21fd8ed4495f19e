package blksh.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import blksh.BlkshException;
import blksh.kit.Child;
import blksh.session.Settings.Name;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SettingsTest {

  private static final int ROUNDS = 100;

  @TempDir Path home;
  @TempDir Path logs;

  @Test
  void whatIsSetIsThereLaterAndTheRestOfTheFileStays() throws IOException {
    Path file = home.resolve(Settings.FILE);
    Files.writeString(file, "# mine\ncolor = off\nnonsense");
    Settings.of(home).set(Name.COLOUR, "on");
    Settings.of(home).set(Name.EDITING, "vi");
    assertThat(file).hasContent("# mine\nnonsense\ncolour = on\nediting = vi\n");
    Settings later = Settings.of(home);
    assertThat(later.get(Name.COLOUR)).isEqualTo("on");
    assertThat(later.get(Name.EDITING)).isEqualTo("vi");
    assertThat(later.get(Name.PAGER)).isEqualTo("on");
    assertThat(later.has(Name.PAGER)).isFalse();
    try (Stream<Path> files = Files.list(home)) {
      assertThat(files).containsExactly(file);
    }
  }

  @Test
  void aValueThereIsNotIsRefused() {
    assertThatThrownBy(() -> Settings.of(home).set(Name.PAGER, "maybe"))
        .isInstanceOf(BlkshException.class)
        .hasMessageEndingWith("use on or off");
    assertThat(home).isEmptyDirectory();
  }

  /** A second prompt, which sets one thing on and off. */
  static final class Prompt {
    private Prompt() {}

    public static void main(String[] arguments) {
      toggle(Path.of(arguments[0]), Name.valueOf(arguments[1]));
    }
  }

  /** Sets one thing, and looks each time whether it is still as it was left. */
  private static void toggle(Path home, Name name) {
    Settings settings = Settings.of(home);
    for (int round = 0; round < ROUNDS; round++) {
      String value = round % 2 == 0 ? "off" : "on";
      settings.set(name, value);
      if (!Settings.of(home).get(name).equals(value)) {
        throw new IllegalStateException("another took back " + name + " in round " + round);
      }
    }
  }

  @Test
  void promptsAtOnceKeepEachOthersSettings() throws Exception {
    List<Process> prompts = new ArrayList<>();
    List<Path> told = new ArrayList<>();
    for (Name name : List.of(Name.PAGER, Name.PROGRESS)) {
      Path output = logs.resolve(name.word());
      told.add(output);
      prompts.add(
          Child.of(
                  Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                  "-XX:TieredStopAtLevel=1",
                  "-cp",
                  System.getProperty("java.class.path"),
                  Prompt.class.getName(),
                  home.toString(),
                  name.name())
              .redirectErrorStream(true)
              .redirectOutput(output.toFile())
              .start());
    }
    toggle(home, Name.SUGGESTIONS);
    for (int i = 0; i < prompts.size(); i++) {
      int status = prompts.get(i).waitFor();
      assertThat(status).as(Files.readString(told.get(i))).isZero();
    }
    for (Name name : List.of(Name.PAGER, Name.PROGRESS, Name.SUGGESTIONS)) {
      assertThat(Settings.of(home).has(name)).isTrue();
    }
  }
}
