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

  private static final String COMMANDS =
      """
      Anything else is Kotlin, with the words of blksh in scope: press TAB to see them.

        :help   this
        :why    where the last failure came from
        :quit   leave (or Ctrl-D)

      Ctrl-C stops what is running, a second one gives it up. Lines continue while they are
      incomplete. Try:  stores   runs   store("/srv/backup").capture(drive("/dev/sdb"), name = "sdb")
      """;

  private final Console console;
  private final Session session;
  private final Vocabulary vocabulary;
  private Throwable lastFailure;

  Prompt(Console console, Session session) {
    this.console = console;
    this.session = session;
    this.vocabulary = new Vocabulary(session, new Arguments("", "", List.of(), word -> false));
  }

  int run() throws IOException, InterruptedException {
    return console.inTerminal() && console.outTerminal() && !Console.dumb()
        ? converse()
        : readStatements();
  }

  // Without a terminal.

  private int readStatements() throws IOException, InterruptedException {
    Repl repl = new Repl(vocabulary);
    BufferedReader lines =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    StringBuilder entry = new StringBuilder();
    while (true) {
      String line = lines.readLine();
      if (line != null) {
        entry.append(entry.isEmpty() ? "" : "\n").append(line);
      }
      String text = entry.toString();
      boolean waits = !isCommand(text) && repl.read(text) instanceof Repl.Reading.Incomplete;
      if (line != null && waits) {
        continue;
      }
      entry.setLength(0);
      if (isCommand(text)) {
        if (!command(text.strip())) {
          return status();
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
      return print(failed.getOutcome());
    }
    Repl.Entry entry = ((Repl.Compilation.Done) compilation).getEntry();
    Repl.Outcome outcome = repl.run(entry, ScriptRun.evaluation);
    repl.settle(entry, outcome instanceof Repl.Outcome.Value);
    return print(outcome);
  }

  // At a terminal.

  private int converse() throws IOException, InterruptedException {
    Future<Repl> repl = CompletableFuture.supplyAsync(this::warmRepl, Prompt::inBackground);
    try (Terminal terminal =
        TerminalBuilder.builder().name("blksh").system(true).nativeSignals(true).build()) {
      LineReader reader = reader(terminal, repl);
      while (true) {
        String text;
        try {
          text = reader.readLine("blksh> ");
        } catch (UserInterruptException cleared) {
          continue;
        } catch (EndOfFileException leaving) {
          return ExitStatus.DONE;
        }
        if (isCommand(text)) {
          if (!command(text.strip())) {
            return ExitStatus.DONE;
          }
        } else if (!text.isBlank()) {
          evaluate(terminal, await(repl), text);
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
    return repl;
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
            .completer(new LiveCompleter(vocabulary, repl))
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

  private void evaluate(Terminal terminal, Repl repl, String text) throws InterruptedException {
    Running running = new Running(session, terminal);
    try {
      Repl.Compilation compilation = repl.compile(text);
      if (compilation instanceof Repl.Compilation.Failed failed) {
        print(failed.getOutcome());
        return;
      }
      Repl.Entry entry = ((Repl.Compilation.Done) compilation).getEntry();
      Repl.Outcome outcome = running.run(evaluation -> repl.run(entry, evaluation));
      repl.settle(entry, outcome instanceof Repl.Outcome.Value);
      if (outcome == null) {
        console.err().println("blksh: given up; it may still be running");
      } else {
        print(outcome);
      }
    } finally {
      running.close();
    }
  }

  // Both.

  private static boolean isCommand(String text) {
    return text.stripLeading().startsWith(":");
  }

  /** Obeys a command; false to leave. */
  private boolean command(String text) {
    switch (text) {
      case ":quit", ":q", ":exit" -> {
        return false;
      }
      case ":help", ":h", ":?" -> console.out().print(COMMANDS);
      case ":why" -> {
        if (lastFailure == null) {
          console.out().println("nothing failed");
        } else {
          lastFailure.printStackTrace(console.out());
        }
      }
      default -> console.err().println("blksh: unknown command " + text + "; try :help");
    }
    return true;
  }

  /** Prints what came of an entry; false when it failed. */
  private boolean print(Repl.Outcome outcome) {
    if (outcome instanceof Repl.Outcome.Value value) {
      Object result = value.getValue();
      if (result != kotlin.Unit.INSTANCE) {
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
