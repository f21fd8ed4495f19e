package blksh.image;

import blksh.block.BlockSource;
import blksh.task.Task;

/**
 * A backup of a partition, a drive or a disc, opened by its content: the bytes it was made of, at
 * any position. What it does not store because the file system did not use it reads as zeros and is
 * a FREE extent.
 *
 * <p>Reading never returns data that failed its checksum, unless the image was opened as tolerant.
 */
public sealed interface Image extends BlockSource
    permits BlockImage, DiskImage, IsoImage, RawImage {

  /** What the image says of itself. */
  ImageInfo info();

  /**
   * Reads everything and proves what has a checksum, on all cores, going on after damage.
   *
   * @return what was found; damage is in the report, not thrown
   * @throws blksh.task.CancelledException when the task was cancelled
   */
  ImageVerification verify(Task task);

  /**
   * How much of the partition is stored, as a picture: equal parts of it in order, each from 0 (all
   * free) to 1 (all stored).
   *
   * @param cells parts, 1 or more; fewer are returned when there are fewer bytes
   */
  default double[] usage(int cells) {
    return Usage.of(this, cells);
  }
}
