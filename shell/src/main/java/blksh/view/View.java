package blksh.view;

import java.util.List;

/** How a result looks, before it is fitted to a width. */
public sealed interface View {

  /** Plain text, of any number of lines. */
  record Text(String text) implements View {}

  /** Values in words, one under the other; said when they are drawn, for there may be many. */
  record Lines(List<?> items) implements View {}

  /** Paragraphs under a head, broken between words. */
  record Prose(String head, List<String> paragraphs) implements View {}

  /**
   * Rows under headings.
   *
   * @param numeric for each column whether it holds quantities, which align to the right
   */
  record Table(List<String> headings, List<Boolean> numeric, List<List<String>> rows)
      implements View {

    /** Stands in a cell between parts that are told one under the other. */
    static final String PART = "\u2029";

    /** A cell of one part, whatever it says. */
    static String cell(String text) {
      return text.replace(PART, Visible.escape(PART.codePointAt(0)));
    }
  }

  /** A title over key-value lines. */
  record Card(String title, List<Line> lines) implements View {

    /** One line of a card. */
    public record Line(String key, String value) {}
  }

  /** A label with branches below it. */
  record Tree(String label, List<Tree> branches) implements View {}

  /** Blocks of a whole by what they hold, drawn as rows of cells over a legend. */
  record Blocks(String title, BlockTally tally) implements View {}

  /** Quantities as bars of a common scale. */
  record Bars(String title, List<Bar> bars) implements View {

    /**
     * One bar.
     *
     * @param value 0 or more
     * @param text the value in words
     */
    public record Bar(String label, double value, String text) {}
  }

  /**
   * A course of values in one line.
   *
   * @param values 0 or more each, in order
   * @param first what stands before the line, such as the first value in words
   * @param last what stands after it
   */
  record Course(String title, List<Double> values, String first, String last) implements View {}

  /** One view after the other, an empty line between. */
  record Stack(List<View> views) implements View {}
}
