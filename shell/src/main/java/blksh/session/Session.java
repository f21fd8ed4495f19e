package blksh.session;

import blksh.BlkshException;
import blksh.store.Store;
import blksh.store.StoreOptions;
import blksh.task.Task;
import blksh.view.Json;
import blksh.view.View;
import blksh.workspace.Workspace;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * One script or one sitting at the prompt: its console, its options, its workspace, and what it
 * found.
 */
public final class Session implements AutoCloseable {

  private static final long JOB_PATIENCE_MILLIS = 10_000;

  private final Console console;
  private final Options options;
  private final List<String> words;
  private final List<String> findings = new CopyOnWriteArrayList<>();
  private final List<Background> jobs = new CopyOnWriteArrayList<>();
  private final List<Store> scratch = new ArrayList<>();
  private final List<AutoCloseable> held = new CopyOnWriteArrayList<>();
  private final Evaluation evaluation = new Evaluation();
  private final Settings settings;
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
    this.settings = Settings.of(options.home());
    console.use(settings);
  }

  /** What the person has set. */
  public Settings settings() {
    return settings;
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

  /** What its script is an evaluation of; stopping it stops the script, and no other. */
  public Evaluation evaluation() {
    return evaluation;
  }

  /** The workspace of the home directory, opened when it is first asked for. */
  public synchronized Workspace workspace() {
    if (workspace == null) {
      workspace = Workspace.open(options.home(), warning -> console.tell(warning.getMessage()));
      workspace.unlockWith(secrets());
    }
    return workspace;
  }

  /** What opens encrypted stores. */
  public StoreSecrets secrets() {
    return new StoreSecrets(options, System.getenv(), new Secret(console));
  }

  /** Does something with the workspace that may have to wait, which is shown. */
  public <T> T waiting(Function<Workspace, T> work) {
    Workspace within = workspace();
    showProgress(within);
    try {
      return work.apply(within);
    } catch (RuntimeException | Error failure) {
      CallSite.keep(failure);
      throw failure;
    }
  }

  /**
   * Carries out an operation: it shows progress, can be cancelled, is noted in the history, and
   * what it found counts for the exit status.
   */
  public <T> T run(String verb, String subject, Function<Task, T> operation) {
    Background background = Background.current();
    return waiting(
        within ->
            within.run(
                verb,
                subject,
                task -> {
                  if (background != null) {
                    background.adopt(task);
                  }
                  try {
                    return operation.apply(task);
                  } finally {
                    findings.addAll(task.findings());
                    task.notes().forEach(console::tell);
                  }
                }));
  }

  private synchronized void showProgress(Workspace within) {
    if (progress == null && !options.quiet() && settings.is(Settings.Name.PROGRESS)) {
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

  /**
   * Standard input, as data.
   *
   * @throws BlkshException when there is none
   */
  public InputStream dataIn() {
    if (console.inClosed()) {
      throw new BlkshException("read standard input", "it is closed")
          .suggest("say where the data comes from: | or <");
    }
    return System.in;
  }

  /**
   * Whether a program that the calling thread starts may read the keyboard. What runs in the
   * background may not: it would take keys from whoever types.
   */
  public boolean lendsKeyboard() {
    boolean prompt = console.screen() != null;
    boolean mine = prompt ? Evaluation.hasKeyboard() : Background.current() == null;
    return console.inTerminal() && mine && !console.isEditing();
  }

  /**
   * Standard output, for data: from now on results go to standard error.
   *
   * @throws BlkshException when there is none
   */
  public OutputStream dataOut() {
    if (console.outClosed()) {
      throw new BlkshException("write standard output", "it is closed")
          .suggest("say where the data goes: | or >");
    }
    dataOut = true;
    return new FileOutputStream(FileDescriptor.out);
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
      console.print(console.views().view(result), dataOut);
    }
  }

  /** The lines of a result at the prompt; the person may be long to read them. */
  public List<String> drawn(Object result) {
    return options.json()
        ? List.of(Json.object(result, List.of()))
        : console.lines(console.views().view(result));
  }

  /** Does something in the background. @param name what, in a few words, or empty */
  public Background background(String name, Supplier<?> work) {
    workspace();
    synchronized (jobs) {
      Background job = new Background(jobs.size() + 1, name, evaluation, work, this::ended);
      jobs.add(job);
      return job;
    }
  }

  /** The background work of this session, oldest first. */
  public List<Background> jobs() {
    return List.copyOf(jobs);
  }

  private void ended(Background job) {
    if (console.screen() != null) {
      String state = job.state().name().toLowerCase(Locale.ROOT);
      String message = job.message();
      console
          .err()
          .println("job " + job.id() + " " + state + (message.isEmpty() ? "" : ": " + message));
    }
  }

  /**
   * Waits for the background work of a script.
   *
   * @throws RuntimeException the first failure of it
   */
  public void awaitJobs() {
    jobs().forEach(Background::await);
  }

  /** Asks every running operation to stop, but those in the background. */
  public synchronized void cancel() {
    if (workspace != null) {
      for (Task task : workspace.tasks().running()) {
        if (jobs.stream().noneMatch(job -> job.owns(task))) {
          task.cancel();
        }
      }
    }
  }

  /** Asks every running operation to stop, and all background work. */
  public void cancelAll() {
    cancel();
    jobs.forEach(Background::cancel);
  }

  /**
   * A store that stands for one that does not exist yet, for a dry run; it is gone with the
   * session.
   */
  public Store scratchStore() {
    try {
      Path directory = Files.createTempDirectory("blksh-dry-run");
      Store store = Store.create(directory, StoreOptions.defaults());
      synchronized (scratch) {
        scratch.add(store);
      }
      return store;
    } catch (IOException failure) {
      throw new BlkshException("make a temporary store", failure.getMessage(), failure);
    }
  }

  /** Closes something when the session ends, unless it is let go of before. */
  public void hold(AutoCloseable thing) {
    held.add(thing);
  }

  /** Says that something was closed. */
  public void letGo(AutoCloseable thing) {
    held.remove(thing);
  }

  private void closeHeld() {
    for (AutoCloseable thing : held) {
      try {
        thing.close();
      } catch (Exception left) {
        console.tell(Failures.message(left));
      }
    }
  }

  private void dropScratch() {
    synchronized (scratch) {
      for (Store store : scratch) {
        store.close();
        try (Stream<Path> files = Files.walk(store.path())) {
          for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
            Files.delete(file);
          }
        } catch (IOException left) {
          console.tell("cannot remove " + store.path() + ": " + left.getMessage());
        }
      }
      scratch.clear();
    }
  }

  @Override
  public void close() {
    try {
      for (Background job : jobs) {
        job.end(JOB_PATIENCE_MILLIS);
      }
    } catch (InterruptedException hurry) {
      Thread.currentThread().interrupt();
    }
    closeHeld();
    dropScratch();
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
