package blksh.snapshot;

import java.util.List;

/**
 * What a restore came to.
 *
 * @param entries that were made
 * @param bytes that were written
 * @param problems a sentence for each of the first things that could not be made as they were
 * @param problemCount how many there were
 */
public record RestoredTree(long entries, long bytes, List<String> problems, long problemCount) {

  public RestoredTree {
    problems = List.copyOf(problems);
  }
}
