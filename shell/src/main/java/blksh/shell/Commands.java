package blksh.shell;

import java.util.List;

/** The commands of the prompt: lines that begin with a colon. */
final class Commands {

  /** The prompt, as its commands see it. */
  interface Sitting {

    /** The result of the last entry that had one, or null. */
    Object last();

    /** Why the last entry failed, or null when that was told in full or nothing failed yet. */
    Throwable lastFailure();

    /** The entries that ended well so far, oldest first. */
    List<String> entries();

    /** The value of a variable declared at the prompt; null when there is none. Never waits. */
    Object variable(String name);

    /**
     * Evaluates a text as though it were typed: prints what it comes to or why it fails.
     *
     * @return false when it failed
     */
    boolean evaluate(String text) throws InterruptedException;

    /**
     * The type of an expression in the words of Kotlin; the expression is compiled and not run.
     *
     * @throws blksh.BlkshException when it does not compile
     */
    String typeOf(String expression) throws InterruptedException;

    /**
     * Reads a line of the person at the terminal; null when there is none, or that person has
     * pressed Ctrl-C or Ctrl-D.
     */
    String ask(String prompt);
  }

  /** How a command ended. */
  enum Ending {
    DONE,
    FAILED,
    /** The person wishes to leave the prompt. */
    LEAVE
  }

  /** Something that may stand where the cursor is, with a few words about it. */
  record Completion(String text, String description) {}

  private static final String HELP =
      """
      Anything else is Kotlin, with the words of blksh in scope: press TAB to see them.

        :help   this
        :why    where the last failure came from
        :quit   leave (or Ctrl-D)

      Ctrl-C stops what is running, a second one gives it up. Lines continue while they are
      incomplete. Try:  stores   runs   store("/srv/backup").capture(drive("/dev/sdb"), name = "sdb")
      """;

  private final Console console;
  private final Sitting sitting;

  Commands(Session session, Sitting sitting) {
    this.console = session.console();
    this.sitting = sitting;
  }

  /** Whether a line is a command. */
  static boolean isCommand(String text) {
    return text.stripLeading().startsWith(":");
  }

  /** The part of a command before the cursor that completion replaces: its last word. */
  static String word(String before) {
    String line = before.stripLeading();
    int space = Math.max(line.lastIndexOf(' '), line.lastIndexOf('\t'));
    return line.substring(space + 1);
  }

  /**
   * What the last word of a command may become; quick enough to ask at every TAB.
   *
   * @param before the command up to the cursor, colon included
   */
  List<Completion> complete(String before) {
    return List.of(
        new Completion(":help", "what there is"),
        new Completion(":why", "where the last failure came from"),
        new Completion(":quit", "leave"));
  }

  /** Obeys a command; what goes wrong with it is told on standard error. */
  Ending obey(String text) throws InterruptedException {
    switch (text.strip()) {
      case ":quit", ":q", ":exit" -> {
        return Ending.LEAVE;
      }
      case ":help", ":h", ":?" -> console.out().print(HELP);
      case ":why" -> {
        if (sitting.lastFailure() == null) {
          console.out().println("nothing failed");
        } else {
          sitting.lastFailure().printStackTrace(console.out());
        }
      }
      default -> {
        console.err().println("blksh: unknown command " + text.strip() + "; try :help");
        return Ending.FAILED;
      }
    }
    return Ending.DONE;
  }
}
