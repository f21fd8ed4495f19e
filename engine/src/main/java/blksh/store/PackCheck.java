package blksh.store;

import blksh.BlkshException;
import java.io.Closeable;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The check of one pack: its structure, and, when its contents are wanted, every byte of it in
 * pieces that several workers take. Remembers which pages are not what their digests say.
 */
final class PackCheck implements Closeable {

  /** Frames in a piece. */
  static final int PIECE = 64;

  /** Something found in the pack's file. */
  record Finding(long start, long length, String problem, int firstPage, int endPage) {}

  private final Store store;
  private final long id;
  private final List<Finding> findings = new ArrayList<>();
  private final PageRanges bad = new PageRanges();
  private final AtomicInteger piecesLeft = new AtomicInteger();
  private Pack pack;

  PackCheck(Store store, long id) {
    this.store = store;
    this.id = id;
  }

  long id() {
    return id;
  }

  /** The pack, when it could be opened. */
  Pack pack() {
    return pack;
  }

  synchronized List<Finding> findings() {
    return List.copyOf(findings);
  }

  /** Pages that fail their digest. */
  PageRanges bad() {
    return bad;
  }

  private synchronized void find(long start, long length, String problem, int first, int end) {
    findings.add(new Finding(start, length, problem, first, end));
  }

  /** Checks what can be checked without reading frames. */
  void structure() {
    try {
      pack = store.packs().acquire(id);
    } catch (BlkshException e) {
      find(0, 0, e.problem(), 0, 0);
      return;
    }
    try {
      byte[] header = pack.file().read(0, Pack.HEADER);
      if (LittleEndian.i64(header, 0) != Pack.MAGIC
          || LittleEndian.i64(header, 8) != id
          || LittleEndian.i32(header, 32) != 0
          || LittleEndian.i32(header, 36) != Checksum.of(header, 0, 36)) {
        find(
            0, Pack.HEADER, "pack header damaged; no page is lost by it, reindex repairs it", 0, 0);
      } else if (!Arrays.equals(header, Pack.header(id, store.idBytes()))) {
        find(0, Pack.HEADER, "the pack belongs to another store", 0, 0);
      }
      if (!pack.footerSound()) {
        PackFooter made = pack.footer();
        int last = made.frames() - 1;
        long end = last < 0 ? Pack.HEADER : frameEnd(made, last);
        find(
            end,
            pack.file().size() - end,
            "pack footer damaged or missing; its "
                + made.pages()
                + " pages are found by their"
                + " frames, reindex repairs it",
            0,
            0);
      }
      piecesLeft.set(pieces());
    } catch (IOException e) {
      find(0, 0, Bytes.reason(e), 0, 0);
    }
  }

  private static long frameEnd(PackFooter footer, int frame) {
    return footer.offset(frame)
        + Frame.headerLength(footer.pagesIn(frame))
        + footer.storedLength(frame);
  }

  /** Pieces the contents are checked in. */
  int pieces() {
    return pack == null ? 0 : (pack.footer().frames() + PIECE - 1) / PIECE;
  }

  /** What a worker needs to check contents, and what it has counted. */
  static final class Reader {
    final Pack.Reader frames = new Pack.Reader();
    final Pack.Loaded loaded = new Pack.Loaded(Frame.MAX_PAGES);
    long framesRead;
    long pagesProven;
    long bytesRead;
  }

  /** Checks a piece; true for whoever checks the last one. */
  boolean contents(int piece, Reader reader, PageIndexCheck index) {
    PackFooter footer = pack.footer();
    int to = Math.min(footer.frames(), (piece + 1) * PIECE);
    for (int frame = piece * PIECE; frame < to; frame++) {
      frame(frame, reader, index);
    }
    boolean last = piecesLeft.decrementAndGet() == 0;
    if (last && pack.footerSound()) {
      digestBlocks();
    }
    return last;
  }

  private void frame(int frame, Reader reader, PageIndexCheck index) {
    PackFooter footer = pack.footer();
    Pack.Loaded loaded = reader.loaded;
    pack.load(frame, -1, reader.frames, loaded);
    reader.framesRead++;
    long offset = footer.offset(frame);
    long length = frameEnd(footer, frame) - offset;
    reader.bytesRead += length;
    int failedFrom = -1;
    for (int i = 0; i <= loaded.pages; i++) {
      int page = loaded.firstPage + i;
      boolean failed =
          i < loaded.pages
              && (loaded.proven() >>> i & 1) == 0
              && (loaded.damage() != null || loaded.starts[i + 1] > loaded.starts[i]);
      if (failed && failedFrom < 0) {
        failedFrom = page;
      } else if (!failed && failedFrom >= 0) {
        bad.add(failedFrom, page);
        find(offset, length, loaded.damage(), failedFrom, page);
        failedFrom = -1;
      }
      if (i < loaded.pages && loaded.has(page)) {
        reader.pagesProven++;
        index.page(id, page, loaded.digests, i * Page.DIGEST);
      }
    }
    boolean allProven = bad.isEmpty() || !touches(loaded.firstPage, loaded.pages);
    if (allProven && loaded.damage() != null) {
      find(offset, length, loaded.damage() + "; no page is lost by it, reindex repairs it", 0, 0);
    } else if (allProven && !pack.payloadSound(frame, reader.frames)) {
      find(offset, length, "frame checksum does not match; no page is lost by it", 0, 0);
    }
    long expected = frame == 0 ? Pack.HEADER : frameEnd(footer, frame - 1);
    if (offset != expected) {
      find(expected, offset - expected, "bytes between frames that nothing describes", 0, 0);
    }
  }

  private boolean touches(int first, int pages) {
    boolean[] any = {false};
    bad.within(first, first + pages, (from, to) -> any[0] = true);
    return any[0];
  }

  private void digestBlocks() {
    PackFooter footer = pack.footer();
    for (int block = 0; block < footer.digestBlocks(); block++) {
      try {
        if (footer.digestBlock(pack.file(), block) == null) {
          find(
              footer.digestBlockOffset(block),
              (long) PackFooter.DIGEST_BLOCK * Page.DIGEST,
              "digests in the footer damaged; no page is lost by it, reindex repairs it",
              0,
              0);
        }
      } catch (IOException e) {
        find(footer.digestBlockOffset(block), 0, Bytes.reason(e), 0, 0);
      }
    }
  }

  /** Whether the pack holds a page at all. */
  boolean holds(int page) {
    return pack != null && pack.footer().frameOf(page) >= 0;
  }

  @Override
  public void close() {
    if (pack != null) {
      pack.close();
    }
  }
}
