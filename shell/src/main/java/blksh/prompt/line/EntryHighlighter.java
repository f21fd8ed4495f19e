package blksh.prompt.line;

import blksh.script.kotlin.Tokens;
import blksh.view.Palette;
import blksh.view.Visible;
import java.util.function.BooleanSupplier;
import org.jline.reader.Highlighter;
import org.jline.reader.LineReader;
import org.jline.utils.AttributedString;
import org.jline.utils.AttributedStringBuilder;
import org.jline.utils.AttributedStyle;

/**
 * Colours an entry while it is typed, and marks the bracket that belongs to the one at the cursor.
 * It never waits: until the compiler is there, entries are plain.
 */
public final class EntryHighlighter implements Highlighter {

  private static final AttributedStyle KEYWORD =
      AttributedStyle.DEFAULT.foreground(Palette.MAGENTA);
  private static final AttributedStyle TEXT = AttributedStyle.DEFAULT.foreground(Palette.GREEN);
  private static final AttributedStyle NUMBER = AttributedStyle.DEFAULT.foreground(Palette.TEAL);
  private static final AttributedStyle COMMENT = AttributedStyle.DEFAULT.faint();

  /** Stands for a character that is no mark itself. */
  private static final String HIDDEN = "\u2423";

  private final boolean colour;
  private final BooleanSupplier ready;

  /**
   * @param ready whether the classes that tell tokens apart are loaded
   */
  public EntryHighlighter(boolean colour, BooleanSupplier ready) {
    this.colour = colour;
    this.ready = ready;
  }

  @Override
  public AttributedString highlight(LineReader reader, String text) {
    AttributedStyle[] styles = new AttributedStyle[text.length()];
    boolean kotlin = !ColonLine.is(text);
    if (colour && kotlin && ready.getAsBoolean()) {
      for (Tokens.Token token : Tokens.of(text)) {
        AttributedStyle style = style(token.getKind());
        for (int i = token.getStart(); i < token.getEnd(); i++) {
          styles[i] = style;
        }
      }
    }
    int match = kotlin ? match(text, reader.getBuffer().cursor()) : -1;
    AttributedStringBuilder shown = new AttributedStringBuilder(text.length());
    for (int i = 0; i < text.length(); i++) {
      AttributedStyle style = styles[i] == null ? AttributedStyle.DEFAULT : styles[i];
      shown.styled(i == match ? style.bold().underline() : style, shown(text, i));
    }
    return shown.toAttributedString();
  }

  /** A character as it stands on the screen: what would do something there is a mark. */
  private static String shown(String text, int at) {
    char c = text.charAt(at);
    boolean stays = c == '\n' || c == '\t' || !Visible.isHidden(c);
    return stays ? String.valueOf(c) : HIDDEN;
  }

  private static AttributedStyle style(Tokens.Kind kind) {
    return switch (kind) {
      case KEYWORD -> KEYWORD;
      case TEXT -> TEXT;
      case NUMBER -> NUMBER;
      case COMMENT -> COMMENT;
      case NAME, OTHER -> AttributedStyle.DEFAULT;
    };
  }

  /** Where the other half is of the bracket at or before the cursor; -1 for none. */
  private static int match(String text, int cursor) {
    for (int place : new int[] {cursor, cursor - 1}) {
      if (place >= 0 && place < text.length() && "()[]{}".indexOf(text.charAt(place)) >= 0) {
        return EntryText.of(text).match(place);
      }
    }
    return -1;
  }
}
