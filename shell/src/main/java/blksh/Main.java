package blksh;

import blksh.dsl.HelpRequested;
import blksh.prompt.Prompt;
import blksh.script.Compiler;
import blksh.script.Composition;
import blksh.script.ScriptHost;
import blksh.script.ScriptRun;
import blksh.script.ScriptSource;
import blksh.script.kotlin.ScriptCompiler;
import blksh.script.maven.Resolution;
import blksh.session.Console;
import blksh.session.ExitStatus;
import blksh.session.Failures;
import blksh.session.Options;
import blksh.session.Session;
import blksh.session.Usage;
import blksh.session.UsageException;
import blksh.view.Json;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** The program: reads the command line, does what it says, reports how it ended. */
public final class Main {

  /** Loads the Kotlin compiler when it is first used, and not before. */
  static final Compiler COMPILER = source -> ScriptCompiler.INSTANCE.compile(source);

  private final Console console;
  private final Options options = new Options();
  private final Interrupts interrupts = new Interrupts();

  private Main(Console console) {
    this.console = console;
  }

  /** Starts blksh; the process ends with one of {@link ExitStatus}. */
  public static void main(String[] arguments) {
    Main main = new Main(Console.ofProcess());
    int status = main.run(RawWords.of(arguments));
    System.out.flush();
    System.err.flush();
    int lost = main.console.lostStatus();
    main.interrupts.exit(lost == 0 ? status : lost);
  }

  /**
   * Does what a command line says in a process that goes on afterwards.
   *
   * @return one of {@link ExitStatus}
   */
  static int run(Console console, String... arguments) {
    Main main = new Main(console);
    int status = main.run(arguments);
    main.interrupts.end();
    return status;
  }

  private int run(String[] arguments) {
    try {
      CommandLine line = CommandLine.parse(arguments, options);
      return switch (line.verb()) {
        case HELP -> say(Usage.text());
        case VERSION -> say("blksh " + version() + "\n");
        case RUN, EVAL -> runScript(line);
        case COMPILE -> {
          ScriptHost.compile(COMPILER, System.in, console.out());
          yield ExitStatus.DONE;
        }
        case RESOLVE -> {
          Resolution.answer(System.in, console.out());
          yield ExitStatus.DONE;
        }
        case TRAIN -> Training.run(console, line.words());
        case PROMPT -> prompt();
      };
    } catch (Throwable failure) {
      return report(failure, ScriptLine.NONE, List.of());
    }
  }

  private int say(String text) {
    console.out().print(text);
    return ExitStatus.DONE;
  }

  private int runScript(CommandLine line) {
    Session session = new Session(console, options, line.words());
    ScriptHost.Ready script = null;
    try (session) {
      interrupts.arm(session);
      ScriptHost host = new ScriptHost(session, COMPILER);
      script =
          line.verb() == CommandLine.Verb.RUN
              ? host.script(line.subject())
              : host.text(new ScriptSource("<eval>", line.subject()));
      Thread worker = Thread.currentThread();
      session
          .evaluation()
          .whenExiting(
              () -> {
                if (Thread.currentThread() != worker) {
                  session.cancelAll();
                  worker.interrupt();
                }
              });
      Object result = script.run(session);
      if (session.evaluation().exitStatus().isPresent()) {
        return left(session);
      }
      session.awaitJobs();
      session.finish(result);
      session.findings().forEach(console::tell);
      return session.findings().isEmpty() ? ExitStatus.DONE : ExitStatus.FINDINGS;
    } catch (Throwable failure) {
      if (session.evaluation().exitStatus().isPresent()) {
        return left(session);
      }
      if (script == null) {
        // The script never came to read its words, but they say how failures are told.
        line.words().stream().takeWhile(word -> !word.equals("--")).forEach(options::accept);
      }
      boolean told = script != null && (!script.getBundled() || options.trace());
      ScriptLine place = told ? place(failure, script) : ScriptLine.NONE;
      return report(failure, place, session.findings());
    }
  }

  /** A script has ended itself with a status; what it found is told all the same. */
  private int left(Session session) {
    int status = session.evaluation().exitStatus().orElse(ExitStatus.DONE);
    List<String> findings = session.findings();
    findings.forEach(console::tell);
    if (status != ExitStatus.DONE && options.json()) {
      String message = "the script ended itself with status " + status;
      console.out().println(Json.error("Exit", message, "", findings));
    } else if (status == ExitStatus.DONE) {
      session.finish(null);
    }
    boolean found = status == ExitStatus.DONE && !findings.isEmpty();
    return found ? ExitStatus.FINDINGS : status;
  }

  private int prompt() throws Exception {
    try (Session session = new Session(console, options, List.of())) {
      Prompt prompt = new Prompt(console, session);
      if (!prompt.converses()) {
        interrupts.arm(session);
      }
      return prompt.run();
    }
  }

  /**
   * Where in a script it failed.
   *
   * @param at the script and the line, {@code nightly.kts:12}; empty when that is not known
   * @param text the line itself
   */
  private record ScriptLine(String at, String text) {

    static final ScriptLine NONE = new ScriptLine("", "");

    @Override
    public String toString() {
      return at.isEmpty() ? "" : "\nat " + at + ": " + text;
    }
  }

  private static ScriptLine place(Throwable failure, ScriptHost.Ready script) {
    int number = ScriptRun.INSTANCE.line(failure, script.getClassName());
    if (number == 0) {
      return ScriptLine.NONE;
    }
    Composition.Origin origin = script.getSource().origin(number);
    String text = origin.getText();
    return text == null ? ScriptLine.NONE : new ScriptLine(origin.getPlace(), text.strip());
  }

  /**
   * Tells a failure, after what was found before it.
   *
   * @return the exit status
   */
  private int report(Throwable failure, ScriptLine place, List<String> findings) {
    if (failure instanceof HelpRequested help) {
      return say(help.getText());
    }
    boolean interrupted = Failures.interrupted(failure);
    if (interrupted && console.lostStatus() != 0) {
      return console.lostStatus();
    }
    findings.forEach(console::tell);
    String message = Failures.message(failure);
    if (failure instanceof UsageException || interrupted) {
      console.tell(message);
    } else if (failure instanceof blksh.script.ScriptCompilationException) {
      console.err().println(message);
    } else {
      console.tell(message + place);
    }
    if (options.trace()) {
      failure.printStackTrace(console.err());
    }
    if (options.json()) {
      console.out().println(Json.error(Failures.kind(failure), message, place.at(), findings));
    }
    if (failure instanceof UsageException) {
      return ExitStatus.USAGE;
    }
    return interrupted ? ExitStatus.INTERRUPTED : ExitStatus.FAILED;
  }

  static String version() throws IOException {
    try (var in = Main.class.getResourceAsStream("version")) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8).strip();
    }
  }
}
