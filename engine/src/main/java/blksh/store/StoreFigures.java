package blksh.store;

import java.util.List;

/**
 * What a store and its versions take, in figures.
 *
 * @param imageBytes sum of the sizes of all versions
 * @param dataBytes sum of what they hold as pages: neither zero, free nor bad
 * @param uniqueBytes bytes of the pages that are stored, before compression
 * @param packBytes bytes of the packs they are in
 * @param step of how many pages one was looked at for what is own and shared; 1 when it is exact
 * @param versions those that were asked for, by name, oldest first
 */
public record StoreFigures(
    long imageBytes,
    long dataBytes,
    long uniqueBytes,
    long packBytes,
    long step,
    List<Version> versions) {

  /**
   * A version.
   *
   * @param own bytes of pages, before compression, that no other version needs: what its deletion
   *     would free
   * @param shared bytes of pages others need too
   * @param changed bytes that differ from the image of the same name before it; null for the first,
   *     and for snapshots of file trees
   */
  public record Version(Manifest manifest, long own, long shared, Long changed) {}

  /** How often a page is held on the average: 1 when none is shared. NaN of a store of nothing. */
  public double deduplication() {
    return (double) dataBytes / uniqueBytes;
  }

  /** How many times smaller packs are than what is in them. NaN of a store of nothing. */
  public double compression() {
    return (double) uniqueBytes / packBytes;
  }
}
