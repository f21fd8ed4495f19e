package blksh.store;

import blksh.store.pack.CodecChoice;
import blksh.store.pack.Frame;
import blksh.store.pack.Page;
import blksh.store.pack.PageSize;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * A segment with the frames of new pages it completed, on its way through the steps of a capture;
 * used again and again.
 */
final class CapturePiece {

  /** A frame to be compressed and appended. */
  static final class NewFrame {
    OpenPack pack;

    /** Number of its first page in the pack. */
    int firstPage;

    int pages;
    private ByteBuffer raw;
    private int rawAt;
    int rawLength;
    private byte[] digests;
    private int digestsAt;

    /** Where its pages are when they do not lie in the segment; goes back once appended. */
    private CaptureMemory.Gathered gathered;

    /** Where it ends in the piece's frames, once compressed. */
    int storedEnd;
  }

  private final CaptureMemory memory;
  private final PageSize pageSize;
  private final CaptureSegment segment;
  private final List<NewFrame> spare = new ArrayList<>();
  private final List<NewFrame> frames = new ArrayList<>();

  /** The frames as they will be stored, one after the other; made when there is one. */
  private ByteBuffer stored;

  /** Its place in the order of the image. */
  long ticket;

  CapturePiece(CaptureMemory memory) {
    this.memory = memory;
    this.pageSize = memory.pageSize();
    this.segment = new CaptureSegment(pageSize, memory::borrow);
  }

  CaptureSegment segment() {
    return segment;
  }

  /** The frames completed so far, in order. */
  List<NewFrame> frames() {
    return frames;
  }

  private NewFrame frame(OpenPack pack, int firstPage, int pages, int rawLength) {
    NewFrame frame = spare.isEmpty() ? new NewFrame() : spare.remove(spare.size() - 1);
    frame.pack = pack;
    frame.firstPage = firstPage;
    frame.pages = pages;
    frame.rawLength = rawLength;
    frames.add(frame);
    return frame;
  }

  /**
   * Adds a frame whose pages lie together in the segment.
   *
   * @param first of its pages in the segment
   */
  void addInPlace(OpenPack pack, int firstPage, int pages, int first) {
    int length = pageSize.at(pages - 1) + segment.pageLength(first + pages - 1);
    NewFrame frame = frame(pack, firstPage, pages, length);
    frame.raw = segment.bytes();
    frame.rawAt = pageSize.at(first);
    frame.digests = segment.digests();
    frame.digestsAt = first * Page.DIGEST;
  }

  /** Adds a frame whose pages were gathered from this segment and those before. */
  void addGathered(OpenPack pack, CaptureMemory.Gathered gathered) {
    NewFrame frame = frame(pack, gathered.firstPage, gathered.pages, gathered.length);
    frame.raw = gathered.raw;
    frame.rawAt = 0;
    frame.digests = gathered.digests;
    frame.digestsAt = 0;
    frame.gathered = gathered;
  }

  /** Compresses its frames. */
  void compress(CodecChoice codec, CodecChoice.Compressor compressor) {
    if (stored == null && !frames.isEmpty()) {
      // A segment completes no more frames than its pages and those carried to it can fill.
      int pages = codec.framePages(pageSize);
      int most = pageSize.pageOf(CaptureSegment.BYTES) / pages + 1;
      stored = memory.borrow(most * (Frame.headerLength(pages) + pageSize.at(pages)));
    }
    if (stored != null) {
      stored.clear();
    }
    for (NewFrame frame : frames) {
      Frame.write(
          compressor,
          pageSize,
          frame.firstPage,
          frame.pages,
          frame.raw,
          frame.rawAt,
          frame.rawLength,
          frame.digests,
          frame.digestsAt,
          stored);
      frame.storedEnd = stored.position();
    }
  }

  /** A part of the compressed frames. */
  ByteBuffer stored(int from, int end) {
    return stored.slice(from, end - from);
  }

  /** Makes it ready for another segment. */
  void recycle() {
    for (NewFrame frame : frames) {
      if (frame.gathered != null) {
        memory.giveBack(frame.gathered);
        frame.gathered = null;
      }
      frame.raw = null;
      frame.digests = null;
    }
    spare.addAll(frames);
    frames.clear();
  }
}
