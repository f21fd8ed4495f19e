package blksh.prompt;

import blksh.prompt.command.CommandContext;
import blksh.script.Sitting;
import blksh.script.kotlin.Repl;
import blksh.session.Console;
import blksh.session.Notice;
import blksh.view.View;
import java.time.Duration;
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

    /** What was entered, here and in earlier sittings, oldest first. */
    List<String> history();
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
  public List<Variable> variables() {
    return sitting.names().stream()
        .map(name -> new Variable(name, compiler.variable(name)))
        .toList();
  }

  @Override
  public List<String> history() {
    return at.history();
  }

  @Override
  public void reset() throws InterruptedException {
    compiler.reset();
    printer.forget();
  }

  @Override
  public Duration compiling() {
    return printer.compiling();
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
  public Object result(String name) {
    Sitting.Result found = sitting.find(name);
    return found == null ? null : found.getValue();
  }

  @Override
  public Repl.Saved saved() throws InterruptedException {
    Repl.Saved saved = saved(printer.entries());
    if (saved.getProblems().isEmpty() || initScript.text() == null) {
      return saved;
    }
    // What the init script declares is not there when a script runs.
    List<Entry> all = new ArrayList<>(List.of(new Entry(initScript.text(), null, "")));
    all.addAll(printer.entries());
    Repl.Saved withIt = saved(all);
    return withIt.getProblems().isEmpty() ? withIt : saved;
  }

  private Repl.Saved saved(List<Entry> all) throws InterruptedException {
    Repl repl = compiler.awaited();
    List<String> texts = all.stream().map(Entry::text).toList();
    List<String> results = all.stream().map(Entry::result).toList();
    return Notice.during(console, Running.COMPILING, () -> repl.saved(texts, results));
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
    Repl repl = compiler.awaited();
    return Notice.during(console, Running.COMPILING, () -> repl.typeOf(expression));
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
