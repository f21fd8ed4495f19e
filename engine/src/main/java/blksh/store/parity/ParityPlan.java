package blksh.store.parity;

import blksh.io.Checksum;
import blksh.io.LittleEndian;
import blksh.parity.BlockMultiples;
import blksh.parity.ReedSolomon;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * Where what is in a parity blob: docs/store-format.md, "Parity", is its specification. The blob it
 * is of is cut into blocks; block b is in stripe b mod L and column b ÷ L, and stripe s has block s
 * of each row of parity. The checksums of all blocks, of data and of parity, are its table. That
 * lies in index blocks, each of which says what all of them say, and is known by its own checksum
 * to be whole; beside them are others that are a code of these, so that about half may be lost.
 *
 * @param percent of the blob's blocks that may be lost
 * @param length bytes of the blob, 1 or more
 * @param tail CRC-32C of its last {@value #TAIL} bytes, by which its generations differ
 * @param digest SHA-256 of all its bytes
 */
record ParityPlan(int percent, long length, int tail, byte[] digest) {

  static final int LEAST = 1;
  static final int MOST = 50;

  /** Bytes of an index block. */
  static final int INDEX = 4096;

  /** Bytes at the end of a blob that tell it from another of its name. */
  static final int TAIL = 96;

  /** Rows of parity that there are at least. */
  static final int LEAST_ROWS = 2;

  /**
   * Index blocks of the table that there are at most: with as many and one more they are a code.
   */
  private static final int MOST_INDEX = 120;

  private static final int LEAST_BLOCK = 4096;
  private static final long MOST_LENGTH = 1L << 40;
  private static final long MAGIC = 0x5954495241504B42L; // "BKPARITY"
  private static final int LENGTH = 8;
  private static final int BLOCK = 16;
  private static final int COLUMNS = 20;
  private static final int ROWS = 22;
  private static final int STRIPES = 24;
  private static final int TABLE = 28;
  private static final int OTHERS = 30;
  private static final int NUMBER = 32;
  private static final int PERCENT = 34;
  private static final int TAIL_SUM = 44;
  private static final int DIGEST = 48;
  private static final int DIGEST_LENGTH = 32;
  private static final int PAYLOAD = 128;
  private static final int PAYLOAD_LENGTH = 3960;
  private static final int SUM = INDEX - 4;

  /** Checksums in an index block. */
  private static final int SUMS = PAYLOAD_LENGTH / 4;

  ParityPlan {
    if (percent < LEAST || percent > MOST || length < 1 || length > MOST_LENGTH) {
      throw new IllegalArgumentException(percent + " % of " + length + " bytes");
    }
  }

  private static int up(long value, long by) {
    return Math.toIntExact((value + by - 1) / by);
  }

  /** The same, of a blob with a digest. */
  ParityPlan of(byte[] sha256) {
    return new ParityPlan(percent, length, tail, sha256);
  }

  // ---- the code ------------------------------------------------------------------------------

  /** Rows of a stripe that is as long as it can be. */
  private int fullRows() {
    return ReedSolomon.MOST * percent / 100 + 1;
  }

  private int fullColumns() {
    return ReedSolomon.MOST - fullRows();
  }

  /** Bytes of a block: 4096, or twice as many as often as the table would be too long. */
  int block() {
    int block = LEAST_BLOCK;
    while (tableOf(block) > MOST_INDEX) {
      block *= 2;
    }
    return block;
  }

  private long tableOf(int block) {
    long data = (length + block - 1) / block;
    long stripes = (data + fullColumns() - 1) / fullColumns();
    return (data + stripes * fullRows() + SUMS - 1) / SUMS;
  }

  /** Blocks of the blob; the last may be shorter, which counts as zeros. */
  int blocks() {
    return up(length, block());
  }

  int stripes() {
    return up(blocks(), fullColumns());
  }

  int columns() {
    return up(blocks(), stripes());
  }

  int rows() {
    return Math.max(LEAST_ROWS, up((long) columns() * fullRows(), fullColumns()));
  }

  ReedSolomon code() {
    return new ReedSolomon(columns(), rows());
  }

  /** The block that a stripe has in a column; not less than {@link #blocks} where it has none. */
  int data(int stripe, int column) {
    return column * stripes() + stripe;
  }

  /** What the table calls the block that a stripe has in a row. */
  int row(int stripe, int row) {
    return blocks() + row * stripes() + stripe;
  }

  /** How many checksums the table has. */
  int entries() {
    return blocks() + rows() * stripes();
  }

  // ---- places in the parity blob -------------------------------------------------------------

  /** Index blocks of the table. */
  int table() {
    return up(entries(), SUMS);
  }

  /** Index blocks that are a code of these. */
  int others() {
    return table() + 1;
  }

  /** Where a block of the table of parity is. @param entry not less than {@link #blocks} */
  long parityAt(int entry) {
    return (long) table() * INDEX + (long) (entry - blocks()) * block();
  }

  /** Where an index block is. @param number 0 to {@link #table} + {@link #others} - 1 */
  long indexAt(int number) {
    return number < table()
        ? (long) number * INDEX
        : (long) number * INDEX + (long) rows() * stripes() * block();
  }

  /** Bytes of the parity blob. */
  long size() {
    return indexAt(table() + others());
  }

  // ---- index blocks --------------------------------------------------------------------------

  /** All index blocks, by number, for a table. */
  byte[][] index(int[] sums) {
    byte[][] all = new byte[table() + others()][INDEX];
    for (int i = 0; i < sums.length; i++) {
      LittleEndian.putI32(all[i / SUMS], PAYLOAD + i % SUMS * 4, sums[i]);
    }
    ReedSolomon code = new ReedSolomon(table(), others());
    BlockMultiples multiples = new BlockMultiples(PAYLOAD_LENGTH / Long.BYTES);
    for (int row = 0; row < others(); row++) {
      long[] sum = new long[PAYLOAD_LENGTH / Long.BYTES];
      for (int column = 0; column < table(); column++) {
        multiples.of(longs(all[column]), 0);
        multiples.add(code.coefficient(row, column), sum, 0);
      }
      payload(all[table() + row]).asLongBuffer().put(sum);
    }
    for (int number = 0; number < all.length; number++) {
      seal(all[number], number);
    }
    return all;
  }

  private static ByteBuffer payload(byte[] index) {
    return ByteBuffer.wrap(index, PAYLOAD, PAYLOAD_LENGTH).slice().order(ByteOrder.LITTLE_ENDIAN);
  }

  private static long[] longs(byte[] index) {
    long[] longs = new long[PAYLOAD_LENGTH / Long.BYTES];
    payload(index).asLongBuffer().get(longs);
    return longs;
  }

  private void seal(byte[] index, int number) {
    LittleEndian.putI64(index, 0, MAGIC);
    LittleEndian.putI64(index, LENGTH, length);
    LittleEndian.putI32(index, BLOCK, block());
    LittleEndian.putU16(index, COLUMNS, columns());
    LittleEndian.putU16(index, ROWS, rows());
    LittleEndian.putI32(index, STRIPES, stripes());
    LittleEndian.putU16(index, TABLE, table());
    LittleEndian.putU16(index, OTHERS, others());
    LittleEndian.putU16(index, NUMBER, number);
    LittleEndian.putU16(index, PERCENT, percent);
    LittleEndian.putI32(index, TAIL_SUM, tail);
    System.arraycopy(digest, 0, index, DIGEST, DIGEST_LENGTH);
    LittleEndian.putI32(index, SUM, Checksum.of(index, 0, SUM));
  }

  /** What an index block says; null when it is none, or damaged, or says what cannot be. */
  static ParityPlan parse(byte[] index) {
    if (LittleEndian.i64(index, 0) != MAGIC
        || LittleEndian.i32(index, SUM) != Checksum.of(index, 0, SUM)) {
      return null;
    }
    int percent = LittleEndian.u16(index, PERCENT);
    long length = LittleEndian.i64(index, LENGTH);
    if (percent < LEAST || percent > MOST || length < 1 || length > MOST_LENGTH) {
      return null;
    }
    ParityPlan plan =
        new ParityPlan(
            percent,
            length,
            LittleEndian.i32(index, TAIL_SUM),
            Arrays.copyOfRange(index, DIGEST, DIGEST + DIGEST_LENGTH));
    boolean agrees =
        LittleEndian.i32(index, BLOCK) == plan.block()
            && LittleEndian.u16(index, COLUMNS) == plan.columns()
            && LittleEndian.u16(index, ROWS) == plan.rows()
            && LittleEndian.i32(index, STRIPES) == plan.stripes()
            && LittleEndian.u16(index, TABLE) == plan.table()
            && LittleEndian.u16(index, OTHERS) == plan.others()
            && LittleEndian.u16(index, NUMBER) < plan.table() + plan.others();
    return agrees ? plan : null;
  }

  /** Whether an index block is whole, of this plan, and the one of a number. */
  boolean isIndex(byte[] index, int number) {
    ParityPlan says = parse(index);
    return says != null
        && says.percent == percent
        && says.length == length
        && says.tail == tail
        && Arrays.equals(says.digest, digest)
        && LittleEndian.u16(index, NUMBER) == number;
  }

  /**
   * The table, from those index blocks that are whole.
   *
   * @param index by number; null for those that are lost
   * @return null when too many are
   */
  int[] sums(byte[][] index) {
    int[] lost = missing(index, 0, table(), true);
    int[] there = missing(index, table(), table() + others(), false);
    if (lost.length > there.length) {
      return null;
    }
    ReedSolomon code = new ReedSolomon(table(), others());
    int[] used = Arrays.copyOf(there, lost.length);
    BlockMultiples multiples = new BlockMultiples(PAYLOAD_LENGTH / Long.BYTES);
    long[][] left = new long[used.length][];
    for (int i = 0; i < used.length; i++) {
      left[i] = longs(index[table() + used[i]]);
      for (int column = 0; column < table(); column++) {
        if (index[column] != null) {
          multiples.of(longs(index[column]), 0);
          multiples.add(code.coefficient(used[i], column), left[i], 0);
        }
      }
    }
    long[][] made = code.restored(used, lost, left, multiples);
    byte[][] whole = index.clone();
    for (int i = 0; i < lost.length; i++) {
      whole[lost[i]] = new byte[INDEX];
      payload(whole[lost[i]]).asLongBuffer().put(made[i]);
    }
    int[] sums = new int[entries()];
    for (int i = 0; i < sums.length; i++) {
      sums[i] = LittleEndian.i32(whole[i / SUMS], PAYLOAD + i % SUMS * 4);
    }
    return sums;
  }

  private static int[] missing(byte[][] index, int from, int past, boolean missing) {
    return IntStream.range(from, past)
        .filter(i -> index[i] == null == missing)
        .map(i -> i - from)
        .toArray();
  }

  @Override
  public String toString() {
    return "%d %% parity of %d bytes".formatted(percent, length);
  }
}
