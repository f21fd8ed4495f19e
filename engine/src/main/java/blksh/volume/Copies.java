package blksh.volume;

import blksh.block.BlockSource;
import blksh.block.ComposedSource;
import blksh.block.Extent;
import blksh.block.ExtentWalk;
import blksh.block.MappedSource.Piece;
import blksh.block.SourceInfo;
import blksh.io.UnreadableException;
import java.nio.ByteBuffer;
import java.util.Iterator;
import java.util.List;

/**
 * The same bytes in several places. They are read from the first; what cannot be read there, and
 * only that, from the next. Closing it closes nothing.
 */
final class Copies implements ComposedSource {

  private final SourceInfo info;
  private final List<Piece> copies;
  private final long size;

  /**
   * @param info of what they are copies in
   * @param copies at least one, all of the same length
   */
  Copies(SourceInfo info, List<Piece> copies) {
    this.info = info;
    this.copies = List.copyOf(copies);
    this.size = copies.get(0).length();
  }

  @Override
  public List<BlockSource> below() {
    return copies.stream().map(Piece::source).toList();
  }

  @Override
  public long size() {
    return size;
  }

  @Override
  public int read(long position, ByteBuffer target) {
    int limit = target.limit();
    long end = Math.min(size, BlockSource.saturatedEnd(position, target.remaining()));
    try {
      fill(0, position, end, target);
      return (int) Math.max(0, end - position);
    } finally {
      target.limit(limit);
    }
  }

  private void fill(int number, long from, long end, ByteBuffer target) {
    Piece copy = copies.get(number);
    long at = from;
    while (at < end) {
      int begin = target.position();
      int wanted = (int) (end - at);
      target.limit(begin + wanted);
      UnreadableException bad;
      try {
        int count = copy.source().read(copy.position() + at, target);
        if (count == wanted) {
          return;
        }
        bad =
            new UnreadableException(
                info.toString(),
                copy.position() + at + count,
                wanted - count,
                copy.source().describe() + " ends too early",
                null);
      } catch (UnreadableException e) {
        bad = e;
      }
      long start = Math.max(at, Math.min(end - 1, bad.start() - copy.position()));
      long after = Math.max(start + 1, Math.min(end, start + bad.length()));
      if (number + 1 == copies.size()) {
        throw new UnreadableException(info.toString(), start, after - start, bad.problem(), bad);
      }
      target.limit(begin + wanted).position(begin + (int) (start - at));
      fill(number + 1, start, after, target);
      at = after;
    }
  }

  /** A read tells what of it is bad in all of them. */
  @Override
  public Iterator<Extent> extents(long position, long length) {
    long end = Math.min(size, BlockSource.saturatedEnd(position, length));
    Piece first = copies.get(0);
    return ExtentWalk.through(
        position,
        end,
        at ->
            ExtentWalk.each(
                first.source().extents(first.position() + at, end - at),
                extent ->
                    extent.kind() == Extent.Kind.BAD && copies.size() > 1
                        ? new Extent(
                            extent.start() - first.position(), extent.length(), Extent.Kind.DATA)
                        : extent.moved(-first.position())));
  }

  @Override
  public SourceInfo describe() {
    return info;
  }

  @Override
  public void close() {}
}
