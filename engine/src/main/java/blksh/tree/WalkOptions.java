package blksh.tree;

import blksh.io.FileStatus;
import java.util.List;

/**
 * What of a tree is walked.
 *
 * @param oneFileSystem whether what is mounted in it is given as an empty directory
 * @param heedMarks whether directories with {@code .nobackup} or a CACHEDIR.TAG are given empty
 * @param largest bytes of the largest regular file that is given
 * @param own entries that are neither given nor entered, whatever their names are
 */
public record WalkOptions(
    Excludes excludes,
    boolean oneFileSystem,
    boolean heedMarks,
    long largest,
    List<FileStatus> own) {

  /** Everything. */
  public static final WalkOptions ALL =
      new WalkOptions(Excludes.NONE, false, false, Long.MAX_VALUE, List.of());

  public WalkOptions {
    own = List.copyOf(own);
    if (largest < 0) {
      throw new IllegalArgumentException("files of at most " + largest + " bytes");
    }
  }

  /** As this, without some entries. */
  public WalkOptions without(List<FileStatus> entries) {
    return new WalkOptions(excludes, oneFileSystem, heedMarks, largest, entries);
  }
}
