package blksh.store;

import blksh.block.BlockSource;
import blksh.block.Extent;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * The segments of a source some steps ahead of who reads them, so that a source far away is told
 * what will be read. Used by one thread at a time.
 */
final class AheadCut {

  /** Segments: as many of data are 8 MiB. */
  private static final int MOST = 32;

  private final BlockSource source;
  private final SegmentCut cut;
  private final Deque<Extent> ahead = new ArrayDeque<>();
  private boolean ended;

  AheadCut(BlockSource source, SegmentCut cut) {
    this.source = source;
    this.cut = cut;
  }

  /** The next segment; null at the end. */
  Extent next() {
    while (!ended && ahead.size() < MOST) {
      ended = !cut.next();
      if (!ended) {
        ahead.add(new Extent(cut.position(), cut.length(), cut.kind()));
        if (cut.kind() == Extent.Kind.DATA) {
          source.expect(cut.position(), (int) cut.length());
        }
      }
    }
    return ahead.poll();
  }
}
