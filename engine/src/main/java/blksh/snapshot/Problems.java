package blksh.snapshot;

import blksh.task.Task;
import java.util.ArrayList;
import java.util.List;

/** Sentences of what went wrong: the first are kept, all are counted. */
final class Problems {

  private static final int KEPT = 1000;
  private static final int TOLD = 20;

  private final Task task;
  private final List<String> first = new ArrayList<>();
  private long count;

  Problems(Task task) {
    this.task = task;
  }

  synchronized void add(String sentence) {
    count++;
    if (first.size() < KEPT) {
      first.add(sentence);
    }
    if (count <= TOLD) {
      task.finding(sentence);
    } else if (count == TOLD + 1) {
      task.finding("and more: the result names them");
    }
  }

  synchronized List<String> first() {
    return List.copyOf(first);
  }

  synchronized long count() {
    return count;
  }
}
