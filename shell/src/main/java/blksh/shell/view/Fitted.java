package blksh.shell.view;

import java.util.ArrayList;
import java.util.List;

/** Views as lines of text, fitted to a width in columns and coloured when that is wanted. */
public final class Fitted {

  private static final String BOLD = "\033[1m";
  private static final String FAINT = "\033[2m";
  private static final String PLAIN = "\033[0m";
  private static final String ACCENT = "\033[36m";
  private static final String EIGHTHS_ACROSS = "▏▎▍▌▋▊▉";
  private static final String EIGHTHS_UP = "▁▂▃▄▅▆▇█";
  private static final int GAP = 2;

  /** Columns of the offsets beside a picture of blocks. */
  private static final int SCALE = 9;

  /** Rows of a picture of blocks. */
  private static final int TALLEST = 16;

  private static final int USUAL_WIDTH = 80;
  private static final int WIDEST_PROSE = 100;
  private static final int NARROWEST = 6;

  private final int width;
  private final boolean colour;

  /**
   * @param width columns to fit into, or 0 for as many as it takes
   * @param colour whether to use terminal attributes
   */
  public Fitted(int width, boolean colour) {
    this.width = width <= 0 ? Integer.MAX_VALUE : width;
    this.colour = colour;
  }

  /** The lines of a view, without line ends. */
  public List<String> lines(View view) {
    List<String> lines = new ArrayList<>();
    add(view, lines);
    return lines;
  }

  private void add(View view, List<String> lines) {
    if (view instanceof View.Text text) {
      lines.addAll(List.of(text.text().split("\n", -1)));
    } else if (view instanceof View.Prose prose) {
      addTitle(prose.head(), lines);
      for (String paragraph : prose.paragraphs()) {
        broken(paragraph, Math.min(width, WIDEST_PROSE) - GAP).forEach(l -> lines.add("  " + l));
      }
    } else if (view instanceof View.Card card) {
      addCard(card, lines);
    } else if (view instanceof View.Table table) {
      addTable(table, lines);
    } else if (view instanceof View.Tree tree) {
      lines.add(tree.label());
      addBranches(tree, "", lines);
    } else if (view instanceof View.Blocks blocks) {
      addBlocks(blocks, lines);
    } else if (view instanceof View.Bars bars) {
      addBars(bars, lines);
    } else if (view instanceof View.Course course) {
      addCourse(course, lines);
    } else if (view instanceof View.Stack stack) {
      for (int i = 0; i < stack.views().size(); i++) {
        if (i > 0) {
          lines.add("");
        }
        add(stack.views().get(i), lines);
      }
    }
  }

  private void addCard(View.Card card, List<String> lines) {
    addTitle(card.title(), lines);
    int keys = card.lines().stream().mapToInt(line -> columns(line.key())).max().orElse(0);
    for (View.Card.Line line : card.lines()) {
      List<String> values = new ArrayList<>();
      for (String value : line.value().split("\n", -1)) {
        values.addAll(
            width == Integer.MAX_VALUE ? List.of(value) : broken(value, width - keys - 4));
      }
      for (int i = 0; i < values.size(); i++) {
        String key = pad(i == 0 ? line.key() : "", keys, false);
        lines.add("  " + styled(FAINT, key) + "  " + values.get(i));
      }
    }
  }

  /** A text in lines of so many columns, broken between words; a longer word stays whole. */
  private static List<String> broken(String text, int columns) {
    List<String> lines = new ArrayList<>();
    StringBuilder line = new StringBuilder();
    for (String word : text.replace('\n', ' ').split(" ", -1)) {
      if (!line.isEmpty() && columns(line.toString()) + 1 + columns(word) > columns) {
        lines.add(line.toString().stripTrailing());
        line.setLength(0);
      }
      line.append(line.isEmpty() ? "" : " ").append(word);
    }
    lines.add(line.toString());
    return lines;
  }

  private void addBranches(View.Tree tree, String indent, List<String> lines) {
    List<View.Tree> branches = tree.branches();
    for (int i = 0; i < branches.size(); i++) {
      boolean last = i == branches.size() - 1;
      lines.add(indent + (last ? "└─ " : "├─ ") + branches.get(i).label());
      addBranches(branches.get(i), indent + (last ? "   " : "│  "), lines);
    }
  }

  private void addBlocks(View.Blocks blocks, List<String> lines) {
    BlockTally tally = blocks.tally();
    addTitle(blocks.title(), lines);
    int across = Math.max(NARROWEST, pictureWidth() - 2 * GAP - SCALE);
    int rows = Math.min(TALLEST, (tally.parts() + across - 1) / across);
    for (int row = 0; row < rows; row++) {
      int cells = rows == 1 ? Math.min(across, tally.parts()) : across;
      int all = rows == 1 ? cells : rows * across;
      String start = Words.size((long) ((double) tally.size() * row * across / all));
      StringBuilder line = new StringBuilder("  ");
      line.append(styled(FAINT, pad(start, SCALE, true))).append("  ");
      StringBuilder run = new StringBuilder();
      int before = -1;
      for (int cell = 0; cell < cells; cell++) {
        int kind = tally.shown(row * across + cell, all);
        if (kind != before && before >= 0) {
          line.append(coloured(tally.kinds().get(before), run.toString()));
          run.setLength(0);
        }
        run.append(tally.kinds().get(kind).sign());
        before = kind;
      }
      if (before >= 0) {
        line.append(coloured(tally.kinds().get(before), run.toString()));
      }
      lines.add(line.toString());
    }
    addLegend(tally, lines);
  }

  private void addLegend(BlockTally tally, List<String> lines) {
    StringBuilder line = new StringBuilder();
    int used = 0;
    for (int kind = 0; kind < tally.kinds().size(); kind++) {
      BlockTally.Kind what = tally.kinds().get(kind);
      long bytes = tally.total(kind);
      if (bytes == 0) {
        continue;
      }
      String words = " " + what.label() + " " + Words.size(bytes);
      if (used > 0 && 2 * GAP + used + 1 + words.length() > pictureWidth()) {
        lines.add(line.toString());
        line.setLength(0);
        used = 0;
      }
      line.append(used == 0 ? "  " : "   ").append(coloured(what, "" + what.sign())).append(words);
      used += 3 + 1 + words.length();
    }
    if (used > 0) {
      lines.add(line.toString());
    }
  }

  private void addBars(View.Bars bars, List<String> lines) {
    addTitle(bars.title(), lines);
    int labels = 0;
    int texts = 0;
    double most = 0;
    for (View.Bars.Bar bar : bars.bars()) {
      labels = Math.max(labels, columns(bar.label()));
      texts = Math.max(texts, columns(bar.text()));
      most = Math.max(most, bar.value());
    }
    labels = Math.min(labels, Math.max(NARROWEST, pictureWidth() / 3));
    int room = Math.max(NARROWEST, pictureWidth() - labels - texts - 3 * GAP);
    for (View.Bars.Bar bar : bars.bars()) {
      String drawn = bar(most == 0 ? 0 : bar.value() / most * room);
      lines.add(
          "  "
              + pad(cut(bar.label(), labels), labels, false)
              + "  "
              + pad(bar.text(), texts, true)
              + "  "
              + styled(ACCENT, drawn));
    }
  }

  /** A bar of a length in columns, to the eighth of one; something, if it is more than nothing. */
  private static String bar(double length) {
    int eighths = (int) Math.round(length * 8);
    if (eighths == 0 && length > 0) {
      eighths = 1;
    }
    String end = eighths % 8 == 0 ? "" : "" + EIGHTHS_ACROSS.charAt(eighths % 8 - 1);
    return "█".repeat(eighths / 8) + end;
  }

  private void addCourse(View.Course course, List<String> lines) {
    addTitle(course.title(), lines);
    int room =
        Math.max(
            NARROWEST, pictureWidth() - columns(course.first()) - columns(course.last()) - 3 * GAP);
    List<Double> values = course.values();
    int points = Math.min(room, values.size());
    double most = values.stream().mapToDouble(Double::doubleValue).max().orElse(0);
    StringBuilder line = new StringBuilder();
    for (int point = 0; point < points; point++) {
      // Of several values in one column the last: a course of growth ends where it is.
      double value = values.get((int) ((long) values.size() * (point + 1) / points) - 1);
      int height = most == 0 ? 0 : (int) Math.round(value / most * 7);
      line.append(EIGHTHS_UP.charAt(height));
    }
    lines.add(
        "  " + course.first() + "  " + styled(ACCENT, line.toString()) + "  " + course.last());
  }

  private void addTitle(String title, List<String> lines) {
    if (!title.isEmpty()) {
      lines.add(styled(BOLD, title));
    }
  }

  /** Pictures have no width of their own. */
  private int pictureWidth() {
    return width == Integer.MAX_VALUE ? USUAL_WIDTH : width;
  }

  private String coloured(BlockTally.Kind kind, String text) {
    return kind.colour() < 0 ? text : styled("\033[" + ansi(kind.colour()) + "m", text);
  }

  private static int ansi(int colour) {
    return colour < 8 ? 30 + colour : 90 + colour - 8;
  }

  private void addTable(View.Table table, List<String> lines) {
    int[] widths = widths(table);
    int shown = columnsThatFit(widths);
    lines.add(styled(BOLD, row(table, table.headings(), widths, shown)));
    for (List<String> row : table.rows()) {
      lines.add(row(table, row, widths, shown));
    }
    if (shown < widths.length) {
      String left = String.join(", ", table.headings().subList(shown, widths.length));
      lines.add(styled(FAINT, cut("… too narrow for: " + left, width)));
    }
  }

  private static String row(View.Table table, List<String> cells, int[] widths, int shown) {
    StringBuilder line = new StringBuilder();
    for (int i = 0; i < shown; i++) {
      String text = pad(cut(cells.get(i), widths[i]), widths[i], table.numeric().get(i));
      line.append(i == 0 ? "" : " ".repeat(GAP)).append(text);
    }
    return line.toString().stripTrailing();
  }

  /** As many of the first columns as there is room for, at least one. */
  private int columnsThatFit(int[] widths) {
    long total = widths[0];
    int shown = 1;
    while (shown < widths.length && total + GAP + widths[shown] <= width) {
      total += GAP + widths[shown++];
    }
    return shown;
  }

  /** Natural widths, the widest text columns narrowed until the table fits, if it can. */
  private int[] widths(View.Table table) {
    int count = table.headings().size();
    int[] widths = new int[count];
    long total = (long) GAP * Math.max(0, count - 1);
    for (int i = 0; i < count; i++) {
      widths[i] = columns(table.headings().get(i));
      for (List<String> row : table.rows()) {
        widths[i] = Math.max(widths[i], columns(row.get(i)));
      }
      total += widths[i];
    }
    while (total > width) {
      int widest = -1;
      for (int i = 0; i < count; i++) {
        boolean shrinks = !table.numeric().get(i) && widths[i] > NARROWEST;
        if (shrinks && (widest < 0 || widths[i] > widths[widest])) {
          widest = i;
        }
      }
      if (widest < 0) {
        break;
      }
      widths[widest]--;
      total--;
    }
    return widths;
  }

  /** Shortens in the middle, where names and paths differ least. */
  private static String cut(String text, int columns) {
    if (columns(text) <= columns) {
      return text;
    }
    int tail = (columns - 1) / 2;
    int head = columns - 1 - tail;
    int[] points = text.codePoints().toArray();
    return new String(points, 0, head) + "…" + new String(points, points.length - tail, tail);
  }

  private static String pad(String text, int columns, boolean right) {
    String space = " ".repeat(Math.max(0, columns - columns(text)));
    return right ? space + text : text + space;
  }

  private static int columns(String text) {
    return text.codePointCount(0, text.length());
  }

  private String styled(String style, String text) {
    return colour && !text.isEmpty() ? style + text + PLAIN : text;
  }
}
