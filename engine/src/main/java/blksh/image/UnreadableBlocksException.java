package blksh.image;

import blksh.BlkshException;
import blksh.io.UnreadableException;

/**
 * Blocks of an image could not be read because what the image is stored in failed; the range is one
 * of the partition, the kind of failure is that of the cause.
 */
final class UnreadableBlocksException extends UnreadableException {

  private final BlkshException below;

  UnreadableBlocksException(String source, long start, long length, BlkshException below) {
    super(source, start, length, problemOf(below), below);
    this.below = below;
  }

  private static String problemOf(BlkshException below) {
    return below.position().isPresent()
        ? "byte %d of what holds it: %s".formatted(below.position().getAsLong(), below.problem())
        : below.problem();
  }

  @Override
  public String kind() {
    return below.kind();
  }
}
