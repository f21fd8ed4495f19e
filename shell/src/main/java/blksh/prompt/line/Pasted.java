package blksh.prompt.line;

import blksh.view.Visible;

/** Text from outside as an entry takes it: lines end in one way, and nothing in it is hidden. */
public final class Pasted {

  private static final char BYTE_ORDER_MARK = '\ufeff';

  private Pasted() {}

  /**
   * A text without a mark of its byte order at its beginning, its lines ended by a line feed. What
   * would do something on the screen is written as Kotlin writes it in a string.
   */
  public static String of(String text) {
    int begin = !text.isEmpty() && text.charAt(0) == BYTE_ORDER_MARK ? 1 : 0;
    String lines = text.substring(begin).replace("\r\n", "\n").replace('\r', '\n');
    if (lines.codePoints().allMatch(Pasted::stays)) {
      return lines;
    }
    StringBuilder shown = new StringBuilder(lines.length() + 16);
    lines
        .codePoints()
        .forEach(
            it -> {
              if (stays(it)) {
                shown.appendCodePoint(it);
              } else {
                shown.append(Visible.escape(it));
              }
            });
    return shown.toString();
  }

  private static boolean stays(int character) {
    return character == '\n' || character == '\t' || !Visible.isHidden(character);
  }
}
