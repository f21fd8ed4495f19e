package blksh.prompt.complete;

import static org.assertj.core.api.Assertions.assertThat;

import blksh.prompt.complete.Completion.Standing;
import java.util.List;
import java.util.stream.IntStream;
import org.jline.utils.AttributedString;
import org.junit.jupiter.api.Test;

class MenuTest {

  private static Completion completion(String name, String type, String doc) {
    return new Completion(name, name, type, doc, Standing.HOME);
  }

  private static final List<Completion> MEMBERS =
      List.of(
          completion("codec", "Codec", "How it compresses"),
          completion("names", "List<String>", "The names captured in it, sorted"),
          completion("let {…}", "block: (Store) -> R → R", ""));

  private static List<String> lines(List<Completion> completions, int width, int room) {
    return new Menu(completions, "", width, room)
        .lines(-1).stream().map(line -> line.toString().stripTrailing()).toList();
  }

  @Test
  void alignsTypesAndSentences() {
    assertThat(lines(MEMBERS, 80, 40))
        .containsExactly(
            "codec    Codec         How it compresses",
            "names    List<String>  The names captured in it, sorted",
            "let {…}  block: (Store) -> R → R");
  }

  @Test
  void staysWithinTheWidth() {
    for (int width : new int[] {2, 10, 25, 40}) {
      assertThat(new Menu(MEMBERS, "na", width, 40).lines(1))
          .hasSize(3)
          .allMatch(line -> line.columnLength() < width);
    }
    assertThat(lines(MEMBERS, 40, 40)).contains("names    List<Stri…  The names capture…");
  }

  @Test
  void saysHowManyThereIsNoRoomFor() {
    List<Completion> many =
        IntStream.range(0, 50).mapToObj(i -> completion("member" + i, "Int", "")).toList();
    assertThat(lines(many, 80, 10))
        .hasSize(10)
        .startsWith("member0   Int", "member1   Int")
        .endsWith("… 41 more: type on, or TAB to choose");
  }

  @Test
  void putsNamesAloneInColumnsToBeReadDownwards() {
    List<Completion> keys =
        IntStream.range(0, 7).mapToObj(i -> completion("key" + i, "", "")).toList();
    assertThat(lines(keys, 19, 10)).containsExactly("key0  key3  key6", "key1  key4", "key2  key5");
    Menu menu = new Menu(keys, "", 19, 10);
    assertThat(menu.columns()).isEqualTo(3);
    assertThat(menu.lineOf(4)).isEqualTo(1);
    assertThat(menu.lineOf(-1)).isEqualTo(-1);
    assertThat(lines(keys, 10, 4)).containsExactly("key0", "key1", "key2", "… 4 more…");
  }

  @Test
  void marksTheOneThatIsChosen() {
    List<AttributedString> lines = new Menu(MEMBERS, "", 80, 40).lines(1);
    assertThat(lines.get(1).toAnsi()).contains("\033[7mnames");
    assertThat(lines.get(0).toAnsi()).doesNotContain("\033[7m");
  }
}
