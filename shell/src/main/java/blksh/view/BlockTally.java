package blksh.view;

import java.util.List;

/**
 * What kinds of blocks lie where, tallied in equal parts so that memory stays small whatever the
 * size; drawn as a {@link View.Blocks}.
 */
public final class BlockTally {

  /** More parts than any screen has cells. */
  public static final int PARTS = 8192;

  /**
   * A kind of block.
   *
   * @param sign the character it is drawn with
   * @param colour one of {@link Palette}, or -1 for none
   * @param always whether a cell that holds any of it shows it, however little
   */
  public record Kind(String label, char sign, int colour, boolean always) {}

  private final List<Kind> kinds;
  private final long size;
  private final long partSize;
  private final long[][] parts;

  /**
   * @param size bytes of the whole
   * @param unit bytes of the smallest part worth telling apart
   */
  public BlockTally(long size, long unit, List<Kind> kinds) {
    this.kinds = List.copyOf(kinds);
    this.size = size;
    long even = (size + PARTS - 1) / PARTS;
    this.partSize = Math.max(unit, (even + unit - 1) / unit * unit);
    this.parts = new long[(int) ((size + partSize - 1) / partSize)][kinds.size()];
  }

  /** Adds a range of a kind. */
  public void add(long start, long length, int kind) {
    long end = Math.min(size, start + length);
    for (long at = start; at < end; ) {
      int part = (int) (at / partSize);
      long to = Math.min(end, (part + 1) * partSize);
      parts[part][kind] += to - at;
      at = to;
    }
  }

  public long size() {
    return size;
  }

  public List<Kind> kinds() {
    return kinds;
  }

  /** Parts that can be told apart. */
  int parts() {
    return parts.length;
  }

  /** Bytes of a kind in all. */
  public long total(int kind) {
    long total = 0;
    for (long[] part : parts) {
      total += part[kind];
    }
    return total;
  }

  /**
   * The kind to show for one of a number of cells: the first that always shows, else the one with
   * the most bytes.
   */
  int shown(int cell, int cells) {
    long[] sums = new long[kinds.size()];
    int from = (int) ((long) parts.length * cell / cells);
    int to = Math.max(from + 1, (int) ((long) parts.length * (cell + 1) / cells));
    for (int part = from; part < to; part++) {
      for (int kind = 0; kind < sums.length; kind++) {
        sums[kind] += parts[part][kind];
      }
    }
    int best = 0;
    for (int kind = 0; kind < sums.length; kind++) {
      if (kinds.get(kind).always() && sums[kind] > 0) {
        return kind;
      }
      if (sums[kind] > sums[best]) {
        best = kind;
      }
    }
    return best;
  }
}
