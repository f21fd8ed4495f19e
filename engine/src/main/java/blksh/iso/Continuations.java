package blksh.iso;

import blksh.iso.DiscTree.Kind;
import java.io.IOException;
import java.util.ArrayList;
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

  private static List<List<byte[]>> shared(int node, DiscNodes nodes) {
    byte[] target = nodes.kind(node) == Kind.LINK ? nodes.target(node) : null;
    return ContinuationCells.share(RockRidge.named(nodes.name(node), target));
  }

  /** What leads from a record to its first cell. @param area the sector the cells begin at */
  byte[] pointer(int node, DiscNodes nodes, long area) {
    return pointer(numbers.get(node), shared(node, nodes), 0, area);
  }

  /** What leads to one of the cells of an entry. */
  private byte[] pointer(int number, List<List<byte[]>> shared, int cell, long area) {
    boolean last = cell == shared.size() - 1;
    int bits = last ? lastBits[number] : LARGEST_BITS;
    int place = last ? lastCell[number] : firstLarge[number] + cell;
    int length = ContinuationCells.length(shared.get(cell));
    return pointer(bits, place, length + (last ? 0 : RockRidge.CONTINUATION), area);
  }

  private byte[] pointer(int bits, int place, int length, long area) {
    long at = start(bits) + ((long) place << bits);
    return RockRidge.continuation(
        area + at / DiscPlan.SECTOR, (int) (at % DiscPlan.SECTOR), length);
  }

  /** What leads from the root to the field that names Rock Ridge. */
  byte[] extensionPointer(long area) {
    int length = RockRidge.extension().length;
    return pointer(bits(length), 0, length, area);
  }

  /** Writes all cells. */
  void write(DiscNodes nodes, long area, ImageOutput out) throws IOException {
    byte[] extension = RockRidge.extension();
    for (int bits = LARGEST_BITS; bits >= SMALLEST_BITS; bits--) {
      if (bits == bits(extension.length)) {
        write(List.of(extension), bits, out);
      }
      for (int number = 0; number < numbers.size() && cells[bits] > 0; number++) {
        if (bits != LARGEST_BITS && bits != lastBits[number]) {
          continue;
        }
        List<List<byte[]>> shared = shared(this.nodes[number], nodes);
        for (int cell = 0; cell < shared.size(); cell++) {
          boolean last = cell == shared.size() - 1;
          if (bits == (last ? lastBits[number] : LARGEST_BITS)) {
            List<byte[]> fields = new ArrayList<>(shared.get(cell));
            if (!last) {
              fields.add(pointer(number, shared, cell + 1, area));
            }
            write(fields, bits, out);
          }
        }
      }
    }
    out.pad();
  }

  private static void write(List<byte[]> fields, int bits, ImageOutput out) throws IOException {
    for (byte[] field : fields) {
      out.put(field);
    }
    out.zeros((1 << bits) - ContinuationCells.length(fields));
  }
}
