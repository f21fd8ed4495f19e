package blksh.mount.nbd;

import blksh.block.Extent;

/**
 * Where a source was found to hold data, of late. Finding where data ends may cost more than
 * reading what was asked for of it; that it became a hole since does not matter.
 */
final class KnownData {

  private static final int MOST = 64;

  private final Extent[] extents = new Extent[MOST];
  private int next;

  /** The data at a position, or null when that is not known. */
  synchronized Extent at(long position) {
    for (Extent extent : extents) {
      if (extent != null && extent.start() <= position && position < extent.end()) {
        return extent;
      }
    }
    return null;
  }

  /** Notes an extent, if it is data. */
  synchronized void add(Extent extent) {
    if (!extent.kind().readsAsZeros()) {
      extents[next++ & MOST - 1] = extent;
    }
  }
}
