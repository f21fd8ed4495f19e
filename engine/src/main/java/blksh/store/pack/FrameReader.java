package blksh.store.pack;

import blksh.io.Checksum;
import blksh.io.IoFailure;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * Reads frames of packs into memory of its own: whole ones, to be kept or not, or only as much of
 * one as a few of its pages need. Used by one thread at a time.
 */
final class FrameReader {

  /** Bytes of pages that may be read without the rest of their frame. */
  static final int FEW = 16 << 10;

  /** More of a frame than the part that should be enough, in bytes. */
  private static final int MARGIN = 4096;

  /** Frames as they are stored. */
  private final ByteBuffer stored = ByteBuffer.allocateDirect(Frame.MAX_HEADER + Frame.MAX_RAW);

  private final byte[] header = new byte[Frame.MAX_HEADER];

  /** As large as the pages read so far need. */
  private byte[] page = {};

  private final PageProof proof = new PageProof();

  /** The beginning of a frame, and a few pages of it; made when they are first needed. */
  private ByteBuffer beginning;

  private byte[] few;

  PageProof proof() {
    return proof;
  }

  // ---- a few pages ---------------------------------------------------------------------------

  /**
   * Puts a few pages, proven, and reads no more of their frame than it must.
   *
   * @param first the first page's place in the frame
   * @param count of no more than {@link #FEW} bytes, or it has to be read whole
   * @return false when the frame has to be read whole, to find out more or because that is as cheap
   */
  boolean putFew(
      Pack pack, int frame, int first, int count, ByteBuffer target, PageReader.Expected expected) {
    PackFooter footer = pack.footer();
    PageSize pageSize = pack.pageSize();
    int pages = footer.pagesIn(frame);
    int needed = first + count;
    if (pageSize.at((long) count) > FEW || needed > pages || !footer.regular(frame)) {
      return false;
    }
    if (few == null) {
      few = new byte[FEW];
      beginning = ByteBuffer.allocateDirect(Frame.MAX_RAW);
    }
    try {
      boolean there =
          switch (footer.codec(frame)) {
            case RAW -> takeRaw(pack, frame, first, count);
            case LZ4 -> Lz4Beginning.isAvailable() && takeLz4(pack, frame, first, count);
            case ZSTD -> false;
          };
      if (!there) {
        return false;
      }
    } catch (IOException e) {
      return false;
    }
    Frame described = Frame.parse(header, 0, Frame.headerLength(pages));
    if (described == null
        || described.pageSize != pageSize
        || described.pages != pages
        || described.firstPage != footer.firstPage(frame)) {
      return false;
    }
    for (int i = 0; i < count; i++) {
      int digestAt = (first + i) * Page.DIGEST;
      if (described.starts[first + i] != pageSize.at(first + i)
          || described.pageLength(first + i) != pageSize.bytes()
          || !proof.holds(few, pageSize.at(i), pageSize.bytes(), described.digests, digestAt)
          || !expected.allows(i, described.digests, digestAt)) {
        return false;
      }
    }
    target.put(few, 0, pageSize.at(count));
    return true;
  }

  private boolean takeRaw(Pack pack, int frame, int first, int count) throws IOException {
    PackFooter footer = pack.footer();
    PageSize pageSize = pack.pageSize();
    int headerLength = Frame.headerLength(footer.pagesIn(frame));
    int from = pageSize.at(first);
    int length = pageSize.at(count);
    if (from + length > footer.storedLength(frame)) {
      return false;
    }
    pack.file().read(footer.offset(frame), header, 0, headerLength);
    pack.file().read(footer.offset(frame) + headerLength + from, few, 0, length);
    return true;
  }

  private boolean takeLz4(Pack pack, int frame, int first, int count) throws IOException {
    PackFooter footer = pack.footer();
    PageSize pageSize = pack.pageSize();
    int pages = footer.pagesIn(frame);
    int headerLength = Frame.headerLength(pages);
    int whole = footer.storedLength(frame);
    int share = (int) ((long) whole * (first + count) / pages);
    int length = Math.min(whole, share + share / 8 + MARGIN);
    pack.file().read(footer.offset(frame), stored.clear().limit(headerLength + length));
    stored.get(0, header, 0, headerLength);
    int wanted = pageSize.at(first + count);
    if (!Lz4Beginning.decompress(stored, headerLength, length, beginning, wanted)) {
      return false;
    }
    beginning.get(pageSize.at(first), few, 0, pageSize.at(count));
    return true;
  }

  // ---- frames that are not kept --------------------------------------------------------------

  /**
   * Puts the pages of whole frames, proven, without keeping any: a frame and those that follow it
   * in the file, as many as are wanted and can be read at once.
   *
   * @param most pages wanted
   * @param target a direct buffer with room for them
   * @return pages put, or 0 when the first frame is to be read otherwise, or is damaged
   */
  int putFrames(Pack pack, int frame, int most, ByteBuffer target, PageReader.Expected expected) {
    PackFooter footer = pack.footer();
    int end = frame;
    int pages = 0;
    long begin = footer.offset(frame);
    long at = begin;
    while (end < footer.frames()
        && footer.offset(end) == at
        && footer.firstPage(end) == footer.firstPage(frame) + pages
        && footer.pagesIn(end) <= most - pages
        && footer.regular(end)) {
      int length = Frame.headerLength(footer.pagesIn(end)) + footer.storedLength(end);
      if (at + length - begin > stored.capacity()) {
        break;
      }
      at += length;
      pages += footer.pagesIn(end++);
    }
    if (end == frame) {
      return 0;
    }
    try {
      pack.file().read(begin, stored.clear().limit((int) (at - begin)));
    } catch (IOException e) {
      return 0;
    }
    int put = 0;
    for (int i = frame; i < end; i++) {
      if (!putFrame(footer, i, (int) (footer.offset(i) - begin), target, put, expected)) {
        break;
      }
      put += footer.pagesIn(i);
    }
    return put;
  }

  /**
   * @param at where the frame begins in what was read
   * @param before pages put before it
   */
  private boolean putFrame(
      PackFooter footer,
      int frame,
      int at,
      ByteBuffer target,
      int before,
      PageReader.Expected expected) {
    PageSize pageSize = footer.pageSize();
    int pages = footer.pagesIn(frame);
    int headerLength = Frame.headerLength(pages);
    int storedLength = footer.storedLength(frame);
    stored.get(at, header, 0, headerLength);
    Frame described = Frame.parse(header, 0, headerLength);
    int length = pageSize.at(pages);
    if (described == null
        || described.pageSize != pageSize
        || described.pages != pages
        || described.firstPage != footer.firstPage(frame)
        || described.storedLength != storedLength
        || described.rawLength != length) {
      return false;
    }
    int to = target.position();
    if (!described.codec.decompress(stored, at + headerLength, storedLength, target, to, length)) {
      return false;
    }
    if (page.length != pageSize.bytes()) {
      page = new byte[pageSize.bytes()];
    }
    for (int i = 0; i < pages; i++) {
      target.get(to + pageSize.at(i), page);
      if (!proof.holds(page, 0, pageSize.bytes(), described.digests, i * Page.DIGEST)
          || !expected.allows(before + i, described.digests, i * Page.DIGEST)) {
        return false;
      }
    }
    target.position(to + length);
    return true;
  }

  // ---- frames that are kept ------------------------------------------------------------------

  /**
   * Reads a frame and proves pages by their digests.
   *
   * @param wanted bit i is set when page i matters; others are decompressed but not proven
   */
  void load(Pack pack, int frame, int wanted, LoadedFrame into) {
    load(pack, frame, into);
    into.prove(wanted, proof);
  }

  /** Reads and decompresses a frame, and proves nothing yet. */
  void load(Pack pack, int frame, LoadedFrame into) {
    PackFooter footer = pack.footer();
    int count = footer.pagesIn(frame);
    int headerLength = Frame.headerLength(count);
    int storedLength = footer.storedLength(frame);
    into.begin(footer.firstPage(frame), count);
    try {
      pack.file().read(footer.offset(frame), stored.clear().limit(headerLength + storedLength));
    } catch (IOException e) {
      into.failToRead(IoFailure.reason(e));
      return;
    }
    stored.get(0, header, 0, headerLength);
    Frame described = Frame.parse(header, 0, headerLength);
    if (described != null
        && (described.pageSize != pack.pageSize()
            || described.pages != count
            || described.firstPage != into.firstPage
            || described.storedLength != storedLength)) {
      described = null;
    }
    String damage = null;
    if (described != null) {
      System.arraycopy(described.starts, 0, into.starts, 0, count + 1);
      System.arraycopy(described.digests, 0, into.digests, 0, described.digests.length);
    } else {
      damage = "frame header damaged";
      if (!digestsFromFooter(pack, frame, into)) {
        into.fail(damage);
        return;
      }
    }
    Codec codec = described != null ? described.codec : footer.codec(frame);
    int rawLength = into.starts[count];
    if (codec.decompress(stored, headerLength, storedLength, into.raw, rawLength)) {
      into.decompressed(damage);
    } else {
      into.fail("frame does not decompress");
    }
  }

  private static boolean digestsFromFooter(Pack pack, int frame, LoadedFrame into) {
    PackFooter footer = pack.footer();
    int count = footer.pagesIn(frame);
    int rawLength = footer.rawLength(frame);
    // The footer has no lengths: all pages are whole but for a shorter last one, or the frame has
    // dropped pages and only its header can tell.
    if (!footer.regular(frame) && !footer.hasAll(frame)) {
      return false;
    }
    for (int i = 0; i <= count; i++) {
      into.starts[i] = Math.min(rawLength, pack.pageSize().at(i));
    }
    for (int i = 0; i < count; i++) {
      if (!pack.digest(into.firstPage + i, into.digests, i * Page.DIGEST)) {
        return false;
      }
    }
    return true;
  }

  /** Checks the payload of the frame loaded last, which a page that is not looked at may need. */
  boolean payloadSound(Pack pack, int frame) {
    PackFooter footer = pack.footer();
    int headerLength = Frame.headerLength(footer.pagesIn(frame));
    ByteBuffer payload = stored.slice(headerLength, footer.storedLength(frame));
    return Checksum.of(payload) == footer.payloadChecksum(frame);
  }
}
