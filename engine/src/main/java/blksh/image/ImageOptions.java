package blksh.image;

import java.nio.file.Path;

/**
 * How to open an image.
 *
 * @param tolerant return data as it is, whatever its checksum says, and open what was cut short
 * @param raw take it for the bytes of a partition or a drive, whatever it begins with
 * @param indexDirectory where to keep what makes compressed images quick to open again, or null for
 *     a directory of this user among the temporary files
 */
public record ImageOptions(boolean tolerant, boolean raw, Path indexDirectory) {

  /** Where indexes of compressed images are kept. */
  Path indexes() {
    return indexDirectory != null
        ? indexDirectory
        : Path.of(System.getProperty("java.io.tmpdir"))
            .resolve("blksh-indexes-" + System.getProperty("user.name"));
  }

  public static ImageOptions defaults() {
    return new ImageOptions(false, false, null);
  }

  public ImageOptions withTolerant(boolean tolerant) {
    return new ImageOptions(tolerant, raw, indexDirectory);
  }

  public ImageOptions withRaw(boolean raw) {
    return new ImageOptions(tolerant, raw, indexDirectory);
  }

  public ImageOptions withIndexDirectory(Path indexDirectory) {
    return new ImageOptions(tolerant, raw, indexDirectory);
  }
}
