package blksh.prompt;

import blksh.io.OwnerOnly;
import blksh.prompt.command.Commands;
import blksh.prompt.command.Ending;
import blksh.prompt.command.TextEditor;
import blksh.prompt.complete.Completions;
import blksh.prompt.complete.Foresight;
import blksh.prompt.line.EntryHighlighter;
import blksh.prompt.line.EntryHistory;
import blksh.prompt.line.EntryParser;
import blksh.session.Background;
import blksh.session.Console;
import blksh.session.ExitStatus;
import blksh.session.Keyboard;
import blksh.session.Screen;
import blksh.session.Session;
import blksh.view.View;
import java.io.IOError;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.jline.reader.EndOfFileException;
import org.jline.reader.LineReader;
import org.jline.reader.UserInterruptException;
import org.jline.terminal.Terminal;

/** The prompt at a terminal: entries are edited, and Ctrl-C stops what runs and nothing else. */
final class Conversation implements PromptContext.Seat {

  private static final String PROMPT = "blksh> ";

  /** How many entries history keeps. */
  private static final int HISTORY = 10_000;

  /** How often in a row reading an entry may fail. */
  private static final int MOST_UNREAD = 5;

  private final Prompt.Parts parts;
  private final Session session;
  private final Console console;
  private final Terminal terminal;
  private final Commands commands;
  private final Foresight foresight;
  private EntryHistory history;

  /** Why history was not kept, as it was told last. */
  private String toldOfHistory;

  /** How often in a row no entry could be read. */
  private int unread;

  /** Whether Ctrl-C was pressed where nothing waited for it, since an entry was read. */
  private volatile boolean pressed;

  /** Whether the person was just told that jobs are running. */
  private boolean warned;

  Conversation(Prompt.Parts parts, Terminal terminal) {
    this.parts = parts;
    this.session = parts.session();
    this.console = session.console();
    this.terminal = terminal;
    this.commands = parts.commands(this);
    this.foresight = new Foresight(parts.compiler()::scope);
  }

  /** Goes on until the terminal's end or a command to leave; returns the exit status. */
  int converse() throws IOException {
    // Where nothing else waits for Ctrl-C it must not end the process.
    Terminal.SignalHandler before = terminal.handle(Terminal.Signal.INT, signal -> pressed = true);
    try {
      return converseSafely();
    } finally {
      terminal.handle(Terminal.Signal.INT, before);
    }
  }

  private int converseSafely() throws IOException {
    SteadyReader.knowSize(terminal);
    console.out().println(Prompt.Parts.GREETING);
    Screen screen = new Screen(terminal, reader());
    screen.apply(session.settings());
    console.attach(screen);
    InputStream before = System.in;
    System.setIn(new Keyboard(console, screen));
    try {
      return converse(screen);
    } finally {
      System.setIn(before);
      endRecording();
    }
  }

  private int converse(Screen screen) {
    // What was seen before the compiler knew everything may lack something.
    parts.compiler().warm(terminal, foresight::clear);
    String begun = "";
    while (true) {
      String text;
      try {
        console.makeWay();
        pressed = false;
        text = screen.read(PROMPT, begun);
        unread = 0;
        tellOfHistory();
      } catch (UserInterruptException cleared) {
        String left = cleared.getPartialLine();
        if (begun.isEmpty() && (left == null || left.isBlank())) {
          endRecording();
        }
        begun = "";
        continue;
      } catch (EndOfFileException leaving) {
        begun = "";
        if (mayLeave()) {
          return ExitStatus.DONE;
        }
        continue;
      } catch (IOError gone) {
        throw gone;
      } catch (RuntimeException | Error failure) {
        goOn(failure);
        begun = "";
        continue;
      }
      begun = "";
      try {
        String command = parts.command(text);
        if (command != null) {
          boolean leaving = commands.obey(command) == Ending.LEAVE;
          if (leaving && mayLeave()) {
            return ExitStatus.DONE;
          }
          warned &= leaving;
        } else if (!text.isBlank()) {
          warned = false;
          if (parts.completeness().onlyBegun(text)) {
            begun = text + "\n";
            continue;
          }
          enter(text);
          foresight.clear();
        }
      } catch (InterruptedException interrupted) {
        console.tell("interrupted");
      } catch (RuntimeException | Error failure) {
        parts.printer().failed(failure);
      }
    }
  }

  private void endRecording() {
    Path file = console.endRecording();
    if (file != null) {
      console.tell("recorded in " + file);
    }
  }

  /** Tells why no entry could be read, and goes on; not for ever when none can be. */
  private void goOn(Throwable failure) {
    if (++unread > MOST_UNREAD) {
      throw new IllegalStateException("no entry can be read", failure);
    }
    parts.printer().stumbled(failure);
  }

  private void tellOfHistory() {
    String problem = history.problem();
    if (problem != null && !problem.equals(toldOfHistory)) {
      toldOfHistory = problem;
      console.tell("cannot keep the history: " + problem);
    }
  }

  private boolean enter(String text) throws InterruptedException {
    try (Running running = new Running(session, terminal, parts.threads())) {
      if (pressed) {
        throw new InterruptedException();
      }
      return parts.evaluator().evaluate(text, running);
    }
  }

  /** Evaluates what a command says; an earlier Ctrl-C was the command's, or its editor's. */
  @Override
  public boolean evaluate(String text) throws InterruptedException {
    pressed = false;
    return enter(text);
  }

  @Override
  public boolean show(Supplier<View> view) throws InterruptedException {
    try (Running running = new Running(session, terminal, parts.threads())) {
      return parts.printer().show(running, () -> console.lines(view.get()));
    }
  }

  @Override
  public List<String> history() {
    List<String> entries = new ArrayList<>();
    history.forEach(entry -> entries.add(entry.line()));
    return entries;
  }

  /** Whether nothing runs in the background that leaving would end, or the person insists. */
  private boolean mayLeave() {
    long running =
        session.jobs().stream().filter(job -> job.state() == Background.State.RUNNING).count();
    if (running == 0 || warned) {
      return true;
    }
    warned = true;
    String jobs = running == 1 ? "a job is running" : running + " jobs are running";
    console.tell(jobs + "; leave again to cancel, :jobs lists");
    return false;
  }

  private LineReader reader() throws IOException {
    ReadyCompiler compiler = parts.compiler();
    Path home = session.options().home();
    OwnerOnly.makeDirectories(home);
    Completions completions =
        new Completions(
            parts.vocabulary(),
            parts.sitting(),
            parts.fastLane(),
            compiler::variable,
            foresight,
            compiler::importable);
    history = new EntryHistory(home.resolve("history"), HISTORY);
    toldOfHistory = history.problem();
    if (toldOfHistory != null) {
      console.tell("cannot read the history: " + toldOfHistory);
    }
    Path inputRc = Path.of(System.getProperty("user.home"), ".inputrc");
    return new EntryReader(
        terminal,
        Map.of(LineReader.INPUT_RC_FILE_NAME, inputRc.toString()),
        new EntryParser(parts.completeness()::reads, it -> parts.command(it) != null),
        completions,
        foresight,
        commands,
        new EntryHighlighter(console.colour(), compiler::lexes),
        history,
        new TextEditor(home)::edit,
        parts.printer()::stumbled);
  }
}
