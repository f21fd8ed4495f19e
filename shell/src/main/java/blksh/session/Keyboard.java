package blksh.session;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import org.jline.reader.EndOfFileException;
import org.jline.reader.UserInterruptException;

/**
 * Standard input of code that runs at the prompt: lines that the person types, each edited and
 * ended by Enter; Ctrl-D on an empty one is the end. Ctrl-C stops the code that reads, and no key
 * pressed after that reaches it. While an entry is being typed nothing else can read.
 */
public final class Keyboard extends InputStream {

  private final Console console;
  private final Screen screen;

  /** What is left of the line read last, from {@link #at} on. */
  private byte[] line = new byte[0];

  private int at;

  public Keyboard(Console console, Screen screen) {
    this.console = console;
    this.screen = screen;
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  /**
   * Reads of one line.
   *
   * @throws IOException when an entry is being typed
   */
  @Override
  public int read(byte[] bytes, int offset, int length) throws IOException {
    if (length == 0) {
      return 0;
    }
    int given = give(bytes, offset, length);
    if (given > 0) {
      return given;
    }
    byte[] typed = typed();
    if (typed == null) {
      return -1;
    }
    synchronized (this) {
      line = typed;
      at = 0;
    }
    return give(bytes, offset, length);
  }

  private synchronized int give(byte[] bytes, int offset, int length) {
    int given = Math.min(length, line.length - at);
    System.arraycopy(line, at, bytes, offset, given);
    at += given;
    return given;
  }

  @Override
  public synchronized int available() {
    return line.length - at;
  }

  /** A line with its end; null at the end of all. */
  private byte[] typed() throws IOException {
    if (!Evaluation.hasKeyboard()) {
      throw new IOException("the prompt has the keyboard");
    }
    console.makeWay();
    try {
      return (screen.ask(console.unfinished()) + "\n").getBytes(StandardCharsets.UTF_8);
    } catch (EndOfFileException end) {
      return null;
    } catch (UserInterruptException pressed) {
      throw Evaluation.interrupt();
    } catch (IllegalStateException taken) {
      throw new IOException("the prompt has the keyboard", taken);
    }
  }
}
