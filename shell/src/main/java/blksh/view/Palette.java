package blksh.view;

/**
 * The colours there are, as numbers of the palette of 256 that terminals share. Each can be read on
 * black and on white: its luminance contrasts with both by 3 to 1 at least.
 */
public final class Palette {

  /** What is lost or wrong. */
  public static final int RED = 160;

  /** What waits for something, or has changed. */
  public static final int ORANGE = 166;

  /** What is well. */
  public static final int GREEN = 28;

  public static final int BLUE = 32;
  public static final int TEAL = 30;
  public static final int MAGENTA = 133;

  /** What there is nothing to say about. */
  public static final int GREY = 244;

  private Palette() {}

  /** The escape sequence that begins a colour. */
  static String sequence(int colour) {
    return "\033[38;5;" + colour + "m";
  }
}
