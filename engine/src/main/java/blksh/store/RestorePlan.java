package blksh.store;

import blksh.block.Extent;
import blksh.store.pack.PageSize;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * The pieces of an image in the order in which they are restored. The target is told of some before
 * they are due, so that one far away can look at what it has there meanwhile.
 */
final class RestorePlan {

  private final ManifestFile file;
  private final PageSize pageSize;
  private final ExtentCursor cursor;
  private final int most;
  private final RestoreTarget target;
  private final Deque<Piece> ahead = new ArrayDeque<>();
  private final long end;
  private long planned;
  private long skipped;

  /**
   * Part of an image.
   *
   * @param first page
   * @param end page after the last
   * @param run the kind of all pages when none of them is stored, else null
   */
  record Piece(long first, long end, Extent.Kind run) {}

  /**
   * @param most pages of a piece in which some are stored
   * @param first page that is restored
   * @param end page after the last
   */
  RestorePlan(ManifestFile file, int most, RestoreTarget target, long first, long end) {
    this.file = file;
    this.pageSize = file.pageSize();
    this.most = most;
    this.target = target;
    this.cursor = new ExtentCursor(file);
    this.planned = first;
    this.end = end;
  }

  /** The piece that is due; null after the last. */
  Piece next() throws ManifestFile.DamagedManifest {
    while (ahead.size() < target.ahead() && planned < end) {
      Piece piece = plan();
      long from = pageSize.at(piece.first);
      long to = Math.min(file.manifest().size(), pageSize.at(piece.end));
      if (!target.wants(from, to)) {
        skipped += to - from;
        continue;
      }
      ahead.add(piece);
      if (piece.run == null) {
        target.announce(from, to - from);
      }
    }
    return ahead.poll();
  }

  /** Bytes passed over so far, as the target does not want them. */
  long skipped() {
    return skipped;
  }

  private Piece plan() throws ManifestFile.DamagedManifest {
    if (planned >= cursor.end) {
      cursor.seek(planned);
    }
    long first = planned;
    Extent.Kind run = null;
    if (cursor.kind != Extent.Kind.DATA && cursor.end - planned >= most) {
      run = cursor.kind;
      planned = Math.min(end, cursor.end);
    } else {
      long limit = Math.min(end, planned + most);
      while (planned < limit) {
        if (planned >= cursor.end) {
          cursor.next();
          if (cursor.kind != Extent.Kind.DATA && cursor.end - cursor.start >= most) {
            break;
          }
        }
        planned = Math.min(limit, cursor.end);
      }
    }
    return new Piece(first, planned, run);
  }
}
