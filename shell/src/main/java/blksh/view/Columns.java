package blksh.view;

/** Texts as a terminal lays them out: how wide they are, and what of them fits. */
public final class Columns {

  /** First and last of the characters that take two columns, as Unicode's annex 11 has them. */
  private static final int[][] WIDE = {
    {0x1100, 0x115F},
    {0x2E80, 0x303E},
    {0x3041, 0xA4CF},
    {0xA960, 0xA97F},
    {0xAC00, 0xD7A3},
    {0xF900, 0xFAFF},
    {0xFE30, 0xFE6F},
    {0xFF00, 0xFF60},
    {0xFFE0, 0xFFE6},
    {0x1F300, 0x1F64F},
    {0x1F680, 0x1F6FF},
    {0x1F900, 0x1F9FF},
    {0x20000, 0x3FFFD},
  };

  private Columns() {}

  /** Columns that a text takes. */
  public static int of(String text) {
    int columns = 0;
    for (int at = 0; at < text.length(); ) {
      int character = text.codePointAt(at);
      columns += of(character);
      at += Character.charCount(character);
    }
    return columns;
  }

  private static int of(int character) {
    if (character < 0x300) {
      return 1;
    }
    switch (Character.getType(character)) {
      case Character.NON_SPACING_MARK, Character.ENCLOSING_MARK, Character.FORMAT -> {
        return 0;
      }
      default -> {
        for (int[] range : WIDE) {
          if (character >= range[0] && character <= range[1]) {
            return 2;
          }
        }
        return 1;
      }
    }
  }

  /** The most of a text, from its start, that fits. */
  public static String head(String text, int columns) {
    int used = 0;
    int at = 0;
    while (at < text.length()) {
      int character = text.codePointAt(at);
      used += of(character);
      if (used > columns) {
        break;
      }
      at += Character.charCount(character);
    }
    return text.substring(0, at);
  }

  private static String tail(String text, int columns) {
    int used = 0;
    int at = text.length();
    while (at > 0) {
      int character = text.codePointBefore(at);
      used += of(character);
      if (used > columns) {
        break;
      }
      at -= Character.charCount(character);
    }
    return text.substring(at);
  }

  /** Shortens in the middle, where names and paths differ least. */
  static String cut(String text, int columns) {
    if (of(text) <= columns) {
      return text;
    }
    int tail = (columns - 1) / 2;
    return head(text, columns - 1 - tail) + "…" + tail(text, tail);
  }

  static String pad(String text, int columns, boolean right) {
    String space = " ".repeat(Math.max(0, columns - of(text)));
    return right ? space + text : text + space;
  }
}
