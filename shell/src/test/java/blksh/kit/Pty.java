package blksh.kit;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;

/**
 * The prompt on a pseudo-terminal of its own, which {@code script} gives: what is written to it is
 * read as one stream, quicker than by the screens of a {@link Pane}.
 */
public final class Pty implements AutoCloseable {

  public static final String PROMPT = "blksh> ";

  /** The prompt of the shell of the system. */
  public static final String SHELL_PROMPT = "sh> ";

  private static final long QUIET_MILLIS = 60;
  private static final long BUSY_MILLIS = 1000;
  private static final long PATIENCE_SECONDS = 60;
  private static final String ESCAPES = "\033(?:\\[[0-9;?=>]*[A-Za-z]|[()][A-Z0-9]|[=>])";

  /** What stood there while something was waited for, and was taken away. */
  private static final String NOTICE = "compiling[^\r\n]*\r?\n\033\\[1F\033\\[J";

  private final Process process;
  private final StringBuilder read = new StringBuilder();
  private final Thread reader;

  private Pty(Process process) {
    this.process = process;
    this.reader = new Thread(this::read, "pty");
    reader.setDaemon(true);
    reader.start();
  }

  /** Starts ./blksh with a home, in a terminal of a size, and waits for its prompt. */
  public static Pty open(Path home, int columns, int rows) throws Exception {
    Pty pty = start(home, columns, rows, "exec " + Program.quoted());
    pty.await(seen -> seen.contains(PROMPT));
    return pty;
  }

  /** Starts the shell of the system in the checkout, in a terminal of a size. */
  public static Pty shell(Path home, int columns, int rows) throws Exception {
    String shell = "cd '" + Program.root() + "' && exec env PS1='" + SHELL_PROMPT + "' sh -i";
    Pty pty = start(home, columns, rows, shell);
    pty.await(seen -> seen.endsWith(SHELL_PROMPT));
    return pty;
  }

  private static Pty start(Path home, int columns, int rows, String program) throws Exception {
    String start = "stty rows " + rows + " cols " + columns + "; " + program;
    ProcessBuilder builder =
        Child.of(Tool.path("script"), "-qfec", start, "/dev/null").redirectErrorStream(true);
    builder.environment().put("BLKSH_HOME", home.toString());
    builder.environment().put("EDITOR", "true"); // leaves what it is given as it is
    builder.environment().put("BLKSH_NO_BUILD", "1");
    builder.environment().put("TERM", "xterm-256color");
    builder.environment().put("SHELL", "/bin/sh");
    return new Pty(builder.start());
  }

  /** The process in the terminal. */
  private ProcessHandle inside() {
    return process.children().findFirst().orElse(process.toHandle());
  }

  /** Sends it a signal. */
  public void signal(String name) throws Exception {
    Child.of("kill", "-" + name, Long.toString(inside().pid())).start().waitFor();
  }

  /** Gives the terminal another size. */
  public void resize(int columns, int rows) throws Exception {
    Path terminal = Files.readSymbolicLink(Path.of("/proc/" + inside().pid() + "/fd/0"));
    Child.of("stty", "-F", terminal.toString(), "rows", "" + rows, "cols", "" + columns)
        .start()
        .waitFor();
  }

  /** Whether it goes on. */
  public boolean lives() {
    return process.isAlive();
  }

  /** The same, when the compiler is there: from then on nothing is painted anew on Enter. */
  public static Pty warm(Path home, int columns, int rows) throws Exception {
    Pty pty = open(home, columns, rows);
    pty.type("val warm = 1\r");
    pty.await(seen -> seen.contains("\n" + PROMPT));
    return pty;
  }

  private void read() {
    byte[] bytes = new byte[8192];
    try (InputStream in = process.getInputStream()) {
      for (int count = in.read(bytes); count >= 0; count = in.read(bytes)) {
        synchronized (read) {
          read.append(new String(bytes, 0, count, UTF_8));
          read.notifyAll();
        }
      }
    } catch (IOException gone) {
      // the terminal was closed
    }
  }

  /** Types; what was read before is forgotten. */
  public void type(String text) throws IOException {
    synchronized (read) {
      read.setLength(0);
    }
    process.getOutputStream().write(text.getBytes(UTF_8));
    process.getOutputStream().flush();
  }

  /** What was written to the terminal since the last typing, without escape sequences. */
  public String seen() {
    synchronized (read) {
      return read.toString().replaceAll(NOTICE, "").replaceAll(ESCAPES, "").replace("\r", "");
    }
  }

  /** Waits a while for something; whether it came. */
  public boolean comes(Predicate<String> condition, long millis) throws InterruptedException {
    long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
    synchronized (read) {
      while (!condition.test(seen())) {
        long left = TimeUnit.NANOSECONDS.toMillis(end - System.nanoTime());
        if (left <= 0) {
          return false;
        }
        read.wait(Math.max(1, left));
      }
    }
    return true;
  }

  public String await(Predicate<String> condition) throws InterruptedException {
    boolean came = comes(condition, TimeUnit.SECONDS.toMillis(PATIENCE_SECONDS));
    assertThat(came).as("the terminal shows:\n" + seen()).isTrue();
    return seen();
  }

  /** Whether blksh ends by itself. */
  public boolean ends() throws InterruptedException {
    return process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS);
  }

  /** Types when nothing was written for a moment, so that what comes next answers it. */
  public void typeCalmly(String text) throws Exception {
    long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(BUSY_MILLIS);
    synchronized (read) {
      for (int length = -1; length != read.length() && System.nanoTime() < end; ) {
        length = read.length();
        read.wait(QUIET_MILLIS);
      }
    }
    type(text);
  }

  /**
   * Presses Ctrl-C at whatever instant it is, and waits until what comes of it is there: it stops
   * what runs, or ends the line that has been begun by then, for which there is another prompt; or
   * it came between the two and was nobody's.
   *
   * @return what was written after it
   */
  public String interrupt() throws Exception {
    boolean atPrompt = seen().endsWith("\n" + PROMPT);
    type("\003");
    String seen = await(it -> it.endsWith("\n" + PROMPT));
    if (!atPrompt && !seen.contains("interrupted")) {
      // The first may be that of the entry, which ended just then.
      comes(it -> it.length() > seen.length() && it.endsWith("\n" + PROMPT), BUSY_MILLIS);
    }
    return seen();
  }

  /** Pastes an entry of any number of lines, as terminals do, and presses Enter; its answer. */
  public String enter(String text) throws Exception {
    typeCalmly("\033[200~" + text + "\033[201~");
    String last = text.substring(text.lastIndexOf('\n') + 1).strip();
    await(seen -> seen.contains(last));
    typeCalmly("\r");
    String seen = await(answer -> answer.endsWith("\n" + PROMPT));
    return seen.substring(seen.indexOf('\n') + 1, seen.length() - PROMPT.length());
  }

  @Override
  public void close() throws IOException {
    if (!process.isAlive()) {
      return;
    }
    try {
      process.getOutputStream().write(new byte[] {3, 4, 4});
      process.getOutputStream().flush();
      if (!process.waitFor(10, TimeUnit.SECONDS)) {
        process.destroyForcibly();
      }
    } catch (InterruptedException stop) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
  }
}
