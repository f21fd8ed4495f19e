package blksh.store;

import java.time.Instant;

/**
 * How to capture.
 *
 * @param dryRun read, hash and compare, but write nothing
 * @param allowEmpty whether a stream may deliver nothing at all
 * @param date when the version was captured, where that was another time, as by another program;
 *     null for the time it takes
 */
public record CaptureOptions(boolean dryRun, boolean allowEmpty, Instant date) {

  public static CaptureOptions defaults() {
    return new CaptureOptions(false, false, null);
  }

  public CaptureOptions withDryRun(boolean dryRun) {
    return new CaptureOptions(dryRun, allowEmpty, date);
  }

  public CaptureOptions withAllowEmpty(boolean allowEmpty) {
    return new CaptureOptions(dryRun, allowEmpty, date);
  }

  public CaptureOptions withDate(Instant date) {
    return new CaptureOptions(dryRun, allowEmpty, date);
  }
}
