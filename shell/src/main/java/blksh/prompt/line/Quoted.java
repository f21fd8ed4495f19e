package blksh.prompt.line;

import blksh.view.Visible;

/** Texts as they stand between the quotes of a string of Kotlin. */
public final class Quoted {

  private Quoted() {}

  /** A text so written that the string holds it and nothing else: no end, no template. */
  public static String of(String text) {
    StringBuilder written = new StringBuilder();
    for (int at = 0; at < text.length(); ) {
      int c = text.codePointAt(at);
      at += Character.charCount(c);
      switch (c) {
        case '\\', '"', '$' -> written.append('\\').append((char) c);
        case '\n' -> written.append("\\n");
        case '\r' -> written.append("\\r");
        case '\t' -> written.append("\\t");
        default -> {
          if (Visible.isHidden(c)) {
            written.append(Visible.escape(c));
          } else {
            written.appendCodePoint(c);
          }
        }
      }
    }
    return written.toString();
  }

  /** The text that what is written stands for; what is no escape stands for itself. */
  public static String read(String written) {
    StringBuilder text = new StringBuilder();
    for (int at = 0; at < written.length(); at++) {
      char c = written.charAt(at);
      if (c != '\\' || at + 1 == written.length()) {
        text.append(c);
        continue;
      }
      at++;
      char escaped = written.charAt(at);
      String digits = written.substring(at + 1, Math.min(at + 5, written.length()));
      if (escaped == 'u' && digits.matches("[0-9a-fA-F]{4}")) {
        text.append((char) Integer.parseInt(digits, 16));
        at += digits.length();
        continue;
      }
      switch (escaped) {
        case 'n' -> text.append('\n');
        case 'r' -> text.append('\r');
        case 't' -> text.append('\t');
        case 'b' -> text.append('\b');
        default -> text.append(escaped);
      }
    }
    return text.toString();
  }

  /** Whether the character at a place in a string is written with a backslash before it. */
  public static boolean isEscaped(String written, int place) {
    int at = place;
    while (at > 0 && written.charAt(at - 1) == '\\') {
      at--;
    }
    return (place - at) % 2 == 1;
  }
}
