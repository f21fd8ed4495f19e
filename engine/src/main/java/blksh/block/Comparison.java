package blksh.block;

import blksh.io.UnreadableException;
import blksh.task.Task;
import blksh.task.Workers;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;

/**
 * Where two sources differ.
 *
 * @param size bytes compared: the size of the shorter
 * @param differing bytes of the blocks that differ, and of what only the longer has
 * @param ranges where, in order, whole blocks of {@link #BLOCK} bytes; the first {@link #MOST}
 * @param complete whether {@code ranges} are all there are
 */
public record Comparison(long size, long differing, List<Extent> ranges, boolean complete) {

  /** Bytes of what is told apart. */
  public static final int BLOCK = 4096;

  /** Ranges told at most. */
  public static final int MOST = 1000;

  private static final int PIECE = 4 << 20;

  public Comparison {
    ranges = List.copyOf(ranges);
  }

  /** Whether both hold the same bytes. */
  public boolean same() {
    return differing == 0;
  }

  /**
   * Compares two sources, each read by a thread of its own. What both know to be zeros is not read.
   *
   * @param task advances by the bytes compared
   * @throws UnreadableException where either cannot be read
   * @throws blksh.task.CancelledException when the task is cancelled
   */
  public static Comparison of(BlockSource one, BlockSource other, Task task) {
    return Workers.call(task, () -> compare(one, other, task));
  }

  private static Comparison compare(BlockSource one, BlockSource other, Task task) {
    long shorter = Math.min(one.size(), other.size());
    long longer = Math.max(one.size(), other.size());
    task.expect(shorter);
    Ranges found = new Ranges();
    try (ReadPieces ahead = new ReadPieces(other, shorter, PIECE)) {
      ByteBuffer piece = ByteBuffer.allocate(PIECE);
      for (long at = 0; at < shorter; at += PIECE) {
        task.checkCancelled();
        int length = (int) Math.min(PIECE, shorter - at);
        ReadPieces.Piece theirs = ahead.next();
        if (!theirs.zero() || !isZero(one, at, length)) {
          piece.clear().limit(length);
          one.read(at, piece);
          compare(piece.array(), theirs.bytes(), at, length, found);
        }
        task.advance(length);
      }
    }
    if (longer > shorter) {
      found.add(shorter, longer - shorter);
    }
    return new Comparison(shorter, found.bytes, found.list, found.complete);
  }

  static boolean isZero(BlockSource source, long position, int length) {
    Iterator<Extent> extents = source.extents(position, length);
    while (extents.hasNext()) {
      if (!extents.next().kind().readsAsZeros()) {
        return false;
      }
    }
    return true;
  }

  private static void compare(byte[] one, byte[] other, long at, int length, Ranges found) {
    for (int from = 0; from < length; ) {
      int differs = Arrays.mismatch(one, from, length, other, from, length);
      if (differs < 0) {
        return;
      }
      int block = (from + differs) / BLOCK * BLOCK;
      int end = Math.min(length, block + BLOCK);
      found.add(at + block, end - block);
      from = end;
    }
  }

  /** Ranges in order, neighbours joined, no more than are told. */
  private static final class Ranges {
    private final List<Extent> list = new ArrayList<>();
    private boolean complete = true;
    private long bytes;

    void add(long start, long length) {
      bytes += length;
      Extent last = list.isEmpty() ? null : list.get(list.size() - 1);
      if (last != null && last.end() == start && complete) {
        list.set(
            list.size() - 1, new Extent(last.start(), last.length() + length, Extent.Kind.DATA));
      } else if (list.size() < MOST) {
        list.add(new Extent(start, length, Extent.Kind.DATA));
      } else {
        complete = false;
      }
    }
  }
}
