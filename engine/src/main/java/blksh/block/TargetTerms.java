package blksh.block;

/**
 * What may become of a drive or a file that is to be written.
 *
 * @param size bytes that are to be written, 0 or more
 * @param overwrite whether what is there may be written over
 * @param inPlace whether a file that is there is written in place, instead of being replaced when
 *     all is there
 * @param dryRun whether nothing is written
 */
public record TargetTerms(long size, boolean overwrite, boolean inPlace, boolean dryRun) {

  public TargetTerms {
    if (size < 0) {
      throw new IllegalArgumentException("size " + size);
    }
  }
}
