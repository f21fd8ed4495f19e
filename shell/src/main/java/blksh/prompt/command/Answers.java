package blksh.prompt.command;

import blksh.session.Console;
import blksh.view.View;

/** How commands answer. */
record Answers(Console console) {

  /** Says why a command failed. */
  Commands.Ending wrong(String message) {
    console.err().println("blksh: " + message);
    return Commands.Ending.FAILED;
  }

  Commands.Ending show(View view) {
    console.present(view, false);
    return Commands.Ending.DONE;
  }
}
