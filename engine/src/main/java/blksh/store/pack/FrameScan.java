package blksh.store.pack;

import blksh.store.shelf.Blob;
import java.io.IOException;

/**
 * Finds the frames of a pack by their headers, where there is no footer to say where they are.
 *
 * <p>Frames stand one behind the other. Behind a header that is damaged the next is looked for byte
 * by byte. What looks like a frame may be the content of one: an image may hold a pack. But only a
 * row of frames that is longer than any frame cannot lie within one, so of all that are found the
 * first such row is believed, or else the longest.
 */
final class FrameScan {

  /** Bytes of the longest frame. */
  private static final int LONGEST = Frame.MAX_HEADER + Frame.MAX_RAW;

  private final Blob file;
  private final long limit;
  private final PackFooter found;
  private final byte[] window = new byte[2 * LONGEST];
  private long windowAt;
  private int held;

  private FrameScan(Blob file, PageSize pageSize) throws IOException {
    this.file = file;
    this.found = new PackFooter(pageSize);
    this.limit = file.size();
  }

  /** A footer of what is found: frames with pages of a size. */
  static PackFooter of(Blob file, PageSize pageSize) throws IOException {
    FrameScan scan = new FrameScan(file, pageSize);
    long at = Pack.HEADER;
    while (at >= 0 && at < scan.limit) {
      Frame frame = scan.frame(at, scan.found.pages());
      if (frame == null) {
        at = scan.next(at + 1);
      } else {
        scan.found.add(frame, at);
        at += length(frame);
      }
    }
    return scan.found;
  }

  private static long length(Frame frame) {
    return frame.headerLength() + frame.storedLength;
  }

  /** The frame that begins at a byte with a page not before another, or null. */
  private Frame frame(long at, int page) throws IOException {
    if (at < windowAt || at + Frame.MAX_HEADER > windowAt + held && windowAt + held < limit) {
      windowAt = at;
      held = (int) Math.min(window.length, limit - at);
      file.read(at, window, 0, held);
    }
    Frame frame = Frame.parse(window, (int) (at - windowAt), held);
    return frame != null
            && frame.pageSize == found.pageSize()
            && frame.firstPage >= page
            && at + length(frame) <= limit
        ? frame
        : null;
  }

  /** Where the next frame begins, from a byte on; -1 when there is none. */
  private long next(long from) throws IOException {
    long best = -1;
    long longest = 0;
    for (long at = from; at < limit && (best < 0 || at < from + LONGEST); at++) {
      long row = frame(at, found.pages()) == null ? 0 : row(at);
      if (row > LONGEST) {
        return at;
      }
      if (row > longest) {
        longest = row;
        best = at;
      }
    }
    return best;
  }

  /** Bytes of the frames that stand one behind the other from a byte on, or just enough. */
  private long row(long from) throws IOException {
    long at = from;
    int page = found.pages();
    for (Frame frame = frame(at, page); frame != null && at - from <= LONGEST; ) {
      at += length(frame);
      page = frame.firstPage + frame.pages;
      frame = at < limit ? frame(at, page) : null;
    }
    return at - from;
  }
}
