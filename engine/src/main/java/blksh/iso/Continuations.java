package blksh.iso;

import java.util.Arrays;
import java.util.List;

/** Which directory records go on elsewhere, and where: in the cells of an area of the disc. */
final class Continuations {

  private static final int SMALLEST_BITS = 6;
  private static final int LARGEST_BITS = 11;

  private final LongTable numbers = new LongTable();
  private int[] nodes = new int[16];

  /** For each its first cell of the largest size, and its last cell among those of its size. */
  private int[] firstLarge = new int[16];

  private int[] lastCell = new int[16];
  private byte[] lastBits = new byte[16];

  /** How many cells there are of each size, by its power of two. */
  private final int[] cells = new int[LARGEST_BITS + 1];

  Continuations() {
    // The first of its size is for the root, which says that the fields are Rock Ridge's.
    cells[bits(RockRidge.extension().length)] = 1;
  }

  private static int bits(int bytes) {
    return Integer.numberOfTrailingZeros(ContinuationCells.cell(bytes));
  }

  void add(int node, byte[] name, byte[] target) {
    int number = numbers.size();
    if (number == nodes.length) {
      nodes = Arrays.copyOf(nodes, 2 * number);
      firstLarge = Arrays.copyOf(firstLarge, 2 * number);
      lastCell = Arrays.copyOf(lastCell, 2 * number);
      lastBits = Arrays.copyOf(lastBits, 2 * number);
    }
    List<List<byte[]>> shared = ContinuationCells.share(RockRidge.named(name, target));
    int bits = bits(ContinuationCells.length(shared.get(shared.size() - 1)));
    numbers.put(node, number);
    nodes[number] = node;
    firstLarge[number] = cells[LARGEST_BITS];
    cells[LARGEST_BITS] += shared.size() - 1;
    lastBits[number] = (byte) bits;
    lastCell[number] = cells[bits]++;
  }

  /** Bytes of all cells. */
  long bytes() {
    return start(SMALLEST_BITS) + ((long) cells[SMALLEST_BITS] << SMALLEST_BITS);
  }

  /** Where the cells of a size begin in the area. */
  private long start(int bits) {
    long start = 0;
    for (int larger = LARGEST_BITS; larger > bits; larger--) {
      start += (long) cells[larger] << larger;
    }
    return start;
  }

  boolean has(int node) {
    return numbers.has(node);
  }
}
