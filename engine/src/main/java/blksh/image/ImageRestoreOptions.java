package blksh.image;

/**
 * How to restore an image to a file or a drive.
 *
 * @param overwrite whether what is there may be replaced
 * @param dryRun only check the target and count what would be written
 * @param anySectors whether a partition table may go to a drive whose sectors it does not count in
 * @param filling what is written where the source knows that nothing is used, or null to leave that
 */
public record ImageRestoreOptions(
    boolean overwrite, boolean dryRun, boolean anySectors, Filling filling) {

  public static ImageRestoreOptions defaults() {
    return new ImageRestoreOptions(false, false, false, null);
  }

  public ImageRestoreOptions withOverwrite(boolean overwrite) {
    return new ImageRestoreOptions(overwrite, dryRun, anySectors, filling);
  }

  public ImageRestoreOptions withDryRun(boolean dryRun) {
    return new ImageRestoreOptions(overwrite, dryRun, anySectors, filling);
  }

  public ImageRestoreOptions withAnySectors(boolean anySectors) {
    return new ImageRestoreOptions(overwrite, dryRun, anySectors, filling);
  }

  public ImageRestoreOptions withFilling(Filling filling) {
    return new ImageRestoreOptions(overwrite, dryRun, anySectors, filling);
  }
}
