package blksh.catalogue;

import blksh.tree.Excludes;
import java.time.Instant;
import java.util.List;

/**
 * How files are put onto discs.
 *
 * @param media what they are put on
 * @param keepDirectoriesTogether whether what is in a directory stays on one disc where that can be
 * @param first patterns as in a .gitignore file: what fits comes onto the first discs, in their
 *     order
 * @param reserve part of each disc that stays free, 0 to less than 1
 * @param spanLargeFiles whether a file larger than a disc becomes several parts
 * @param replan whether a new set is begun, and what is on discs is put on new ones too
 * @param made when the plan is said to be made, which stands on the discs
 */
public record SegmentOptions(
    Media media,
    boolean keepDirectoriesTogether,
    List<String> first,
    double reserve,
    boolean spanLargeFiles,
    boolean replan,
    Instant made) {

  public SegmentOptions {
    first = List.copyOf(first);
    if (!(reserve >= 0 && reserve < 1)) {
      throw new IllegalArgumentException("a reserve of " + reserve);
    }
    Excludes.NONE.with(first);
  }

  /** What is usual. */
  public static SegmentOptions of(Media media) {
    return new SegmentOptions(media, true, List.of(), 0, true, false, Instant.now());
  }

  /** Bytes of the longest image. */
  long capacity() {
    return (long) (media.bytes() * (1 - reserve));
  }
}
