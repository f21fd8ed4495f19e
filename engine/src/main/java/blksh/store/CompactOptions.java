package blksh.store;

import blksh.retention.Age;

/**
 * How a store is compacted.
 *
 * @param threshold how much of a pack nobody may need before it is written anew, in per cent of its
 *     pages: above 0, up to 100
 * @param grace how long deleted versions stay in the trash; null for not at all
 * @param recompress whether what could stay as it is in a pack that is written anew, and would be
 *     smaller as the store compresses now, is compressed again too
 * @param dryRun whether nothing is changed
 */
public record CompactOptions(double threshold, Age grace, boolean recompress, boolean dryRun) {

  /** What is worth writing a pack anew, unless something else is said. */
  public static final double USUAL_THRESHOLD = 25;

  public CompactOptions {
    if (!(threshold > 0 && threshold <= 100)) {
      throw new IllegalArgumentException("a threshold of " + threshold + " %");
    }
  }

  public static CompactOptions defaults() {
    return new CompactOptions(USUAL_THRESHOLD, null, false, false);
  }

  public CompactOptions withThreshold(double percent) {
    return new CompactOptions(percent, grace, recompress, dryRun);
  }

  public CompactOptions withGrace(Age age) {
    return new CompactOptions(threshold, age, recompress, dryRun);
  }

  public CompactOptions withRecompress(boolean all) {
    return new CompactOptions(threshold, grace, all, dryRun);
  }

  public CompactOptions withDryRun(boolean dry) {
    return new CompactOptions(threshold, grace, recompress, dry);
  }
}
