package blksh.shell.view;

import java.util.List;

/** How a result looks, before it is fitted to a width. */
public sealed interface View {

  /** Plain text, of any number of lines. */
  record Text(String text) implements View {}

  /**
   * Rows under headings.
   *
   * @param numeric for each column whether it holds quantities, which align to the right
   */
  record Table(List<String> headings, List<Boolean> numeric, List<List<String>> rows)
      implements View {}

  /** A title over key-value lines. */
  record Card(String title, List<Line> lines) implements View {

    /** One line of a card. */
    public record Line(String key, String value) {}
  }

  /** A label with branches below it. */
  record Tree(String label, List<Tree> branches) implements View {}

  /** One view after the other, an empty line between. */
  record Stack(List<View> views) implements View {}
}
