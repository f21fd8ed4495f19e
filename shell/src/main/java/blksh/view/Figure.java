package blksh.view;

import java.util.List;
import java.util.Locale;

/**
 * A picture for a report: boxes and texts on white, measured in pixels from the upper left corner.
 * Its texts show what is in them and do nothing, whatever reads them.
 */
public final class Figure {

  /** Pixels of a column of text. */
  static final double COLUMN = 7.3;

  /** Pixels of a text's height. */
  static final int FONT = 12;

  /** Where a text stands: its beginning or its end. */
  enum Anchor {
    START,
    END
  }

  /** A part of it. */
  sealed interface Shape {

    /**
     * A box that is filled.
     *
     * @param colour as {@code 0xrrggbb}
     */
    record Box(double x, double y, double width, double height, int colour) implements Shape {}

    /**
     * One line of text.
     *
     * @param y its base line
     */
    record Label(double x, double y, String text, Anchor anchor, boolean bold) implements Shape {

      public Label {
        text = Visible.of(text);
      }
    }
  }

  private final int width;
  private final int height;
  private final List<Shape> shapes;

  Figure(int width, int height, List<Shape> shapes) {
    this.width = width;
    this.height = height;
    this.shapes = List.copyOf(shapes);
  }

  /** That of a view: maps and bars in shapes, everything else as its lines. */
  public static Figure of(View view) {
    return FigureLayout.of(view);
  }

  int width() {
    return width;
  }

  int height() {
    return height;
  }

  List<Shape> shapes() {
    return shapes;
  }

  /** It as SVG 1.1, without scripts, links, and anything from elsewhere. */
  public String svg() {
    StringBuilder svg = new StringBuilder();
    svg.append(
        """
        <?xml version="1.0" encoding="UTF-8"?>
        <svg xmlns="http://www.w3.org/2000/svg" width="%1$d" height="%2$d" viewBox="0 0 %1$d %2$d"\
         font-family="monospace" font-size="%3$d">
        <rect width="%1$d" height="%2$d" fill="#ffffff"/>
        """
            .formatted(width, height, FONT));
    for (Shape shape : shapes) {
      if (shape instanceof Shape.Box box) {
        svg.append(
            "<rect x=\"%s\" y=\"%s\" width=\"%s\" height=\"%s\" fill=\"#%06x\"/>\n"
                .formatted(
                    number(box.x()),
                    number(box.y()),
                    number(box.width()),
                    number(box.height()),
                    box.colour()));
      } else if (shape instanceof Shape.Label label) {
        svg.append(
            "<text x=\"%s\" y=\"%s\"%s%s xml:space=\"preserve\">%s</text>\n"
                .formatted(
                    number(label.x()),
                    number(label.y()),
                    label.anchor() == Anchor.END ? " text-anchor=\"end\"" : "",
                    label.bold() ? " font-weight=\"bold\"" : "",
                    escaped(label.text())));
      }
    }
    return svg.append("</svg>\n").toString();
  }

  private static String number(double value) {
    return String.format(Locale.ROOT, "%.2f", value).replaceFirst("\\.?0+$", "");
  }

  /** A text in XML 1.0, which has no place for some characters at all. */
  private static String escaped(String text) {
    StringBuilder escaped = new StringBuilder();
    text.codePoints()
        .forEach(
            point -> {
              switch (point) {
                case '&' -> escaped.append("&amp;");
                case '<' -> escaped.append("&lt;");
                case '>' -> escaped.append("&gt;");
                case '"' -> escaped.append("&quot;");
                default -> escaped.appendCodePoint(isCharacter(point) ? point : 0xfffd);
              }
            });
    return escaped.toString();
  }

  /** Extensible Markup Language (XML) 1.0, 2.2 Characters. */
  private static boolean isCharacter(int point) {
    return point >= 0x20 && point <= 0xd7ff
        || point >= 0xe000 && point <= 0xfffd
        || point >= 0x10000;
  }

  /**
   * It as PNG, of twice as many pixels each way.
   *
   * @throws IllegalStateException when this Java cannot draw texts: it has no fonts, or lacks what
   *     draws
   */
  public byte[] png() {
    return FigurePainter.png(this);
  }
}
