package blksh.shell;

import blksh.BlkshException;
import blksh.dsl.Arguments;
import blksh.dsl.Vocabulary;
import blksh.script.Repl;
import blksh.script.ScriptRun;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import org.jline.reader.EndOfFileException;
import org.jline.reader.LineReader;
import org.jline.reader.LineReaderBuilder;
import org.jline.reader.UserInterruptException;
import org.jline.terminal.Terminal;
import org.jline.terminal.TerminalBuilder;

/**
 * The prompt: reads entries, evaluates them, prints what they come to. The compiler is got ready
 * behind it. Without a terminal it reads statements instead, prints only their results, and ends at
 * the first that fails.
 */
final class Prompt {

  private static final String PROMPT = "blksh> ";

  private final Console console;
  private final Session session;
  private final Vocabulary vocabulary;
  private final Commands commands;

  /** The compiler, once it is there. */
  private CompletableFuture<Repl> ready;

  private Evaluator evaluator;

  /** Reads lines at the terminal; null without one. */
  private LineReader asker;

  private final List<String> entries = new ArrayList<>();
  private Object last;
  private Throwable lastFailure;

  Prompt(Console console, Session session) {
    this.console = console;
    this.session = session;
    this.vocabulary =
        new Vocabulary(session, new Arguments("", "", List.of(), (word, rest) -> false));
    this.commands = new Commands(session, new Here());
  }

  int run() throws IOException, InterruptedException {
    return console.inTerminal() && console.outTerminal() && !Console.dumb()
        ? converse()
        : readStatements();
  }

  // Without a terminal.

  private int readStatements() throws IOException, InterruptedException {
    Repl repl = new Repl(vocabulary);
    evaluator = text -> evaluateHere(repl, text);
    ready = CompletableFuture.completedFuture(repl);
    BufferedReader lines =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    StringBuilder entry = new StringBuilder();
    while (true) {
      String line = lines.readLine();
      if (line != null) {
        entry.append(entry.isEmpty() ? "" : "\n").append(line);
      }
      String text = entry.toString();
      boolean waits =
          !Commands.isCommand(text) && repl.read(text) instanceof Repl.Reading.Incomplete;
      if (line != null && waits) {
        continue;
      }
      entry.setLength(0);
      if (Commands.isCommand(text)) {
        switch (commands.obey(text)) {
          case LEAVE -> {
            return status();
          }
          case FAILED -> {
            return ExitStatus.FAILED;
          }
          case DONE -> {}
        }
      } else if (!text.isBlank() && !evaluateHere(repl, text)) {
        return lastFailure != null && Failures.interrupted(lastFailure)
            ? ExitStatus.INTERRUPTED
            : ExitStatus.FAILED;
      }
      if (line == null) {
        return status();
      }
    }
  }

  private int status() {
    return session.findings().isEmpty() ? ExitStatus.DONE : ExitStatus.FINDINGS;
  }

  private boolean evaluateHere(Repl repl, String text) {
    Repl.Compilation compilation = repl.compile(text);
    if (compilation instanceof Repl.Compilation.Failed failed) {
      return print(text, failed.getOutcome());
    }
    Repl.Entry entry = ((Repl.Compilation.Done) compilation).getEntry();
    Repl.Outcome outcome = repl.run(entry, ScriptRun.evaluation);
    repl.settle(entry, outcome instanceof Repl.Outcome.Value);
    return print(text, outcome);
  }

  // At a terminal.

  private int converse() throws IOException, InterruptedException {
    ready = CompletableFuture.supplyAsync(this::warmRepl, Prompt::inBackground);
    CompletableFuture<Repl> repl = ready;
    try (Terminal terminal =
        TerminalBuilder.builder().name("blksh").system(true).nativeSignals(true).build()) {
      LineReader reader = reader(terminal, repl);
      asker = reader;
      Screen screen = new Screen(terminal, reader, PROMPT);
      screen.apply(session.settings());
      console.attach(screen);
      evaluator = text -> evaluate(terminal, await(repl), text);
      while (true) {
        String text;
        try {
          console.makeWay();
          text = reader.readLine(PROMPT);
        } catch (UserInterruptException cleared) {
          continue;
        } catch (EndOfFileException leaving) {
          return ExitStatus.DONE;
        }
        if (Commands.isCommand(text)) {
          if (commands.obey(text) == Commands.Ending.LEAVE) {
            return ExitStatus.DONE;
          }
        } else if (!text.isBlank()) {
          evaluator.evaluate(text);
        }
      }
    }
  }

  private static void inBackground(Runnable work) {
    Thread thread = new Thread(work, "blksh compiler");
    thread.setDaemon(true);
    thread.start();
  }

  private Repl warmRepl() {
    Repl repl = new Repl(vocabulary);
    repl.warmUp();
    initialise(repl);
    return repl;
  }

  /** Enters what the person's own init script holds, before anything else is. */
  private void initialise(Repl repl) {
    Path script = session.options().home().resolve("init.kts");
    if (!Files.exists(script)) {
      return;
    }
    try {
      String text = Files.readString(script);
      if (!text.isBlank() && !evaluateHere(repl, text)) {
        console.err().println("blksh: that was " + script);
      }
      entries.clear();
    } catch (IOException unreadable) {
      console.err().println("blksh: cannot read " + script + ": " + unreadable.getMessage());
    }
  }

  private static Repl await(Future<Repl> repl) throws InterruptedException {
    try {
      return repl.get();
    } catch (ExecutionException broken) {
      throw new IllegalStateException("the Kotlin compiler did not start", broken.getCause());
    }
  }

  private LineReader reader(Terminal terminal, Future<Repl> repl) throws IOException {
    Path home = session.options().home();
    Files.createDirectories(home);
    LineReader reader =
        LineReaderBuilder.builder()
            .terminal(terminal)
            .appName("blksh")
            .parser(new EntryParser(text -> reads(repl, text)))
            .completer(new LiveCompleter(vocabulary, repl, commands))
            .variable(LineReader.HISTORY_FILE, home.resolve("history"))
            .variable(LineReader.HISTORY_SIZE, 10_000)
            .variable(LineReader.SECONDARY_PROMPT_PATTERN, "%P.... > ")
            .option(LineReader.Option.DISABLE_EVENT_EXPANSION, true)
            .option(LineReader.Option.HISTORY_IGNORE_DUPS, true)
            .option(LineReader.Option.CASE_INSENSITIVE, true)
            .build();
    return reader;
  }

  /** Whether a text can be handed over, as far as the reader can tell. */
  private static boolean reads(Future<Repl> repl, String text) {
    try {
      return !(await(repl).read(text) instanceof Repl.Reading.Incomplete);
    } catch (InterruptedException hurry) {
      Thread.currentThread().interrupt();
      return true;
    }
  }

  private boolean evaluate(Terminal terminal, Repl repl, String text) throws InterruptedException {
    Running running = new Running(session, terminal);
    try {
      Repl.Compilation compilation = repl.compile(text);
      if (compilation instanceof Repl.Compilation.Failed failed) {
        return print(text, failed.getOutcome());
      }
      Repl.Entry entry = ((Repl.Compilation.Done) compilation).getEntry();
      Repl.Outcome outcome = running.run(evaluation -> repl.run(entry, evaluation));
      repl.settle(entry, outcome instanceof Repl.Outcome.Value);
      if (outcome == null) {
        console.err().println("blksh: given up; it may still be running");
        return false;
      }
      return print(text, outcome);
    } finally {
      running.close();
    }
  }

  // Both.

  /** What the commands see. */
  private final class Here implements Commands.Sitting {

    @Override
    public Object last() {
      return last;
    }

    @Override
    public Throwable lastFailure() {
      return lastFailure;
    }

    @Override
    public List<String> entries() {
      return List.copyOf(entries);
    }

    @Override
    public Object variable(String name) {
      return ready.isDone() ? ready.join().variable(name) : null;
    }

    @Override
    public boolean evaluate(String text) throws InterruptedException {
      return evaluator.evaluate(text);
    }

    @Override
    public String typeOf(String expression) throws InterruptedException {
      return await(ready).typeOf(expression);
    }

    @Override
    public String ask(String prompt) {
      if (asker == null) {
        return null;
      }
      try {
        return asker.readLine(prompt);
      } catch (UserInterruptException | EndOfFileException enough) {
        return null;
      }
    }
  }

  /** Evaluates an entry and prints what came of it; false when it failed. */
  private interface Evaluator {
    boolean evaluate(String text) throws InterruptedException;
  }

  /** Prints what came of an entry; false when it failed. */
  private boolean print(String text, Repl.Outcome outcome) {
    if (outcome instanceof Repl.Outcome.Value value) {
      Object result = value.getValue();
      entries.add(text);
      if (result != kotlin.Unit.INSTANCE) {
        last = result;
        try {
          session.finish(result == null ? new blksh.shell.view.View.Text("null") : result);
        } catch (RuntimeException | StackOverflowError unprintable) {
          // A result may throw when it is read or refer to itself.
          lastFailure = unprintable;
          console.err().println("blksh: cannot print the result: " + Failures.message(unprintable));
          return false;
        }
      }
      return true;
    }
    if (outcome instanceof Repl.Outcome.Refused refused) {
      lastFailure = null;
      refused.getProblems().stream()
          .filter(problem -> problem.getError())
          .forEach(problem -> console.err().println(problem.render(refused.getSource())));
      if (session.options().json()) {
        String message = refused.getProblems().get(0).getMessage();
        console.out().println(blksh.shell.view.Json.error("Compilation", message));
      }
      return false;
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
      console.out().println(blksh.shell.view.Json.error(kind, Failures.message(lastFailure)));
    }
    return false;
  }
}
