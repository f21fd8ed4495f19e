package blksh.drive.ssh;

import blksh.BlkshException;
import blksh.block.Extent;
import blksh.block.PageOffer;
import blksh.block.PageOffers;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

/**
 * Some pages of a remote drive on their way: digests first, then the wanted bytes. What had arrived
 * when the connection was cut stays; what had not is told again, and may be other bytes then.
 *
 * <p>Everything but the unpacking is done while the drive is locked.
 */
final class RemotePages implements PageOffer {

  private static final int DIGEST = 32;

  private final RemoteChannel drive;
  private final RemoteOffers offers;
  private final long position;
  private final int length;
  private final int pages;
  private final BitSet zero = new BitSet();
  private final byte[] digests;
  private final List<Packed> packed = new ArrayList<>();
  private List<Extent> bad = List.of();
  private int number;
  private long expected;

  /** Whether the digests came on the present connection. */
  private boolean told;

  /** Whether they ever came. */
  private boolean known;

  /** What is wanted and has not come; null until it was said. */
  private BitSet missing;

  /** Why they cannot be had; null while they may. */
  private BlkshException failure;

  private record Packed(int codec, BitSet pages, ByteBuffer bytes) {}

  RemotePages(RemoteChannel drive, RemoteOffers offers, long position, int length) {
    this.drive = drive;
    this.offers = offers;
    this.position = position;
    this.length = length;
    this.pages = (length + PageOffers.PAGE - 1) / PageOffers.PAGE;
    this.digests = new byte[pages * DIGEST];
  }

  // ---- while the drive is locked -------------------------------------------------------------

  /** Takes a number on another connection, where nothing was told yet. */
  int beginOn(int next) {
    number = next;
    told = false;
    return next;
  }

  /** Has them be told that ever were; whether they are. */
  boolean staysTold() {
    told = known;
    return told;
  }

  /** They cannot be had. */
  void fail(BlkshException why) {
    failure = why;
  }

  boolean hasFailed() {
    return failure != null;
  }

  int number() {
    return number;
  }

  /** What is asked for it. */
  byte[] request() {
    return ByteBuffer.allocate(Long.BYTES + Integer.BYTES).putLong(position).putInt(length).array();
  }

  boolean isTold() {
    return told;
  }

  /** Whether nothing more is to come. */
  boolean isWhole() {
    return missing != null && missing.isEmpty();
  }

  /** Whether it was said what is wanted. */
  boolean isAsked() {
    return missing != null;
  }

  /** Which pages are wanted and have not come, a bit each. */
  byte[] mask() {
    return mask(missing);
  }

  int missingBytes() {
    return bytes(missing);
  }

  /** Notes what those are expected to take on the wire. */
  void expect(long bytes) {
    expected = bytes;
  }

  long expected() {
    return expected;
  }

  /** Takes the digests. */
  void digestsCame(ByteBuffer content) {
    if (told) {
      throw drive.garbage("it tells digests twice");
    }
    told = true;
    if (content.remaining() < pages) {
      throw drive.garbage("it tells too few digests");
    }
    BitSet zeros = new BitSet();
    for (int i = 0; i < pages; i++) {
      int kind = content.get();
      if (kind != 0 && kind != 1) {
        throw drive.garbage("it tells of a page that is neither data nor zeros");
      }
      zeros.set(i, kind == 1);
    }
    for (int i = 0; i < pages; i++) {
      if (!zeros.get(i)) {
        if (content.remaining() < DIGEST) {
          throw drive.garbage("it tells too few digests");
        }
        byte[] digest = new byte[DIGEST];
        content.get(digest);
        if (isOpen(i)) {
          System.arraycopy(digest, 0, digests, i * DIGEST, DIGEST);
        }
      }
      if (isOpen(i)) {
        zero.set(i, zeros.get(i));
      }
    }
    bad = merged(badRanges(content));
    known = true;
    if (missing != null) {
      missing.andNot(zero);
    }
  }

  /** Whether what is told of a page counts: its bytes have not come, and are not known either. */
  private boolean isOpen(int page) {
    return missing == null || missing.get(page);
  }

  private List<Extent> badRanges(ByteBuffer content) {
    List<Extent> ranges = UnreadableRanges.of(drive, content, position, length);
    if (content.hasRemaining()) {
      throw drive.garbage("it tells digests of another length than was asked for");
    }
    return ranges;
  }

  /** Of each page the ranges that were told with its digest. */
  private List<Extent> merged(List<Extent> now) {
    if (missing == null) {
      return now;
    }
    List<Extent> all = new ArrayList<>();
    for (int i = 0; i < pages; i++) {
      long from = position + (long) i * PageOffers.PAGE;
      long to = Math.min(position + length, from + PageOffers.PAGE);
      for (Extent range : isOpen(i) ? now : bad) {
        if (range.start() < to && range.end() > from) {
          all.add(range.clip(from, to));
        }
      }
    }
    return all;
  }

  /** Takes some wanted pages. @return their bytes */
  int pagesCame(ByteBuffer content) {
    int width = (pages + 7) / 8;
    if (content.remaining() < 1 + width || missing == null) {
      throw drive.garbage("it sends what was not asked for");
    }
    int codec = content.get();
    byte[] mask = new byte[width];
    content.get(mask);
    BitSet come = BitSet.valueOf(mask);
    BitSet others = (BitSet) come.clone();
    others.andNot(missing);
    if (come.isEmpty() || !others.isEmpty()) {
      throw drive.garbage("it sends pages that were not asked for");
    }
    int bytes = bytes(come);
    boolean right =
        codec == AgentFrame.RAW
            ? content.remaining() == bytes
            : (codec == AgentFrame.ZLIB || codec == AgentFrame.ZSTD) && content.remaining() < bytes;
    if (!right) {
      throw drive.garbage("it sends pages of a wrong length");
    }
    missing.andNot(come);
    packed.add(new Packed(codec, come, content.slice()));
    return bytes;
  }

  private int bytes(BitSet some) {
    return some.stream().map(this::pageLength).sum();
  }

  private int pageLength(int page) {
    return Math.min(PageOffers.PAGE, length - page * PageOffers.PAGE);
  }

  private byte[] mask(BitSet some) {
    byte[] mask = new byte[(pages + 7) / 8];
    byte[] set = some.toByteArray();
    System.arraycopy(set, 0, mask, 0, set.length);
    return mask;
  }

  // ---- an offer ------------------------------------------------------------------------------

  @Override
  public boolean isReady() {
    synchronized (drive) {
      return known || failure != null;
    }
  }

  @Override
  public void await() {
    drive.await(() -> known || failure != null);
    mustBeThere();
  }

  private void mustBeThere() {
    synchronized (drive) {
      if (failure != null) {
        throw failure;
      }
    }
  }

  @Override
  public boolean isZero(int page) {
    synchronized (drive) {
      return zero.get(page);
    }
  }

  @Override
  public byte[] digests() {
    mustBeThere();
    synchronized (drive) {
      return digests.clone();
    }
  }

  @Override
  public List<Extent> bad() {
    synchronized (drive) {
      return bad;
    }
  }

  @Override
  public void want(BitSet wanted) {
    synchronized (drive) {
      missing = (BitSet) wanted.clone();
      missing.andNot(zero);
    }
    offers.want(this);
  }

  @Override
  public void take(ByteBuffer target) {
    drive.await(() -> isWhole() || failure != null);
    mustBeThere();
    for (int page = 0; page < pages; page++) {
      if (isZero(page)) {
        target.put(page * PageOffers.PAGE, new byte[pageLength(page)]);
      }
    }
    for (Packed some : packed) {
      byte[] raw = Unpacking.of(drive, some.codec, some.bytes, bytes(some.pages));
      int at = 0;
      for (int i = some.pages.nextSetBit(0); i >= 0; i = some.pages.nextSetBit(i + 1)) {
        target.put(i * PageOffers.PAGE, raw, at, pageLength(i));
        at += pageLength(i);
      }
    }
    packed.clear();
  }
}
