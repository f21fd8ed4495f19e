package blksh.shell;

import blksh.script.Evaluation;
import blksh.shell.view.Fitted;
import blksh.shell.view.View;
import java.io.BufferedOutputStream;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Standard output and error, and what is known about them. Results go to standard output; progress
 * and errors go to standard error, and a live progress display makes way for both.
 */
public final class Console {

  private static final int USUAL_WIDTH = 80;

  private final Polite outBytes = new Polite(FileDescriptor.out);
  private final Polite errBytes = new Polite(FileDescriptor.err);
  private final PrintStream out = utf8(outBytes);
  private final PrintStream err = utf8(errBytes);
  private final PrintStream bareErr = utf8(new FileOutputStream(FileDescriptor.err));
  private final boolean inTerminal;
  private final boolean outTerminal;
  private final boolean errTerminal;
  private int width;

  private Console(String terminals) {
    this.inTerminal = terminals.indexOf('0') >= 0;
    this.outTerminal = terminals.indexOf('1') >= 0;
    this.errTerminal = terminals.indexOf('2') >= 0;
  }

  /**
   * The console of this process. The property {@code blksh.terminals} names the standard streams
   * that are terminals, by number; the launcher sets it, having a cheaper way to tell.
   */
  public static Console ofProcess() {
    Console console = new Console(System.getProperty("blksh.terminals", ""));
    System.setOut(console.out);
    System.setErr(console.err);
    return console;
  }

  private static PrintStream utf8(OutputStream bytes) {
    return new PrintStream(new BufferedOutputStream(bytes, 8192), true, StandardCharsets.UTF_8);
  }

  /**
   * A standard stream that lets a live display make way first, and drops what is printed by code
   * that was given up.
   */
  private static final class Polite extends FileOutputStream {

    private volatile Runnable before;

    Polite(FileDescriptor descriptor) {
      super(descriptor);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
      if (Evaluation.isAbandoned()) {
        return;
      }
      Runnable action = before;
      if (action != null) {
        action.run();
      }
      super.write(bytes, offset, length);
    }
  }

  public PrintStream out() {
    return out;
  }

  public PrintStream err() {
    return err;
  }

  public boolean inTerminal() {
    return inTerminal;
  }

  public boolean outTerminal() {
    return outTerminal;
  }

  /** Whether a live line can be drawn on standard error. */
  public boolean liveErr() {
    return errTerminal && !dumb();
  }

  /** Whether standard output takes colours: a terminal, not a dumb one, and NO_COLOR unset. */
  public boolean colour() {
    String never = System.getenv("NO_COLOR");
    return outTerminal && !dumb() && (never == null || never.isEmpty());
  }

  /** Whether the terminal understands nothing but text. */
  public static boolean dumb() {
    String term = System.getenv("TERM");
    return term == null || term.isEmpty() || term.equals("dumb");
  }

  /**
   * Prints a view, fitted to the terminal if there is one.
   *
   * @param aside to standard error, because standard output carries data
   */
  public void print(View view, boolean aside) {
    boolean terminal = aside ? errTerminal : outTerminal;
    List<String> lines = new Fitted(terminal ? width() : 0, colour() && !aside).lines(view);
    PrintStream to = aside ? err : out;
    StringBuilder text = new StringBuilder();
    lines.forEach(line -> text.append(line).append('\n'));
    to.print(text);
    to.flush();
  }

  /** Runs an action before anything is printed from now on; null for none. */
  void beforePrinting(Runnable action) {
    outBytes.before = action;
    errBytes.before = action;
  }

  /** Standard error without that action. */
  PrintStream bareErr() {
    return bareErr;
  }

  /** Columns of the terminal, asked once. */
  public int width() {
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
    try {
      Process stty =
          new ProcessBuilder("stty", "size")
              .redirectInput(new java.io.File("/dev/tty"))
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
