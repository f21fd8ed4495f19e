package blksh.prompt.command;

import blksh.dsl.ShellOutput;
import blksh.session.Failures;
import blksh.view.Described;
import blksh.view.Field;
import blksh.view.View;
import blksh.view.Words;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * What there is in a sitting and around it: {@code :vars}, {@code :history}, {@code :reset}, {@code
 * :time}, {@code :sh}, {@code :pwd}.
 */
final class SittingCommands {

  /** Entries of history that are shown when it is not said how many. */
  private static final int RECENT = 20;

  /** Characters of a value that are shown beside its name. */
  private static final int LONGEST = 200;

  private final CommandContext context;
  private final Answers answers;

  SittingCommands(CommandContext context, Answers answers) {
    this.context = context;
    this.answers = answers;
  }

  List<Command> all() {
    return List.of(
        new Command("vars", "", "what was declared here, and what it holds", this::vars),
        new Command(
            "history", "[N | TEXT]", "the last entries, or those with a text in them", this::past),
        new Command("reset", "", "forgets what was declared, and the results", this::reset),
        new Command("time", "EXPR", "how long an expression takes", this::time),
        new Command("sh", "LINE", "a line for the shell of the system, as !LINE", this::sh),
        new Command("pwd", "", "the directory that relative paths begin in", this::pwd),
        new Command("cd", "[DIR]", "why that directory stays", this::cd));
  }

  private Ending vars(String none) throws InterruptedException {
    List<CommandContext.Variable> variables = context.variables();
    if (variables.isEmpty()) {
      answers.console().out().println("nothing is declared");
      return Ending.DONE;
    }
    boolean shown =
        context.show(
            () -> {
              List<Described> rows = new ArrayList<>();
              variables.forEach(it -> rows.add(new Row(it.name(), kind(it), value(it))));
              return answers.console().views().table(rows);
            });
    return shown ? Ending.DONE : Ending.FAILED;
  }

  private record Row(String name, String kind, String value) implements Described {
    @Override
    public String title() {
      return name;
    }

    @Override
    public List<Field> fields() {
      return List.of(Field.of("name", name), Field.of("type", kind), Field.of("value", value));
    }
  }

  private static String kind(CommandContext.Variable variable) {
    Object value = variable.value();
    return value == null ? "function, class or null" : value.getClass().getSimpleName();
  }

  private static String value(CommandContext.Variable variable) {
    Object value = variable.value();
    if (value == null) {
      return "";
    }
    try {
      String text = value instanceof Described thing ? thing.title() : Words.of(value);
      return text.length() <= LONGEST ? text : text.substring(0, LONGEST) + "…";
    } catch (RuntimeException | StackOverflowError mute) {
      return Failures.message(mute);
    }
  }

  private Ending past(String asked) {
    List<String> entries = context.history();
    List<View.Card.Line> lines = new ArrayList<>();
    boolean number = asked.matches("[1-9][0-9]{0,6}");
    int count = number ? Integer.parseInt(asked) : RECENT;
    String wanted = number ? "" : asked;
    String small = wanted.toLowerCase(Locale.ROOT);
    int first = wanted.isEmpty() ? Math.max(0, entries.size() - count) : 0;
    for (int i = first; i < entries.size(); i++) {
      if (entries.get(i).toLowerCase(Locale.ROOT).contains(small)) {
        lines.add(new View.Card.Line("" + (i + 1), entries.get(i)));
      }
    }
    if (lines.isEmpty()) {
      answers.console().out().println(wanted.isEmpty() ? "nothing yet" : "nothing with " + wanted);
      return Ending.DONE;
    }
    return answers.show(new View.Card("", lines));
  }

  private Ending reset(String none) throws InterruptedException {
    context.reset();
    answers.console().out().println("forgotten");
    return Ending.DONE;
  }

  private Ending time(String expression) throws InterruptedException {
    long began = System.nanoTime();
    boolean well = context.evaluate(expression, true);
    Duration all = Duration.ofNanos(System.nanoTime() - began);
    Duration compiling = context.compiling();
    String part = compiling.isZero() ? "" : ", of it compiling " + Words.duration(compiling);
    answers.console().out().println("took " + Words.duration(all) + part);
    return well ? Ending.DONE : Ending.FAILED;
  }

  private Ending sh(String line) throws InterruptedException {
    String quoted = line.replace("\\", "\\\\").replace("\"", "\\\"").replace("$", "\\$");
    if (!context.evaluate("sh(\"" + quoted + "\", check = false)", true)) {
      return Ending.FAILED;
    }
    if (context.last() instanceof ShellOutput output && output.getStatus() != 0) {
      return answers.wrong("it ended with status " + output.getStatus());
    }
    return Ending.DONE;
  }

  private static Path here() {
    return Path.of("").toAbsolutePath();
  }

  private Ending pwd(String none) {
    answers.console().out().println(here());
    return Ending.DONE;
  }

  private Ending cd(String directory) {
    return answers.wrong(
        "blksh stays in "
            + here()
            + ", where the paths of all that is open begin; name whole paths, or start it elsewhere");
  }
}
