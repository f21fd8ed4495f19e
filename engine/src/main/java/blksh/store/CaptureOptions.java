package blksh.store;

/**
 * How to capture.
 *
 * @param dryRun read, hash and compare, but write nothing
 */
public record CaptureOptions(boolean dryRun) {

  public static CaptureOptions defaults() {
    return new CaptureOptions(false);
  }

  public CaptureOptions withDryRun(boolean dryRun) {
    return new CaptureOptions(dryRun);
  }
}
