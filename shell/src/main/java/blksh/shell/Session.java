package blksh.shell;

import blksh.shell.view.Json;
import blksh.shell.view.View;
import blksh.shell.view.Views;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** One script or one sitting at the prompt: its console, its options, what it found. */
public final class Session implements AutoCloseable {

  private final Console console;
  private final Options options;
  private final List<String> words;
  private final List<String> findings = new CopyOnWriteArrayList<>();
  private Object lastShown;

  /**
   * @param words the arguments of the script
   */
  public Session(Console console, Options options, List<String> words) {
    this.console = console;
    this.options = options;
    this.words = List.copyOf(words);
  }

  public Console console() {
    return console;
  }

  public Options options() {
    return options;
  }

  public List<String> words() {
    return words;
  }

  /** What was found and survived so far, a sentence each. */
  public List<String> findings() {
    return List.copyOf(findings);
  }

  /** Notes a finding; the exit status becomes 3. */
  public void finding(String sentence) {
    findings.add(sentence);
  }

  /** Prints a view, unless standard output belongs to JSON. */
  public void show(View view, Object result) {
    lastShown = result;
    if (!options.json()) {
      console.print(view);
    }
  }

  /** Prints what a script came to: its view, or under {@code --json} the one object. */
  public void finish(Object result) {
    if (options.json()) {
      console.out().println(Json.object(result == null ? lastShown : result, findings));
    } else if (result != null) {
      console.print(Views.of(result));
    }
  }

  /** Asks every running operation to stop. */
  public void cancel() {}

  /** Whether no operation runs. */
  public boolean idle() {
    return true;
  }

  @Override
  public void close() {}
}
