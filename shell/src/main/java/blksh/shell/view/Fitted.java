package blksh.shell.view;

import java.util.ArrayList;
import java.util.List;

/** Views as lines of text, fitted to a width in columns and coloured when that is wanted. */
public final class Fitted {

  private static final String BOLD = "\033[1m";
  private static final String FAINT = "\033[2m";
  private static final String PLAIN = "\033[0m";
  private static final int GAP = 2;
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
    } else if (view instanceof View.Card card) {
      addCard(card, lines);
    } else if (view instanceof View.Table table) {
      addTable(table, lines);
    } else if (view instanceof View.Tree tree) {
      lines.add(tree.label());
      addBranches(tree, "", lines);
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
    if (!card.title().isEmpty()) {
      lines.add(styled(BOLD, card.title()));
    }
    int keys = card.lines().stream().mapToInt(line -> columns(line.key())).max().orElse(0);
    for (View.Card.Line line : card.lines()) {
      String[] values = line.value().split("\n", -1);
      for (int i = 0; i < values.length; i++) {
        String key = pad(i == 0 ? line.key() : "", keys, false);
        lines.add("  " + styled(FAINT, key) + "  " + values[i]);
      }
    }
  }

  private void addBranches(View.Tree tree, String indent, List<String> lines) {
    List<View.Tree> branches = tree.branches();
    for (int i = 0; i < branches.size(); i++) {
      boolean last = i == branches.size() - 1;
      lines.add(indent + (last ? "└─ " : "├─ ") + branches.get(i).label());
      addBranches(branches.get(i), indent + (last ? "   " : "│  "), lines);
    }
  }

  private void addTable(View.Table table, List<String> lines) {
    int[] widths = widths(table);
    StringBuilder heading = new StringBuilder();
    for (int i = 0; i < widths.length; i++) {
      String text = pad(cut(table.headings().get(i), widths[i]), widths[i], table.numeric().get(i));
      heading.append(i == 0 ? "" : " ".repeat(GAP)).append(text);
    }
    lines.add(styled(BOLD, heading.toString().stripTrailing()));
    for (List<String> row : table.rows()) {
      StringBuilder line = new StringBuilder();
      for (int i = 0; i < widths.length; i++) {
        String text = pad(cut(row.get(i), widths[i]), widths[i], table.numeric().get(i));
        line.append(i == 0 ? "" : " ".repeat(GAP)).append(text);
      }
      lines.add(line.toString().stripTrailing());
    }
  }

  /** Natural widths, the widest text columns narrowed until the table fits. */
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
