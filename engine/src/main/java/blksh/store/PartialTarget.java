package blksh.store;

import blksh.block.Extent;
import blksh.partition.TableMove;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/**
 * A target of which only some ranges get what the image has there, and some places bytes of their
 * own, last.
 */
final class PartialTarget extends RestoreTarget {

  private final RestoreTarget target;
  private final List<Extent> ranges;
  private final List<TableMove.Piece> pieces;

  /**
   * @param ranges of the image, in order
   * @param pieces outside all of them
   */
  PartialTarget(RestoreTarget target, List<Extent> ranges, List<TableMove.Piece> pieces) {
    this.target = target;
    this.ranges = List.copyOf(ranges);
    this.pieces = List.copyOf(pieces);
  }

  @Override
  long writtenBytes() {
    return target.writtenBytes();
  }

  @Override
  boolean wants(long position, long end) {
    return ranges.stream().anyMatch(range -> range.start() < end && range.end() > position);
  }

  @Override
  long wanted(long imageBytes) {
    return ranges.stream().mapToLong(Extent::length).sum();
  }

  /** What is done with a part of a range. */
  private interface Part {
    void run(long from, long to) throws IOException;
  }

  private void within(long position, long length, Part part) throws IOException {
    for (Extent range : ranges) {
      long from = Math.max(position, range.start());
      long to = Math.min(position + length, range.end());
      if (from < to) {
        part.run(from, to);
      }
    }
  }

  @Override
  void write(long position, byte[] from, int offset, int length) throws IOException {
    within(
        position,
        length,
        (start, end) ->
            target.write(start, from, offset + (int) (start - position), (int) (end - start)));
  }

  @Override
  void zeros(long position, long length) throws IOException {
    within(position, length, (start, end) -> target.zeros(start, end - start));
  }

  @Override
  boolean mayKeep(Extent.Kind kind) {
    return target.mayKeep(kind);
  }

  @Override
  boolean readsBack() {
    return target.readsBack();
  }

  @Override
  void finish() throws IOException {
    for (TableMove.Piece piece : pieces) {
      target.write(piece.position(), piece.bytes(), 0, piece.bytes().length);
    }
    target.finish();
  }

  @Override
  List<String> lost() {
    return target.lost();
  }

  @Override
  Optional<String> left() {
    return target.left();
  }

  @Override
  public void close() {
    target.close();
  }
}
