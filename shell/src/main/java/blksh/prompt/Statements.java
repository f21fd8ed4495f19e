package blksh.prompt;

import blksh.prompt.command.CommandContext;
import blksh.prompt.command.Commands;
import blksh.prompt.line.EntryText;
import blksh.session.Console;
import blksh.session.Evaluation;
import blksh.session.ExitStatus;
import blksh.session.Failures;
import blksh.session.Session;
import blksh.view.View;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.OptionalInt;
import java.util.function.Supplier;

/**
 * The prompt where lines cannot be edited: reads statements. Without a terminal it prints only
 * their results, and ends at the first that fails; a person at a dumb one is prompted, and goes on.
 */
final class Statements implements PromptContext.Seat {

  private static final String PROMPT = "blksh> ";
  private static final String FURTHER_PROMPT = ".... > ";

  private final Session session;
  private final Console console;
  private final Prompt.Parts parts;
  private final Completeness completeness;
  private final Evaluator evaluator;
  private final OutcomePrinter printer;
  private final Commands commands;

  Statements(Prompt.Parts parts) {
    this.parts = parts;
    this.session = parts.session();
    this.console = session.console();
    this.completeness = parts.completeness();
    this.evaluator = parts.evaluator();
    this.printer = parts.printer();
    this.commands = parts.commands(this);
  }

  @Override
  public boolean evaluate(String text) throws InterruptedException {
    return evaluator.evaluate(text, entry -> entry.apply(session.evaluation()));
  }

  @Override
  public boolean show(Supplier<View> view) {
    console.print(view.get(), false);
    return true;
  }

  @Override
  public List<String> history() {
    return printer.entries().stream().map(CommandContext.Entry::text).toList();
  }

  /** Reads to the end, a command to leave, or the first failure; returns the exit status. */
  int read() throws IOException, InterruptedException {
    BufferedReader lines =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    StringBuilder entry = new StringBuilder();
    // A person at a dumb terminal goes on after an error; what comes through a pipe ends there.
    boolean person = console.inTerminal();
    boolean prompts = person && console.outTerminal();
    if (prompts) {
      console.out().println(Prompt.Parts.GREETING);
    }
    int failed = ExitStatus.DONE;
    while (true) {
      if (prompts) {
        console.out().print(entry.isEmpty() ? PROMPT : FURTHER_PROMPT);
        console.out().flush();
      }
      String line = lines.readLine();
      if (line == null && prompts) {
        console.out().println();
      }
      if (line != null) {
        // What Windows writes first into a file is no part of it.
        line = line.startsWith("\ufeff") ? line.substring(1) : line;
        entry.append(entry.isEmpty() ? "" : "\n").append(line);
      }
      String text = entry.toString();
      String command = parts.command(text);
      if (line != null && command == null && !isWhole(text, person)) {
        continue;
      }
      entry.setLength(0);
      if (command != null) {
        switch (commands.obey(command)) {
          case LEAVE -> {
            return status(failed);
          }
          case FAILED -> failed = ExitStatus.FAILED;
          case DONE -> {}
        }
      } else if (!text.isBlank() && !evaluate(text)) {
        Throwable failure = printer.lastFailure();
        if (failure instanceof Evaluation.Exit exit) {
          return status(exit.status());
        }
        failed =
            failure != null && Failures.interrupted(failure)
                ? ExitStatus.INTERRUPTED
                : ExitStatus.FAILED;
      }
      OptionalInt asked = session.evaluation().exitStatus();
      if (asked.isPresent()) {
        return status(asked.getAsInt());
      }
      if (line == null || failed != ExitStatus.DONE && !person) {
        return status(failed);
      }
    }
  }

  /** Whether a text can be evaluated; an empty line ends what a person has typed. */
  private boolean isWhole(String text, boolean person) {
    EntryText entry = EntryText.of(text);
    boolean ended = person && entry.endsInEmptyLine() && entry.open() == 0 && !entry.unclosed();
    return ended || completeness.reads(text);
  }

  private int status(int failed) {
    if (failed != ExitStatus.DONE) {
      return failed;
    }
    return session.findings().isEmpty() ? ExitStatus.DONE : ExitStatus.FINDINGS;
  }
}
