package blksh.image;

import blksh.compress.CompressedSource;
import java.nio.file.Path;
import java.util.function.Consumer;

/**
 * How to open an image.
 *
 * @param tolerant return data as it is, whatever its checksum says, and open what was cut short
 * @param raw take it for the bytes of a partition or a drive, whatever it begins with
 * @param snapshot the name, or the number, of the snapshot inside that is meant, of a disk of a
 *     virtual machine that has such, or null for the disk as it is
 * @param elsewhere whether files that a disk of a virtual machine names (what it was laid on, its
 *     parts) may lie outside its directory
 * @param indexDirectory where to keep what makes compressed images quick to open again, or null for
 *     a directory of this user among the temporary files
 * @param sizing how to decode a compressed image whose size is asked for and not known: calls
 *     {@link CompressedSource#complete} with a task somebody watches
 */
public record ImageOptions(
    boolean tolerant,
    boolean raw,
    String snapshot,
    boolean elsewhere,
    Path indexDirectory,
    Consumer<CompressedSource> sizing) {

  /** Where indexes of compressed images are kept. */
  Path indexes() {
    return indexDirectory != null
        ? indexDirectory
        : Path.of(System.getProperty("java.io.tmpdir"))
            .resolve("blksh-indexes-" + System.getProperty("user.name"));
  }

  public static ImageOptions defaults() {
    return new ImageOptions(
        false, false, null, false, null, source -> source.complete(blksh.task.Task.unwatched()));
  }

  public ImageOptions withTolerant(boolean tolerant) {
    return new ImageOptions(tolerant, raw, snapshot, elsewhere, indexDirectory, sizing);
  }

  public ImageOptions withRaw(boolean raw) {
    return new ImageOptions(tolerant, raw, snapshot, elsewhere, indexDirectory, sizing);
  }

  public ImageOptions withSnapshot(String snapshot) {
    return new ImageOptions(tolerant, raw, snapshot, elsewhere, indexDirectory, sizing);
  }

  public ImageOptions withElsewhere(boolean elsewhere) {
    return new ImageOptions(tolerant, raw, snapshot, elsewhere, indexDirectory, sizing);
  }

  public ImageOptions withIndexDirectory(Path indexDirectory) {
    return new ImageOptions(tolerant, raw, snapshot, elsewhere, indexDirectory, sizing);
  }

  public ImageOptions withSizing(Consumer<CompressedSource> sizing) {
    return new ImageOptions(tolerant, raw, snapshot, elsewhere, indexDirectory, sizing);
  }
}
