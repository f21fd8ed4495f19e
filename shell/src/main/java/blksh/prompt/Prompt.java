package blksh.prompt;

import blksh.BlkshException;
import blksh.dsl.Arguments;
import blksh.dsl.Vocabulary;
import blksh.prompt.command.Commands;
import blksh.prompt.complete.Completions;
import blksh.prompt.complete.Foresight;
import blksh.prompt.line.Brackets;
import blksh.prompt.line.EntryHighlighter;
import blksh.prompt.line.EntryHistory;
import blksh.prompt.line.EntryParser;
import blksh.script.FastLane;
import blksh.script.Scope;
import blksh.script.ScriptRun;
import blksh.script.ScriptSource;
import blksh.script.Sitting;
import blksh.script.kotlin.Repl;
import blksh.script.kotlin.Tokens;
import blksh.session.Background;
import blksh.session.Console;
import blksh.session.Evaluation;
import blksh.session.ExitStatus;
import blksh.session.Failures;
import blksh.session.Screen;
import blksh.session.Session;
import blksh.view.Json;
import blksh.view.View;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jline.reader.EndOfFileException;
import org.jline.reader.LineReader;
import org.jline.reader.UserInterruptException;
import org.jline.terminal.Terminal;
import org.jline.terminal.TerminalBuilder;

/**
 * The prompt: reads entries, evaluates them, prints what they come to. The compiler is got ready
 * behind it. Without a terminal it reads statements instead, prints only their results, and ends at
 * the first that fails.
 */
public final class Prompt {

  private static final String PROMPT = "blksh> ";

  /** How many entries history keeps. */
  private static final int HISTORY = 10_000;

  private static final long BETWEEN_LESSONS_MILLIS = 3;

  /** How long the compiler waits at first, so that what is entered at once has the machine. */
  private static final long HEAD_START_MILLIS = 200;

  private final Console console;
  private final Session session;
  private final Vocabulary vocabulary;
  private final Commands commands;

  /** The compiler, once it is there. */
  private CompletableFuture<Repl> ready;

  /** Open when something waits for the compiler. */
  private final CountDownLatch wanted = new CountDownLatch(1);

  /** Whether the part of it is there that tells tokens apart. */
  private volatile boolean lexer;

  private final FastLane fastLane;
  private final Foresight foresight = new Foresight(this::scope);

  /** The terminal that is conversed at; null elsewhere. */
  private Terminal terminal;

  /** Whether Ctrl-C was pressed where nothing waited for it, since an entry was read. */
  private volatile boolean pressed;

  /** Whether the last entry was taken for complete before the compiler could say. */
  private boolean guessed;

  /** The init script while it runs, and where; null at other times. */
  private Evaluation initialising;

  private Thread initialiser;

  private Evaluator evaluator;
  private Drawing drawing = this::drawHere;

  private final List<Commands.Entry> entries = new ArrayList<>();
  private volatile Throwable lastFailure;

  /** What the person's own init script held, if it ended well. */
  private volatile String initial;

  /** Whether the person was just told that jobs are running. */
  private boolean warned;

  /** Findings that were told. */
  private int told;

  /** Whether results go unprinted. */
  private boolean silent;

  public Prompt(Console console, Session session) {
    this.console = console;
    this.session = session;
    this.vocabulary =
        new Vocabulary(session, new Arguments("", "", List.of(), (word, rest) -> false));
    this.commands = new Commands(session, new Here());
    this.fastLane = new FastLane(vocabulary);
  }

  public int run() throws IOException, InterruptedException {
    return converses() ? converse() : readStatements();
  }

  /** Whether it edits lines at a terminal, and takes care of Ctrl-C itself. */
  public boolean converses() {
    return console.inTerminal() && console.outTerminal() && !Console.dumb();
  }

  // Without a terminal.

  private int readStatements() throws IOException, InterruptedException {
    evaluator = this::evaluateHere;
    BufferedReader lines =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    StringBuilder entry = new StringBuilder();
    // A person at a dumb terminal goes on after an error; what comes through a pipe ends there.
    boolean person = console.inTerminal();
    int failed = ExitStatus.DONE;
    while (true) {
      String line = lines.readLine();
      if (line != null) {
        entry.append(entry.isEmpty() ? "" : "\n").append(line);
      }
      String text = entry.toString();
      if (line != null && !Commands.isCommand(text) && !reads(text)) {
        continue;
      }
      entry.setLength(0);
      if (Commands.isCommand(text)) {
        switch (commands.obey(text)) {
          case LEAVE -> {
            return status(failed);
          }
          case FAILED -> failed = ExitStatus.FAILED;
          case DONE -> {}
        }
      } else if (!text.isBlank() && !evaluateHere(text)) {
        failed =
            lastFailure != null && Failures.interrupted(lastFailure)
                ? ExitStatus.INTERRUPTED
                : ExitStatus.FAILED;
      }
      if (line == null || failed != ExitStatus.DONE && !person) {
        return status(failed);
      }
    }
  }

  private int status(int failed) {
    if (failed != ExitStatus.DONE) {
      return failed;
    }
    return session.findings().isEmpty() ? ExitStatus.DONE : ExitStatus.FINDINGS;
  }

  private boolean evaluateHere(String text) throws InterruptedException {
    return evaluate(text, entry -> entry.apply(ScriptRun.evaluation));
  }

  // At a terminal.

  private int converse() throws IOException, InterruptedException {
    try (Terminal terminal =
        TerminalBuilder.builder().name("blksh").system(true).nativeSignals(true).build()) {
      return converse(terminal);
    }
  }

  /** Converses at a terminal until its end or a command to leave. */
  public int converse(Terminal terminal) throws IOException {
    this.terminal = terminal;
    // Where nothing else waits for Ctrl-C it must not end the process.
    Terminal.SignalHandler before = terminal.handle(Terminal.Signal.INT, signal -> pressed = true);
    try {
      return converseSafely();
    } finally {
      terminal.handle(Terminal.Signal.INT, before);
    }
  }

  private int converseSafely() throws IOException {
    ready = new CompletableFuture<>();
    Screen screen = new Screen(terminal, reader(terminal));
    screen.apply(session.settings());
    console.attach(screen);
    evaluator =
        text -> {
          try (Running running = new Running(session, terminal)) {
            if (pressed) {
              throw new InterruptedException();
            }
            return evaluate(text, running::run);
          }
        };
    drawing =
        view -> {
          try (Running running = new Running(session, terminal)) {
            return show(running::run, () -> console.lines(view.get()));
          }
        };
    Thread.setDefaultUncaughtExceptionHandler(this::died);
    inBackground(this::warmRepl);
    String begun = "";
    while (true) {
      String text;
      try {
        console.makeWay();
        pressed = false;
        text = screen.read(PROMPT, begun);
      } catch (UserInterruptException cleared) {
        begun = "";
        continue;
      } catch (EndOfFileException leaving) {
        begun = "";
        if (mayLeave()) {
          return ExitStatus.DONE;
        }
        continue;
      }
      begun = "";
      try {
        if (Commands.isCommand(text)) {
          boolean leaving = commands.obey(text) == Commands.Ending.LEAVE;
          if (leaving && mayLeave()) {
            return ExitStatus.DONE;
          }
          warned &= leaving;
        } else if (!text.isBlank()) {
          warned = false;
          if (onlyBegun(text)) {
            begun = text + "\n";
            continue;
          }
          evaluator.evaluate(text);
          foresight.clear();
        }
      } catch (InterruptedException pressed) {
        console.err().println("blksh: interrupted");
      }
    }
  }

  /** Whether an entry that was taken for complete goes on after all. */
  private boolean onlyBegun(String text) throws InterruptedException {
    if (!guessed) {
      return false;
    }
    awaited();
    return !reads(text) && !Brackets.of(text).broken();
  }

  /** Whether nothing runs in the background that leaving would end, or the person insists. */
  private boolean mayLeave() {
    long running =
        session.jobs().stream().filter(job -> job.state() == Background.State.RUNNING).count();
    if (running == 0 || warned) {
      return true;
    }
    warned = true;
    String jobs = running == 1 ? "a job is running" : running + " jobs are running";
    console.err().println("blksh: " + jobs + "; leave again to cancel, :jobs lists");
    return false;
  }

  /** A thread that an entry has started ended by a failure. */
  private void died(Thread thread, Throwable failure) {
    if (!Failures.interrupted(failure)) {
      lastFailure = failure;
      console.err().println("blksh: thread " + thread.getName() + ": " + Failures.message(failure));
    }
  }

  private static void inBackground(Runnable work) {
    Thread thread = new Thread(work, "blksh compiler");
    thread.setDaemon(true);
    thread.start();
  }

  /** Enters what the person's own init script holds, before anything else is. */
  private void initialise(Repl repl) {
    Path script = session.options().home().resolve("init.kts");
    if (!Files.exists(script)) {
      return;
    }
    Evaluation evaluation = new Evaluation();
    synchronized (this) {
      initialising = evaluation;
      initialiser = Thread.currentThread();
    }
    try {
      String text = Files.readString(script);
      Repl.Outcome outcome;
      Repl.Compilation compilation = compiled(repl, text);
      if (compilation instanceof Repl.Compilation.Done done) {
        outcome = repl.run(done.getEntry(), evaluation);
        repl.settle(done.getEntry(), outcome instanceof Repl.Outcome.Value);
      } else {
        outcome = ((Repl.Compilation.Failed) compilation).getOutcome();
      }
      if (outcome instanceof Repl.Outcome.Value) {
        initial = text;
      } else {
        tellFailure(outcome);
        console.err().println("blksh: that was " + script);
      }
    } catch (IOException unreadable) {
      console.err().println("blksh: cannot read " + script + ": " + unreadable.getMessage());
    } finally {
      synchronized (this) {
        initialising = null;
        Thread.interrupted();
      }
    }
  }

  /** Stops the init script if it runs: an entry waited for it and was interrupted. */
  private synchronized void stopInitialising() {
    if (initialising != null) {
      initialising.stop();
      initialiser.interrupt();
    }
  }

  private void warmRepl() {
    try {
      Tokens.of("val a");
      lexer = true;
      // What the first TAB and the first entry will want.
      vocabulary.getStores();
      wanted.await(HEAD_START_MILLIS, TimeUnit.MILLISECONDS);
      Repl repl = new Repl(vocabulary, true);
      repl.warmUp();
      initialise(repl);
      ready.complete(repl);
      while (repl.learn()) {
        Thread.sleep(BETWEEN_LESSONS_MILLIS);
      }
      // What was seen before it knew everything may lack something.
      foresight.clear();
    } catch (Throwable broken) {
      ready.completeExceptionally(broken);
    }
  }

  private LineReader reader(Terminal terminal) throws IOException {
    Path home = session.options().home();
    Files.createDirectories(home);
    Completions completions =
        new Completions(vocabulary, fastLane, this::variable, foresight, this::importable);
    EntryHistory history = new EntryHistory(home.resolve("history"), HISTORY);
    if (history.problem() != null) {
      console.err().println("blksh: cannot read the history: " + history.problem());
    }
    Path inputRc = Path.of(System.getProperty("user.home"), ".inputrc");
    return new EntryReader(
        terminal,
        Map.of(LineReader.INPUT_RC_FILE_NAME, inputRc.toString()),
        new EntryParser(this::reads),
        completions,
        foresight,
        commands,
        new EntryHighlighter(console.colour(), () -> lexer),
        history);
  }

  // Both.

  /** Runs a part of an entry to its end; null when it was given up. */
  private interface Runner {
    public Repl.Outcome run(Function<Evaluation, Repl.Outcome> part) throws InterruptedException;
  }

  private boolean evaluate(String text, Runner runner) throws InterruptedException {
    FastLane.Plain plain = plain(text);
    if (plain != null) {
      Repl.Outcome outcome = runner.run(evaluation -> part(text, evaluation, plain.step()::value));
      return tell(text, plain, null, outcome, runner);
    }
    Repl repl = awaited();
    Repl.Compilation compilation = compiled(repl, text);
    if (compilation instanceof Repl.Compilation.Failed failed) {
      return tell(text, null, null, failed.getOutcome(), runner);
    }
    Repl.Entry entry = ((Repl.Compilation.Done) compilation).getEntry();
    Repl.Outcome outcome = runner.run(evaluation -> repl.run(entry, evaluation));
    repl.settle(entry, outcome instanceof Repl.Outcome.Value);
    return tell(text, null, entry.getResult(), outcome, runner);
  }

  /** Compiles an entry; one too deep for that is refused like any other. */
  private static Repl.Compilation compiled(Repl repl, String text) {
    try {
      return repl.compile(text);
    } catch (StackOverflowError | OutOfMemoryError excess) {
      return new Repl.Compilation.Failed(
          new Repl.Outcome.Threw(excess, new ScriptSource("<prompt>", text), 0));
    }
  }

  private FastLane.Plain plain(String text) {
    try {
      return fastLane.read(text);
    } catch (StackOverflowError excess) {
      return null;
    }
  }

  private static Repl.Outcome part(String text, Evaluation evaluation, Evaluation.Part<?> part) {
    try {
      return new Repl.Outcome.Value(evaluation.call(part));
    } catch (Throwable failure) {
      return new Repl.Outcome.Threw(failure, new ScriptSource("<prompt>", text), 1);
    }
  }

  /** The compiler; without a terminal it is got ready when it is first needed. */
  private Repl repl() throws InterruptedException {
    wanted.countDown();
    if (ready == null) {
      ready = CompletableFuture.completedFuture(new Repl(vocabulary, false));
    }
    try {
      return ready.get();
    } catch (ExecutionException broken) {
      throw new IllegalStateException("the Kotlin compiler did not start", broken.getCause());
    }
  }

  /**
   * The compiler, waited for as Ctrl-C allows.
   *
   * @throws InterruptedException when that was pressed
   */
  private Repl awaited() throws InterruptedException {
    if (terminal == null || ready.isDone()) {
      return repl();
    }
    try (Running running = new Running(session, terminal)) {
      Repl.Outcome outcome = running.run(evaluation -> part("", evaluation, this::repl));
      if (outcome instanceof Repl.Outcome.Value value) {
        return (Repl) value.getValue();
      }
      if (outcome instanceof Repl.Outcome.Threw threw
          && threw.getFailure() instanceof IllegalStateException broken) {
        throw broken;
      }
    }
    stopInitialising();
    throw new InterruptedException();
  }

  /** The compiler if it is there: what must not wait does without. */
  private Repl present() {
    boolean present = ready != null && ready.isDone() && !ready.isCompletedExceptionally();
    return present ? ready.join() : null;
  }

  private Object variable(String name) {
    Repl repl = present();
    return repl == null ? null : repl.variable(name);
  }

  /** What the compiler sees at the end of a text; null when it is not there yet. */
  private Scope scope(String before) {
    Repl repl = present();
    return repl == null ? null : repl.scope(before);
  }

  private List<String> importable(String packageName) {
    Repl repl = present();
    return repl == null ? List.of() : repl.importable(packageName);
  }

  /**
   * Whether a text can be handed over, as opposed to being the beginning of something. Asked within
   * the line editor, which must not wait for the compiler: what the init script prints waits for
   * the line editor.
   */
  private boolean reads(String text) {
    guessed = false;
    if (text.isBlank() || plain(text) != null) {
      return true;
    }
    try {
      Repl repl = terminal == null ? repl() : present();
      if (repl == null) {
        wanted.countDown();
        guessed = true;
        return true;
      }
      return !(repl.read(text) instanceof Repl.Reading.Incomplete);
    } catch (StackOverflowError | OutOfMemoryError excess) {
      // Whoever compiles it says so.
      return true;
    } catch (InterruptedException hurry) {
      Thread.currentThread().interrupt();
      return true;
    }
  }

  /** What the commands see. */
  private final class Here implements Commands.Sitting {

    @Override
    public boolean hasResult() {
      return Sitting.getLast() != null;
    }

    @Override
    public Object last() {
      return Sitting.getLast() == null ? null : Sitting.getLast().getValue();
    }

    @Override
    public boolean show(Supplier<View> view) throws InterruptedException {
      return drawing.show(view);
    }

    @Override
    public Throwable lastFailure() {
      return lastFailure;
    }

    @Override
    public List<Commands.Entry> entries() {
      return List.copyOf(entries);
    }

    @Override
    public Repl.Saved saved() throws InterruptedException {
      Repl.Saved saved = saved(entries);
      if (saved.getProblems().isEmpty() || initial == null) {
        return saved;
      }
      // What the init script declares is not there when a script runs.
      List<Commands.Entry> all = new ArrayList<>(List.of(new Commands.Entry(initial, null)));
      all.addAll(entries);
      Repl.Saved withIt = saved(all);
      return withIt.getProblems().isEmpty() ? withIt : saved;
    }

    private Repl.Saved saved(List<Commands.Entry> all) throws InterruptedException {
      return awaited()
          .saved(
              all.stream().map(Commands.Entry::text).toList(),
              all.stream().map(Commands.Entry::result).toList());
    }

    @Override
    public Object variable(String name) {
      return Prompt.this.variable(name);
    }

    @Override
    public boolean evaluate(String text, boolean print) throws InterruptedException {
      silent = !print;
      // It was the command's, or its editor's.
      pressed = false;
      try {
        return evaluator.evaluate(text);
      } finally {
        silent = false;
      }
    }

    @Override
    public String typeOf(String expression) throws InterruptedException {
      return awaited().typeOf(expression);
    }

    @Override
    public String ask(String prompt) {
      if (console.screen() == null) {
        return null;
      }
      try {
        return console.screen().ask(prompt);
      } catch (UserInterruptException | EndOfFileException enough) {
        return null;
      }
    }
  }

  /** Draws what is asked for and shows it; false when that failed. */
  private interface Drawing {
    boolean show(Supplier<View> view) throws InterruptedException;
  }

  private boolean drawHere(Supplier<View> view) {
    console.present(view.get(), false);
    return true;
  }

  /** Evaluates an entry and prints what came of it; false when it failed. */
  private interface Evaluator {
    boolean evaluate(String text) throws InterruptedException;
  }

  /**
   * Prints what came of an entry; false when it failed.
   *
   * @param plain the entry when it was a plain path, else null
   * @param name what the compiler knows its result by, if it was compiled
   * @param outcome null when it was given up
   */
  private boolean tell(
      String text, FastLane.Plain plain, String name, Repl.Outcome outcome, Runner runner)
      throws InterruptedException {
    boolean well = outcome instanceof Repl.Outcome.Value;
    if (well) {
      Object result = ((Repl.Outcome.Value) outcome).getValue();
      int results = Sitting.getCount();
      if (result != kotlin.Unit.INSTANCE) {
        if (name != null) {
          Sitting.add(result, name);
        } else if (plain != null) {
          Sitting.add(result, plain.text(), plain.type(), plain.nullable());
        }
      }
      boolean named = Sitting.getCount() > results;
      entries.add(new Commands.Entry(text, named ? Sitting.getLast().getName() : null));
      if (result != kotlin.Unit.INSTANCE && !silent) {
        well = show(result, runner);
      }
    } else {
      tellFailure(outcome);
    }
    tellFindings();
    return well;
  }

  private boolean show(Object result, Runner runner) throws InterruptedException {
    Object shown = result == null ? new View.Text("null") : result;
    if (console.screen() != null) {
      return show(runner, () -> session.drawn(shown));
    }
    return shown(
        runner.run(
            evaluation ->
                part(
                    "",
                    evaluation,
                    () -> {
                      session.finish(shown);
                      return null;
                    })));
  }

  /**
   * Draws and shows something at the prompt; false when that failed. Drawing runs like an entry: a
   * result may take its time to say what it is, may throw, or may refer to itself.
   */
  private boolean show(Runner runner, Supplier<List<String>> lines) throws InterruptedException {
    Repl.Outcome drawn = runner.run(evaluation -> part("", evaluation, lines::get));
    if (drawn instanceof Repl.Outcome.Value value) {
      @SuppressWarnings("unchecked")
      List<String> all = (List<String>) value.getValue();
      console.present(all);
    }
    return shown(drawn);
  }

  private boolean shown(Repl.Outcome drawn) {
    if (drawn instanceof Repl.Outcome.Threw threw && console.lostStatus() == 0) {
      lastFailure = threw.getFailure();
      String message = Failures.message(lastFailure);
      boolean interrupted = Failures.interrupted(lastFailure);
      console.err().println("blksh: " + (interrupted ? "" : "cannot print the result: ") + message);
    } else if (drawn == null) {
      tellFailure(null);
    }
    return drawn instanceof Repl.Outcome.Value;
  }

  /** Says what was found since the last time. */
  private void tellFindings() {
    List<String> findings = session.findings();
    findings.subList(told, findings.size()).forEach(it -> console.err().println("blksh: " + it));
    told = findings.size();
  }

  /**
   * Says why an entry came to nothing.
   *
   * @param outcome null when it was given up
   */
  private void tellFailure(Repl.Outcome outcome) {
    if (outcome == null) {
      console.err().println("blksh: given up; it may still be running");
      return;
    }
    if (console.lostStatus() != 0) {
      return;
    }
    if (outcome instanceof Repl.Outcome.Refused refused) {
      lastFailure = null;
      refused.getProblems().stream()
          .filter(problem -> problem.getError())
          .forEach(problem -> console.err().println(problem.render(refused.getSource())));
      if (session.options().json()) {
        String message = refused.getProblems().get(0).getMessage();
        console.out().println(Json.error("Compilation", message));
      }
      return;
    }
    Repl.Outcome.Threw threw = (Repl.Outcome.Threw) outcome;
    lastFailure = threw.getFailure();
    String place = "";
    if (!(lastFailure instanceof BlkshException) && threw.getSource().getText().contains("\n")) {
      String line = threw.getSource().line(threw.getLine());
      place = line == null ? "" : "\n  at line " + threw.getLine() + ": " + line.strip();
    }
    console.err().println("blksh: " + Failures.message(lastFailure) + place);
    if (session.options().json()) {
      String kind = Failures.kind(lastFailure);
      console.out().println(Json.error(kind, Failures.message(lastFailure)));
    }
  }
}
