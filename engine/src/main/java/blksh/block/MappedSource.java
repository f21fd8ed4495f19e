package blksh.block;

import blksh.io.UnreadableException;
import java.nio.ByteBuffer;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;

/** Pieces of other sources in an order of its own: stripes, segments of a volume. */
public final class MappedSource implements ComposedSource {

  private final SourceInfo info;
  private final long size;
  private final List<BlockSource> below;
  private final Layout layout;
  private final Runnable closing;

  /**
   * Where bytes lie.
   *
   * @param source the one they lie in; null for zeros that lie nowhere
   * @param position the first of them there
   * @param length how many follow each other there, 1 or more
   */
  public record Piece(BlockSource source, long position, long length) {

    /** Zeros that lie nowhere. */
    public static Piece zeros(long length) {
      return new Piece(null, 0, length);
    }
  }

  /** Which piece holds what. */
  public interface Layout {
    /**
     * The piece from a byte on; it may go on past the end.
     *
     * @throws UnreadableException when it cannot be told for so many bytes; where they begin is
     *     this byte, and not what the failure says
     */
    Piece at(long position);

    /** Why what it tells may not be so any more; nothing when nothing speaks for that. */
    default Optional<String> doubt() {
      return Optional.empty();
    }
  }

  /**
   * @param size bytes
   * @param below what the pieces are made of in the end
   * @param closing run when it is closed
   */
  public MappedSource(
      SourceInfo info, long size, List<BlockSource> below, Layout layout, Runnable closing) {
    this.info = info;
    this.size = size;
    this.below = List.copyOf(below);
    this.layout = layout;
    this.closing = closing;
  }

  @Override
  public List<BlockSource> below() {
    return below;
  }

  @Override
  public Optional<String> twoInstants() {
    return ComposedSource.super.twoInstants().or(layout::doubt);
  }

  @Override
  public long size() {
    return size;
  }

  @Override
  public int read(long position, ByteBuffer target) {
    if (position < 0) {
      throw new IllegalArgumentException("position " + position);
    }
    int limit = target.limit();
    long end = Math.min(size, BlockSource.saturatedEnd(position, target.remaining()));
    long at = position;
    try {
      while (at < end) {
        Piece piece = piece(at, end);
        int wanted = (int) Math.min(piece.length, end - at);
        target.limit(target.position() + wanted);
        if (piece.source == null) {
          zero(target);
        } else {
          readPiece(piece, at, target);
        }
        at += wanted;
      }
      return (int) Math.max(0, end - position);
    } finally {
      target.limit(limit);
    }
  }

  /** What cannot be told begins where it was asked for, whatever the layout counts from. */
  private Piece piece(long at, long end) {
    try {
      return layout.at(at);
    } catch (UnreadableException e) {
      long length = Math.max(1, Math.min(end - at, e.length()));
      throw new UnreadableException(info.toString(), at, length, e.problem(), e);
    }
  }

  private void readPiece(Piece piece, long at, ByteBuffer target) {
    int wanted = target.remaining();
    int count;
    try {
      count = piece.source.read(piece.position, target);
    } catch (UnreadableException e) {
      throw new UnreadableException(
          info.toString(), at + e.start() - piece.position, e.length(), e.problem(), e);
    }
    if (count < wanted) {
      throw new UnreadableException(
          info.toString(),
          at + count,
          wanted - count,
          "%s ends too early".formatted(piece.source.describe()),
          null);
    }
  }

  private static void zero(ByteBuffer target) {
    byte[] zeros = new byte[Math.min(target.remaining(), 4096)];
    while (target.hasRemaining()) {
      target.put(zeros, 0, Math.min(zeros.length, target.remaining()));
    }
  }

  @Override
  public Iterator<Extent> extents(long position, long length) {
    long end = Math.min(size, BlockSource.saturatedEnd(position, length));
    return ExtentWalk.through(position, end, at -> extentsFrom(at, end));
  }

  private Iterator<Extent> extentsFrom(long at, long end) {
    Piece piece;
    try {
      piece = piece(at, end);
    } catch (UnreadableException e) {
      return ExtentWalk.one(new Extent(at, e.length(), Extent.Kind.DATA));
    }
    long length = Math.min(piece.length, end - at);
    if (piece.source == null) {
      return ExtentWalk.one(new Extent(at, length, Extent.Kind.ZERO));
    }
    Iterator<Extent> below = piece.source.extents(piece.position, length);
    return below.hasNext()
        ? ExtentWalk.each(below, extent -> extent.moved(at - piece.position))
        : ExtentWalk.one(new Extent(at, length, Extent.Kind.DATA)); // a read says what is wrong
  }

  @Override
  public SourceInfo describe() {
    return info;
  }

  @Override
  public void close() {
    closing.run();
  }
}
