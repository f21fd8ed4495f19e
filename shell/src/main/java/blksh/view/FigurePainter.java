package blksh.view;

import java.awt.Color;
import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.geom.Rectangle2D;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import javax.imageio.ImageIO;
import javax.imageio.stream.MemoryCacheImageOutputStream;

/**
 * Figures in pixels. What draws is only loaded by who asks for such a picture: it takes longer to
 * begin than all else.
 */
final class FigurePainter {

  private static final int SCALE = 2;
  private static final String HEADLESS = "java.awt.headless";

  private FigurePainter() {}

  static byte[] png(Figure figure) {
    try {
      if (System.getProperty(HEADLESS) == null) {
        System.setProperty(HEADLESS, "true"); // there may be a display, which is nobody's business
      }
      return paint(figure);
    } catch (IOException | RuntimeException | LinkageError | InternalError failure) {
      throw new IllegalStateException("this Java cannot draw texts: " + failure, failure);
    }
  }

  private static byte[] paint(Figure figure) throws IOException {
    BufferedImage image =
        new BufferedImage(
            figure.width() * SCALE, figure.height() * SCALE, BufferedImage.TYPE_INT_RGB);
    Graphics2D graphics = image.createGraphics();
    try {
      graphics.setColor(Color.WHITE);
      graphics.fillRect(0, 0, image.getWidth(), image.getHeight());
      graphics.scale(SCALE, SCALE);
      graphics.setRenderingHint(
          RenderingHints.KEY_TEXT_ANTIALIASING, RenderingHints.VALUE_TEXT_ANTIALIAS_ON);
      for (Figure.Shape shape : figure.shapes()) {
        if (shape instanceof Figure.Shape.Box box) {
          graphics.setColor(new Color(box.colour()));
          graphics.fill(new Rectangle2D.Double(box.x(), box.y(), box.width(), box.height()));
        } else if (shape instanceof Figure.Shape.Label label) {
          write(graphics, label);
        }
      }
    } finally {
      graphics.dispose();
    }
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (MemoryCacheImageOutputStream out = new MemoryCacheImageOutputStream(bytes)) {
      ImageIO.write(image, "png", out);
    }
    return bytes.toByteArray();
  }

  private static void write(Graphics2D graphics, Figure.Shape.Label label) {
    graphics.setColor(Color.BLACK);
    graphics.setFont(new Font(Font.MONOSPACED, label.bold() ? Font.BOLD : Font.PLAIN, Figure.FONT));
    int wide = graphics.getFontMetrics().stringWidth(label.text());
    double x = label.anchor() == Figure.Anchor.END ? label.x() - wide : label.x();
    graphics.drawString(label.text(), (float) x, (float) label.y());
  }
}
