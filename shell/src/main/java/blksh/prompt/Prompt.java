package blksh.prompt;

import blksh.dsl.Arguments;
import blksh.dsl.Vocabulary;
import blksh.prompt.command.Commands;
import blksh.prompt.command.Habits;
import blksh.prompt.line.ColonLine;
import blksh.script.FastLane;
import blksh.script.Members;
import blksh.script.Sitting;
import blksh.session.Console;
import blksh.session.Session;
import java.io.IOException;
import java.util.List;
import org.jline.terminal.Terminal;
import org.jline.terminal.TerminalBuilder;

/**
 * The prompt: reads entries, evaluates them, prints what they come to. At a terminal it is a
 * conversation, with the compiler got ready behind it; elsewhere it reads statements.
 */
public final class Prompt {

  private final Console console;
  private final Parts parts;

  /** What a conversation and the reading of statements have in common. */
  record Parts(
      Session session,
      Vocabulary vocabulary,
      Sitting sitting,
      ThreadGroup threads,
      FastLane fastLane,
      ReadyCompiler compiler,
      InitScript initScript,
      Completeness completeness,
      Evaluator evaluator,
      OutcomePrinter printer,
      Habits habits) {

    /** One line that a person is greeted with. */
    static final String GREETING =
        "blksh: TAB completes, :help tells what there is, :tour shows it, Ctrl-D leaves";

    /** The command that a text is, with its colon; null when it is an entry. */
    String command(String text) {
      return ColonLine.is(text) ? text : habits.command(text);
    }

    /** The commands, for the place they are given at. */
    Commands commands(PromptContext.Seat at) {
      return new Commands(
          session,
          new PromptContext(session.console(), sitting, compiler, initScript, printer, at));
    }
  }

  public Prompt(Console console, Session session) {
    this.console = console;
    Vocabulary vocabulary =
        new Vocabulary(session, new Arguments("", "", List.of(), session.options()));
    Sitting sitting = new Sitting();
    FastLane fastLane = new FastLane(vocabulary, sitting);
    OutcomePrinter printer = new OutcomePrinter(session, sitting);
    ThreadGroup threads = threads(printer);
    InitScript initScript = new InitScript(session, printer);
    ReadyCompiler compiler = new ReadyCompiler(session, vocabulary, sitting, threads, initScript);
    Completeness completeness = new Completeness(fastLane, compiler);
    Evaluator evaluator = new Evaluator(completeness, compiler, printer);
    this.parts =
        new Parts(
            session,
            vocabulary,
            sitting,
            threads,
            fastLane,
            compiler,
            initScript,
            completeness,
            evaluator,
            printer,
            habits(sitting));
  }

  private static Habits habits(Sitting sitting) {
    return new Habits(name -> sitting.declares(name) || sitting.find(name) != null || isWord(name));
  }

  /** Whether a name is at hand as a property. */
  private static boolean isWord(String name) {
    return Members.all().stream()
        .anyMatch(
            it ->
                it.getName().equals(name)
                    && it.getOwner().equals(Members.ROOT)
                    && it.getProperty());
  }

  /** The threads of entries at a terminal, and those that they start. */
  private static ThreadGroup threads(OutcomePrinter printer) {
    return new ThreadGroup("blksh sitting") {
      @Override
      public void uncaughtException(Thread thread, Throwable failure) {
        printer.died(thread, failure);
      }
    };
  }

  /** Reads until the end or a command to leave; returns the exit status. */
  public int run() throws IOException, InterruptedException {
    if (!converses()) {
      return new Statements(parts).read();
    }
    try (Terminal terminal =
        TerminalBuilder.builder().name("blksh").system(true).nativeSignals(true).build()) {
      return converse(terminal);
    }
  }

  /** Whether it edits lines at a terminal, and takes care of Ctrl-C itself. */
  public boolean converses() {
    return console.inTerminal() && console.outTerminal() && !Console.dumb();
  }

  /** Converses at a terminal until its end or a command to leave; returns the exit status. */
  public int converse(Terminal terminal) throws IOException {
    return new Conversation(parts, terminal).converse();
  }
}
