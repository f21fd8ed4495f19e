package blksh.parity;

/**
 * A systematic Reed–Solomon code over 256 elements, for blocks: some of data, which stay as they
 * are, and some of parity. Any as many of all of them as there are of data determine the others.
 * Which are lost must be known; digests tell.
 *
 * <p>Parity block i is the sum over all data blocks j of {@link #coefficient}(i, j) times that
 * block, byte by byte. The coefficients are a Cauchy matrix whose columns are divided by their
 * first element: every square part of it can be inverted, and the first parity block is the plain
 * sum of the data (exclusive or).
 */
public final class ReedSolomon {

  /** The most blocks, of data and parity together. */
  public static final int MOST = 255;

  private final int data;
  private final int parity;

  /**
   * @param data blocks of data, 1 or more
   * @param parity blocks of parity, 1 or more
   * @throws IllegalArgumentException when there are less, or more than {@link #MOST} together
   */
  public ReedSolomon(int data, int parity) {
    if (data < 1 || parity < 1 || data + parity > MOST) {
      throw new IllegalArgumentException(data + " blocks of data and " + parity + " of parity");
    }
    this.data = data;
    this.parity = parity;
  }

  public int data() {
    return data;
  }

  public int parity() {
    return parity;
  }

  /**
   * By what a data block is multiplied in a parity block.
   *
   * @param row of parity, from 0 on; 1 in the first
   * @param column of data, from 0 on
   * @return 1 to 255: (parity + column) ÷ (row + (parity + column)), with the sum of the field
   */
  public int coefficient(int row, int column) {
    int place = parity + column;
    return Field.quotient(place, row ^ place);
  }

  /**
   * How lost blocks of data come from as many of parity: block {@code lost[i]} is the sum over j of
   * element [i][j] times what remains of parity block {@code rows[j]} when all data blocks that are
   * there were taken off it.
   *
   * @param rows parity blocks that are there, each once
   * @param lost as many data blocks, each once
   */
  public int[][] solution(int[] rows, int[] lost) {
    if (rows.length != lost.length) {
      throw new IllegalArgumentException(rows.length + " blocks for " + lost.length + " lost ones");
    }
    int size = lost.length;
    int[][] left = new int[size][size];
    int[][] right = new int[size][size];
    for (int i = 0; i < size; i++) {
      for (int j = 0; j < size; j++) {
        left[i][j] = coefficient(rows[i], lost[j]);
      }
      right[i][i] = 1;
    }
    for (int i = 0; i < size; i++) {
      int pivot = i;
      while (left[pivot][i] == 0) {
        pivot++; // there is one: no square part of the matrix is singular
      }
      swap(left, i, pivot);
      swap(right, i, pivot);
      int by = left[i][i];
      divide(left[i], by);
      divide(right[i], by);
      for (int other = 0; other < size; other++) {
        int times = left[other][i];
        if (other != i && times != 0) {
          add(left[i], times, left[other]);
          add(right[i], times, right[other]);
        }
      }
    }
    return right;
  }

  /**
   * The lost blocks of data, from as many of parity.
   *
   * @param rows as of {@link #solution}
   * @param lost as of {@link #solution}
   * @param left what remains of each of these parity blocks when all data blocks that are there
   *     were taken off it, eight bytes a number
   * @param multiples for blocks of that length
   */
  public long[][] restored(int[] rows, int[] lost, long[][] left, BlockMultiples multiples) {
    long[][] made = new long[lost.length][];
    int[][] solution = solution(rows, lost);
    for (int i = 0; i < lost.length; i++) {
      made[i] = new long[left[i].length];
    }
    for (int j = 0; j < rows.length; j++) {
      multiples.of(left[j], 0);
      for (int i = 0; i < made.length; i++) {
        multiples.add(solution[i][j], made[i], 0);
      }
    }
    return made;
  }

  private static void swap(int[][] rows, int one, int other) {
    int[] row = rows[one];
    rows[one] = rows[other];
    rows[other] = row;
  }

  private static void divide(int[] row, int by) {
    for (int i = 0; i < row.length; i++) {
      row[i] = Field.quotient(row[i], by);
    }
  }

  private static void add(int[] row, int times, int[] to) {
    for (int i = 0; i < row.length; i++) {
      to[i] ^= Field.product(row[i], times);
    }
  }
}
