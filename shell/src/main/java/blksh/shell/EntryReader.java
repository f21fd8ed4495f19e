package blksh.shell;

import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jline.keymap.KeyMap;
import org.jline.reader.Highlighter;
import org.jline.reader.LineReader;
import org.jline.reader.Parser;
import org.jline.reader.Reference;
import org.jline.reader.Widget;
import org.jline.reader.impl.LineReaderImpl;
import org.jline.reader.impl.history.DefaultHistory;
import org.jline.terminal.Terminal;
import org.jline.utils.AttributedString;
import org.jline.utils.AttributedStringBuilder;
import org.jline.utils.AttributedStyle;

/**
 * Reads entries of any number of lines: the rest of an earlier entry is suggested behind the
 * cursor, to be taken with the right arrow or End; lines are indented by the brackets that are
 * open.
 */
final class EntryReader extends LineReaderImpl {

  private static final int INDENTATION = 2;
  private static final String TAKE_CHARACTER = "blksh-take-or-right";
  private static final String TAKE_LINE = "blksh-take-or-end";
  private static final String CLOSE = "blksh-close";

  private final Function<String, List<String>> signatures;

  EntryReader(
      Terminal terminal,
      Map<String, Object> variables,
      Parser parser,
      LiveCompleter completer,
      Function<String, List<String>> signatures,
      Highlighter highlighter)
      throws IOException {
    super(terminal, "blksh", new HashMap<>(variables));
    setParser(parser);
    setCompleter(completer);
    setCompletionMatcher(completer);
    this.signatures = signatures;
    setHighlighter(highlighter);
    setHistory(new DefaultHistory(this));
    setVariable(SECONDARY_PROMPT_PATTERN, "%P.... > ");
    setVariable(LineReader.INDENTATION, INDENTATION);
    setVariable(FEATURES_MAX_BUFFER_SIZE, 20_000);
    option(Option.DISABLE_EVENT_EXPANSION, true);
    option(Option.HISTORY_IGNORE_DUPS, true);
    option(Option.CASE_INSENSITIVE, true);
    setAutosuggestion(SuggestionType.HISTORY);
    getWidgets().put(TAKE_CHARACTER, () -> take(FORWARD_CHAR));
    getWidgets().put(TAKE_LINE, () -> take(END_OF_LINE));
    getWidgets().put(CLOSE, this::close);
    for (String name : List.of(EMACS, VIINS)) {
      KeyMap<org.jline.reader.Binding> keys = getKeyMaps().get(name);
      rebind(keys, FORWARD_CHAR, TAKE_CHARACTER);
      rebind(keys, END_OF_LINE, TAKE_LINE);
      keys.bind(new Reference(CLOSE), "}");
    }
  }

  private static void rebind(
      KeyMap<org.jline.reader.Binding> keys, String widget, String replacement) {
    keys.getBoundKeys().entrySet().stream()
        .filter(
            bound ->
                bound.getValue() instanceof Reference reference && reference.name().equals(widget))
        .map(Map.Entry::getKey)
        .toList()
        .forEach(key -> keys.bind(new Reference(replacement), key));
  }

  /** At the end of the entry takes what is suggested; elsewhere does the usual. */
  private boolean take(String usual) {
    if (buf.cursor() == buf.length() && !getTailTip().isEmpty()) {
      buf.write(getTailTip());
      setTailTip("");
      return true;
    }
    Widget widget = builtinWidgets().get(usual);
    return widget.apply();
  }

  /** Closes a block: on a line with nothing else, one step further left. */
  private boolean close() {
    String before = buf.upToCursor();
    String line = before.substring(before.lastIndexOf('\n') + 1);
    if (line.length() >= INDENTATION && line.isBlank()) {
      buf.backspace(INDENTATION);
    }
    return builtinWidgets().get(SELF_INSERT).apply();
  }

  /** The entry as it is on the screen; below it, what the call around the cursor takes. */
  @Override
  public AttributedString getDisplayedBufferWithPrompts(List<AttributedString> secondaryPrompts) {
    boolean typing = doAutosuggestion && post == null;
    boolean atEnd = buf.cursor() == buf.length() && buf.length() > 0;
    if (!atEnd) {
      setTailTip("");
      doAutosuggestion = false;
    }
    AttributedString shown = super.getDisplayedBufferWithPrompts(secondaryPrompts);
    if (!typing || !atEnd || Commands.isCommand(buf.toString())) {
      return shown;
    }
    AttributedStringBuilder all = new AttributedStringBuilder().append(shown);
    for (String signature : signatures.apply(buf.toString())) {
      int width = Math.max(1, size.getColumns() - 1);
      String line = signature.length() <= width ? signature : signature.substring(0, width);
      all.append("\n").styled(AttributedStyle::faint, line);
    }
    return all.toAttributedString();
  }
}
