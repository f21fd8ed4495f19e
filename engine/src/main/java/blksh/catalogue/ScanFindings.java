package blksh.catalogue;

import blksh.io.NameText;
import blksh.task.Task;
import java.util.ArrayList;
import java.util.List;

/** What went wrong with single files: the first of it is named, all is counted. For any thread. */
final class ScanFindings {

  private static final int NAMED = 1000;
  private static final int TOLD = 20;

  private final Task task;
  private final List<String> named = new ArrayList<>();
  private long count;

  ScanFindings(Task task) {
    this.task = task;
  }

  void add(byte[] path, String problem) {
    add(NameText.of(path) + ": " + problem);
  }

  synchronized void add(String sentence) {
    count++;
    if (named.size() < NAMED) {
      named.add(sentence);
    }
    if (count <= TOLD) {
      task.finding(sentence);
    } else if (count == TOLD + 1) {
      task.finding("and more: the result names them");
    }
  }

  synchronized List<String> named() {
    return List.copyOf(named);
  }

  synchronized long count() {
    return count;
  }
}
