package blksh.store.parity;

import blksh.store.shelf.Blob;
import java.io.Closeable;
import java.io.IOException;
import java.util.BitSet;

/** A parity blob that was opened and of which enough is whole to know what it is of. */
final class ParityFile implements Closeable {

  private final Blob file;
  private final ParityPlan plan;
  private final int[] sums;
  private final boolean indexWhole;

  private ParityFile(Blob file, ParityPlan plan, int[] sums, boolean indexWhole) {
    this.file = file;
    this.plan = plan;
    this.sums = sums;
    this.indexWhole = indexWhole;
  }

  /**
   * Opens one; the blob is closed with it.
   *
   * @return null when too little of it is whole; the blob is closed then
   */
  static ParityFile open(Blob file, Runnable between) throws IOException {
    ParityFile found = null;
    try {
      BlobBlocks blocks = new BlobBlocks(file, ParityPlan.INDEX);
      ParityPlan plan = plan(file.size(), blocks, between);
      found = plan == null ? null : read(file, plan, blocks);
      return found;
    } finally {
      if (found == null) {
        file.close();
      }
    }
  }

  /**
   * What an index block says, of those that are whole any. What it says of lengths is held against
   * the bytes there are, before memory is taken by it: half of them may be lost, but not more.
   */
  private static ParityPlan plan(long size, BlobBlocks blocks, Runnable between) {
    byte[] bytes = new byte[ParityPlan.INDEX];
    ParityPlan found = null;
    for (long at = 0; found == null && at < size; at += ParityPlan.INDEX) {
      between.run();
      found = blocks.read(at, bytes) ? ParityPlan.parse(bytes) : null;
      found = found == null || found.size() / 2 > size ? null : found;
    }
    return found;
  }

  private static ParityFile read(Blob file, ParityPlan plan, BlobBlocks blocks) {
    byte[][] index = new byte[plan.table() + plan.others()][];
    boolean whole = true;
    for (int i = 0; i < index.length; i++) {
      byte[] bytes = new byte[ParityPlan.INDEX];
      boolean there = blocks.read(plan.indexAt(i), bytes) && plan.isIndex(bytes, i);
      index[i] = there ? bytes : null;
      whole &= there;
    }
    int[] sums = plan.sums(index);
    return sums == null ? null : new ParityFile(file, plan, sums, whole);
  }

  ParityPlan plan() {
    return plan;
  }

  /** The checksum of a block, by what the table calls it. */
  int sum(int entry) {
    return sums[entry];
  }

  Blob file() {
    return file;
  }

  /** Whether all of it is as it was written. */
  boolean isWhole(Runnable between) throws IOException {
    if (!indexWhole || file.size() != plan.size()) {
      return false;
    }
    BlobBlocks blocks = new BlobBlocks(file, plan.block());
    boolean[] whole = {true};
    blocks.each(
        plan.parityAt(plan.blocks()),
        plan.rows() * plan.stripes(),
        between,
        (i, bytes, at) ->
            whole[0] &= bytes != null && blocks.sum(bytes, at) == sums[plan.blocks() + i]);
    return whole[0];
  }

  /** Which blocks of a blob are not what they were. */
  BitSet lost(Blob blob, Runnable between) throws IOException {
    BitSet lost = new BitSet();
    BlobBlocks blocks = new BlobBlocks(blob, plan.block());
    blocks.each(
        0,
        plan.blocks(),
        between,
        (i, bytes, at) -> lost.set(i, bytes == null || blocks.sum(bytes, at) != sums[i]));
    return lost;
  }

  /** How much of a blob can be made again. */
  ParityOutlook outlook(Blob blob, Runnable between) throws IOException {
    BitSet lost = lost(blob, between);
    int[] rows = new int[plan.stripes()];
    BlobBlocks blocks = new BlobBlocks(file, plan.block());
    blocks.each(
        plan.parityAt(plan.blocks()),
        plan.rows() * plan.stripes(),
        between,
        (i, bytes, at) -> {
          boolean whole = bytes != null && blocks.sum(bytes, at) == sums[plan.blocks() + i];
          rows[i % plan.stripes()] += whole ? 1 : 0;
        });
    int[] gone = new int[plan.stripes()];
    lost.stream().forEach(number -> gone[number % plan.stripes()]++);
    int made = 0;
    for (int stripe = 0; stripe < gone.length; stripe++) {
      made += gone[stripe] <= rows[stripe] ? gone[stripe] : 0;
    }
    return new ParityOutlook(lost.cardinality(), made);
  }

  @Override
  public void close() {
    file.close();
  }
}
