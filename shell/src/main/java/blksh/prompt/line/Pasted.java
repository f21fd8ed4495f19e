package blksh.prompt.line;

import blksh.view.Visible;

/** Text from outside as an entry takes it: lines end in one way, and nothing in it acts. */
public final class Pasted {

  private static final char BYTE_ORDER_MARK = '\ufeff';

  private Pasted() {}

  /**
   * A text without a mark of its byte order at its beginning, its lines ended by a line feed.
   * Control characters, and those that turn text around, are written as Kotlin writes them in a
   * string; what only has no width stays, for names have it.
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
    return switch (Character.getDirectionality(character)) {
      case Character.DIRECTIONALITY_LEFT_TO_RIGHT_EMBEDDING,
          Character.DIRECTIONALITY_LEFT_TO_RIGHT_OVERRIDE,
          Character.DIRECTIONALITY_RIGHT_TO_LEFT_EMBEDDING,
          Character.DIRECTIONALITY_RIGHT_TO_LEFT_OVERRIDE,
          Character.DIRECTIONALITY_POP_DIRECTIONAL_FORMAT,
          Character.DIRECTIONALITY_LEFT_TO_RIGHT_ISOLATE,
          Character.DIRECTIONALITY_RIGHT_TO_LEFT_ISOLATE,
          Character.DIRECTIONALITY_FIRST_STRONG_ISOLATE,
          Character.DIRECTIONALITY_POP_DIRECTIONAL_ISOLATE ->
          false;
      default ->
          character == '\n'
              || character == '\t'
              || Character.getType(character) == Character.FORMAT
              || !Visible.isHidden(character);
    };
  }
}
