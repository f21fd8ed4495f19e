package blksh.prompt.complete;

import blksh.prompt.command.Commands;
import blksh.prompt.command.Suggestion;
import blksh.prompt.line.ColonLine;
import blksh.prompt.line.EntryText;
import blksh.script.Scope;
import blksh.view.Visible;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BiConsumer;
import org.jline.reader.Candidate;
import org.jline.reader.Completer;
import org.jline.reader.CompletingParsedLine;
import org.jline.reader.CompletionMatcher;
import org.jline.reader.LineReader;
import org.jline.reader.ParsedLine;

/** Answers TAB in time: what is not found within the budget is shown as soon as it is found. */
public final class LiveCompleter implements Completer, CompletionMatcher {

  private static final long BUDGET_MILLIS = 90;

  /** The part of it that is kept for what can be found without the compiler. */
  private static final long RESERVE_MILLIS = 20;

  private final Completions completions;
  private final Foresight foresight;
  private final Commands commands;
  private final BiConsumer<String, List<Completion>> afterwards;
  private final Executor search = work -> thread(work).start();
  private List<Candidate> offered = List.of();
  private String word = "";

  /**
   * @param afterwards takes what is found too late for the text it was asked for
   */
  public LiveCompleter(
      Completions completions,
      Foresight foresight,
      Commands commands,
      BiConsumer<String, List<Completion>> afterwards) {
    this.completions = completions;
    this.foresight = foresight;
    this.commands = commands;
    this.afterwards = afterwards;
  }

  @Override
  public void complete(LineReader reader, ParsedLine line, List<Candidate> candidates) {
    String before = line.line().substring(0, line.cursor());
    if (ColonLine.is(before)) {
      for (Suggestion completion : commands.complete(before)) {
        String text = completion.text();
        if (text.startsWith(ColonLine.word(before))) {
          // Names of files come from disks nobody vouches for.
          String shown = Visible.of(text);
          String doc = completion.description();
          offer(candidates, new Completion(text, shown, "", doc, Completion.Standing.HOME));
        }
      }
      return;
    }
    search(before).forEach(found -> offer(candidates, found));
  }

  /** A candidate that knows what it offers; its place in the menu is the order of offering. */
  public static final class Offer extends Candidate {

    private final Completion completion;

    Offer(Completion completion, int place) {
      super(completion.text(), completion.shown(), null, null, null, null, false, place);
      this.completion = completion;
    }

    public Completion completion() {
      return completion;
    }

    @Override
    public boolean equals(Object other) {
      return other instanceof Offer offer && offer.completion.equals(completion);
    }

    @Override
    public int hashCode() {
      return completion.hashCode();
    }
  }

  private static void offer(List<Candidate> candidates, Completion completion) {
    candidates.add(new Offer(completion, candidates.size()));
  }

  /** What is found within the budget; what is found later goes to whoever waits for it. */
  private List<Completion> search(String before) {
    long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(BUDGET_MILLIS);
    EntryText entry = EntryText.of(before);
    String asked = Completions.asked(entry);
    CompletableFuture<Scope> scope =
        asked == null ? CompletableFuture.completedFuture(Scope.EMPTY) : foresight.ask(asked);
    CompletableFuture<List<Completion>> all =
        scope.thenApplyAsync(seen -> completions.gather(entry, seen), search);
    try {
      return all.get(BUDGET_MILLIS - RESERVE_MILLIS, TimeUnit.MILLISECONDS);
    } catch (TimeoutException late) {
      List<Completion> certain = certain(entry, end);
      if (certain.isEmpty()) {
        all.thenAccept(found -> afterwards.accept(before, found));
      }
      return certain;
    } catch (ExecutionException broken) {
      return List.of();
    } catch (InterruptedException hurry) {
      Thread.currentThread().interrupt();
      return List.of();
    }
  }

  private List<Completion> certain(EntryText before, long end) {
    try {
      return CompletableFuture.supplyAsync(() -> completions.certain(before), search)
          .get(end - System.nanoTime(), TimeUnit.NANOSECONDS);
    } catch (TimeoutException | ExecutionException nothing) {
      return List.of();
    } catch (InterruptedException hurry) {
      Thread.currentThread().interrupt();
      return List.of();
    }
  }

  private static Thread thread(Runnable work) {
    Thread thread = new Thread(work, "blksh completion");
    thread.setDaemon(true);
    return thread;
  }

  // The reader asks again while the list is shown and the word grows.

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
    offered = new ArrayList<>();
    for (Candidate best : Match.best(word, candidates, Candidate::displ)) {
      offer(offered, ((Offer) best).completion());
    }
    return offered;
  }

  @Override
  public Candidate exactMatch() {
    return null;
  }

  /** What can be written without a choice being lost. */
  @Override
  public String getCommonPrefix() {
    return begun(word, offered.stream().map(it -> ((Offer) it).completion()).toList());
  }

  /** The longest beginning of a word and what may follow that leaves every choice open. */
  public static String begun(String word, List<Completion> choices) {
    List<String> texts =
        choices.stream()
            .filter(it -> Match.rank(word, it.shown()) == 0)
            .map(Completion::text)
            .toList();
    String common = texts.isEmpty() ? word : common(texts);
    boolean open =
        common.startsWith(word)
            && choices.stream().allMatch(it -> Match.rank(common, it.shown()) >= 0);
    return open ? common : word;
  }

  /** What all of some texts begin with. */
  private static String common(List<String> texts) {
    String common = texts.get(0);
    for (String text : texts) {
      int length = 0;
      while (length < Math.min(common.length(), text.length())
          && common.charAt(length) == text.charAt(length)) {
        length++;
      }
      common = common.substring(0, length);
    }
    return common;
  }
}
