package blksh.store;

import blksh.task.Figures;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What a copy from one store to another did.
 *
 * @param versions that were wanted, by name, oldest first
 * @param movedBytes bytes of pages that the other store did not have, as they are before
 *     compression
 * @param storedBytes bytes those took there, compressed, with their headers
 * @param elapsed the whole time
 * @param dryRun whether nothing was written; pages that several versions would bring count for each
 */
public record CopyResult(
    List<Version> versions, long movedBytes, long storedBytes, Duration elapsed, boolean dryRun)
    implements Figures {

  /** What became of a version. */
  public enum Outcome {
    /** It is there now, or would be. */
    COPIED,
    /** It was there before. */
    THERE,
    /** It is not there: {@link Version#problem} says why. */
    LEFT
  }

  /**
   * A version that was wanted.
   *
   * @param reference {@code NAME@VERSION}, in the store it is copied from
   * @param outcome what became of it
   * @param as its reference in the other store; null when it is not there, or would only be
   * @param bytes of the image; 0 when it cannot be read
   * @param newBytes bytes of pages the other store did not have
   * @param problem why it was left, or null
   */
  public record Version(
      String reference, Outcome outcome, String as, long bytes, long newBytes, String problem) {}

  /** How many had an outcome. */
  public long count(Outcome outcome) {
    return versions.stream().filter(version -> version.outcome() == outcome).count();
  }

  @Override
  public Map<String, Object> figures() {
    Map<String, Object> figures = new LinkedHashMap<>();
    figures.put("copied", count(Outcome.COPIED));
    figures.put("there", count(Outcome.THERE));
    figures.put("left", count(Outcome.LEFT));
    figures.put("movedBytes", movedBytes);
    figures.put("storedBytes", storedBytes);
    figures.put("dryRun", dryRun);
    return figures;
  }
}
