package blksh.prompt;

import blksh.prompt.command.CommandContext;
import blksh.script.Sitting;
import blksh.script.kotlin.Repl;
import blksh.session.Console;
import blksh.view.View;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.jline.reader.EndOfFileException;
import org.jline.reader.UserInterruptException;

/** The prompt as its commands see it. */
final class PromptContext implements CommandContext {

  private final Console console;
  private final Sitting sitting;
  private final ReadyCompiler compiler;
  private final InitScript initScript;
  private final OutcomePrinter printer;
  private final Seat at;

  /** Where the person is: at a terminal, or behind a pipe. */
  interface Seat {

    /** Evaluates an entry and prints what came of it; false when it failed. */
    boolean evaluate(String text) throws InterruptedException;

    /** Draws what is asked for and shows it; false when that failed. */
    boolean show(Supplier<View> view) throws InterruptedException;
  }

  PromptContext(
      Console console,
      Sitting sitting,
      ReadyCompiler compiler,
      InitScript initScript,
      OutcomePrinter printer,
      Seat at) {
    this.console = console;
    this.sitting = sitting;
    this.compiler = compiler;
    this.initScript = initScript;
    this.printer = printer;
    this.at = at;
  }

  @Override
  public boolean hasResult() {
    return sitting.getLast() != null;
  }

  @Override
  public Object last() {
    return sitting.getLast() == null ? null : sitting.getLast().getValue();
  }

  @Override
  public boolean show(Supplier<View> view) throws InterruptedException {
    return at.show(view);
  }

  @Override
  public Throwable lastFailure() {
    return printer.lastFailure();
  }

  @Override
  public List<Entry> entries() {
    return printer.entries();
  }

  @Override
  public Repl.Saved saved() throws InterruptedException {
    Repl.Saved saved = saved(printer.entries());
    if (saved.getProblems().isEmpty() || initScript.text() == null) {
      return saved;
    }
    // What the init script declares is not there when a script runs.
    List<Entry> all = new ArrayList<>(List.of(new Entry(initScript.text(), null)));
    all.addAll(printer.entries());
    Repl.Saved withIt = saved(all);
    return withIt.getProblems().isEmpty() ? withIt : saved;
  }

  private Repl.Saved saved(List<Entry> all) throws InterruptedException {
    return compiler
        .awaited()
        .saved(all.stream().map(Entry::text).toList(), all.stream().map(Entry::result).toList());
  }

  @Override
  public Object variable(String name) {
    return compiler.variable(name);
  }

  @Override
  public boolean evaluate(String text, boolean print) throws InterruptedException {
    printer.silent(!print);
    try {
      return at.evaluate(text);
    } finally {
      printer.silent(false);
    }
  }

  @Override
  public String typeOf(String expression) throws InterruptedException {
    return compiler.awaited().typeOf(expression);
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
