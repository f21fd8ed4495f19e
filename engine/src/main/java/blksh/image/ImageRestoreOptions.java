package blksh.image;

/**
 * How to restore an image to a file or a drive.
 *
 * @param overwrite whether what is there may be replaced
 */
public record ImageRestoreOptions(boolean overwrite) {

  public static ImageRestoreOptions defaults() {
    return new ImageRestoreOptions(false);
  }

  public ImageRestoreOptions withOverwrite(boolean overwrite) {
    return new ImageRestoreOptions(overwrite);
  }
}
