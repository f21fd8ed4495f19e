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
  private final Predicate<String> command;

  /**
   * @param complete whether a text can be evaluated, as opposed to being the beginning of something
   * @param command whether it is a command of the prompt
   */
  public EntryParser(Predicate<String> complete, Predicate<String> command) {
    this.complete = complete;
    this.command = command;
  }

  @Override
  public ParsedLine parse(String line, int cursor, ParseContext context) {
    boolean accepting = context == ParseContext.ACCEPT_LINE || context == ParseContext.UNSPECIFIED;
    if (accepting && !line.isBlank() && !command.test(line)) {
      EntryText entry = EntryText.of(line);
      boolean unfinished = entry.open() > 0 || entry.unclosed();
      boolean open = unfinished || !entry.endsInEmptyLine() && !isComplete(line);
      if (open && !entry.broken()) {
        throw new EOFError(-1, -1, "incomplete", null, entry.open(), null);
      }
    }
    return new Word(line, cursor);
  }

  /** An entry that nobody can judge goes to the compiler, which says why. */
  private boolean isComplete(String line) {
    try {
      return complete.test(line);
    } catch (RuntimeException broken) {
      return true;
    }
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
