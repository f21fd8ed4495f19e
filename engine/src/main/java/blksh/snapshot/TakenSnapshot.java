package blksh.snapshot;

import java.util.List;

/**
 * What taking a snapshot came to.
 *
 * @param snapshot as it is listed
 * @param unchanged files that were not read, as they had not changed
 * @param read files that were read
 * @param stored bytes that were written for it, of contents alone
 * @param leftOut entries that were left out as asked
 * @param problems a sentence for each of the first problems: what could not be read, what changed
 *     all the time, what could not be kept of it
 * @param problemCount how many there were
 */
public record TakenSnapshot(
    Snapshot snapshot,
    long unchanged,
    long read,
    long stored,
    long leftOut,
    List<String> problems,
    long problemCount) {

  public TakenSnapshot {
    problems = List.copyOf(problems);
  }
}
