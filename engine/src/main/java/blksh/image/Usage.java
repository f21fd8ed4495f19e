package blksh.image;

import blksh.block.BlockSource;
import blksh.block.Extent;
import java.util.Iterator;

/** The picture of which parts of a source hold data. */
final class Usage {

  private Usage() {}

  /** The share of each of {@code cells} equal parts that does not read as zeros by its extent. */
  static double[] of(BlockSource source, int cells) {
    if (cells < 1) {
      throw new IllegalArgumentException(cells + " cells");
    }
    long size = source.size();
    int count = (int) Math.min(cells, Math.max(1, size));
    double[] shares = new double[count];
    double cell = (double) size / count;
    for (Iterator<Extent> extents = source.extents(); extents.hasNext(); ) {
      Extent extent = extents.next();
      if (!extent.kind().readsAsZeros()) {
        int last = (int) Math.min(count - 1, (extent.end() - 1) / cell);
        for (int i = (int) (extent.start() / cell); i <= last; i++) {
          double from = Math.max(extent.start(), i * cell);
          double to = Math.min(extent.end(), (i + 1) * cell);
          shares[i] += Math.max(0, to - from) / cell;
        }
      }
    }
    for (int i = 0; i < count; i++) {
      shares[i] = Math.min(1, shares[i]);
    }
    return shares;
  }
}
