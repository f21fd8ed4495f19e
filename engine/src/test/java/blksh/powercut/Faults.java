package blksh.powercut;

import java.util.ArrayList;
import java.util.List;

/** What is not as it was promised, after one cut. */
final class Faults {

  private static final int LONGEST = 400;

  private final List<String> found = new ArrayList<>();

  /** Something to be true. */
  interface Promise {
    void check() throws Exception;
  }

  /** Checks a promise; whether it was kept. */
  boolean check(String promise, Promise kept) {
    try {
      kept.check();
      return true;
    } catch (Exception | AssertionError e) {
      String problem = e.toString().strip().replaceAll("\\s+", " ");
      found.add(promise + ": " + problem.substring(0, Math.min(LONGEST, problem.length())));
      return false;
    }
  }

  List<String> list() {
    return found;
  }
}
