package blksh.shell.view;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
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
}
