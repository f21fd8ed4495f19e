package blksh.snapshot;

import blksh.task.Task;
import java.util.ArrayList;
import java.util.List;

/** What went wrong with single entries, a sentence each: the first are kept, all are counted. */
final class Problems {

  /** Sentences that are kept and told. */
  private static final int NAMED = 10_000;

  private final Task task;
  private final List<String> first = new ArrayList<>();
  private long count;

  Problems(Task task) {
    this.task = task;
  }

  synchronized void add(String sentence) {
    if (first.size() < NAMED) {
      first.add(sentence);
      task.finding(sentence);
    } else if (count == NAMED) {
      task.finding("… and more");
    }
    count++;
  }

  synchronized List<String> first() {
    return List.copyOf(first);
  }

  synchronized long count() {
    return count;
  }
}
