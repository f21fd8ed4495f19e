package blksh.iso;

import blksh.BlkshException;
import blksh.task.Task;
import java.nio.file.Path;

/** Writes the image of a planned disc from its first byte to its last. */
public final class DiscWriter {

  private DiscWriter() {}

  /**
   * Writes a file, which has its name only once it is whole.
   *
   * @param overwrite whether it may take the place of a file
   * @throws BlkshException when it cannot be written; a content that cannot be had is a fault of
   *     the report instead
   */
  public static DiscReport write(
      DiscPlan plan, DiscContents contents, Path file, boolean overwrite, Task task) {
    throw new UnsupportedOperationException();
  }

  /**
   * Writes to whatever takes bytes one after the other.
   *
   * @throws BlkshException as above
   */
  public static DiscReport write(
      DiscPlan plan, DiscContents contents, DiscTarget target, Task task) {
    throw new UnsupportedOperationException();
  }
}
