package blksh.store;

import java.time.Duration;
import java.util.List;

/**
 * What a compaction did, or would do.
 *
 * @param packs there were
 * @param removed packs of which nobody needed anything
 * @param rewritten packs that were written anew
 * @param freedBytes of all packs less than before, in a dry run about
 * @param writtenBytes of the packs written anew
 * @param deadPages that are left: in packs below the threshold, or held by captures in flight
 * @param reliedOn packs left as they were, as a capture in flight relies on them
 * @param emptied versions that left the trash for good
 * @param held versions the trash keeps: for its grace, or because somebody reads them
 * @param left packs that should have been written anew and cannot be: they are damaged
 */
public record CompactResult(
    int packs,
    int removed,
    int rewritten,
    long freedBytes,
    long writtenBytes,
    long deadPages,
    int reliedOn,
    List<String> emptied,
    List<Held> held,
    List<String> left,
    Duration elapsed,
    boolean dryRun) {

  /**
   * A version the trash keeps.
   *
   * @param why {@code "is read"}, {@code "grace"}, or that its number cannot be noted
   */
  public record Held(String reference, String why) {}
}
