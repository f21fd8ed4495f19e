package blksh.prompt;

import blksh.BlkshException;
import blksh.prompt.command.CommandContext;
import blksh.script.FastLane;
import blksh.script.Sitting;
import blksh.script.kotlin.Repl;
import blksh.session.Console;
import blksh.session.Evaluation;
import blksh.session.Failures;
import blksh.session.Session;
import blksh.view.Json;
import blksh.view.View;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/** Tells what came of entries, and keeps those that ended well. */
final class OutcomePrinter {

  private static final long MOST_SHOWN = 8 << 20;

  private final Console console;
  private final Session session;
  private final Sitting sitting;
  private final List<CommandContext.Entry> entries = new ArrayList<>();

  /** How many characters of results were kept as they were shown. */
  private long shownSoFar;

  private volatile Throwable lastFailure;

  private Duration compiling = Duration.ZERO;

  /** Findings that were told. */
  private int told;

  /** Whether results go unprinted. */
  private boolean silent;

  OutcomePrinter(Session session, Sitting sitting) {
    this.sitting = sitting;
    this.session = session;
    this.console = session.console();
  }

  /** The entries that ended well so far, oldest first. */
  List<CommandContext.Entry> entries() {
    return List.copyOf(entries);
  }

  /** Why the last entry failed, or null when that was told in full or nothing failed yet. */
  Throwable lastFailure() {
    return lastFailure;
  }

  /** Forgets the entries so far. */
  void forget() {
    entries.clear();
    lastFailure = null;
  }

  /** Notes how long the entry that is told next took to be compiled. */
  void compiled(Duration took) {
    compiling = took;
  }

  /** How long the last entry took to be compiled; zero when it was not. */
  Duration compiling() {
    return compiling;
  }

  /** Whether results go unprinted from now on. */
  void silent(boolean on) {
    silent = on;
  }

  /** A thread that an entry has started ended by a failure. */
  void died(Thread thread, Throwable failure) {
    if (!Failures.interrupted(failure)) {
      lastFailure = failure;
      console.tell("thread " + thread.getName() + ": " + Failures.message(failure));
    }
  }

  /** Something failed around an entry, which is told as that of an entry is. */
  void failed(Throwable failure) {
    lastFailure = failure;
    console.tell(Failures.message(failure));
  }

  /** The line editor went wrong, and goes on. */
  void stumbled(Throwable failure) {
    lastFailure = failure;
    boolean known = failure instanceof BlkshException;
    String what = known ? "" : "the line editor failed and goes on, :why tells more: ";
    console.tell(what + Failures.message(failure));
  }

  /**
   * Prints what came of an entry; false when it failed.
   *
   * @param plain the entry when it was a plain path, else null
   * @param name what the compiler knows its result by, if it was compiled
   * @param outcome null when it was given up
   */
  boolean tell(String text, FastLane.Plain plain, String name, Repl.Outcome outcome, Runner runner)
      throws InterruptedException {
    boolean well = outcome instanceof Repl.Outcome.Value;
    if (well) {
      Object result = ((Repl.Outcome.Value) outcome).getValue();
      int results = sitting.getCount();
      if (result != kotlin.Unit.INSTANCE) {
        if (name != null) {
          sitting.add(result, name);
        } else if (plain != null) {
          sitting.add(result, plain.text(), plain.type(), plain.nullable());
        }
      }
      boolean named = sitting.getCount() > results;
      String known = named ? sitting.getLast().getName() : null;
      int place = entries.size();
      entries.add(new CommandContext.Entry(text, known, ""));
      if (result != kotlin.Unit.INSTANCE && !silent) {
        console.takeShown();
        well = show(result, runner);
        entries.set(place, new CommandContext.Entry(text, known, kept(console.takeShown())));
      }
    } else {
      failure(outcome);
    }
    tellFindings();
    return well;
  }

  /** What was shown, as long as all of it together takes no memory to speak of. */
  private String kept(String shown) {
    shownSoFar += shown.length();
    return shownSoFar > MOST_SHOWN ? "…" : shown;
  }

  private boolean show(Object result, Runner runner) throws InterruptedException {
    Object shown = result == null ? new View.Text("null") : result;
    if (console.screen() != null) {
      return show(runner, () -> session.drawn(shown));
    }
    return shown(
        runner.run(
            evaluation ->
                Outcomes.of(
                    "",
                    evaluation,
                    () -> {
                      session.finish(shown);
                      return null;
                    })));
  }

  /**
   * Draws and shows something at the prompt; false when that failed. Drawing runs like an entry: a
   * result may take its time to say what it is, may throw, or may refer to itself.
   */
  boolean show(Runner runner, Supplier<List<String>> lines) throws InterruptedException {
    Repl.Outcome drawn = runner.run(evaluation -> Outcomes.of("", evaluation, lines::get));
    if (drawn instanceof Repl.Outcome.Value value) {
      @SuppressWarnings("unchecked")
      List<String> all = (List<String>) value.getValue();
      console.present(all);
    }
    return shown(drawn);
  }

  private boolean shown(Repl.Outcome drawn) {
    if (drawn instanceof Repl.Outcome.Threw threw && console.lostStatus() == 0) {
      lastFailure = threw.getFailure();
      String message = Failures.message(lastFailure);
      boolean interrupted = Failures.interrupted(lastFailure);
      console.tell((interrupted ? "" : "cannot print the result: ") + message);
    } else if (drawn == null) {
      failure(null);
    }
    return drawn instanceof Repl.Outcome.Value;
  }

  /** Says what was found since the last time. */
  private void tellFindings() {
    List<String> findings = session.findings();
    findings.subList(told, findings.size()).forEach(it -> console.tell(it));
    told = findings.size();
  }

  /**
   * Says why an entry came to nothing.
   *
   * @param outcome null when it was given up
   */
  void failure(Repl.Outcome outcome) {
    if (outcome == null) {
      console.tell("given up; it may still be running");
      return;
    }
    if (console.lostStatus() != 0) {
      return;
    }
    if (outcome instanceof Repl.Outcome.Refused refused) {
      lastFailure = null;
      refused.getProblems().stream()
          .filter(problem -> problem.getError())
          .forEach(problem -> console.err().println(problem.render(refused.getSource())));
      if (session.options().json()) {
        String message = refused.getProblems().get(0).getMessage();
        console.out().println(Json.error("Compilation", message, "", List.of()));
      }
      return;
    }
    Repl.Outcome.Threw threw = (Repl.Outcome.Threw) outcome;
    lastFailure = threw.getFailure();
    if (lastFailure instanceof Evaluation.Exit && console.screen() == null) {
      return;
    }
    String place = "";
    if (threw.getSource().getText().contains("\n")) {
      String line = threw.getSource().line(threw.getLine());
      place = line == null ? "" : "\nat line " + threw.getLine() + ": " + line.strip();
    }
    console.tell(Failures.message(lastFailure) + place);
    if (session.options().json()) {
      String kind = Failures.kind(lastFailure);
      List<String> findings = session.findings();
      console
          .out()
          .println(
              Json.error(
                  kind,
                  Failures.message(lastFailure),
                  "",
                  findings.subList(told, findings.size())));
    }
  }
}
