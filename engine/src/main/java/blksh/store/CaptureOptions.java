package blksh.store;

/**
 * How to capture.
 *
 * @param dryRun read, hash and compare, but write nothing
 * @param allowEmpty whether a stream may deliver nothing at all
 */
public record CaptureOptions(boolean dryRun, boolean allowEmpty) {

  public static CaptureOptions defaults() {
    return new CaptureOptions(false, false);
  }

  public CaptureOptions withDryRun(boolean dryRun) {
    return new CaptureOptions(dryRun, allowEmpty);
  }

  public CaptureOptions withAllowEmpty(boolean allowEmpty) {
    return new CaptureOptions(dryRun, allowEmpty);
  }
}
