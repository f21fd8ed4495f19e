package blksh.image;

/**
 * A part of an image that is not proven.
 *
 * @param group number of the checksum group from 0, or -1 when it belongs to none
 * @param start first byte of the partition that is affected; or of the image, when it is its own
 *     tables
 * @param length bytes of the partition from the group's first block to its last, or 0 when it is
 *     the tables of the image
 * @param kind the kind of failure, as {@link blksh.BlkshException#kind} names it
 * @param problem what is wrong, as a clause
 */
public record BadGroup(long group, long start, long length, String kind, String problem) {

  /** What is wrong and where, as a sentence without its full stop. */
  public String sentence() {
    if (length == 0) {
      return "byte %d of the image: %s".formatted(start, problem);
    }
    return problem.contains("of the partition")
        ? problem
        : "bytes %d to %d of the partition: %s".formatted(start, start + length - 1, problem);
  }
}
