package blksh.store;

import blksh.block.BlockSource;
import blksh.block.Extent;
import blksh.store.pack.PageSize;
import java.util.Iterator;

/**
 * Cuts a source along its extents into segments, from its beginning to its end: only whole pages
 * are skipped.
 */
final class SegmentCut {

  private final long size;
  private final PageSize pageSize;
  private final Iterator<Extent> extents;
  private long planned; // all before is in a run that was handed out, or in skipped
  private long runAt;
  private long runEnd;
  private Extent.Kind runKind;
  private Extent skipped; // a run to hand out after the present one
  private long position;
  private long length;

  private final boolean keeping;

  SegmentCut(BlockSource source, PageSize pageSize) {
    this(source.size(), pageSize, source.extents(), false);
  }

  /**
   * Cuts along other extents than the source's own.
   *
   * @param keeping whether UNTRIED is what need not be read, as an earlier version has it
   */
  SegmentCut(long size, PageSize pageSize, Iterator<Extent> extents, boolean keeping) {
    this.size = size;
    this.pageSize = pageSize;
    this.extents = extents;
    this.keeping = keeping;
  }

  /** Goes on to the next segment; false at the end. */
  boolean next() {
    if (runAt == runEnd && !nextRun()) {
      return false;
    }
    length = runEnd - runAt;
    if (runKind == Extent.Kind.DATA) {
      long boundary = (runAt / CaptureSegment.BYTES + 1) * CaptureSegment.BYTES;
      length = Math.min(length, boundary - runAt);
    }
    position = runAt;
    runAt += length;
    return true;
  }

  /** The first byte of the segment. */
  long position() {
    return position;
  }

  /** Bytes of the segment: of data at most {@link CaptureSegment#BYTES}. */
  long length() {
    return length;
  }

  /** DATA for what is to be read, UNTRIED for what need not be. */
  Extent.Kind kind() {
    return runKind;
  }

  private boolean nextRun() {
    if (skipped != null) {
      begin(skipped.start(), skipped.end(), skipped.kind());
      skipped = null;
      return true;
    }
    while (extents.hasNext()) {
      Extent e = extents.next();
      long last = e.end() == size ? size : pageSize.down(e.end());
      if (e.kind().readsAsZeros()
          || e.kind() == Extent.Kind.BAD
          || keeping && e.kind() == Extent.Kind.UNTRIED) {
        long first = Math.max(planned, pageSize.at(pageSize.count(e.start())));
        if (first < last) {
          long dataStart = planned;
          planned = last;
          if (first > dataStart) {
            skipped = new Extent(first, last - first, e.kind());
            begin(dataStart, first, Extent.Kind.DATA);
          } else {
            begin(first, last, e.kind());
          }
          return true;
        }
      }
      if (last - planned >= CaptureSegment.BYTES) {
        begin(planned, last, Extent.Kind.DATA);
        planned = last;
        return true;
      }
    }
    if (planned < size) {
      begin(planned, size, Extent.Kind.DATA);
      planned = size;
      return true;
    }
    return false;
  }

  private void begin(long from, long to, Extent.Kind kind) {
    runAt = from;
    runEnd = to;
    runKind = kind;
  }
}
