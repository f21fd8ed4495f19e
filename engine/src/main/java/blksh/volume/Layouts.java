package blksh.volume;

import blksh.block.BlockSource;
import blksh.block.MappedSource.Layout;
import blksh.block.MappedSource.Piece;
import java.util.List;

/** The few forms that pieces are laid out in: one after the other, and in stripes. */
final class Layouts {

  private Layouts() {}

  /** A range of bytes and how it is laid out, by positions within it. */
  record Segment(long start, long length, Layout layout) {}

  /** A range of a source, which must lie inside of it. */
  static Layout range(BlockSource source, long start, long length) {
    return position -> new Piece(source, start + position, length - position);
  }

  static Layout zeros(long length) {
    return position -> Piece.zeros(length - position);
  }

  /** A layout from one of its bytes on. */
  static Layout from(Layout layout, long start) {
    return start == 0 ? layout : position -> layout.at(start + position);
  }

  /** Segments that follow each other from 0 on, at least one. */
  static Layout inOrder(List<Segment> segments) {
    Segment[] all = segments.toArray(Segment[]::new);
    return position -> {
      Segment segment = all[indexOf(all, position)];
      long inside = position - segment.start();
      return clip(segment.layout().at(inside), segment.length() - inside);
    };
  }

  private static int indexOf(Segment[] all, long position) {
    int low = 0;
    int high = all.length - 1;
    while (low < high) {
      int middle = (low + high + 1) >>> 1;
      if (all[middle].start() <= position) {
        low = middle;
      } else {
        high = middle - 1;
      }
    }
    return low;
  }

  /**
   * Stripes of equal chunks in turn (dm-stripe, RAID0 of equal members).
   *
   * @param chunk bytes
   */
  static Layout striped(List<Layout> stripes, long chunk) {
    Layout[] all = stripes.toArray(Layout[]::new);
    return position -> {
      long number = position / chunk;
      long inside = position % chunk;
      long row = number / all.length;
      Piece piece = all[(int) (number % all.length)].at(row * chunk + inside);
      return clip(piece, chunk - inside);
    };
  }

  /** At most so many bytes of a piece. */
  static Piece clip(Piece piece, long length) {
    return piece.length() <= length ? piece : new Piece(piece.source(), piece.position(), length);
  }
}
