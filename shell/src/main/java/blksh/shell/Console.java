package blksh.shell;

import blksh.shell.view.Fitted;
import blksh.shell.view.View;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
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

  private final PrintStream out;
  private final PrintStream err;
  private final boolean inTerminal;
  private final boolean outTerminal;
  private final boolean errTerminal;
  private int width;

  private Console(PrintStream out, PrintStream err, String terminals) {
    this.out = out;
    this.err = err;
    this.inTerminal = terminals.indexOf('0') >= 0;
    this.outTerminal = terminals.indexOf('1') >= 0;
    this.errTerminal = terminals.indexOf('2') >= 0;
  }

  /**
   * The console of this process. The property {@code blksh.terminals} names the standard streams
   * that are terminals, by number; the launcher sets it, having a cheaper way to tell.
   */
  public static Console ofProcess() {
    PrintStream out = utf8(FileDescriptor.out);
    PrintStream err = utf8(FileDescriptor.err);
    System.setOut(out);
    System.setErr(err);
    return new Console(out, err, System.getProperty("blksh.terminals", ""));
  }

  private static PrintStream utf8(FileDescriptor descriptor) {
    FileOutputStream bytes = new FileOutputStream(descriptor);
    return new PrintStream(
        new java.io.BufferedOutputStream(bytes, 8192), true, StandardCharsets.UTF_8);
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

  /** Prints a view to standard output, fitted to the terminal if there is one. */
  public void print(View view) {
    print(new Fitted(outTerminal ? width() : 0, colour()).lines(view));
  }

  private void print(List<String> lines) {
    StringBuilder text = new StringBuilder();
    lines.forEach(line -> text.append(line).append('\n'));
    out.print(text);
    out.flush();
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
