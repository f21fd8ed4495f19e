package blksh.shell;

import blksh.shell.view.Json;
import blksh.shell.view.View;
import blksh.shell.view.Views;
import blksh.task.Task;
import blksh.workspace.Workspace;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Function;

/**
 * One script or one sitting at the prompt: its console, its options, its workspace, and what it
 * found.
 */
public final class Session implements AutoCloseable {

  private final Console console;
  private final Options options;
  private final List<String> words;
  private final List<String> findings = new CopyOnWriteArrayList<>();
  private Workspace workspace;
  private Progress progress;
  private Object lastShown;
  private volatile boolean dataOut;

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

  /** The workspace of the home directory, opened when it is first asked for. */
  public synchronized Workspace workspace() {
    if (workspace == null) {
      workspace =
          Workspace.open(
              options.home(), warning -> console.err().println("blksh: " + warning.getMessage()));
    }
    return workspace;
  }

  /**
   * Carries out an operation: it shows progress, can be cancelled, is noted in the history, and
   * what it found counts for the exit status.
   */
  public <T> T run(String verb, String subject, Function<Task, T> operation) {
    Workspace within = workspace();
    showProgress(within);
    return within.run(
        verb,
        subject,
        task -> {
          try {
            return operation.apply(task);
          } finally {
            findings.addAll(task.findings());
          }
        });
  }

  private synchronized void showProgress(Workspace within) {
    if (progress == null && !options.quiet()) {
      progress = new Progress(console, within.tasks()::running);
    }
  }

  /** What was found and survived so far, a sentence each. */
  public List<String> findings() {
    return List.copyOf(findings);
  }

  /** Notes a finding; the exit status becomes 3. */
  public void finding(String sentence) {
    findings.add(sentence);
  }

  /** Says that standard output carries data: from now on results go to standard error. */
  public void dataOut() {
    dataOut = true;
  }

  /** Prints a view, unless standard output belongs to JSON. */
  public void show(View view, Object result) {
    lastShown = result;
    if (!options.json()) {
      console.print(view, dataOut);
    }
  }

  /** Prints what a script came to: its view, or under {@code --json} the one object. */
  public void finish(Object result) {
    if (options.json()) {
      Object last = result == null ? lastShown : result;
      (dataOut ? console.err() : console.out()).println(Json.object(last, findings));
    } else if (result != null) {
      console.print(Views.of(result), dataOut);
    }
  }

  /** Asks every running operation to stop. */
  public synchronized void cancel() {
    if (workspace != null) {
      workspace.tasks().cancelAll();
    }
  }

  @Override
  public void close() {
    Progress shown;
    Workspace opened;
    synchronized (this) {
      shown = progress;
      opened = workspace;
      progress = null;
    }
    if (shown != null) {
      shown.close();
    }
    if (opened != null) {
      opened.close();
    }
  }
}
