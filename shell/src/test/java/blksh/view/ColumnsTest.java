package blksh.view;

import static org.assertj.core.api.Assertions.assertThat;

import blksh.script.ScriptProblem;
import blksh.script.ScriptSource;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ColumnsTest {

  @Test
  void countsWideCharactersTwiceAndMarksNotAtAll() {
    assertThat(Columns.of("abc")).isEqualTo(3);
    assertThat(Columns.of("漢字")).isEqualTo(4);
    assertThat(Columns.of("e\u0301")).isEqualTo(1);
    assertThat(Columns.of("\uD83D\uDCBE")).isEqualTo(2);
    assertThat(Columns.of("█▓·")).isEqualTo(3);
  }

  @ParameterizedTest
  @CsvSource({
    "⏳, 2",
    "✅, 2",
    "⭐, 2",
    "⚡, 2",
    "🪣, 2",
    "🟢, 2",
    "🧪, 2",
    "🚀, 2",
    "👍🏽, 4",
    "🇩🇪, 2",
    "☃, 1",
    "⚠, 1",
    "⚠\uFE0F, 1",
    "─, 1",
    "각, 2",
    "\u1100\u1161\u11A8, 2",
    "ｆ, 2",
    "'　', 2",
    "½, 1",
    "한글, 4"
  })
  void knowsEmojiOfAllPlanesAndSyllables(String text, int columns) {
    assertThat(Columns.of(text)).isEqualTo(columns);
  }

  @Test
  void measuresWhatIsShown() {
    String family = "👨\u200d👩.img";
    View table =
        new View.Table(
            List.of("name", "n"),
            List.of(false, true),
            List.of(List.of(family, "1"), List.of("turned\u202e", "22")));
    List<String> lines = new Fitted(80, false).lines(table);
    assertThat(lines)
        .containsExactly("name             n", "👨\\u200d👩.img   1", "turned\\u202e    22");
    assertThat(lines.stream().map(Columns::of).distinct()).hasSize(1);
  }

  @Test
  void cutsAndPadsByColumns() {
    assertThat(Columns.cut("漢字漢字漢字", 7)).isEqualTo("漢…字");
    assertThat(Columns.pad("漢", 4, false)).isEqualTo("漢  ");
    View table =
        new View.Table(
            List.of("name", "n"),
            List.of(false, true),
            List.of(List.of("日本", "1"), List.of("x", "22")));
    assertThat(new Fitted(0, false).lines(table)).containsExactly("name   n", "日本   1", "x     22");
  }

  @Test
  void letsNoNameChangeTheTerminal() {
    View table =
        new View.Table(
            List.of("name"), List.of(false), List.of(List.of("a\033[31m\nb"), List.of("\u0007")));
    assertThat(new Fitted(80, false).lines(table)).containsExactly("name", "a␛[31m␤b", "␇");
    assertThat(new Fitted(80, false).lines(new View.Text("\033[2Jx\ty\nz")))
        .containsExactly("␛[2Jx\ty", "z");
    assertThat(new Fitted(0, false).lines(new View.Text("\033[2Jx"))).containsExactly("\033[2Jx");
    View.Tree tree = new View.Tree("a\rb", List.of(new View.Tree("c\033", List.of())));
    assertThat(new Fitted(80, false).lines(tree)).containsExactly("a␍b", "└─ c␛");
  }

  @Test
  void putsTheCaretUnderWhatIsWrong() {
    assertThat(caret("val 日本 = \"漢字\"; nosuch", 16)).isEqualTo(" ".repeat(19) + "^");
    assertThat(caret("\tif (a) \tnosuch", 10)).isEqualTo("\t       \t^");
    assertThat(caret("nosuch", 1)).isEqualTo("^");
  }

  private static String caret(String line, int column) {
    String told =
        new ScriptProblem(true, 1, column, "no").render(new ScriptSource("<prompt>", line));
    return told.lines().reduce("", (before, last) -> last);
  }
}
