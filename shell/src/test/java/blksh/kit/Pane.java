package blksh.kit;

import static blksh.kit.Await.await;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.function.Predicate;

/** The prompt on a real terminal, which tmux gives: keys go in, screens come out. */
public final class Pane implements AutoCloseable {

  private final String socket = "blksh-" + UUID.randomUUID();

  /**
   * A client of tmux that answers what is asked again and again: starting one for each look would
   * take a good part of the machine that the prompt is waited for on. Null before the first look.
   */
  private Process control;

  /** What it says. */
  private InputStream lines;

  /** Starts ./blksh with a home, in a terminal of a size, and waits for its prompt. */
  public static Pane open(Path home, int columns, int rows, String... variables) throws Exception {
    Tool.named("tmux");
    Pane pane = new Pane();
    List<String> words = new ArrayList<>(List.of("-f", "/dev/null", "new-session", "-d"));
    words.addAll(List.of("-x", "" + columns, "-y", "" + rows, "env", "BLKSH_NO_BUILD=1"));
    words.add("BLKSH_HOME=" + home);
    words.addAll(List.of(variables));
    words.add(Program.launcher().toString());
    pane.tmux(words.toArray(String[]::new));
    pane.await(screen -> screen.endsWith("blksh>"));
    return pane;
  }

  private String tmux(String... words) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of("tmux", "-L", socket));
    command.addAll(List.of(words));
    Process process = Child.of(command).redirectErrorStream(true).start();
    String out = new String(process.getInputStream().readAllBytes(), UTF_8);
    process.waitFor();
    return out;
  }

  /** What a command of plain words prints; also when the terminal has been closed by then. */
  private String ask(String... words) throws IOException, InterruptedException {
    try {
      if (control == null) {
        control =
            Child.of("tmux", "-L", socket, "-C", "attach-session", "-f", "ignore-size,no-output")
                .redirectError(Redirect.DISCARD)
                .start();
        lines = new BufferedInputStream(control.getInputStream());
        answer(); // of the attaching
      }
      control.getOutputStream().write((String.join(" ", words) + "\n").getBytes(UTF_8));
      control.getOutputStream().flush();
      return answer();
    } catch (IOException closed) {
      return tmux(words);
    }
  }

  /** Reads the block of lines that answers a command. */
  private String answer() throws IOException {
    StringBuilder answer = new StringBuilder();
    String end = null;
    while (true) {
      String line = line();
      if (end == null && line.startsWith("%begin ")) {
        end = line.substring("%begin ".length());
      } else if (line.equals("%end " + end) || line.equals("%error " + end)) {
        return answer.toString();
      } else if (end != null) {
        answer.append(line).append('\n');
      }
    }
  }

  private String line() throws IOException {
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    for (int next = lines.read(); next != '\n'; next = lines.read()) {
      if (next < 0) {
        throw new EOFException("tmux has ended");
      }
      line.write(next);
    }
    return line.toString(UTF_8);
  }

  public void type(String text) throws Exception {
    tmux("send-keys", "-l", text);
  }

  public void press(String... keys) throws Exception {
    List<String> words = new ArrayList<>(List.of("send-keys"));
    words.addAll(List.of(keys));
    tmux(words.toArray(String[]::new));
  }

  public void enter(String text) throws Exception {
    type(text);
    press("Enter");
  }

  public void resize(int columns, int rows) throws Exception {
    tmux("resize-window", "-x", "" + columns, "-y", "" + rows);
  }

  /** What the terminal shows, without attributes. */
  public String screen() throws Exception {
    return ask("capture-pane", "-p", "-J").stripTrailing();
  }

  /** Where the cursor is: its column and its row, from 0. */
  public String cursor() throws Exception {
    return tmux("display-message", "-p", "#{cursor_x},#{cursor_y}").strip();
  }

  /** What it shows, with attributes as escape sequences. */
  public String attributes() throws Exception {
    return ask("capture-pane", "-p", "-e").stripTrailing();
  }

  public String await(Predicate<String> condition) throws Exception {
    return Await.await(this::screen, condition);
  }

  /** Enters a text and waits for the prompt to come back below its answer. */
  public String ask(String text, String answer) throws Exception {
    enter(text);
    return await(screen -> screen.endsWith("\nblksh>") && screen.contains(answer));
  }

  @Override
  public void close() throws IOException {
    try {
      tmux("kill-server");
    } catch (InterruptedException stop) {
      Thread.currentThread().interrupt();
    }
  }
}
