package blksh.prompt.command;

import blksh.Nearest;
import blksh.script.ScriptCompilationException;
import blksh.session.Console;
import blksh.session.Failures;
import blksh.session.Session;
import java.io.IOException;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The commands of the prompt: lines that begin with a colon. */
public final class Commands {

  private static final Map<String, String> SHORT =
      Map.of(
          "q", "quit", "exit", "quit", "h", "help", "?", "help", "list", "history", "hist",
          "history", "who", "vars", "whos", "vars", "timeit", "time", "!", "sh");

  private final Console console;
  private final Answers answers;
  private final Map<String, Command> commands = new LinkedHashMap<>();

  public Commands(Session session, CommandContext context) {
    this.console = session.console();
    this.answers = new Answers(console);
    new HelpCommands(this, context, answers).all().forEach(this::add);
    new ResultCommands(session, context, answers).all().forEach(this::add);
    new FileCommands(session, context, answers).all().forEach(this::add);
    new SittingCommands(context, answers).all().forEach(this::add);
    new SettingCommands(session, answers).all().forEach(this::add);
    add(new Command("quit", "", "leave (or Ctrl-D)", none -> Ending.LEAVE));
  }

  private void add(Command command) {
    commands.put(command.name(), command);
  }

  /** Every command, in the order in which help lists them. */
  Collection<Command> all() {
    return commands.values();
  }

  /** The command of a name, long or short; null when there is none. */
  Command find(String name) {
    return commands.get(SHORT.getOrDefault(name, name));
  }

  /**
   * What the last word of a command may become; quick enough to ask at every TAB.
   *
   * @param before the command up to the cursor, colon included
   */
  public List<Suggestion> complete(String before) {
    String line = before.stripLeading();
    int space = line.indexOf(' ');
    if (space < 0) {
      return commands.values().stream()
          .map(command -> new Suggestion(":" + command.name(), command.help()))
          .toList();
    }
    Command command = find(line.substring(1, space));
    String typed = line.substring(space + 1).stripLeading();
    return command == null ? List.of() : command.arguments().of(typed);
  }

  /** Obeys a command; what goes wrong with it is told on standard error. */
  public Ending obey(String text) throws InterruptedException {
    String[] parts = text.strip().substring(1).strip().split("\\s+", 2);
    Command command = find(parts[0]);
    String argument = parts.length < 2 ? "" : parts[1].strip();
    if (command == null) {
      List<String> names = commands.keySet().stream().map(name -> ":" + name).toList();
      String question = Nearest.question(":" + parts[0], names);
      return answers.wrong(
          "unknown command :" + parts[0] + "; " + (question.isEmpty() ? "try :help" : question));
    }
    if (command.needsArgument() && argument.isEmpty()) {
      return answers.wrong("say :" + command.name() + " " + command.argument());
    }
    if (command.argument().isEmpty() && !argument.isEmpty()) {
      return answers.wrong(":" + command.name() + " takes nothing after it");
    }
    try {
      return command.action().obey(argument);
    } catch (ScriptCompilationException refused) {
      console.err().println(refused.getMessage());
      return Ending.FAILED;
    } catch (IOException | RuntimeException | StackOverflowError | OutOfMemoryError failure) {
      return answers.wrong(Failures.message(failure));
    }
  }
}
