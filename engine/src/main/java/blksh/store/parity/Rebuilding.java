package blksh.store.parity;

import blksh.parity.BlockMultiples;
import blksh.parity.ReedSolomon;
import blksh.store.shelf.Blob;
import blksh.store.shelf.Part;
import java.io.Closeable;
import java.io.IOException;
import java.util.Arrays;
import java.util.BitSet;

/**
 * A damaged blob as its parity makes it: what can be made again of it is, all else is as it was. It
 * is a part that nobody sees, and nothing is believed of it yet: whoever proves it publishes it in
 * place of the damaged one.
 */
public final class Rebuilding implements Closeable {

  /** Bytes copied at once. */
  private static final int COPIED = 1 << 20;

  private final String name;
  private final ParityFile parity;
  private final ParityPlan plan;
  private final Part part;
  private final int block;
  private final BitSet lost = new BitSet();
  private int made;
  private boolean whole;
  private boolean unread;

  private Rebuilding(String name, ParityFile parity, Part part) {
    this.name = name;
    this.parity = parity;
    this.plan = parity.plan();
    this.part = part;
    this.block = plan.block();
  }

  /** Makes a blob again in a part, which is discarded when that fails. */
  static Rebuilding run(String name, Blob damaged, ParityFile parity, Part part, Runnable between)
      throws IOException {
    Rebuilding rebuilding = new Rebuilding(name, parity, part);
    boolean done = false;
    try {
      rebuilding.copy(damaged, between);
      rebuilding.solve(between);
      done = true;
      return rebuilding;
    } finally {
      if (!done) {
        part.discard();
      }
    }
  }

  /** Copies all, what cannot be read as zeros, and notes which blocks are not what they were. */
  private void copy(Blob damaged, Runnable between) throws IOException {
    BlobBlocks blocks = new BlobBlocks(damaged, block);
    byte[] zeros = new byte[block];
    Run run = new Run();
    blocks.each(
        0,
        plan.blocks(),
        between,
        (number, bytes, at) -> {
          unread |= bytes == null;
          if (bytes == null || blocks.sum(bytes, at) != parity.sum(number)) {
            lost.set(number);
          }
          run.add(number, bytes == null ? zeros : bytes, bytes == null ? 0 : at);
        });
    run.write();
  }

  /** Blocks that follow one another, written as one: a part may cost more by the write. */
  private final class Run {
    private final byte[] bytes = new byte[Math.max(1, COPIED / block) * block];
    private int first;
    private int count;

    void add(int number, byte[] from, int at) throws IOException {
      if (number != first + count || (count + 1) * block > bytes.length) {
        write();
        first = number;
      }
      System.arraycopy(from, at, bytes, count * block, block);
      count++;
    }

    void write() throws IOException {
      if (count > 0) {
        long from = (long) first * block;
        part.write(from, bytes, 0, (int) Math.min((long) count * block, plan.length() - from));
        count = 0;
      }
    }
  }

  private void put(int number, byte[] bytes, int at) throws IOException {
    long from = (long) number * block;
    part.write(from, bytes, at, (int) Math.min(block, plan.length() - from));
  }

  private void solve(Runnable between) throws IOException {
    BlobBlocks data = new BlobBlocks(part, block);
    BlobBlocks rows = new BlobBlocks(parity.file(), block);
    ReedSolomon code = plan.code();
    BitSet stripes = new BitSet();
    lost.stream().forEach(number -> stripes.set(number % plan.stripes()));
    for (int stripe = stripes.nextSetBit(0); stripe >= 0; stripe = stripes.nextSetBit(stripe + 1)) {
      between.run();
      made += solve(stripe, code, data, rows);
    }
    whole = made == lost.cardinality() && digestIsRight(between);
  }

  private boolean digestIsRight(Runnable between) throws IOException {
    return part.size() == plan.length()
        && Arrays.equals(ParityMaking.digest(part, between), plan.digest());
  }

  /** How many blocks of a stripe came right. */
  private int solve(int stripe, ReedSolomon code, BlobBlocks data, BlobBlocks rows)
      throws IOException {
    int columns = plan.columns();
    int[] gone = new int[columns];
    int count = 0;
    for (int column = 0; column < columns; column++) {
      if (lost.get(plan.data(stripe, column))) {
        gone[count++] = column;
      }
    }
    gone = Arrays.copyOf(gone, count);
    byte[] bytes = new byte[block];
    long[] one = new long[block / Long.BYTES];
    int[] used = new int[count];
    long[][] left = new long[count][block / Long.BYTES];
    int found = 0;
    for (int row = 0; row < plan.rows() && found < count; row++) {
      int entry = plan.row(stripe, row);
      if (rows.read(plan.parityAt(entry), bytes) && rows.sum(bytes, 0) == parity.sum(entry)) {
        ParityMaking.longs(bytes, 0, block, left[found]);
        used[found++] = row;
      }
    }
    if (found < count) {
      return 0;
    }
    BlockMultiples multiples = new BlockMultiples(block / Long.BYTES);
    for (int column = 0; column < columns; column++) {
      int number = plan.data(stripe, column);
      if (number >= plan.blocks() || lost.get(number)) {
        continue;
      }
      data.read((long) number * block, bytes);
      ParityMaking.longs(bytes, 0, block, one);
      multiples.of(one, 0);
      for (int i = 0; i < count; i++) {
        multiples.add(code.coefficient(used[i], column), left[i], 0);
      }
    }
    long[][] blocks = code.restored(used, gone, left, multiples);
    int right = 0;
    for (int i = 0; i < count; i++) {
      int number = plan.data(stripe, gone[i]);
      ParityMaking.bytes(blocks[i], 0, bytes);
      if (data.sum(bytes, 0) == parity.sum(number)) {
        put(number, bytes, 0);
        right++;
      }
    }
    return right;
  }

  /** Blocks that were not what they were when parity was made. */
  public int lost() {
    return lost.cardinality();
  }

  /** How many of them were made again. */
  public int made() {
    return made;
  }

  /**
   * Whether zeros may stand in it for what could not be read: of the damaged blob it might be read
   * another time.
   */
  public boolean mayHaveZeros() {
    return unread && !whole;
  }

  /** Whether it is, to the byte, what parity was made of. */
  public boolean isWhole() {
    return whole;
  }

  /** What it is now, to be proven; not to be closed. */
  public Blob result() {
    return new Unclosed(part);
  }

  /** Gives it the name of the damaged one, in place of that; durable when this returns. */
  public void publish() throws IOException {
    part.publish(name);
  }

  /** Gives its space back unless it was published. */
  @Override
  public void close() {
    part.discard();
    parity.close();
  }
}
