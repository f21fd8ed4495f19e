package blksh.view;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Views as lines of text, fitted to a width in columns and coloured when that is wanted. */
public final class Fitted {

  private static final String BOLD = "\033[1m";
  private static final String FAINT = "\033[2m";
  private static final String PLAIN = "\033[0m";
  private static final String ACCENT = Palette.sequence(Palette.TEAL);
  private static final String EIGHTHS_ACROSS = "▏▎▍▌▋▊▉";
  private static final String EIGHTHS_UP = "▁▂▃▄▅▆▇█";
  private static final int GAP = 2;

  /** Columns of the offsets beside a picture of blocks. */
  private static final int SCALE = 9;

  /** Decimals of an offset that there is room for. */
  private static final int MOST_DECIMALS = 3;

  /** Rows of a picture of blocks. */
  private static final int TALLEST = 16;

  private static final int USUAL_WIDTH = 80;
  private static final int WIDEST_PROSE = 100;
  private static final int NARROWEST = 6;

  /** Columns that a name is left in a table. */
  private static final int NARROWEST_NAME = 10;

  private static final Pattern MOMENT = Pattern.compile("-|\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d");

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
    write(view, lines::add);
    return lines;
  }

  /** Hands out the lines of a view one by one, without line ends. */
  public void write(View view, Consumer<String> lines) {
    if (view instanceof View.Text text) {
      addText(text.text(), lines);
    } else if (view instanceof View.Lines items) {
      items.items().forEach(item -> addText(Words.of(item), lines));
    } else if (view instanceof View.Prose prose) {
      addTitle(prose.head(), lines);
      for (String paragraph : prose.paragraphs()) {
        broken(paragraph, Math.min(width, WIDEST_PROSE) - GAP).forEach(l -> lines.accept("  " + l));
      }
    } else if (view instanceof View.Card card) {
      addCard(card, lines);
    } else if (view instanceof View.Table table) {
      addTable(table, lines);
    } else if (view instanceof View.Tree tree) {
      lines.accept(branch("", tree));
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
          lines.accept("");
        }
        write(stack.views().get(i), lines);
      }
    }
  }

  /** Texts go to a terminal without what would change it, and elsewhere as they are. */
  private void addText(String text, Consumer<String> lines) {
    int at = 0;
    while (at >= 0) {
      int end = text.indexOf('\n', at);
      String line = text.substring(at, end < 0 ? text.length() : end);
      lines.accept(width == Integer.MAX_VALUE ? line : Visible.lines(line));
      at = end < 0 ? -1 : end + 1;
    }
  }

  private void addCard(View.Card card, Consumer<String> lines) {
    addTitle(card.title(), lines);
    int keys =
        card.lines().stream().mapToInt(line -> Columns.of(Visible.of(line.key()))).max().orElse(0);
    keys = Math.min(keys, Math.max(NARROWEST, width / 2));
    for (View.Card.Line line : card.lines()) {
      List<String> values = new ArrayList<>();
      for (String part : line.value().split("\n", -1)) {
        String value = Visible.of(part);
        values.addAll(
            width == Integer.MAX_VALUE ? List.of(value) : broken(value, width - keys - 4));
      }
      for (int i = 0; i < values.size(); i++) {
        String key =
            Columns.pad(i == 0 ? Columns.cut(Visible.of(line.key()), keys) : "", keys, false);
        lines.accept("  " + styled(FAINT, key) + "  " + values.get(i));
      }
    }
  }

  /** A text in lines of so many columns, broken between words; a longer word stays whole. */
  private static List<String> broken(String text, int columns) {
    List<String> lines = new ArrayList<>();
    StringBuilder line = new StringBuilder();
    for (String word : text.replace('\n', ' ').split(" ", -1)) {
      if (!line.isEmpty() && Columns.of(line.toString()) + 1 + Columns.of(word) > columns) {
        lines.add(line.toString().stripTrailing());
        line.setLength(0);
      }
      line.append(line.isEmpty() ? "" : " ").append(word);
    }
    lines.add(line.toString());
    return lines;
  }

  private void addBranches(View.Tree tree, String indent, Consumer<String> lines) {
    List<View.Tree> branches = tree.branches();
    for (int i = 0; i < branches.size(); i++) {
      boolean last = i == branches.size() - 1;
      lines.accept(branch(indent + (last ? "└─ " : "├─ "), branches.get(i)));
      addBranches(branches.get(i), indent + (last ? "   " : "│  "), lines);
    }
  }

  private String branch(String before, View.Tree tree) {
    String label = Visible.of(tree.label());
    boolean free = width == Integer.MAX_VALUE;
    return before
        + (free ? label : Columns.cut(label, Math.max(NARROWEST, width - before.length())));
  }

  private void addBlocks(View.Blocks blocks, Consumer<String> lines) {
    BlockTally tally = blocks.tally();
    addTitle(blocks.title(), lines);
    int scale = SCALE;
    int across = 0;
    int rows = 0;
    List<String> starts = List.of();
    // Offsets of more figures leave less room for cells, at the most once.
    for (int i = 0; i < 2; i++) {
      across = Math.max(NARROWEST, pictureWidth() - 2 * GAP - scale);
      rows = Math.min(TALLEST, (tally.parts() + across - 1) / across);
      starts = starts(tally.size(), rows);
      scale = Math.max(scale, starts.stream().mapToInt(Columns::of).max().orElse(0));
    }
    for (int row = 0; row < rows; row++) {
      int cells = rows == 1 ? Math.min(across, tally.parts()) : across;
      int all = rows == 1 ? cells : rows * across;
      StringBuilder line = new StringBuilder("  ");
      line.append(styled(FAINT, Columns.pad(starts.get(row), scale, true))).append("  ");
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
      lines.accept(line.toString());
    }
    addLegend(tally, lines);
  }

  /** Where rows begin, in words of as many figures as tell them apart and have room. */
  static List<String> starts(long size, int rows) {
    List<String> starts = List.of();
    for (int decimals = 1; decimals <= MOST_DECIMALS; decimals++) {
      starts = new ArrayList<>();
      for (int row = 0; row < rows; row++) {
        starts.add(Words.size((long) ((double) size * row / rows), decimals));
      }
      if (new HashSet<>(starts).size() == rows) {
        return starts;
      }
    }
    return starts;
  }

  private void addLegend(BlockTally tally, Consumer<String> lines) {
    StringBuilder line = new StringBuilder();
    int used = 0;
    for (int kind = 0; kind < tally.kinds().size(); kind++) {
      BlockTally.Kind what = tally.kinds().get(kind);
      long bytes = tally.total(kind);
      if (bytes == 0) {
        continue;
      }
      String words = " " + what.label() + " " + Words.size(bytes);
      if (used > 0 && 2 * GAP + used + 1 + Columns.of(words) > pictureWidth()) {
        lines.accept(line.toString());
        line.setLength(0);
        used = 0;
      }
      line.append(used == 0 ? "  " : "   ").append(coloured(what, "" + what.sign())).append(words);
      used += 3 + 1 + Columns.of(words);
    }
    if (used > 0) {
      lines.accept(line.toString());
    }
  }

  private void addBars(View.Bars bars, Consumer<String> lines) {
    addTitle(bars.title(), lines);
    int labels = 0;
    int texts = 0;
    double most = 0;
    for (View.Bars.Bar bar : bars.bars()) {
      labels = Math.max(labels, Columns.of(Visible.of(bar.label())));
      texts = Math.max(texts, Columns.of(bar.text()));
      most = Math.max(most, bar.value());
    }
    labels = Math.min(labels, Math.max(NARROWEST, pictureWidth() / 3));
    int room = Math.max(NARROWEST, pictureWidth() - labels - texts - 3 * GAP);
    for (View.Bars.Bar bar : bars.bars()) {
      String drawn = bar(most == 0 ? 0 : bar.value() / most * room);
      lines.accept(
          "  "
              + Columns.pad(Columns.cut(Visible.of(bar.label()), labels), labels, false)
              + "  "
              + Columns.pad(bar.text(), texts, true)
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

  private void addCourse(View.Course course, Consumer<String> lines) {
    addTitle(course.title(), lines);
    int room =
        Math.max(
            NARROWEST,
            pictureWidth() - Columns.of(course.first()) - Columns.of(course.last()) - 3 * GAP);
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
    lines.accept(
        "  " + course.first() + "  " + styled(ACCENT, line.toString()) + "  " + course.last());
  }

  private void addTitle(String title, Consumer<String> lines) {
    if (!title.isEmpty()) {
      lines.accept(styled(BOLD, Visible.of(title)));
    }
  }

  /** Pictures have no width of their own. */
  private int pictureWidth() {
    return width == Integer.MAX_VALUE ? USUAL_WIDTH : width;
  }

  private String coloured(BlockTally.Kind kind, String text) {
    return kind.colour() < 0 ? text : styled(Palette.sequence(kind.colour()), text);
  }

  private void addTable(View.Table raw, Consumer<String> lines) {
    View.Table table = visible(raw);
    int[] natural = natural(table);
    int[] least = least(table, natural);
    int shown = columnsThatFit(least);
    int[] widths = narrowed(natural, least, shown);
    begin(styled(BOLD, text(table, table.headings(), widths, shown)), lines);
    for (List<String> row : table.rows()) {
      addRow(table, row, widths, shown, lines);
    }
    if (lines instanceof Drawing drawing) {
      drawing.end();
    }
    if (shown < widths.length) {
      String left = String.join(", ", table.headings().subList(shown, widths.length));
      lines.accept(styled(FAINT, Columns.cut("… too narrow for: " + left, width)));
    }
  }

  private static void begin(String heading, Consumer<String> lines) {
    if (lines instanceof Drawing drawing) {
      drawing.begin(heading);
    } else {
      lines.accept(heading);
    }
  }

  /** What is measured is what is shown. */
  private View.Table visible(View.Table table) {
    return new View.Table(
        table.headings().stream().map(Visible::of).toList(),
        table.numeric(),
        table.rows().stream().map(row -> row.stream().map(this::visible).toList()).toList());
  }

  /** What programs read has a line for each row. */
  private String visible(String cell) {
    String between = width == Integer.MAX_VALUE ? ", " : View.Table.PART;
    return parts(cell).map(Visible::of).collect(Collectors.joining(between));
  }

  private static Stream<String> parts(String cell) {
    return Stream.of(cell.split(View.Table.PART, -1));
  }

  /** A row takes as many lines as the cell of it with the most parts. */
  private static void addRow(
      View.Table table, List<String> row, int[] widths, int shown, Consumer<String> lines) {
    List<List<String>> cells = new ArrayList<>();
    int most = 1;
    for (String cell : row.subList(0, shown)) {
      cells.add(parts(cell).toList());
      most = Math.max(most, cells.get(cells.size() - 1).size());
    }
    for (int i = 0; i < most; i++) {
      int part = i;
      List<String> texts = cells.stream().map(it -> part < it.size() ? it.get(part) : "").toList();
      lines.accept(text(table, texts, widths, shown));
    }
  }

  private static String text(View.Table table, List<String> cells, int[] widths, int shown) {
    StringBuilder line = new StringBuilder();
    for (int i = 0; i < shown; i++) {
      String text =
          Columns.pad(Columns.cut(cells.get(i), widths[i]), widths[i], table.numeric().get(i));
      line.append(i == 0 ? "" : " ".repeat(GAP)).append(text);
    }
    return line.toString().stripTrailing();
  }

  private static int[] natural(View.Table table) {
    int[] widths = new int[table.headings().size()];
    for (int i = 0; i < widths.length; i++) {
      widths[i] = Columns.of(table.headings().get(i));
      for (List<String> row : table.rows()) {
        int widest = parts(row.get(i)).mapToInt(Columns::of).max().orElse(0);
        widths[i] = Math.max(widths[i], widest);
      }
    }
    return widths;
  }

  /** What each column has to have: names can be cut, quantities and moments cannot. */
  private int[] least(View.Table table, int[] natural) {
    int[] least = natural.clone();
    for (int i = 0; i < least.length; i++) {
      int column = i;
      boolean moments =
          table.rows().stream().allMatch(row -> MOMENT.matcher(row.get(column)).matches());
      if (!table.numeric().get(i) && !moments) {
        boolean parted =
            table.rows().stream().anyMatch(row -> row.get(column).contains(View.Table.PART));
        // Of several things one under the other each is to be read.
        least[i] =
            Math.min(natural[i], parted ? Math.max(NARROWEST_NAME, width / 2) : NARROWEST_NAME);
      }
    }
    return least;
  }

  /** As many of the first columns as there is room for, at least one. */
  private int columnsThatFit(int[] least) {
    long total = least[0];
    int shown = 1;
    while (shown < least.length && total + GAP + least[shown] <= width) {
      total += GAP + least[shown++];
    }
    return shown;
  }

  /** The widest of those that can be narrowed give way first. */
  private int[] narrowed(int[] natural, int[] least, int shown) {
    int[] widths = natural.clone();
    long total = (long) GAP * (shown - 1);
    for (int i = 0; i < shown; i++) {
      total += widths[i];
    }
    while (total > width) {
      int widest = -1;
      for (int i = 0; i < shown; i++) {
        if (widths[i] > least[i] && (widest < 0 || widths[i] > widths[widest])) {
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

  private String styled(String style, String text) {
    return colour && !text.isEmpty() ? style + text + PLAIN : text;
  }
}
