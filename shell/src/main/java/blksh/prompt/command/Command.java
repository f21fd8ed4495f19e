package blksh.prompt.command;

import java.io.IOException;
import java.util.List;

/**
 * One command.
 *
 * @param argument how its argument is written; empty when it takes none, in brackets when it may be
 *     left out
 */
record Command(String name, String argument, String help, Action action, Arguments arguments) {

  /** Does what a command says; what follows its name comes stripped. */
  interface Action {
    Ending obey(String argument) throws InterruptedException, IOException;
  }

  /** What may stand after a command's name, given what stands there already. */
  interface Arguments {
    List<Suggestion> of(String typed);
  }

  /** A command whose argument is not completed. */
  Command(String name, String argument, String help, Action action) {
    this(name, argument, help, action, typed -> List.of());
  }

  /** The command with its argument, as it is written. */
  String usage() {
    return (":" + name + " " + argument).strip();
  }

  boolean needsArgument() {
    return !argument.isEmpty() && !argument.startsWith("[");
  }
}
