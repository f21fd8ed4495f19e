package blksh.prompt;

import blksh.prompt.line.Pasted;
import java.io.IOError;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;
import org.jline.keymap.KeyMap;
import org.jline.reader.Binding;
import org.jline.reader.EndOfFileException;
import org.jline.reader.MaskingCallback;
import org.jline.reader.Reference;
import org.jline.reader.UserInterruptException;
import org.jline.reader.Widget;
import org.jline.reader.impl.LineReaderImpl;
import org.jline.terminal.Attributes;
import org.jline.terminal.Size;
import org.jline.terminal.Terminal;
import org.jline.utils.AttributedString;
import org.jline.utils.InfoCmp.Capability;

/**
 * A line editor that outlives what goes wrong in it, and takes input as it comes. Whatever fails
 * while a key is heeded, the line is drawn or kept is told in one line, and typing goes on. Only
 * what ends a line on purpose, and the loss of the terminal, leave it as exceptions.
 */
class SteadyReader extends LineReaderImpl {

  /** What a terminal has that does not know its size. */
  private static final int USUAL_COLUMNS = 80;

  private static final int USUAL_ROWS = 24;

  /** The person's editor: gives what it leaves of a text. */
  interface Editor {
    String edit(String text) throws IOException, InterruptedException;
  }

  private final Editor editor;
  private final Consumer<Throwable> trouble;

  /** How the terminal was before the line was edited. */
  private Attributes unedited;

  /** The trouble told last: what fails at every key is told once a line. */
  private String told = "";

  /** The keys before those of the last binding. */
  private String before = "";

  /**
   * @param trouble told of what went wrong, on the thread where it did
   */
  SteadyReader(
      Terminal terminal, Map<String, Object> variables, Editor editor, Consumer<Throwable> trouble)
      throws IOException {
    super(terminal, "blksh", new HashMap<>(variables));
    this.editor = editor;
    this.trouble = trouble;
    option(Option.DISABLE_EVENT_EXPANSION, true);
    if (!terminal.getType().startsWith(Terminal.TYPE_DUMB)) {
      getWidgets().put(CALLBACK_INIT, this::drawRows);
    }
  }

  /** Has a line drawn in rows that can be drawn anew when the terminal gets another width. */
  private boolean drawRows() {
    display = new RowDisplay(terminal, System.getenv());
    display.resize(size);
    return true;
  }

  @Override
  public String readLine(String prompt, String right, MaskingCallback mask, String buffer) {
    told = "";
    knowSize(terminal);
    unedited = terminal.getAttributes();
    return super.readLine(prompt, right, mask, buffer);
  }

  /** Gives a terminal that does not know its size, as some serial lines do, the usual one. */
  static void knowSize(Terminal terminal) {
    Size size = terminal.getSize();
    if (size.getColumns() <= 0 || size.getRows() <= 0) {
      int columns = size.getColumns() <= 0 ? USUAL_COLUMNS : size.getColumns();
      int rows = size.getRows() <= 0 ? USUAL_ROWS : size.getRows();
      try {
        terminal.setSize(Size.of(columns, rows));
      } catch (UnsupportedOperationException | IOError fixed) {
        // then lines are not fitted
      }
    }
  }

  // What goes wrong.

  private void failed(Throwable failure) {
    post = null;
    searchTerm = null;
    setTailTip("");
    String text = failure.toString();
    if (!Objects.equals(text, told)) {
      told = text;
      try {
        trouble.accept(failure);
      } catch (RuntimeException | Error again) {
        // who cannot even tell it goes on
      }
    }
  }

  @Override
  protected Widget getWidget(Object binding) {
    if (isSecondHalf(binding)) {
      return () -> true;
    }
    Widget widget = super.getWidget(binding);
    return () -> {
      try {
        return widget.apply();
      } catch (UserInterruptException | EndOfFileException | IOError end) {
        throw end;
      } catch (RuntimeException | Error failure) {
        failed(failure);
        return true;
      }
    };
  }

  @Override
  protected void redisplay(boolean flush) {
    try {
      super.redisplay(flush);
    } catch (IOError gone) {
      throw gone;
    } catch (RuntimeException | Error failure) {
      failed(failure);
    }
  }

  @Override
  public final AttributedString getDisplayedBufferWithPrompts(List<AttributedString> further) {
    try {
      return drawn(further);
    } catch (RuntimeException | Error failure) {
      failed(failure);
      further.clear();
      return plain(further);
    }
  }

  /** The entry as it is on the screen, and what stands below it. */
  AttributedString drawn(List<AttributedString> further) {
    return super.getDisplayedBufferWithPrompts(further);
  }

  /** The entry and nothing else, without colours. */
  private AttributedString plain(List<AttributedString> further) {
    boolean off = isSet(Option.DISABLE_HIGHLIGHTER);
    option(Option.DISABLE_HIGHLIGHTER, true);
    doAutosuggestion = false;
    try {
      return super.getDisplayedBufferWithPrompts(further);
    } finally {
      option(Option.DISABLE_HIGHLIGHTER, off);
    }
  }

  /** Ends an entry, which is not lost when history does not take it. */
  @Override
  protected String finishBuffer() {
    try {
      return super.finishBuffer();
    } catch (UserInterruptException | EndOfFileException end) {
      throw end;
    } catch (RuntimeException | Error failure) {
      failed(failure);
      return buf.toString();
    }
  }

  /**
   * Heeds a signal between two keys. One that comes while a line begins or ends waits until its
   * display is drawn or gone: what stands above it is not the line's to take away.
   */
  @Override
  protected synchronized void handleSignal(Terminal.Signal signal) {
    lock.lock();
    try {
      if (!isReading()) {
        return; // the next line asks for the size
      }
      knowSize(terminal);
      super.handleSignal(signal);
      if (signal == Terminal.Signal.WINCH) {
        redisplay(true);
      }
    } catch (RuntimeException | Error failure) {
      failed(failure);
    } finally {
      lock.unlock();
    }
  }

  // What comes in.

  @Override
  public Binding readBinding(KeyMap<Binding> keys, KeyMap<Binding> local) {
    before = getLastBinding();
    return super.readBinding(keys, local);
  }

  /** Whether a key is the line feed of a line that ends in a carriage return and a line feed. */
  private boolean isSecondHalf(Object binding) {
    return binding instanceof Reference reference
        && reference.name().equals(ACCEPT_LINE)
        && "\n".equals(getLastBinding())
        && "\r".equals(before);
  }

  @Override
  public void putString(CharSequence text) {
    super.putString(Pasted.of(text.toString()));
  }

  @Override
  public boolean beginPaste() {
    String text = doReadStringUntil(BRACKETED_PASTE_END);
    if (text == null) {
      return false;
    }
    regionActive = RegionType.PASTE;
    regionMark = buf.cursor();
    buf.write(Pasted.of(text));
    return true;
  }

  /** Edits the entry in the person's own editor; what that leaves stands on the line. */
  @Override
  protected boolean editAndExecute() {
    Attributes editing = terminal.getAttributes();
    clear();
    terminal.puts(Capability.keypad_local);
    terminal.writer().write(BRACKETED_PASTE_OFF);
    terminal.flush();
    terminal.setAttributes(unedited);
    // Ctrl-C is the editor's.
    Terminal.SignalHandler interrupt = terminal.handle(Terminal.Signal.INT, signal -> {});
    try {
      setBuffer(Pasted.of(editor.edit(buf.toString())));
    } catch (IOException | RuntimeException failure) {
      failed(failure);
    } catch (InterruptedException stop) {
      Thread.currentThread().interrupt();
    } finally {
      terminal.handle(Terminal.Signal.INT, interrupt);
      terminal.setAttributes(editing);
      terminal.puts(Capability.keypad_xmit);
      terminal.writer().write(BRACKETED_PASTE_ON);
      redrawLine();
    }
    return true;
  }
}
