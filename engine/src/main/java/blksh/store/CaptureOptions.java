package blksh.store;

import blksh.BlkshException;
import java.time.Instant;

/**
 * How to capture.
 *
 * @param dryRun read, hash and compare, but write nothing
 * @param allowEmpty whether a stream may deliver nothing at all
 * @param date when the version was captured, where that was another time, as by another program;
 *     null for the time it takes. Unless {@code after} is said, no later version of the name may be
 *     there: the name alone would mean what is old, and what is new would be the first to go
 * @param after the number of the version it must follow, 0 for none: with another newest one the
 *     capture fails with an {@link Overtaken}; null where that does not matter
 */
public record CaptureOptions(boolean dryRun, boolean allowEmpty, Instant date, Integer after) {

  public static CaptureOptions defaults() {
    return new CaptureOptions(false, false, null, null);
  }

  public CaptureOptions withDryRun(boolean dryRun) {
    return new CaptureOptions(dryRun, allowEmpty, date, after);
  }

  public CaptureOptions withAllowEmpty(boolean allowEmpty) {
    return new CaptureOptions(dryRun, allowEmpty, date, after);
  }

  public CaptureOptions withDate(Instant date) {
    return new CaptureOptions(dryRun, allowEmpty, date, after);
  }

  public CaptureOptions withAfter(int after) {
    return new CaptureOptions(dryRun, allowEmpty, date, after);
  }

  /** A version was to follow another, and meanwhile somebody changed which is the newest. */
  public static final class Overtaken extends BlkshException {

    Overtaken(String name, int expected, int found) {
      super(
          "capture " + name,
          "its newest version was %d when that began, and is %d now".formatted(expected, found));
      suggest("capture it again");
    }
  }
}
