package blksh.view;

import blksh.view.Figure.Anchor;
import blksh.view.Figure.Shape;
import java.util.ArrayList;
import java.util.List;

/** Views as figures: the same maps, bars and courses as on a terminal, in finer steps. */
final class FigureLayout {

  private static final int MARGIN = 16;
  private static final int LINE = 18;
  private static final int GAP = 10;

  /** A map has so many cells across and so many rows at the most. */
  private static final int ACROSS = 96;

  private static final int TALLEST = 48;
  private static final int CELL_WIDTH = 8;
  private static final int CELL_HEIGHT = 12;
  private static final int BAR_WIDTH = 420;
  private static final int COURSE_WIDTH = 720;
  private static final int COURSE_HEIGHT = 140;

  /** Columns of the label of a bar, and of lines of text. */
  private static final int WIDEST_LABEL = 40;

  private static final int TEXT_COLUMNS = 110;
  private static final int MOST_LINES = 500;
  private static final int MOST_BARS = 200;

  private final List<Shape> shapes = new ArrayList<>();

  /** Where the next line begins. */
  private double y = MARGIN;

  private double right;

  private FigureLayout() {}

  static Figure of(View view) {
    FigureLayout layout = new FigureLayout();
    layout.add(view);
    return new Figure(
        (int) Math.ceil(layout.right) + MARGIN, (int) Math.ceil(layout.y) + MARGIN, layout.shapes);
  }

  private void add(View view) {
    if (view instanceof View.Blocks blocks) {
      addBlocks(blocks);
    } else if (view instanceof View.Bars bars) {
      addBars(bars);
    } else if (view instanceof View.Course course) {
      addCourse(course);
    } else if (view instanceof View.Stack stack) {
      for (View part : stack.views()) {
        add(part);
        y += LINE;
      }
    } else {
      addLines(view);
    }
  }

  /** Everything else is read; as far as anybody does. */
  private void addLines(View view) {
    Drawing lines = new Drawing(MOST_LINES);
    try {
      new Fitted(TEXT_COLUMNS, false).write(view, lines);
    } catch (Drawing.Full enough) {
      lines.cut();
    }
    lines.forEach(line -> line(line, false));
  }

  private void line(String text, boolean bold) {
    label(MARGIN, text, Anchor.START, bold);
    y += LINE;
  }

  /** A text on the line that is begun. */
  private void label(double x, String text, Anchor anchor, boolean bold) {
    Shape.Label label = new Shape.Label(x, y + Figure.FONT, text, anchor, bold);
    shapes.add(label);
    double end = anchor == Anchor.END ? x : x + Columns.of(label.text()) * Figure.COLUMN;
    right = Math.max(right, end);
  }

  private void box(double x, double top, double width, double height, int colour) {
    shapes.add(new Shape.Box(x, top, width, height, colour));
    right = Math.max(right, x + width);
  }

  private void addBlocks(View.Blocks blocks) {
    BlockTally tally = blocks.tally();
    line(blocks.title(), true);
    y += GAP;
    int rows = Math.min(TALLEST, (tally.parts() + ACROSS - 1) / ACROSS);
    List<String> starts = Fitted.starts(tally.size(), rows);
    int scale = starts.stream().mapToInt(Columns::of).max().orElse(0);
    double left = MARGIN + scale * Figure.COLUMN + GAP;
    int cells = rows == 1 ? Math.min(ACROSS, tally.parts()) : ACROSS;
    int all = rows == 1 ? cells : rows * ACROSS;
    for (int row = 0; row < rows; row++) {
      label(left - GAP, starts.get(row), Anchor.END, false);
      int begun = 0;
      for (int cell = 1; cell <= cells; cell++) {
        int kind = tally.shown(row * ACROSS + begun, all);
        if (cell == cells || tally.shown(row * ACROSS + cell, all) != kind) {
          box(
              left + (double) begun * CELL_WIDTH,
              y,
              (double) (cell - begun) * CELL_WIDTH,
              CELL_HEIGHT,
              Palette.shade(tally.kinds().get(kind)));
          begun = cell;
        }
      }
      y += CELL_HEIGHT + 1;
    }
    y += GAP;
    addLegend(tally, left + ACROSS * CELL_WIDTH);
  }

  private void addLegend(BlockTally tally, double end) {
    double x = MARGIN;
    boolean begun = false;
    for (int kind = 0; kind < tally.kinds().size(); kind++) {
      BlockTally.Kind what = tally.kinds().get(kind);
      long bytes = tally.total(kind);
      if (bytes == 0) {
        continue;
      }
      String words = what.label() + " " + Words.size(bytes);
      double wide = CELL_HEIGHT + GAP + Columns.of(words) * Figure.COLUMN;
      if (begun && x + wide > end) {
        y += LINE;
        x = MARGIN;
      }
      box(x, y + 1, CELL_HEIGHT, CELL_HEIGHT, Palette.shade(what));
      label(x + CELL_HEIGHT + GAP / 2.0, words, Anchor.START, false);
      x += wide + GAP;
      begun = true;
    }
    y += begun ? LINE : 0;
  }

  private void addBars(View.Bars bars) {
    line(bars.title(), true);
    y += GAP;
    int labels = 0;
    int texts = 0;
    double most = 0;
    for (View.Bars.Bar bar : bars.bars()) {
      labels = Math.max(labels, Columns.of(Visible.of(bar.label())));
      texts = Math.max(texts, Columns.of(bar.text()));
      most = Math.max(most, bar.value());
    }
    labels = Math.min(labels, WIDEST_LABEL);
    double end = MARGIN + labels * Figure.COLUMN + GAP + texts * Figure.COLUMN;
    List<View.Bars.Bar> drawn = bars.bars().subList(0, Math.min(MOST_BARS, bars.bars().size()));
    for (View.Bars.Bar bar : drawn) {
      label(MARGIN, Columns.cut(Visible.of(bar.label()), labels), Anchor.START, false);
      label(end, bar.text(), Anchor.END, false);
      if (bar.value() > 0) {
        double length = Math.max(1, bar.value() / most * BAR_WIDTH);
        box(end + GAP, y + 1, length, CELL_HEIGHT, Palette.rgb(Palette.TEAL));
      }
      y += LINE;
    }
    if (drawn.size() < bars.bars().size()) {
      line("… " + (bars.bars().size() - drawn.size()) + " more", false);
    }
    right = Math.max(right, end + GAP + BAR_WIDTH);
  }

  private void addCourse(View.Course course) {
    line(course.title(), true);
    y += GAP;
    List<Double> values = course.values();
    int points = Math.min(COURSE_WIDTH, values.size());
    double most = values.stream().mapToDouble(Double::doubleValue).max().orElse(0);
    double step = (double) COURSE_WIDTH / Math.max(1, points);
    for (int point = 0; point < points; point++) {
      // Of several values in one step the last: a course of growth ends where it is.
      double value = values.get((int) ((long) values.size() * (point + 1) / points) - 1);
      double tall = most == 0 ? 0 : value / most * COURSE_HEIGHT;
      box(MARGIN + point * step, y + COURSE_HEIGHT - tall, step, tall, Palette.rgb(Palette.TEAL));
    }
    right = Math.max(right, MARGIN + COURSE_WIDTH);
    y += COURSE_HEIGHT + GAP / 2.0;
    label(MARGIN, course.first(), Anchor.START, false);
    label(MARGIN + COURSE_WIDTH, course.last(), Anchor.END, false);
    y += LINE;
  }
}
