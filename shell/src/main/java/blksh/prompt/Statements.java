package blksh.prompt;

import blksh.prompt.command.Commands;
import blksh.prompt.line.ColonLine;
import blksh.session.Console;
import blksh.session.ExitStatus;
import blksh.session.Failures;
import blksh.session.Session;
import blksh.view.View;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.function.Supplier;

/**
 * The prompt without a terminal: reads statements, prints only their results, and ends at the first
 * that fails.
 */
final class Statements implements PromptContext.Seat {

  private final Session session;
  private final Console console;
  private final Completeness completeness;
  private final Evaluator evaluator;
  private final OutcomePrinter printer;
  private final Commands commands;

  Statements(Prompt.Parts parts) {
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
    console.present(view.get(), false);
    return true;
  }

  /** Reads to the end, a command to leave, or the first failure; returns the exit status. */
  int read() throws IOException, InterruptedException {
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
      if (line != null && !ColonLine.is(text) && !completeness.reads(text)) {
        continue;
      }
      entry.setLength(0);
      if (ColonLine.is(text)) {
        switch (commands.obey(text)) {
          case LEAVE -> {
            return status(failed);
          }
          case FAILED -> failed = ExitStatus.FAILED;
          case DONE -> {}
        }
      } else if (!text.isBlank() && !evaluate(text)) {
        Throwable failure = printer.lastFailure();
        failed =
            failure != null && Failures.interrupted(failure)
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
}
