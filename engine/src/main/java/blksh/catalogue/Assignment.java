package blksh.catalogue;

import blksh.io.NameText;

/**
 * What somebody has put onto a disc by hand.
 *
 * @param id larger than that of any before
 * @param path of a file, or of a directory with all below it, in the one tree of all sources
 * @param disc the number of the disc in its set, 1 for the first
 */
public record Assignment(long id, byte[] path, int disc) {

  /** The path for people. */
  public String text() {
    return NameText.of(path);
  }
}
