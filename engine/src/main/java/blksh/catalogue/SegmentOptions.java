package blksh.catalogue;

import blksh.iso.DiscPlan;
import blksh.parity.ImageParity;
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
 * @param parity part of the sectors of each image that may be lost in one piece, 0.01 to 0.5; 0 for
 *     no parity. Scattered over the disc it may be about a third of that
 * @param parityDiscs how many discs of a set may be lost, 0 to {@link #MOST_PARITY_DISCS}
 */
public record SegmentOptions(
    Media media,
    boolean keepDirectoriesTogether,
    List<String> first,
    double reserve,
    boolean spanLargeFiles,
    boolean replan,
    Instant made,
    double parity,
    int parityDiscs) {

  /** Parity discs of a set. */
  public static final int MOST_PARITY_DISCS = 20;

  public SegmentOptions {
    first = List.copyOf(first);
    if (!(reserve >= 0 && reserve < 1)) {
      throw new IllegalArgumentException("a reserve of " + reserve);
    }
    Excludes.NONE.with(first);
    ImageParity.of(parity);
    if (parityDiscs < 0 || parityDiscs > MOST_PARITY_DISCS) {
      throw new IllegalArgumentException(
          "0 to %d parity discs, and not %d".formatted(MOST_PARITY_DISCS, parityDiscs));
    }
  }

  /** Without parity. */
  public SegmentOptions(
      Media media,
      boolean keepDirectoriesTogether,
      List<String> first,
      double reserve,
      boolean spanLargeFiles,
      boolean replan,
      Instant made) {
    this(media, keepDirectoriesTogether, first, reserve, spanLargeFiles, replan, made, 0, 0);
  }

  /** With parity on each disc, and parity discs. */
  public SegmentOptions withParity(double parity, int parityDiscs) {
    return new SegmentOptions(
        media,
        keepDirectoriesTogether,
        first,
        reserve,
        spanLargeFiles,
        replan,
        made,
        parity,
        parityDiscs);
  }

  /** The same, planned at another time. */
  SegmentOptions at(Instant made) {
    return new SegmentOptions(
        media,
        keepDirectoriesTogether,
        first,
        reserve,
        spanLargeFiles,
        replan,
        made,
        parity,
        parityDiscs);
  }

  /** What is usual. */
  public static SegmentOptions of(Media media) {
    return new SegmentOptions(media, true, List.of(), 0, true, false, Instant.now());
  }

  /** Bytes of the longest image. */
  long capacity() {
    return (long) (media.bytes() * (1 - reserve));
  }

  ImageParity imageParity() {
    return ImageParity.of(parity);
  }

  /** Bytes of the longest image before its parity. */
  long plainCapacity() {
    // A parity disc has the longest image of others as a file.
    long most = parityDiscs == 0 ? capacity() : ParityDiscTree.largest(capacity());
    return parity == 0 ? most : imageParity().largest(most / DiscPlan.SECTOR) * DiscPlan.SECTOR;
  }

  /** Bytes of an image with its parity. @param plain bytes without */
  long withParity(long plain) {
    return imageParity().sectors(plain / DiscPlan.SECTOR) * DiscPlan.SECTOR;
  }
}
