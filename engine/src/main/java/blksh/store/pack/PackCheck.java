package blksh.store.pack;

import blksh.BlkshException;
import blksh.io.IoFailure;
import blksh.store.shelf.ShelfAwayException;
import java.io.Closeable;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/**
 * The check of one pack: its structure, and, when its contents are wanted, every byte of it in
 * pieces that several workers take. Remembers which pages are not what their digests say.
 */
public final class PackCheck implements Closeable {

  /** Frames in a piece. */
  private static final int PIECE = 64;

  /**
   * A part of the pack's file that is not as it was written.
   *
   * @param start its first byte
   * @param length bytes; 0 when it is all of the file
   * @param pages whether pages fail their digests by it, and nothing else does
   */
  public record DamagedBytes(long start, long length, String problem, boolean pages) {}

  /** Sees the pages that are stored and sound. */
  public interface SoundPages {
    void page(long packId, int page, byte[] digests, int at);
  }

  /** Damaged parts that are told of one pack. */
  private static final int LISTED = 100;

  /** How often what fails is read once more, in one pack: a dying disk takes long for each. */
  private static final int RETRIES = 64;

  private static final long RETRY_AFTER_NANOS = 5_000_000;

  /**
   * A pack in figures.
   *
   * @param pages page numbers used: one more than the highest
   * @param rawBytes bytes of all pages
   * @param fileBytes bytes of its file
   * @param contentBytes bytes up to the end of the last frame
   * @param footerSound whether the footer on disk is whole
   */
  public record Shape(
      int pages,
      int frames,
      long rawBytes,
      long fileBytes,
      long contentBytes,
      boolean footerSound) {}

  private final PackDirectory packs;
  private final long id;
  private final byte[] storeId;
  private final List<DamagedBytes> damage = new ArrayList<>();
  private int damagedParts;
  private int damagedRuns;
  private final PageRanges bad = new PageRanges();
  private final PageRanges dropped = new PageRanges();

  /** The numbers below that of the last page that no frame has. */
  private PageRanges absent = new PageRanges();

  private final AtomicInteger piecesLeft = new AtomicInteger(-1);
  private final AtomicInteger retries = new AtomicInteger();
  private Shape shape;
  private volatile boolean vanished;

  /** While it is open. */
  private Pack pack;

  /**
   * @param storeId of the store the pack must belong to
   */
  public PackCheck(PackDirectory packs, long id, byte[] storeId) {
    this.packs = packs;
    this.id = id;
    this.storeId = storeId;
  }

  public long id() {
    return id;
  }

  /** What it is like; null when it could not be opened. */
  public Shape shape() {
    return shape;
  }

  /** The pack while it is open. */
  public Pack pack() {
    return pack;
  }

  /** Whether it was listed and is not there any more. */
  public boolean vanished() {
    return vanished;
  }

  /** The damaged parts, the first {@value #LISTED} that were found. */
  public synchronized List<DamagedBytes> damage() {
    return List.copyOf(damage);
  }

  /** How many damaged parts there are. */
  public synchronized int damagedParts() {
    return damagedParts;
  }

  /** How many of them are runs of pages that fail their digests. */
  public synchronized int damagedRuns() {
    return damagedRuns;
  }

  /** Whether all of its contents were checked. */
  public boolean wasRead() {
    return piecesLeft.get() == 0;
  }

  /** Whether any page fails its digest. */
  public boolean hasBad() {
    return !bad.isEmpty();
  }

  /** Sees ranges of pages of a pack. */
  public interface RangeVisitor {
    void range(int first, int end);
  }

  /** Sees the pages of {@code [first, end)} that fail their digest. */
  public void badWithin(int first, int end, RangeVisitor visitor) {
    bad.within(first, end, visitor);
  }

  /** Sees the pages of {@code [first, end)} that a frame says it dropped. */
  public void droppedWithin(int first, int end, RangeVisitor visitor) {
    dropped.within(first, end, visitor);
  }

  /** Sees the pages of {@code [first, end)} that it never held, as far as its frames tell. */
  public void absentWithin(int first, int end, RangeVisitor visitor) {
    absent.within(first, Math.min(end, shape.pages()), visitor);
    if (end > shape.pages()) {
      visitor.range(Math.max(first, shape.pages()), end);
    }
  }

  private void note(long start, long length, String problem) {
    note(new DamagedBytes(start, length, problem, false));
  }

  private synchronized void note(DamagedBytes found) {
    damagedParts++;
    damagedRuns += found.pages() ? 1 : 0;
    if (damage.size() < LISTED) {
      damage.add(found);
    }
  }

  /**
   * Opens it, to be read and closed.
   *
   * @return false when it cannot be opened, which is noted
   */
  public boolean open() {
    Failure failure = tryToOpen();
    if (failure != null && !failure.gone) {
      packs.forget(id);
      failure = tryToOpen(); // what failed for a moment is no damage
    }
    if (failure == null) {
      return true;
    }
    vanished = failure.gone;
    if (!vanished) {
      note(0, 0, failure.problem);
    }
    return false;
  }

  /** Why it could not be opened. */
  private record Failure(String problem, boolean gone) {}

  private Failure tryToOpen() {
    try {
      pack = packs.acquire(id);
      if (shape != null && !shape.equals(shapeOf(pack))) {
        describe(); // a compaction has written it anew
      }
      return null;
    } catch (BlkshException e) {
      ShelfAwayException.letPass(e);
      return new Failure(e.problem(), IoFailure.of(e) == IoFailure.NO_SUCH_FILE);
    } catch (IOException e) {
      close();
      return new Failure(IoFailure.reason(e), false);
    }
  }

  private static Shape shapeOf(Pack pack) throws IOException {
    return new Shape(
        pack.pages(),
        pack.frames(),
        pack.rawBytes(),
        pack.size(),
        pack.contentBytes(),
        pack.footerSound());
  }

  /** Opens it and checks what can be checked without reading frames. */
  public void structure() {
    if (!open()) {
      return;
    }
    try {
      describe();
      byte[] header = header();
      byte[] expected = Pack.header(id, storeId);
      if (!Arrays.equals(header, expected) && pack.file().forget()) {
        header = header();
      }
      if (!Arrays.equals(header, expected)) {
        note(0, Pack.HEADER, "pack header damaged; no page is lost by it, reindex repairs it");
      }
      if (!pack.footerSound()) {
        long end = Math.max(Pack.HEADER, pack.contentBytes());
        note(
            end,
            pack.size() - end,
            "pack footer damaged or missing; its "
                + pack.pages()
                + " pages are found by their"
                + " frames, reindex repairs it");
      }
    } catch (IOException e) {
      note(0, 0, IoFailure.reason(e));
    }
  }

  private byte[] header() throws IOException {
    try {
      return pack.file().read(0, Pack.HEADER);
    } catch (IOException e) {
      return pack.file().read(0, Pack.HEADER);
    }
  }

  private void describe() throws IOException {
    shape = shapeOf(pack);
    absent = new PageRanges();
    for (int page = pack.firstMissing(0, shape.pages()); page >= 0; ) {
      int past = pack.firstHeld(page, shape.pages());
      absent.add(page, past);
      page = pack.firstMissing(past, shape.pages());
    }
    piecesLeft.set(pieces());
  }

  /** Pieces the contents are checked in. */
  public int pieces() {
    return shape == null ? 0 : (shape.frames() + PIECE - 1) / PIECE;
  }

  /** What a worker needs to check contents, and what it has counted. */
  public static final class Reader {
    private final FrameReader frames = new FrameReader();
    private final LoadedFrame loaded = LoadedFrame.largest();
    private long framesRead;
    private long pagesProven;
    private long bytesRead;

    public long framesRead() {
      return framesRead;
    }

    public long pagesProven() {
      return pagesProven;
    }

    public long bytesRead() {
      return bytesRead;
    }
  }

  /** Checks a piece; true for whoever checks the last one. */
  public boolean contents(int piece, Reader reader, SoundPages sound) {
    int to = Math.min(pack.frames(), (piece + 1) * PIECE);
    for (int frame = piece * PIECE; frame < to; frame++) {
      frame(frame, reader, sound);
    }
    boolean last = piecesLeft.decrementAndGet() == 0;
    if (last && pack.footerSound()) {
      digestBlocks();
    }
    return last;
  }

  private void frame(int frame, Reader reader, SoundPages sound) {
    PackFooter footer = pack.footer();
    LoadedFrame loaded = reader.loaded;
    reader.frames.load(pack, frame, -1, loaded);
    if (loaded.damage() != null && retries.getAndIncrement() < RETRIES) {
      // What fails once may read well: a disk that was busy with itself, a line that was cut.
      pause();
      pack.file().forget();
      reader.frames.load(pack, frame, -1, loaded);
    }
    reader.framesRead++;
    long offset = footer.offset(frame);
    long length = pack.frameEnd(frame) - offset;
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
        note(new DamagedBytes(offset, length, loaded.damage(), true));
        failedFrom = -1;
      }
      if (i < loaded.pages && loaded.damage() == null && loaded.starts[i + 1] == loaded.starts[i]) {
        dropped.add(page, page + 1);
      }
      if (i < loaded.pages && loaded.has(page)) {
        reader.pagesProven++;
        sound.page(id, page, loaded.digests, i * Page.DIGEST);
      }
    }
    boolean allProven = bad.isEmpty() || !touches(loaded.firstPage, loaded.pages);
    if (allProven && loaded.damage() != null) {
      note(offset, length, loaded.damage() + "; no page is lost by it, reindex repairs it");
    } else if (allProven && !reader.frames.payloadSound(pack, frame)) {
      note(offset, length, "frame checksum does not match; no page is lost by it");
    }
    long expected = frame == 0 ? Pack.HEADER : pack.frameEnd(frame - 1);
    if (offset != expected) {
      note(expected, offset - expected, "bytes between frames that nothing describes");
    }
  }

  private static void pause() {
    LockSupport.parkNanos(RETRY_AFTER_NANOS);
  }

  /**
   * Looks again at what was found damaged before, of a pack whose contents are not read. What is
   * damaged beside it in the same frame is found with it.
   *
   * @param ranges of pages that were bad, each its first and one past its last
   * @param places bytes of the file that were damaged
   * @return pages that were looked at, or that a sound footer says are not there any more
   */
  public BitSet again(
      List<int[]> ranges, List<DamagedBytes> places, Reader reader, SoundPages sound) {
    BitSet frames = new BitSet();
    BitSet looked = new BitSet();
    for (int[] range : ranges) {
      if (pack.footerSound()) {
        looked.set(range[0], range[1]);
      }
      int end = Math.min(range[1], shape.pages());
      for (int page = Math.max(0, range[0]); page < end; page++) {
        int frame = pack.footer().frameOf(page);
        if (frame >= 0) {
          frames.set(frame);
          page = pack.footer().firstPage(frame) + pack.footer().pagesIn(frame) - 1;
        }
      }
    }
    boolean footer = false;
    for (DamagedBytes place : places) {
      for (int frame = 0; frame < pack.frames(); frame++) {
        if (pack.footer().offset(frame) < place.start() + Math.max(1, place.length())
            && pack.frameEnd(frame) > place.start()) {
          frames.set(frame);
        }
      }
      footer |= place.start() + place.length() > shape.contentBytes();
    }
    for (int frame = frames.nextSetBit(0); frame >= 0; frame = frames.nextSetBit(frame + 1)) {
      frame(frame, reader, sound);
      int first = pack.footer().firstPage(frame);
      looked.set(first, first + pack.footer().pagesIn(frame));
    }
    if (footer && pack.footerSound()) {
      digestBlocks();
    }
    return looked;
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
        if (digestBlock(block) == null) {
          note(
              footer.digestBlockOffset(block),
              (long) PackFooter.DIGEST_BLOCK * Page.DIGEST,
              "digests in the footer damaged; no page is lost by it, reindex repairs it");
        }
      } catch (IOException e) {
        note(footer.digestBlockOffset(block), 0, IoFailure.reason(e));
      }
    }
  }

  private byte[] digestBlock(int block) throws IOException {
    try {
      return pack.footer().digestBlock(pack.file(), block);
    } catch (IOException e) {
      return pack.footer().digestBlock(pack.file(), block);
    }
  }

  /** Closes its file; what was found stays known. */
  @Override
  public void close() {
    if (pack != null) {
      pack.close();
      pack = null;
    }
  }
}
