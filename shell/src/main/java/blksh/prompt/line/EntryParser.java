package blksh.prompt.line;

import java.util.List;
import java.util.function.Predicate;
import org.jline.reader.CompletingParsedLine;
import org.jline.reader.EOFError;
import org.jline.reader.ParsedLine;
import org.jline.reader.Parser;

/** Tells the line editor when an entry is complete, and which word the cursor is in. */
public final class EntryParser implements Parser {

  private final Predicate<String> complete;

  /**
   * @param complete whether a text can be evaluated, as opposed to being the beginning of something
   */
  public EntryParser(Predicate<String> complete) {
    this.complete = complete;
  }

  @Override
  public ParsedLine parse(String line, int cursor, ParseContext context) {
    boolean accepting = context == ParseContext.ACCEPT_LINE || context == ParseContext.UNSPECIFIED;
    if (accepting && !ColonLine.is(line) && !line.isBlank()) {
      EntryText entry = EntryText.of(line);
      boolean open = entry.open() > 0 || entry.unclosed() || !complete.test(line);
      if (open && !entry.broken()) {
        throw new EOFError(-1, -1, "incomplete", null, entry.open(), null);
      }
    }
    return new Word(line, cursor);
  }

  /** A line, split so that the word before the cursor is what completion replaces. */
  private static final class Word implements CompletingParsedLine {

    private final String line;
    private final int cursor;
    private final String word;

    Word(String line, int cursor) {
      this.line = line;
      this.cursor = cursor;
      String before = line.substring(0, cursor);
      this.word =
          ColonLine.is(before) ? ColonLine.word(before) : EntryText.of(before).caret().word();
    }

    @Override
    public String word() {
      return word;
    }

    @Override
    public int wordCursor() {
      return word.length();
    }

    @Override
    public CharSequence escape(CharSequence candidate, boolean complete) {
      return candidate;
    }

    @Override
    public int rawWordCursor() {
      return word.length();
    }

    @Override
    public int rawWordLength() {
      return word.length();
    }

    @Override
    public int wordIndex() {
      return 0;
    }

    @Override
    public List<String> words() {
      return List.of(word);
    }

    @Override
    public String line() {
      return line;
    }

    @Override
    public int cursor() {
      return cursor;
    }
  }
}
