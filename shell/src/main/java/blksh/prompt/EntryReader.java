package blksh.prompt;

import blksh.prompt.command.Commands;
import blksh.prompt.complete.Completion;
import blksh.prompt.complete.Completions;
import blksh.prompt.complete.Foresight;
import blksh.prompt.complete.LiveCompleter;
import blksh.prompt.complete.Match;
import blksh.prompt.complete.Menu;
import blksh.prompt.line.ColonLine;
import blksh.prompt.line.EntryText;
import blksh.prompt.line.HistorySearch;
import blksh.view.Columns;
import blksh.view.Visible;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jline.keymap.KeyMap;
import org.jline.reader.Buffer;
import org.jline.reader.Candidate;
import org.jline.reader.Highlighter;
import org.jline.reader.History;
import org.jline.reader.LineReader;
import org.jline.reader.MaskingCallback;
import org.jline.reader.Parser;
import org.jline.reader.Reference;
import org.jline.reader.UserInterruptException;
import org.jline.reader.Widget;
import org.jline.terminal.Terminal;
import org.jline.utils.AttributedString;
import org.jline.utils.AttributedStringBuilder;
import org.jline.utils.AttributedStyle;

/**
 * Reads entries of any number of lines: the rest of an earlier entry is suggested behind the
 * cursor, to be taken with the right arrow or End; lines are indented by the brackets that are
 * open.
 */
final class EntryReader extends SteadyReader {

  private static final int INDENTATION = 2;
  private static final String TAKE_CHARACTER = "blksh-take-or-right";
  private static final String TAKE_LINE = "blksh-take-or-end";
  private static final String CLOSE = "blksh-close";

  /** No person presses another key as soon after TAB: what comes so soon was pasted. */
  private static final long AT_ONCE_MILLIS = 12;

  /**
   * What no one types at once behind a name to be completed, but stands there in what is pasted.
   */
  private static final String BEHIND_WORDS = " =/{+-*<>";

  private static final int DELETE = 127;
  private static final int CTRL_C = 3;

  /** Within what time the key comes of a Ctrl-C that has interrupted already. */
  private static final long KEY_MILLIS = 200;

  private static final String LATE = "blksh-late";
  private static final int FEWEST_LATE = 6;

  /** How wide what stands before the further lines of an entry is. */
  private static final int SECONDARY_COLUMNS = 7;

  private final Completions completions;
  private final Foresight foresight;

  /** What was found too late for the TAB that asked, and the text it was for. */
  private record Late(String before, List<Completion> found) {

    /** What of it fits a text that goes on from there; nothing when it does not. */
    List<Completion> at(String text) {
      boolean goesOn =
          text.startsWith(before)
              && text.chars().skip(before.length()).allMatch(Character::isJavaIdentifierPart);
      return goesOn ? Match.best(word(text), found, Completion::shown) : List.of();
    }
  }

  private volatile Late late;

  /** Whether a Ctrl-C was read as a key of this entry. */
  private boolean keyCame;

  EntryReader(
      Terminal terminal,
      Map<String, Object> variables,
      Parser parser,
      Completions completions,
      Foresight foresight,
      Commands commands,
      Highlighter highlighter,
      History history,
      Editor editor,
      Consumer<Throwable> trouble)
      throws IOException {
    super(terminal, variables, editor, trouble);
    this.completions = completions;
    this.foresight = foresight;
    setParser(parser);
    LiveCompleter completer = new LiveCompleter(completions, foresight, commands, this::foundLate);
    setCompleter(completer);
    setCompletionMatcher(completer);
    setHighlighter(highlighter);
    setHistory(history);
    setVariable(SECONDARY_PROMPT_PATTERN, "%P.... > ");
    setVariable(LineReader.INDENTATION, INDENTATION);
    // A list is cut to the screen instead of asking whether to show it.
    setVariable(LIST_MAX, 0);
    setVariable(FEATURES_MAX_BUFFER_SIZE, 20_000);
    option(Option.CASE_INSENSITIVE, true);
    setAutosuggestion(SuggestionType.HISTORY);
    getWidgets().put(TAKE_CHARACTER, () -> take(FORWARD_CHAR));
    getWidgets().put(TAKE_LINE, () -> take(END_OF_LINE));
    getWidgets().put(CLOSE, this::close);
    getWidgets().put(LATE, this::takeLate);
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

  /**
   * Completes; but a TAB that stands where a line is indented, or in what is pasted, is written.
   */
  @Override
  protected boolean expandOrComplete() {
    if (!"\t".equals(getLastBinding())) {
      return super.expandOrComplete();
    }
    if (answering()) {
      buf.write("\t");
      return true;
    }
    String text = buf.upToCursor();
    String line = text.substring(text.lastIndexOf('\n') + 1);
    if (line.isBlank() && line.length() < text.length()) {
      buf.write(" ".repeat(INDENTATION));
      return true;
    }
    int next = peekCharacter(AT_ONCE_MILLIS);
    boolean word = !line.isBlank() && isCompleted(line.charAt(line.length() - 1));
    boolean pasted = word ? BEHIND_WORDS.indexOf(next) >= 0 : next >= ' ' && next < DELETE;
    if (pasted) {
      buf.write("\t");
      return true;
    }
    return super.expandOrComplete();
  }

  /** Whether what is typed is no entry, but what code has asked for. */
  private boolean answering() {
    return Boolean.TRUE.equals(getVariable(DISABLE_COMPLETION));
  }

  /** Whether something can be completed behind a character. */
  private static boolean isCompleted(char last) {
    return Character.isJavaIdentifierPart(last) || ".\"[(:/@".indexOf(last) >= 0;
  }

  /** The entry as it is on the screen; below it, what the call around the cursor takes. */
  @Override
  AttributedString drawn(List<AttributedString> secondaryPrompts) {
    if (answering()) {
      doAutosuggestion = false;
      return super.drawn(secondaryPrompts);
    }
    boolean typing = doAutosuggestion && post == null;
    boolean atEnd = buf.cursor() == buf.length() && buf.length() > 0;
    if (!atEnd) {
      setTailTip("");
      doAutosuggestion = false;
    }
    AttributedString shown = super.drawn(secondaryPrompts);
    if (!typing || !atEnd || ColonLine.is(buf.toString())) {
      return shown;
    }
    String text = buf.toString();
    EntryText entry = EntryText.of(text);
    String asked = text.isBlank() ? null : Completions.asked(entry);
    if (asked != null) {
      foresight.expect(asked, () -> redisplay(text));
    }
    AttributedStringBuilder all = new AttributedStringBuilder().append(shown);
    for (String signature : completions.signatures(entry)) {
      below(all, signature);
    }
    if (entry.open() > 0 && emptyAtEnd(text) > 1) {
      below(all, "a bracket is open since line " + openSince(entry) + "; Ctrl-C drops this entry");
    }
    Late found = late;
    List<Completion> fitting = found == null ? List.of() : found.at(text);
    if (!fitting.isEmpty()) {
      int most = Math.max(FEWEST_LATE, size.getRows() / 2);
      String word = word(text);
      new Menu(fitting, word, size.getColumns(), most)
          .lines(-1)
          .forEach(it -> all.append("\n").append(it));
    }
    return all.toAttributedString();
  }

  /** How many lines have been entered empty at the end of a text. */
  private static long emptyAtEnd(String text) {
    return text.substring(text.stripTrailing().length()).chars().filter(c -> c == '\n').count() - 1;
  }

  private static long openSince(EntryText entry) {
    return 1 + entry.text().substring(0, entry.firstOpen()).chars().filter(c -> c == '\n').count();
  }

  /**
   * What can be chosen. A list shows as much as fits above the lower edge of the screen; of a menu
   * the reader itself shows a part.
   *
   * @param selection what is chosen in a menu; null in a list
   * @param ordered takes the candidates in the order they are shown in; null in a list
   */
  @Override
  protected PostResult computePost(
      List<Candidate> possible, Candidate selection, List<Candidate> ordered, String completed) {
    List<Candidate> sorted = new ArrayList<>(possible);
    sorted.sort(null);
    if (ordered != null) {
      ordered.addAll(sorted);
    }
    List<Completion> offers =
        sorted.stream().map(it -> ((LiveCompleter.Offer) it).completion()).toList();
    boolean list = selection == null && ordered == null;
    Menu menu = new Menu(offers, completed, size.getColumns(), list ? room() : Integer.MAX_VALUE);
    int chosen = sorted.indexOf(selection);
    List<AttributedString> lines = menu.lines(chosen);
    return new PostResult(
        AttributedString.join(new AttributedString("\n"), lines),
        lines.size(),
        menu.lineOf(chosen),
        menu.columns());
  }

  /** How many lines a list may take below the entry. */
  private int room() {
    int columns = Math.max(1, size.getColumns());
    int taken = 2;
    for (String line : (prompt + buf.toString()).split("\n", -1)) {
      taken += 1 + (line.length() + SECONDARY_COLUMNS) / columns;
    }
    return Math.max(FEWEST_LATE, size.getRows() - taken);
  }

  private void below(AttributedStringBuilder all, String line) {
    int width = Math.max(1, size.getColumns() - 1);
    String fitted = Columns.head(Visible.of(line), width);
    all.append("\n").styled(AttributedStyle::faint, fitted);
  }

  /** The word that ends a text. */
  private static String word(String text) {
    return EntryText.of(text).caret().word();
  }

  /** Something more is known about a text; it is shown if that is what still stands there. */
  private void redisplay(String text) {
    if (!completions.signatures(EntryText.of(text)).isEmpty()) {
      call(REDISPLAY);
    }
  }

  /** On the thread that found it. */
  private void foundLate(String before, List<Completion> found) {
    if (!found.isEmpty()) {
      late = new Late(before, found);
      call(LATE);
    }
  }

  private void call(String widget) {
    try {
      callWidget(widget);
    } catch (IllegalStateException notEditing) {
      // the entry was accepted meanwhile
    }
  }

  /** Reads an entry. A Ctrl-C ends it once, however the reader learned of it. */
  @Override
  public String readLine(String prompt, String right, MaskingCallback mask, String buffer) {
    keyCame = false;
    try {
      String entry = super.readLine(prompt, right, mask, buffer);
      if (Thread.interrupted()) {
        throw new UserInterruptException(entry);
      }
      return entry;
    } catch (UserInterruptException pressed) {
      // The reader may leave the thread interrupted, which would end the next entry as well.
      Thread.interrupted();
      passOverKey();
      throw pressed;
    }
  }

  /**
   * JLine tells of a Ctrl-C twice: it interrupts who reads, and hands over its key, which would end
   * the next entry as well when it is read after that.
   */
  private void passOverKey() {
    if (!keyCame && peekCharacter(KEY_MILLIS) == CTRL_C) {
      readCharacter();
    }
  }

  @Override
  protected boolean interrupt() {
    keyCame = true;
    return super.interrupt();
  }

  /** Ends an accepted entry. A Ctrl-C since then abandons it, but history keeps it. */
  @Override
  protected String finishBuffer() {
    boolean pressed = Thread.interrupted();
    String entry = super.finishBuffer();
    if (pressed) {
      throw new UserInterruptException(entry);
    }
    return entry;
  }

  /**
   * Looks through earlier entries while the person types what to look for; any key that means
   * something else ends it with the entry found, Ctrl-G and Ctrl-C with what was there before.
   */
  @Override
  protected boolean doSearchHistory(boolean backward) {
    List<String> entries = new ArrayList<>();
    history.forEach(entry -> entries.add(entry.line()));
    if (entries.isEmpty()) {
      return false;
    }
    HistorySearch search = new HistorySearch(entries, backward);
    Buffer original = buf.copy();
    KeyMap<org.jline.reader.Binding> ends = new KeyMap<>();
    ends.bind(new Reference(ACCEPT_LINE), KeyMap.esc());
    boolean found = false;
    searchTerm = new StringBuffer();
    post = () -> searched(search);
    try {
      while (true) {
        redisplay();
        String operation =
            readBinding(getKeys(), ends) instanceof Reference reference ? reference.name() : "";
        switch (operation) {
          case SEND_BREAK -> {
            return true;
          }
          case INTERRUPT -> {
            runMacro(getLastBinding());
            return true;
          }
          case HISTORY_INCREMENTAL_SEARCH_BACKWARD -> search.next(true);
          case HISTORY_INCREMENTAL_SEARCH_FORWARD -> search.next(false);
          case BACKWARD_DELETE_CHAR, VI_BACKWARD_DELETE_CHAR -> search.back();
          case SELF_INSERT, INSERT_CLOSE_PAREN, INSERT_CLOSE_SQUARE, INSERT_CLOSE_CURLY, CLOSE ->
              search.type(getLastBinding());
          default -> {
            found = true;
            if (search.place() >= 0) {
              history.moveTo(search.place());
            }
            if (getLastBinding() != null && !getLastBinding().equals(KeyMap.esc())) {
              runMacro(getLastBinding());
            }
            return true;
          }
        }
        if (search.failing()) {
          beep();
        }
        show(search, original);
      }
    } finally {
      searchTerm = null;
      post = null;
      if (!found) {
        buf.copyFrom(original);
      }
    }
  }

  private void show(HistorySearch search, Buffer original) {
    if (search.place() < 0) {
      buf.copyFrom(original);
    } else {
      buf.clear();
      buf.write(history.get(search.place()));
      buf.cursor(search.offset());
    }
  }

  private static AttributedString searched(HistorySearch search) {
    String direction = search.backward() ? "bck-i-search: " : "fwd-i-search: ";
    return new AttributedString(
        (search.failing() ? "failing " : "") + direction + search.term() + "_");
  }

  /** What was found late is on the screen already: the next TAB chooses from it. */
  @Override
  protected boolean doComplete(CompletionType type, boolean useMenu, boolean prefix) {
    Late shown = late;
    late = null;
    boolean listed = shown != null && shown.at(buf.toString()).size() > 1;
    return super.doComplete(type, useMenu || listed, prefix);
  }

  /** Takes what is common to all that was found late, and shows the rest below the entry. */
  private boolean takeLate() {
    Late found = late;
    if (found == null || !found.before().equals(buf.toString()) || buf.cursor() < buf.length()) {
      return true;
    }
    String word = word(found.before());
    if (found.found().size() == 1) {
      buf.backspace(word.length());
      buf.write(found.found().get(0).text());
      late = null;
    } else {
      buf.write(LiveCompleter.begun(word, found.found()).substring(word.length()));
    }
    callWidget(REDISPLAY);
    return true;
  }
}
