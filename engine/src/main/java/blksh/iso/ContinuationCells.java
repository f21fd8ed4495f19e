package blksh.iso;

import java.util.ArrayList;
import java.util.List;

/**
 * What does not fit into a directory record, in cells of 64 to 2048 bytes, powers of two. Cells of
 * one size lie together, the large ones first, so none crosses a sector and none leaves a gap: what
 * they take together depends on how many there are of each alone.
 */
final class ContinuationCells {

  static final int LARGEST = DiscPlan.SECTOR;

  private static final int SMALLEST = 64;

  private ContinuationCells() {}

  /** Bytes of the cell that holds so many. */
  static int cell(int bytes) {
    return Math.max(SMALLEST, 2 * Integer.highestOneBit(bytes - 1));
  }

  /**
   * Shares fields out: each list fills a cell, all but the last one of the largest, in which there
   * is room to say where they go on.
   */
  static List<List<byte[]>> share(List<byte[]> fields) {
    List<List<byte[]>> cells = new ArrayList<>();
    List<byte[]> open = new ArrayList<>();
    int left = fields.stream().mapToInt(field -> field.length).sum();
    int used = 0;
    for (byte[] field : fields) {
      boolean allFit = used + left <= LARGEST;
      if (!allFit && used + field.length > LARGEST - RockRidge.CONTINUATION) {
        cells.add(open);
        open = new ArrayList<>();
        used = 0;
      }
      open.add(field);
      used += field.length;
      left -= field.length;
    }
    cells.add(open);
    return cells;
  }

  static int length(List<byte[]> fields) {
    return fields.stream().mapToInt(field -> field.length).sum();
  }

  /** Bytes of all cells that fields take. */
  static int bytes(List<byte[]> fields) {
    List<List<byte[]>> cells = share(fields);
    return (cells.size() - 1) * LARGEST + cell(length(cells.get(cells.size() - 1)));
  }
}
