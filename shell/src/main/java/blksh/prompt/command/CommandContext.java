package blksh.prompt.command;

import blksh.BlkshException;
import blksh.script.kotlin.Repl;
import blksh.view.View;
import java.time.Duration;
import java.util.List;
import java.util.function.Supplier;

/** The prompt, as its commands see it. */
public interface CommandContext {

  /**
   * An entry.
   *
   * @param result the name its result got, such as {@code res1}; null when it has none
   * @param shown what it came to as it was shown, or the beginning of that
   */
  record Entry(String text, String result, String shown) {}

  /** The value of a result by its name; null when there is none. */
  Object result(String name);

  /**
   * Something that was declared at the prompt.
   *
   * @param value what a variable holds; null for a function, a class, and what is null
   */
  record Variable(String name, Object value) {}

  /** What was declared at the prompt, by name. */
  List<Variable> variables() throws InterruptedException;

  /** What was entered, here and in earlier sittings, oldest first. */
  List<String> history();

  /** Forgets what entries have declared and what they came to. */
  void reset() throws InterruptedException;

  /** How long the last entry took to be compiled; zero when it was not. */
  Duration compiling();

  /** Whether any entry had a result. */
  boolean hasResult();

  /** The result of the last entry that had one, or null. */
  Object last();

  /** Draws something as Ctrl-C allows, and shows it; false when that failed, which is told. */
  boolean show(Supplier<View> view) throws InterruptedException;

  /** Why the last entry failed, or null when that was told in full or nothing failed yet. */
  Throwable lastFailure();

  /** The entries that ended well so far, oldest first. */
  List<Entry> entries();

  /** The entries that ended well so far as a script. */
  Repl.Saved saved() throws InterruptedException;

  /** The value of a variable declared at the prompt; null when there is none. Never waits. */
  Object variable(String name);

  /**
   * Evaluates a text as though it were typed.
   *
   * @param print whether to print what it comes to; why it fails is told anyway
   * @return false when it failed
   */
  boolean evaluate(String text, boolean print) throws InterruptedException;

  /**
   * The type of an expression in the words of Kotlin; the expression is compiled and not run.
   *
   * @throws BlkshException when it does not compile
   */
  String typeOf(String expression) throws InterruptedException;

  /**
   * Reads a line of the person at the terminal; null when there is none, or that person has pressed
   * Ctrl-C or Ctrl-D.
   */
  String ask(String prompt);
}
