package blksh.image;

/**
 * How to restore an image to a file or a drive.
 *
 * @param overwrite whether what is there may be replaced
 * @param dryRun only check the target and count what would be written
 */
public record ImageRestoreOptions(boolean overwrite, boolean dryRun) {

  public static ImageRestoreOptions defaults() {
    return new ImageRestoreOptions(false, false);
  }

  public ImageRestoreOptions withOverwrite(boolean overwrite) {
    return new ImageRestoreOptions(overwrite, dryRun);
  }

  public ImageRestoreOptions withDryRun(boolean dryRun) {
    return new ImageRestoreOptions(overwrite, dryRun);
  }
}
