package blksh.prompt.command;

import blksh.dsl.Job;
import blksh.dsl.Table;
import blksh.session.Failures;
import blksh.session.Session;
import blksh.view.Json;
import blksh.view.View;
import blksh.view.Views;
import java.util.List;

/** What shows what entries came to: as a table, as JSON, what type it is, why there is none. */
final class ResultCommands {

  private final Session session;
  private final CommandContext context;
  private final Answers answers;

  ResultCommands(Session session, CommandContext context, Answers answers) {
    this.session = session;
    this.context = context;
    this.answers = answers;
  }

  List<Command> all() {
    return List.of(
        new Command("type", "EXPR", "the type of an expression, which is not run", this::type),
        look("table", "the last result as a table", Views::table),
        look("tree", "the last result as a tree", Views::tree),
        look("card", "the last result as cards", Views::cards),
        look("json", "the last result as JSON", ResultCommands::json),
        look("jsonl", "the last result as JSON, an object a line", ResultCommands::jsonLines),
        look("csv", "the last result as CSV", ResultCommands::csv),
        new Command("jobs", "", "what runs in the background", this::jobs),
        new Command("why", "", "where the last failure came from", this::why));
  }

  private Command look(String name, String help, Look look) {
    return new Command(name, "[EXPR]", help, expression -> show(expression, look));
  }

  private Ending type(String expression) throws InterruptedException {
    String type = context.typeOf(expression);
    answers
        .console()
        .out()
        .println(type.replaceAll("\\b(kotlin(\\.collections)?|blksh\\.(dsl|view))\\.", ""));
    return Ending.DONE;
  }

  private interface Look {
    View at(Views views, Object result);
  }

  private Ending show(String expression, Look look) throws InterruptedException {
    if (!expression.isEmpty() && !context.evaluate(expression, false)) {
      return Ending.FAILED;
    }
    if (!context.hasResult()) {
      return answers.wrong("there is no result yet");
    }
    Object result = context.last();
    boolean shown = context.show(() -> look.at(answers.console().views(), result));
    return shown ? Ending.DONE : Ending.FAILED;
  }

  private static View json(Views views, Object result) {
    return new View.Text(Json.indented(result));
  }

  private static View jsonLines(Views views, Object result) {
    return new View.Text(Table.of(result).jsonLines().stripTrailing());
  }

  private static View csv(Views views, Object result) {
    return new View.Text(Table.of(result).csv().stripTrailing());
  }

  private Ending jobs(String none) throws InterruptedException {
    List<Job> jobs = session.jobs().stream().map(Job::new).toList();
    // What a job came to may take its time to say what it is, or refer to itself.
    return context.show(() -> Views.of(jobs)) ? Ending.DONE : Ending.FAILED;
  }

  private Ending why(String none) {
    Throwable failure = context.lastFailure();
    if (failure == null) {
      answers.console().out().println("nothing failed");
    } else {
      answers.console().out().print(Failures.trace(failure));
    }
    return Ending.DONE;
  }
}
