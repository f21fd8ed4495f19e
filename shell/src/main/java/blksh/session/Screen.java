package blksh.session;

import blksh.BlkshException;
import java.io.IOError;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jline.reader.LineReader;
import org.jline.reader.Parser;
import org.jline.reader.Widget;
import org.jline.reader.impl.DefaultParser;
import org.jline.reader.impl.LineReaderImpl;
import org.jline.terminal.Terminal;

/**
 * The terminal of the prompt: its size, pages of long output, and what is shown above the line that
 * is being edited while it is.
 */
public final class Screen {

  /** How long the terminal's reader may take to say that something was typed. */
  private static final long TYPED_AHEAD_MILLIS = 30;

  private static final String LIVE = "blksh-live-lines";

  private static final long NUDGE_MILLIS = 20;

  /** Held by whoever reads a line. */
  private final ReentrantLock reading = new ReentrantLock();

  /** Who asks for a line that is no entry; null when nobody does. */
  private volatile Thread asking;

  /** What reads entries. */
  private final Parser entries;

  private final Terminal terminal;
  private final LineReaderImpl reader;

  /** What the terminal is written by; null while nobody listens. */
  private TerminalWriter listened;

  private String prompt = "";
  private List<String> wanted = List.of();
  private List<String> shown = List.of();

  /** Whether the line was accepted: nothing is drawn above it any more. */
  private boolean accepted;

  public Screen(Terminal terminal, LineReader reader) {
    this.terminal = terminal;
    this.reader = (LineReaderImpl) reader;
    this.entries = reader.getParser();
    reader.getWidgets().put(LIVE, this::redraw);
    // What is live has no place in the lines that scroll away.
    Widget accept = reader.getWidgets().get(LineReader.ACCEPT_LINE);
    reader.getWidgets().put(LineReader.ACCEPT_LINE, () -> leave() && accepts(accept));
  }

  /** An entry that is not complete gets another line instead. */
  private boolean accepts(Widget accept) {
    int length = reader.getBuffer().length();
    accepted = true;
    boolean done = accept.apply();
    accepted = reader.getBuffer().length() == length;
    return done;
  }

  /** Takes over what the person has set about editing. */
  public void apply(Settings settings) {
    if (settings.has(Settings.Name.EDITING)) {
      boolean vi = settings.get(Settings.Name.EDITING).equals("vi");
      String keys = vi ? LineReader.VIINS : LineReader.EMACS;
      reader.getKeyMaps().put(LineReader.MAIN, reader.getKeyMaps().get(keys));
    }
    reader.setAutosuggestion(
        settings.is(Settings.Name.SUGGESTIONS)
            ? LineReader.SuggestionType.HISTORY
            : LineReader.SuggestionType.NONE);
  }

  /** Its columns; 0 when the terminal does not know. */
  int width() {
    return terminal.getSize().getColumns();
  }

  /** Its rows; more than anything takes when the terminal does not know. */
  int height() {
    int rows = terminal.getSize().getRows();
    return rows > 0 && width() > 0 ? rows : Integer.MAX_VALUE;
  }

  /**
   * Reads a line.
   *
   * @param begun what stands there already
   * @throws org.jline.reader.UserInterruptException on Ctrl-C
   * @throws org.jline.reader.EndOfFileException on Ctrl-D
   */
  public String read(String beginning, String begun) {
    take();
    try {
      return readLine(beginning, begun);
    } finally {
      reading.unlock();
    }
  }

  /** Takes the keyboard, from code that was left behind too. */
  private void take() {
    boolean interrupted = false;
    boolean taken = false;
    while (!taken) {
      try {
        taken = reading.tryLock(NUDGE_MILLIS, TimeUnit.MILLISECONDS);
      } catch (InterruptedException later) {
        interrupted = true;
      }
      Thread left = asking;
      if (!taken && left != null) {
        left.interrupt();
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private String readLine(String beginning, String begun) {
    prompt = beginning;
    accepted = false;
    shown = List.of();
    return reader.readLine(beginning, null, (Character) null, begun.isEmpty() ? null : begun);
  }

  /**
   * Reads a line that is no entry, such as the answer to a question: any text, which nothing
   * completes and history does not keep.
   *
   * @param question what stands before it, on the screen already or not
   * @throws IllegalStateException when another thread reads
   */
  public String ask(String question) {
    if (!reading.tryLock()) {
      throw new IllegalStateException("another thread reads");
    }
    asking = Thread.currentThread();
    reader.setParser(new DefaultParser().quoteChars(null).escapeChars(null));
    reader.setVariable(LineReader.DISABLE_HISTORY, true);
    reader.setVariable(LineReader.DISABLE_COMPLETION, true);
    try {
      terminal.writer().print('\r');
      // A percent sign begins a pattern in prompts.
      return readLine(question.replace("%", "%%"), "");
    } finally {
      reader.setVariable(LineReader.DISABLE_HISTORY, false);
      reader.setVariable(LineReader.DISABLE_COMPLETION, false);
      reader.setParser(entries);
      asking = null;
      reading.unlock();
    }
  }

  /** Puts an entry into the history as though it had been typed. */
  public void remember(String entry) {
    reader.getHistory().add(entry);
  }

  /** Whether a line is being edited now. */
  boolean editing() {
    return reader.isReading();
  }

  /** Prints a text for good, above the line being edited. */
  void above(String text) {
    reader.printAbove(text.endsWith("\n") ? text.substring(0, text.length() - 1) : text);
  }

  /** Keeps lines above the line being edited until they are replaced; none takes them away. */
  void live(List<String> lines) {
    synchronized (this) {
      wanted = List.copyOf(lines);
    }
    try {
      reader.callWidget(LIVE);
    } catch (IllegalStateException notEditing) {
      // the line was accepted meanwhile
    }
  }

  /** Within the reader's lock, as every widget. */
  private boolean redraw() {
    List<String> lines;
    synchronized (this) {
      lines = wanted;
    }
    if (!accepted && !lines.equals(shown)) {
      shown = lines;
      StringBuilder text = new StringBuilder();
      for (String line : lines) {
        // A percent sign begins a pattern in prompts.
        text.append(line.replace("%", "%%")).append('\n');
      }
      reader.setPrompt(text + prompt);
      reader.callWidget(LineReader.REDISPLAY);
    }
    return true;
  }

  private boolean leave() {
    if (!shown.isEmpty()) {
      shown = List.of();
      reader.setPrompt(prompt);
    }
    return true;
  }

  /**
   * Tells somebody what is written to the terminal from now on.
   *
   * @param witness null for nobody
   * @throws BlkshException when nobody can listen to this kind of terminal
   */
  synchronized void tell(Consumer<String> witness) {
    if (listened != null) {
      TerminalWriter ended = listened;
      listened = null;
      ended.restore();
    }
    if (witness != null) {
      TerminalWriter writer = new TerminalWriter(terminal);
      writer.tell(witness);
      listened = writer;
    }
  }

  /** Whether something was typed that nobody has read yet. */
  boolean typedAhead() {
    try {
      return terminal.reader().peek(TYPED_AHEAD_MILLIS) >= 0;
    } catch (IOException gone) {
      return false;
    }
  }

  /** Shows lines a screenful at a time; q or Ctrl-C ends it. */
  void page(List<String> lines) {
    Thread reading = Thread.currentThread();
    Terminal.SignalHandler before =
        terminal.handle(Terminal.Signal.INT, signal -> reading.interrupt());
    try {
      new Pager(terminal, lines).run();
    } catch (IOError enough) {
      // as q
    } finally {
      terminal.handle(Terminal.Signal.INT, before);
      Thread.interrupted();
    }
  }
}
