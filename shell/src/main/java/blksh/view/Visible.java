package blksh.view;

/**
 * Texts that show all of themselves: what would move the cursor, change the terminal, turn the text
 * around or leave no mark is written so that it is seen. Names and labels come from disks nobody
 * vouches for.
 */
public final class Visible {

  private static final int CONTROL_PICTURES = 0x2400;
  private static final char NEW_LINE_PICTURE = '\u2424';
  private static final char DELETE_PICTURE = '\u2421';
  private static final char DELETE = 0x7f;

  private Visible() {}

  /** A text as one line. */
  public static String of(String text) {
    return of(text, false);
  }

  /** A text of any number of lines: line ends and tabs stay. */
  public static String lines(String text) {
    return of(text, true);
  }

  private static String of(String text, boolean laidOut) {
    StringBuilder shown = null;
    for (int at = 0; at < text.length(); ) {
      int character = text.codePointAt(at);
      int next = at + Character.charCount(character);
      boolean stays = laidOut && (character == '\n' || character == '\t');
      if (isHidden(character) && !stays) {
        if (shown == null) {
          shown = new StringBuilder(text.length() + 16).append(text, 0, at);
        }
        shown.append(picture(character));
      } else if (shown != null) {
        shown.appendCodePoint(character);
      }
      at = next;
    }
    return shown == null ? text : shown.toString();
  }

  /**
   * Whether a character is no mark on the screen but does something: a control character, one that
   * sets the direction of the text, has no width, or ends a line for some programs only.
   */
  public static boolean isHidden(int character) {
    if (character < DELETE) {
      return character < ' ';
    }
    return switch (Character.getType(character)) {
      case Character.CONTROL,
          Character.FORMAT,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR ->
          true;
      default -> false;
    };
  }

  private static String picture(int character) {
    return switch (character) {
      case '\t' -> " ";
      case '\n' -> String.valueOf(NEW_LINE_PICTURE);
      case DELETE -> String.valueOf(DELETE_PICTURE);
      default ->
          character < ' '
              ? String.valueOf((char) (CONTROL_PICTURES + character))
              : escape(character);
    };
  }

  /** A text of JSON in which what is hidden is escaped; its line ends stay. */
  static String escaped(String json) {
    StringBuilder shown = null;
    for (int at = 0; at < json.length(); ) {
      int character = json.codePointAt(at);
      if (character >= DELETE && isHidden(character)) {
        if (shown == null) {
          shown = new StringBuilder(json.length() + 16).append(json, 0, at);
        }
        shown.append(escape(character));
      } else if (shown != null) {
        shown.appendCodePoint(character);
      }
      at += Character.charCount(character);
    }
    return shown == null ? json : shown.toString();
  }

  /** A character as Java, Kotlin and JSON write it in a string: {@code \}{@code u202e}. */
  public static String escape(int character) {
    StringBuilder written = new StringBuilder();
    for (char half : Character.toChars(character)) {
      written.append(String.format("\\u%04x", (int) half));
    }
    return written.toString();
  }
}
