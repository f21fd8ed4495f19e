package blksh.kit;

import static blksh.kit.Await.await;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.function.Predicate;

/** The prompt on a real terminal, which tmux gives: keys go in, screens come out. */
public final class Pane implements AutoCloseable {

  private final String socket = "blksh-" + UUID.randomUUID();

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
    return tmux("capture-pane", "-p", "-J").stripTrailing();
  }

  /** Where the cursor is: its column and its row, from 0. */
  public String cursor() throws Exception {
    return tmux("display-message", "-p", "#{cursor_x},#{cursor_y}").strip();
  }

  /** What it shows, with attributes as escape sequences. */
  public String attributes() throws Exception {
    return tmux("capture-pane", "-p", "-e").stripTrailing();
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
