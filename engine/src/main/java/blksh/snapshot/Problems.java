package blksh.snapshot;

import blksh.task.Task;
import java.util.ArrayList;
import java.util.List;

/** What went wrong with single entries: counted, and the first of them named. */
final class Problems {

  /** Sentences that are kept. */
  static final int NAMED = 10_000;

  private final Task task;
  private final List<String> sentences = new ArrayList<>();
  private long count;

  Problems(Task task) {
    this.task = task;
  }

  synchronized void add(String sentence) {
    count++;
    if (sentences.size() < NAMED) {
      sentences.add(sentence);
      task.finding(sentence);
    } else if (sentences.size() == NAMED) {
      sentences.add("… and more");
      task.finding("… and more");
    }
  }

  synchronized long count() {
    return count;
  }

  synchronized List<String> sentences() {
    return List.copyOf(sentences);
  }
}
