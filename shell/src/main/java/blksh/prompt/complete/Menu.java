package blksh.prompt.complete;

import blksh.view.Columns;
import blksh.view.Palette;
import java.util.ArrayList;
import java.util.List;
import org.jline.utils.AttributedString;
import org.jline.utils.AttributedStringBuilder;
import org.jline.utils.AttributedStyle;

/**
 * Completions on a screen: a line each with the name, its type and a sentence about it, cut to the
 * width; names about which there is nothing to say in as many columns as fit, to be read downwards.
 */
public final class Menu {

  private static final int GAP = 2;

  /** The widest that names are aligned to; a longer one pushes the rest of its line aside. */
  private static final int WIDEST_NAME = 40;

  /** The widest that types are, beside a sentence. */
  private static final int WIDEST_TYPE = 24;

  private static final AttributedStyle PLAIN = AttributedStyle.DEFAULT;
  private static final AttributedStyle CHOSEN = AttributedStyle.DEFAULT.inverse();
  private static final AttributedStyle BEGUN = AttributedStyle.DEFAULT.bold();
  private static final AttributedStyle TYPE = PLAIN.foreground(Palette.TEAL);
  private static final AttributedStyle MORE = AttributedStyle.DEFAULT.faint();

  private final List<Completion> completions;
  private final String word;
  private final int width;

  /** How many there are beside each other. */
  private final int columns;

  private final int names;
  private final int types;
  private final int rows;

  /** How many there is room for. */
  private final int shown;

  /**
   * @param word what was typed of them
   * @param width the columns of the terminal
   * @param room the most lines; at least 2
   */
  public Menu(List<Completion> completions, String word, int width, int room) {
    this.completions = completions;
    this.word = word;
    this.width = Math.max(2, width);
    int longestName = 1;
    int longestType = 0;
    boolean told = false;
    for (Completion it : completions) {
      told |= !it.type().isEmpty() || !it.doc().isEmpty();
      longestName = Math.max(longestName, Columns.of(it.shown()));
      longestType = Math.max(longestType, it.doc().isEmpty() ? 0 : Columns.of(it.type()));
    }
    names = told ? Math.min(longestName, Math.min(WIDEST_NAME, width / 2)) : longestName;
    types = Math.min(longestType, Math.min(WIDEST_TYPE, Math.max(1, width / 4)));
    columns = told ? 1 : Math.max(1, width / (names + GAP));
    int needed = (completions.size() + columns - 1) / columns;
    rows = needed <= room ? needed : room - 1;
    shown = Math.min(completions.size(), rows * columns);
  }

  public int columns() {
    return columns;
  }

  /** The line that a completion is in; -1 for that of none. */
  public int lineOf(int chosen) {
    return chosen < 0 ? -1 : chosen % rows;
  }

  /**
   * The lines; when there is no room for all, the last says how many more there are.
   *
   * @param chosen the completion that is chosen; -1 for none
   */
  public List<AttributedString> lines(int chosen) {
    List<AttributedString> lines = new ArrayList<>();
    for (int row = 0; row < rows; row++) {
      AttributedStringBuilder line = new AttributedStringBuilder();
      for (int at = row; at < shown; at += rows) {
        append(line, completions.get(at), at == chosen, at + rows >= shown);
      }
      lines.add(fit(line.toAttributedString()));
    }
    if (shown < completions.size()) {
      String more = "… " + (completions.size() - shown) + " more: type on, or TAB to choose";
      lines.add(fit(new AttributedString(more, MORE)));
    }
    return lines;
  }

  private void append(
      AttributedStringBuilder line, Completion completion, boolean chosen, boolean last) {
    AttributedStyle plain = chosen ? CHOSEN : PLAIN;
    String name = completion.shown();
    int begun = !chosen && Match.rank(word, name) == 0 ? word.length() : 0;
    line.styled(BEGUN, name.substring(0, begun)).styled(plain, name.substring(begun));
    boolean told = !completion.type().isEmpty() || !completion.doc().isEmpty();
    if (told || !last) {
      line.styled(plain, " ".repeat(Math.max(0, names - Columns.of(name)))).append("  ");
    }
    String type = completion.type();
    if (completion.doc().isEmpty()) {
      line.styled(TYPE, type);
    } else {
      boolean fits = Columns.of(type) <= types;
      String fitted = fits ? type : Columns.head(type, types - 1) + "…";
      line.styled(TYPE, Columns.pad(fitted, types, false));
      line.append(types > 0 ? "  " : "").append(completion.doc());
    }
  }

  private AttributedString fit(AttributedString line) {
    int most = width - 1;
    return line.columnLength() <= most
        ? line
        : new AttributedStringBuilder()
            .append(line.columnSubSequence(0, most - 1))
            .append("…")
            .toAttributedString();
  }
}
