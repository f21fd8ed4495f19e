package blksh.prompt.command;

import blksh.session.Console;
import blksh.view.View;

/** How commands answer. */
record Answers(Console console) {

  /** Says why a command failed. */
  Ending wrong(String message) {
    console.tell(message);
    return Ending.FAILED;
  }

  Ending show(View view) {
    // Not page by page: who asks for help goes on typing.
    console.print(view, false);
    return Ending.DONE;
  }
}
