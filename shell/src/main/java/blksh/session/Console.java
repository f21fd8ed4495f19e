package blksh.session;

import blksh.BlkshException;
import blksh.io.IoFailure;
import blksh.io.Program;
import blksh.view.Columns;
import blksh.view.Drawing;
import blksh.view.Fitted;
import blksh.view.View;
import blksh.view.Views;
import java.io.BufferedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.IntConsumer;
import java.util.function.Supplier;

/**
 * Standard output and error, and what is known about them. Results go to standard output; progress
 * and errors go to standard error, and a live progress display makes way for both.
 */
public final class Console {

  private static final int USUAL_WIDTH = 80;
  private static final int USUAL_HEIGHT = 24;
  private static final int PORTION = 8192;

  /** Lines of one result that are kept for the pager. */
  private static final int MOST_LINES = 20_000;

  /** Members of one result that are shown at the prompt. */
  private static final int MOST_MEMBERS = 10_000;

  private final Recorded.Bytes outTold;
  private final Recorded.Bytes errTold;
  private final Polite outBytes;
  private final Polite errBytes;
  private final PrintStream out;
  private final PrintStream err;
  private final PrintStream bareErr;
  private final IntConsumer end;
  private final boolean inTerminal;
  private final boolean outTerminal;
  private final boolean errTerminal;
  private Settings settings = Settings.usual();
  private volatile Screen screen;

  /** Takes live lines off the screen; null when there are none. */
  private volatile Runnable live;

  private final Object noting = new Object();
  private boolean noted;
  private int width;
  private volatile int lostStatus;
  private final ShownText shown = new ShownText();
  private Recording recording;

  /**
   * @param end ends whatever prints, with a status, when its output is lost
   */
  private Console(OutputStream out, OutputStream err, String terminals, IntConsumer end) {
    this.outTold = new Recorded.Bytes(out);
    this.errTold = new Recorded.Bytes(err);
    this.outBytes = new Polite(outTold, this::makeWay, this::lost);
    this.errBytes = new Polite(errTold, this::makeWay, lost -> {});
    this.bareErr = utf8(errTold);
    this.end = end;
    this.inTerminal = terminals.indexOf('0') >= 0;
    this.outTerminal = terminals.indexOf('1') >= 0;
    this.out = utf8(outTerminal ? new VisibleOutput(outBytes, true) : outBytes);
    this.err = utf8(new VisibleOutput(errBytes, false));
    this.errTerminal = terminals.indexOf('2') >= 0;
  }

  /**
   * The console of this process. The property {@code blksh.terminals} names the standard streams
   * that are terminals, by number; the launcher sets it, having a cheaper way to tell.
   */
  public static Console ofProcess() {
    Console console =
        new Console(
            new FileOutputStream(FileDescriptor.out),
            new FileOutputStream(FileDescriptor.err),
            System.getProperty("blksh.terminals", ""),
            System::exit);
    System.setOut(console.out);
    System.setErr(console.err);
    return console;
  }

  /** A console that is no terminal; what was printed is lost when it cannot be written. */
  public static Console of(OutputStream out, OutputStream err) {
    return new Console(out, err, "", status -> {});
  }

  private static PrintStream utf8(OutputStream bytes) {
    return new PrintStream(new BufferedOutputStream(bytes, 8192), true, StandardCharsets.UTF_8);
  }

  /**
   * A standard stream that lets a live display make way first, and drops what is printed by code
   * that was given up.
   */
  private static final class Polite extends OutputStream {

    /** Bytes of a line without an end that are kept. */
    private static final int LONGEST_UNFINISHED = 1000;

    private final OutputStream to;
    private final Consumer<IOException> whenLost;
    private final ByteArrayOutputStream unfinished = new ByteArrayOutputStream();
    private final Runnable before;

    /** The screen of the prompt, when the stream is a terminal and there is one. */
    private volatile Supplier<Screen> screen;

    /**
     * @param before done before anything is written
     * @param whenLost told when nothing can be written any more
     */
    Polite(OutputStream to, Runnable before, Consumer<IOException> whenLost) {
      this.to = to;
      this.before = before;
      this.whenLost = whenLost;
    }

    @Override
    public void write(int one) throws IOException {
      write(new byte[] {(byte) one}, 0, 1);
    }

    @Override
    public void flush() throws IOException {
      to.flush();
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
      if (Evaluation.isAbandoned()) {
        return;
      }
      Screen edited = screen == null ? null : screen.get();
      if (edited != null && edited.editing()) {
        edited.above(new String(bytes, offset, length, StandardCharsets.UTF_8));
        return;
      }
      before.run();
      note(bytes, offset, length);
      try {
        to.write(bytes, offset, length);
      } catch (IOException lost) {
        whenLost.accept(lost);
        throw lost;
      }
    }

    /** Keeps what stands on the screen's last line. */
    private synchronized void note(byte[] bytes, int offset, int length) {
      int from = offset + length;
      while (from > offset && bytes[from - 1] != '\n') {
        from--;
      }
      if (from > offset) {
        unfinished.reset();
      }
      int room = LONGEST_UNFINISHED - unfinished.size();
      unfinished.write(bytes, from, Math.min(room, offset + length - from));
    }

    synchronized String takeUnfinished() {
      String text = unfinished.toString(StandardCharsets.UTF_8);
      unfinished.reset();
      return text;
    }
  }

  /** What was printed to standard output since the last end of a line; it counts as ended now. */
  String unfinished() {
    out.flush();
    return outBytes.takeUnfinished();
  }

  /**
   * Ends the process in good order when nobody reads its output any more, or it cannot be kept;
   * whoever prints never learns of it.
   */
  private void lost(IOException failure) {
    synchronized (this) {
      if (lostStatus != 0) {
        return;
      }
      boolean unread = IoFailure.of(failure) == IoFailure.BROKEN_PIPE;
      lostStatus = unread ? ExitStatus.UNREAD : ExitStatus.FAILED;
      if (!unread) {
        tell("cannot write to standard output: " + failure.getMessage());
      }
    }
    // Not from here: the end waits for the thread that is printing.
    Thread ending = new Thread(() -> end.accept(lostStatus), "blksh end");
    ending.setDaemon(true);
    ending.start();
  }

  /** With what status the process ends because its output was lost; 0 when it was not. */
  public int lostStatus() {
    return lostStatus;
  }

  /** Standard output; on a terminal, nothing that is printed does more than stand there. */
  public PrintStream out() {
    return out;
  }

  /** Standard error; nothing that is printed does more than stand there, wherever it goes. */
  public PrintStream err() {
    return err;
  }

  /**
   * Says something to the person, on standard error. Only its first line begins as what blksh says
   * does, so that no name with a line end in it can say something of its own.
   */
  public void tell(String sentence) {
    err.println("blksh: " + sentence.replace("\n", "\n  "));
  }

  public boolean inTerminal() {
    return inTerminal;
  }

  /** Whether a line is being edited at the prompt now. */
  boolean isEditing() {
    Screen edited = screen;
    return edited != null && edited.editing();
  }

  public boolean outTerminal() {
    return outTerminal;
  }

  /** Whether whoever started this process has closed its standard input; nothing is read then. */
  public boolean inClosed() {
    return closed('0');
  }

  /** Whether standard output was closed; what is printed goes nowhere then. */
  public boolean outClosed() {
    return closed('1');
  }

  private static boolean closed(char stream) {
    return System.getProperty("blksh.closed", "").indexOf(stream) >= 0;
  }

  /** Takes the settings of the session. */
  void use(Settings chosen) {
    settings = chosen;
  }

  /** Says that the prompt has the terminal. */
  public void attach(Screen prompt) {
    screen = prompt;
    outBytes.screen = outTerminal ? this::screen : null;
    errBytes.screen = errTerminal ? this::screen : null;
  }

  /** The terminal of the prompt; null when there is no prompt. */
  public Screen screen() {
    return screen;
  }

  /** Whether a live line can be drawn on standard error. */
  public boolean liveErr() {
    return errTerminal && !dumb();
  }

  /**
   * Whether standard output takes colours: a terminal, not a dumb one, NO_COLOR unset, and no
   * setting against it.
   */
  public boolean colour() {
    String never = System.getenv("NO_COLOR");
    return outTerminal
        && !dumb()
        && (never == null || never.isEmpty())
        && settings.is(Settings.Name.COLOUR);
  }

  /** Whether the terminal understands nothing but text. */
  public static boolean dumb() {
    String term = System.getenv("TERM");
    return term == null || term.isEmpty() || term.equals("dumb");
  }

  /** Chooses views: at the prompt of what a person looks through, elsewhere of everything. */
  public Views views() {
    return Views.upTo(screen == null ? Integer.MAX_VALUE : MOST_MEMBERS);
  }

  /**
   * Prints a view, fitted to the terminal if there is one.
   *
   * @param aside to standard error, because standard output carries data
   */
  public void print(View view, boolean aside) {
    PrintStream to = aside ? err : out;
    StringBuilder text = new StringBuilder();
    fitted(aside)
        .write(
            view,
            line -> {
              shown.add(line);
              text.append(line).append('\n');
              if (text.length() > PORTION) {
                to.print(text);
                text.setLength(0);
              }
            });
    to.print(text);
    to.flush();
  }

  /** The lines of a view at the prompt, as far as anybody reads. */
  public List<String> lines(View view) {
    Drawing lines = new Drawing(MOST_LINES);
    try {
      fitted(false).write(view, lines);
    } catch (Drawing.Full enough) {
      lines.cut();
    }
    return lines;
  }

  /** The beginning of the views shown since this was asked last, as plain text. */
  public String takeShown() {
    return shown.take();
  }

  /**
   * Records what the prompt shows from now on, in a new file.
   *
   * @throws BlkshException when the file cannot be made, or that terminal not be listened to
   */
  public synchronized void beginRecording(Path file) {
    Screen prompt = screen;
    int rows = prompt.height() == Integer.MAX_VALUE ? USUAL_HEIGHT : prompt.height();
    Recording begun = new Recording(file, width(), rows, this::tell);
    Consumer<String> witness = text -> begun.shown(text, prompt);
    try {
      prompt.tell(witness);
    } catch (BlkshException refused) {
      begun.close();
      throw refused;
    }
    outTold.tell(outTerminal ? witness : null);
    errTold.tell(errTerminal ? witness : null);
    recording = begun;
  }

  /** Ends the recording; its file, or null when there was none. */
  public synchronized Path endRecording() {
    Recording ending = recording;
    if (ending == null) {
      return null;
    }
    recording = null;
    outTold.tell(null);
    errTold.tell(null);
    try {
      screen.tell(null);
    } finally {
      ending.close();
    }
    return ending.path();
  }

  /** What is recorded to; null when nothing is. */
  public synchronized Path recordedTo() {
    return recording == null ? null : recording.path();
  }

  /** Shows lines at the prompt, page by page when they are more than the screen has. */
  public void present(List<String> lines) {
    shown.add(lines);
    Screen prompt = screen;
    boolean pages = settings.is(Settings.Name.PAGER) && lines.size() >= prompt.height();
    // Who has typed on wants the next result, not the keys of a pager.
    if (pages && !prompt.editing() && !prompt.typedAhead()) {
      prompt.page(lines);
      return;
    }
    StringBuilder text = new StringBuilder();
    lines.forEach(line -> text.append(line).append('\n'));
    out.print(text);
    out.flush();
  }

  private Fitted fitted(boolean aside) {
    boolean terminal = aside ? errTerminal : outTerminal;
    return new Fitted(terminal ? width() : 0, colour() && !aside);
  }

  /** Runs an action before anything is printed from now on; null for none. */
  void beforePrinting(Runnable action) {
    live = action;
  }

  /** Takes what is live off the screen, before a line is edited there. */
  public void makeWay() {
    unnote();
    Runnable action = live;
    if (action != null) {
      action.run();
    }
  }

  /** Says what a person waits for, until anything else is printed. */
  void note(String text) {
    if (isEditing()) {
      return;
    }
    synchronized (noting) {
      if (liveErr()) {
        noted = true;
        bareErr.println(Columns.head(text, width() - 1));
        bareErr.flush();
      } else if (errTerminal) {
        bareErr.println(text);
      }
    }
  }

  /** Takes that off the screen. */
  void unnote() {
    synchronized (noting) {
      if (noted) {
        noted = false;
        bareErr.print("\033[1F\033[J");
        bareErr.flush();
      }
    }
  }

  /** Standard error without that action, and for what is harmless already. */
  PrintStream bareErr() {
    return bareErr;
  }

  /** Columns of the terminal; without a prompt asked once. */
  public int width() {
    Screen prompt = screen;
    if (prompt != null && prompt.width() > 0) {
      return prompt.width();
    }
    if (width == 0) {
      width = measure();
    }
    return width;
  }

  private static int measure() {
    String columns = System.getenv("COLUMNS");
    if (columns != null && columns.matches("[1-9][0-9]{0,4}")) {
      return Integer.parseInt(columns);
    }
    Path program = Program.find("stty").orElse(null);
    if (program == null) {
      return USUAL_WIDTH;
    }
    try {
      Process stty =
          Program.of(program, "size")
              .redirectInput(new File("/dev/tty"))
              .redirectError(ProcessBuilder.Redirect.DISCARD)
              .start();
      try (InputStream answer = stty.getInputStream()) {
        String[] size =
            new String(answer.readAllBytes(), StandardCharsets.US_ASCII).trim().split(" ");
        if (stty.waitFor(1, TimeUnit.SECONDS) && size.length == 2 && !size[1].equals("0")) {
          return Integer.parseInt(size[1]);
        }
      }
    } catch (IOException | NumberFormatException unknown) {
      return USUAL_WIDTH;
    } catch (InterruptedException stop) {
      Thread.currentThread().interrupt();
    }
    return USUAL_WIDTH;
  }
}
