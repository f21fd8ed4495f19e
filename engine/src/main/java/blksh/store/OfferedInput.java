package blksh.store;

import blksh.block.BlockSource;
import blksh.block.Extent;
import blksh.block.PageOffer;
import blksh.block.PageOffers;
import blksh.block.SourceInfo;
import blksh.store.pack.Page;
import blksh.store.pack.PageSize;
import blksh.task.Task;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * A source far away, of which only those pages are moved that the store does not have. Offers are
 * asked for ahead, so that the other side reads and hashes while pages are on their way; wanted
 * pages are named in the order of the image, so that of equal ones only the first is moved.
 */
final class OfferedInput implements CaptureInput {

  private final BlockSource source;
  private final PageOffers offers;
  private final SegmentCut cut;
  private final Deque<Piece> ahead = new ArrayDeque<>();
  private KnownPages known;
  private boolean ended;

  /** Digests of wanted pages that have no place yet; guarded by itself. */
  private final Set<ByteBuffer> coming = new HashSet<>();

  /** Those of each claimed piece, in order; guarded by the above. */
  private final Deque<List<ByteBuffer>> claimed = new ArrayDeque<>();

  private static final class Piece {
    private final Extent.Kind kind;
    private final long position;
    private final long length;
    private final PageOffer offer; // null for a run
    private BitSet wanted; // null until it was asked for
    private final List<ByteBuffer> asked = new ArrayList<>();

    Piece(Extent.Kind kind, long position, long length, PageOffer offer) {
      this.kind = kind;
      this.position = position;
      this.length = length;
      this.offer = offer;
    }
  }

  OfferedInput(BlockSource source, PageOffers offers) {
    this.source = source;
    this.offers = offers;
    this.cut = new SegmentCut(source, PageSize.USUAL);
  }

  @Override
  public void begin(KnownPages pages) {
    known = pages;
  }

  @Override
  public boolean claim(CaptureSegment segment) throws IOException {
    lookAhead();
    Piece piece = ahead.poll();
    if (piece == null) {
      return false;
    }
    if (piece.offer == null) {
      segment.run(piece.kind, piece.position, piece.length);
      return true;
    }
    if (piece.wanted == null) {
      piece.offer.await();
      askFor(piece);
    }
    synchronized (coming) {
      claimed.add(piece.asked);
    }
    segment.offered(source, piece.offer, piece.wanted, piece.position, (int) piece.length);
    return true;
  }

  /** Has as much read ahead as may be, and names what is wanted of what was. */
  private void lookAhead() throws IOException {
    int most = offers.ahead();
    while (!ended && ahead.size() < most) {
      ended = !cut.next();
      if (!ended) {
        ahead.add(next());
      }
    }
    for (Piece piece : ahead) {
      if (piece.offer != null && piece.wanted == null) {
        if (!piece.offer.isReady()) {
          return;
        }
        askFor(piece);
      }
    }
  }

  private Piece next() {
    boolean data = cut.kind() == Extent.Kind.DATA;
    PageOffer offer = data ? offers.offer(cut.position(), (int) cut.length()) : null;
    return new Piece(cut.kind(), cut.position(), cut.length(), offer);
  }

  private void askFor(Piece piece) throws IOException {
    BitSet wanted = new BitSet();
    byte[] digests = piece.offer.digests();
    int pages = (int) PageSize.USUAL.count(piece.length);
    for (int i = 0; i < pages; i++) {
      int at = i * Page.DIGEST;
      if (!piece.offer.isZero(i) && !isComing(digests, at) && !known.has(digests, at)) {
        wanted.set(i);
        ByteBuffer digest = digest(digests, at);
        piece.asked.add(digest);
        synchronized (coming) {
          coming.add(digest);
        }
      }
    }
    piece.wanted = wanted;
    piece.offer.want(wanted);
  }

  private boolean isComing(byte[] digests, int at) {
    synchronized (coming) {
      return coming.contains(ByteBuffer.wrap(digests, at, Page.DIGEST));
    }
  }

  private static ByteBuffer digest(byte[] digests, int at) {
    byte[] copy = new byte[Page.DIGEST];
    System.arraycopy(digests, at, copy, 0, Page.DIGEST);
    return ByteBuffer.wrap(copy);
  }

  @Override
  public void placed(CaptureSegment segment) {
    if (segment.isOffered()) {
      synchronized (coming) {
        claimed.remove().forEach(coming::remove);
      }
    }
  }

  @Override
  public void giveUp() {
    offers.giveUp();
  }

  @Override
  public void tell(Task task) {
    offers.tell(task);
  }

  @Override
  public long movedBytes() {
    return offers.movedBytes();
  }

  @Override
  public SourceInfo describe() {
    return source.describe();
  }

  @Override
  public long size() {
    return source.size();
  }

  @Override
  public int sectorSize() {
    return source.sectorSize();
  }
}
