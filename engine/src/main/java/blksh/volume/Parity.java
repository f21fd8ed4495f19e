package blksh.volume;

import blksh.block.BlockSource;
import blksh.block.ComposedSource;
import blksh.block.SourceInfo;
import blksh.io.UnreadableException;
import java.nio.ByteBuffer;
import java.util.List;

/**
 * What a member of an array with parity holds, made of all others: at each place they add up, bit
 * by bit, to nothing. Closing it closes nothing.
 */
final class Parity implements ComposedSource {

  private static final int TURN = 1 << 20;

  private final SourceInfo info;
  private final List<BlockSource> others;
  private final long size;

  /**
   * @param others at least one
   * @param size bytes that each of them has
   */
  Parity(SourceInfo info, List<BlockSource> others, long size) {
    this.info = info;
    this.others = List.copyOf(others);
    this.size = size;
  }

  @Override
  public List<BlockSource> below() {
    return others;
  }

  @Override
  public long size() {
    return size;
  }

  @Override
  public int read(long position, ByteBuffer target) {
    long end = Math.min(size, BlockSource.saturatedEnd(position, target.remaining()));
    long at = position;
    while (at < end) {
      byte[] sum = sum(at, (int) Math.min(TURN, end - at));
      target.put(sum);
      at += sum.length;
    }
    return (int) Math.max(0, end - position);
  }

  /** What the others come to from a byte on, up to the first that cannot be read in one of them. */
  private byte[] sum(long at, int wanted) {
    int length = wanted;
    while (true) {
      try {
        return whole(at, length);
      } catch (UnreadableException e) {
        if (e.start() <= at) {
          throw e;
        }
        length = (int) Math.min(length - 1L, e.start() - at);
      }
    }
  }

  private byte[] whole(long at, int length) {
    byte[] sum = new byte[length];
    byte[] bytes = new byte[length];
    for (BlockSource other : others) {
      int count = other.read(at, ByteBuffer.wrap(bytes));
      if (count < length) {
        throw new UnreadableException(
            info.toString(),
            at + count,
            length - count,
            other.describe() + " ends too early",
            null);
      }
      for (int i = 0; i < length; i++) {
        sum[i] ^= bytes[i];
      }
    }
    return sum;
  }

  @Override
  public SourceInfo describe() {
    return info;
  }

  @Override
  public void close() {}
}
