package blksh.session;

import blksh.io.Program;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/**
 * A question whose answer nobody may see: asked at the terminal of this process, wherever its
 * standard streams go, while the terminal shows nothing of what is typed.
 */
public final class Secret {

  private static final Path TERMINAL = Path.of("/dev/tty");
  private static final int LONGEST = 4096;
  private static final long TURN_MILLIS = 20;

  /** Held by who asks: one question at a time. */
  private static final Object ASKING = new Object();

  private final Path terminal;
  private final BooleanSupplier free;
  private final Runnable before;

  /** Asks at the terminal of the process. */
  public Secret(Console console) {
    this(
        TERMINAL,
        () -> Background.current() == null && !console.isEditing() && console.inTerminal(),
        console::makeWay);
  }

  /**
   * As above, at another terminal.
   *
   * @param free whether nobody else reads from it, and this work may
   * @param before run before anything is asked
   */
  Secret(Path terminal, BooleanSupplier free, Runnable before) {
    this.terminal = terminal;
    this.free = free;
    this.before = before;
  }

  /**
   * Whether there is somebody to ask. Work in the background asks nobody: what is typed then is
   * read by the prompt, which shows it and keeps it.
   */
  public boolean isThere() {
    return free.getAsBoolean() && Files.isReadable(terminal) && Program.find("stty").isPresent();
  }

  /**
   * Asks.
   *
   * @param question without a colon at its end
   * @param stop asked while waiting whether nobody wants the answer any more
   * @return nothing when there is nobody, or no answer; also when the prompt takes the terminal
   *     meanwhile, as what is typed from then on is the next entry
   */
  public Optional<char[]> ask(String question, BooleanSupplier stop) {
    if (!isThere()) {
      return Optional.empty();
    }
    synchronized (ASKING) {
      return isThere() ? askHere(question, stop) : Optional.empty(); // it may have taken long
    }
  }

  private Optional<char[]> askHere(String question, BooleanSupplier stop) {
    before.run();
    Thread restoring = new Thread(() -> echo(true), "blksh echo");
    Runtime.getRuntime().addShutdownHook(restoring);
    boolean taken = false;
    try (FileOutputStream out = new FileOutputStream(terminal.toFile());
        FileInputStream in = new FileInputStream(terminal.toFile())) {
      if (!echo(false)) {
        return Optional.empty(); // it would be shown
      }
      out.write((question + ": ").getBytes(StandardCharsets.UTF_8));
      try {
        return line(in, () -> !free.getAsBoolean() || stop.getAsBoolean());
      } finally {
        taken = !free.getAsBoolean();
        if (!taken) {
          echo(true);
          out.write('\n');
        }
      }
    } catch (IOException e) {
      return Optional.empty();
    } finally {
      if (!taken) { // else the prompt shows what is typed itself, and the end of blksh has it shown
        forget(restoring);
      }
    }
  }

  private static void forget(Thread restoring) {
    try {
      Runtime.getRuntime().removeShutdownHook(restoring);
    } catch (IllegalStateException ending) {
      // then it runs
    }
  }

  private static Optional<char[]> line(InputStream in, BooleanSupplier stop) throws IOException {
    byte[] bytes = new byte[LONGEST];
    int count = 0;
    try {
      while (count < LONGEST) {
        if (stop.getAsBoolean()) {
          return Optional.empty();
        }
        if (in.available() == 0) {
          TimeUnit.MILLISECONDS.sleep(TURN_MILLIS);
          continue;
        }
        int one = in.read();
        if (one < 0 || one == '\n') {
          break;
        }
        bytes[count++] = (byte) one;
      }
      CharBuffer text = StandardCharsets.UTF_8.decode(ByteBuffer.wrap(bytes, 0, count));
      char[] answer = Arrays.copyOf(text.array(), text.limit());
      Arrays.fill(text.array(), '\0');
      return Optional.of(answer);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return Optional.empty();
    } finally {
      Arrays.fill(bytes, (byte) 0);
    }
  }

  /** Whether the terminal does so now. */
  private boolean echo(boolean on) {
    Path stty = Program.find("stty").orElse(null);
    if (stty == null) {
      return false;
    }
    try {
      return Program.of(stty, on ? "echo" : "-echo")
              .redirectInput(terminal.toFile())
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .redirectError(ProcessBuilder.Redirect.DISCARD)
              .start()
              .waitFor()
          == 0;
    } catch (IOException e) {
      return false; // the terminal is gone
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }
}
