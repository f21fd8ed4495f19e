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

  private static final int FIRST_OF_CUBE = 16;
  private static final int FIRST_GREY = 232;

  private Palette() {}

  /** A colour as {@code 0xrrggbb}, as xterm has it. */
  static int rgb(int colour) {
    if (colour >= FIRST_GREY) {
      int level = 8 + 10 * (colour - FIRST_GREY);
      return level << 16 | level << 8 | level;
    }
    int cube = colour - FIRST_OF_CUBE;
    return level(cube / 36) << 16 | level(cube / 6 % 6) << 8 | level(cube % 6);
  }

  private static int level(int step) {
    return step == 0 ? 0 : 55 + 40 * step;
  }

  /** A kind of block as {@code 0xrrggbb}: its colour, the lighter the lighter its sign is. */
  static int shade(BlockTally.Kind kind) {
    int full = rgb(kind.colour() < 0 ? GREY : kind.colour());
    double density =
        switch (kind.sign()) {
          case '▓' -> 0.7;
          case '?' -> 0.5;
          case '░' -> 0.35;
          case '·' -> 0.12;
          default -> 1;
        };
    int shade = 0;
    for (int shift = 16; shift >= 0; shift -= 8) {
      int part = full >> shift & 0xff;
      shade |= (int) Math.round(255 - (255 - part) * density) << shift;
    }
    return shade;
  }

  /** The escape sequence that begins a colour. */
  static String sequence(int colour) {
    return "\033[38;5;" + colour + "m";
  }
}
