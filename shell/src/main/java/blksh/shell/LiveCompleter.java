package blksh.shell;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jline.reader.Candidate;
import org.jline.reader.Completer;
import org.jline.reader.CompletingParsedLine;
import org.jline.reader.CompletionMatcher;
import org.jline.reader.LineReader;
import org.jline.reader.ParsedLine;

/**
 * Answers TAB in time: what is not found within the budget is left out, and is there the next time.
 */
final class LiveCompleter implements Completer, CompletionMatcher {

  private static final long BUDGET_MILLIS = 90;

  private final Completions completions;
  private final Commands commands;
  private List<Candidate> offered = List.of();
  private String word = "";

  LiveCompleter(Completions completions, Commands commands) {
    this.completions = completions;
    this.commands = commands;
  }

  @Override
  public void complete(LineReader reader, ParsedLine line, List<Candidate> candidates) {
    String before = line.line().substring(0, line.cursor());
    if (Commands.isCommand(before)) {
      for (Commands.Completion completion : commands.complete(before)) {
        if (completion.text().startsWith(Commands.word(before))) {
          candidates.add(candidate(completion.text(), completion.text(), completion.description()));
        }
      }
      return;
    }
    List<Completions.Completion> found = Collections.synchronizedList(new ArrayList<>());
    CountDownLatch done = new CountDownLatch(1);
    Thread search =
        new Thread(
            () -> {
              try {
                completions.gather(before, found);
              } finally {
                done.countDown();
              }
            },
            "blksh completion");
    search.setDaemon(true);
    search.start();
    try {
      done.await(BUDGET_MILLIS, TimeUnit.MILLISECONDS);
    } catch (InterruptedException hurry) {
      Thread.currentThread().interrupt();
    }
    for (Completions.Completion completion : found.toArray(Completions.Completion[]::new)) {
      candidates.add(candidate(completion.text(), completion.shown(), completion.description()));
    }
  }

  private static Candidate candidate(String text, String shown, String description) {
    return new Candidate(text, shown, null, description, null, null, false);
  }

  // What is offered fits the word already.

  @Override
  public void compile(
      Map<LineReader.Option, Boolean> options,
      boolean prefix,
      CompletingParsedLine line,
      boolean caseInsensitive,
      int errors,
      String originalGroupName) {
    word = line.word();
  }

  @Override
  public List<Candidate> matches(List<Candidate> candidates) {
    offered = candidates;
    return candidates;
  }

  @Override
  public Candidate exactMatch() {
    return null;
  }

  @Override
  public String getCommonPrefix() {
    String common = offered.get(0).value();
    for (Candidate candidate : offered) {
      int length = 0;
      String value = candidate.value();
      while (length < Math.min(common.length(), value.length())
          && common.charAt(length) == value.charAt(length)) {
        length++;
      }
      common = common.substring(0, length);
    }
    return common.startsWith(word) ? common : word;
  }
}
