package blksh.store;

import blksh.BlkshException;
import blksh.block.BlockSource;
import blksh.block.Extent;
import blksh.block.PageOffer;
import blksh.io.UnreadableException;
import blksh.store.pack.Page;
import blksh.store.pack.PageIndex;
import blksh.store.pack.PageSize;
import blksh.task.Task;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.BitSet;
import java.util.List;
import java.util.function.IntFunction;

/**
 * A piece of an image on its way into a store: up to 256 KiB of bytes with the digests of their
 * pages, or a run of any length that needs no bytes. Each worker has one and fills it again and
 * again.
 */
final class CaptureSegment {

  /** The longest piece with bytes; small enough to stay in a core's cache while it is worked on. */
  static final int BYTES = 256 << 10;

  private final PageSize pageSize;
  private final IntFunction<ByteBuffer> memory;

  /** Made when it is first needed: a run needs none. */
  private ByteBuffer bytes;

  private final byte[] page;
  private final byte[] digests;
  private final long[] keys;
  private final Extent.Kind[] kinds;
  private final BadRanges bad = new BadRanges();
  private final MessageDigest sha = Page.sha256();

  private BlockSource source;
  private PiecedImage.Part part;
  private PageOffer offer;
  private BlockSource far;
  private BitSet moved;
  private StoredPages kept;
  private long keptFrom;
  private final ImagePiece piece;
  private long position;
  private long length;
  private Extent.Kind run;

  /**
   * @param pageSize of the store
   * @param memory gives as many bytes of direct memory as it is told, for as long as the segment is
   *     used
   */
  CaptureSegment(PageSize pageSize, IntFunction<ByteBuffer> memory) {
    this.pageSize = pageSize;
    this.memory = memory;
    int pages = pageSize.pageOf(BYTES);
    page = new byte[pageSize.bytes()];
    digests = new byte[pages * Page.DIGEST];
    keys = new long[pages];
    kinds = new Extent.Kind[pages];
    piece = new ImagePiece(this);
  }

  /** Bytes to be read from a source by {@link #load}. */
  void data(BlockSource from, long at, int count) {
    source = from;
    part = null;
    offer = null;
    kept = null;
    position = at;
    length = count;
    run = null;
    bad.clear();
  }

  /** A run of a kind: nothing to read. */
  void run(Extent.Kind kind, long at, long count) {
    data(null, at, 0);
    length = count;
    run = kind;
    if (kind == Extent.Kind.BAD) {
      bad.add(at, count);
    }
  }

  /** A run in which, or in part of whose pages, some ranges could not be read. */
  void run(Extent.Kind kind, long at, long count, List<Extent> unreadable) {
    run(kind, at, count);
    bad.clear();
    unreadable.forEach(range -> bad.add(range.start(), range.length()));
  }

  /** Bytes that are there already. */
  void filled(long at, int count) {
    data(null, at, count);
  }

  /** Bytes that a part of a pieced image gives. */
  void parted(PiecedImage.Part from, int count) {
    data(null, 0, count);
    part = from;
  }

  /**
   * Pages that another machine has read.
   *
   * @param origin what they are of
   * @param wanted those whose bytes are moved; of the others the digests are enough
   */
  void offered(BlockSource origin, PageOffer from, BitSet wanted, long at, int count) {
    data(null, at, count);
    far = origin;
    offer = from;
    moved = (BitSet) wanted.clone();
  }

  /** Pages of an earlier version: nothing to read. */
  void kept(StoredPages from, long first, long count) {
    data(null, 0, 0);
    length = count;
    kept = from;
    keptFrom = first;
  }

  /** Reads the bytes, if they are not there yet, and tells each page's kind and digest. */
  void load(Task task) {
    if (run != null || kept != null) {
      return;
    }
    if (part != null) {
      part.fill(bytes().slice(0, (int) length));
    }
    if (source != null) {
      read(source, 0, (int) length, bad, task);
    }
    if (offer != null) {
      takeOffered();
    } else {
      hash();
    }
    markBad();
  }

  private void hash() {
    ByteBuffer bytes = bytes();
    int pages = pages();
    for (int i = 0; i < pages; i++) {
      int at = pageSize.at(i);
      int count = pageLength(i);
      bytes.get(at, page, 0, count);
      if (Page.isZero(page, 0, count)) {
        kinds[i] = Extent.Kind.ZERO;
      } else {
        kinds[i] = Extent.Kind.DATA;
        Page.digest(sha, page, 0, count, digests, i * Page.DIGEST);
        keys[i] = PageIndex.keyOf(digests, i * Page.DIGEST);
      }
    }
  }

  /** Nothing that was moved counts unless it has its digest. */
  private void takeOffered() {
    ByteBuffer bytes = bytes();
    offer.take(bytes.duplicate().limit((int) length));
    System.arraycopy(offer.digests(), 0, digests, 0, pages() * Page.DIGEST);
    byte[] actual = new byte[Page.DIGEST];
    for (int i = 0; i < pages(); i++) {
      int at = pageSize.at(i);
      int count = pageLength(i);
      kinds[i] = offer.isZero(i) ? Extent.Kind.ZERO : Extent.Kind.DATA;
      keys[i] = PageIndex.keyOf(digests, i * Page.DIGEST);
      if (kinds[i] == Extent.Kind.DATA && moved.get(i)) {
        bytes.get(at, page, 0, count);
        Page.digest(sha, page, 0, count, actual, 0);
        if (!Page.sameDigest(actual, 0, digests, i * Page.DIGEST)) {
          throw new BlkshException(
                  "capture what came over the wire",
                  "a page does not have the digest it was told by")
              .at(position + at)
              .suggest("find out what answers there, nothing of it was kept");
        }
        if (Page.isZero(page, 0, count)) {
          kinds[i] = Extent.Kind.ZERO;
        }
      }
    }
    offer.bad().forEach(range -> bad.add(range.start(), range.length()));
  }

  private void markBad() {
    int pages = pages();
    for (Extent range : bad.list()) {
      int first = (int) pageSize.count(range.start() - position);
      long end = range.end() - position;
      int last = (int) (end == length ? pages : pageSize.pageOf(end));
      for (int i = first; i < last; i++) {
        kinds[i] = Extent.Kind.BAD;
      }
    }
  }

  /**
   * Reads some bytes of the segment.
   *
   * @param lost told of what nobody can read, in bytes of the image
   */
  private void read(BlockSource from, int start, int end, BadRanges lost, Task task) {
    int at = start;
    while (at < end) {
      try {
        at += from.read(position + at, window(at, end - at));
        if (at < end) {
          throw new UnreadableException(
              from.describe().location(), position + at, end - at, "it ends too early", null);
        }
      } catch (UnreadableException e) {
        int first = (int) Math.max(at, e.start() - position);
        int to = (int) Math.min(end, e.start() + e.length() - position);
        if (to <= first) {
          throw e;
        }
        if (e.isGone()) {
          lose(first, to - first, lost);
        } else {
          salvage(from, first, to, lost, task);
        }
        at = to;
      }
    }
  }

  /**
   * Reads what can be read of a range; the rest is zeros and noted as bad. A sector is bad only
   * when it cannot be read alone, and is tried alone once. After a bad one the next is read alone,
   * and twice as much after each that was read: a few bad sectors cost a few reads, and a range
   * without a good one a read for each.
   */
  private void salvage(BlockSource from, int first, int to, BadRanges lost, Task task) {
    int sector = from.sectorSize();
    int wanted = sector;
    for (int at = first; at < to; ) {
      task.checkCancelled();
      int alone = sector - (int) ((position + at) % sector);
      int count = Math.min(to - at, wanted - sector + alone);
      int good;
      try {
        good = from.read(position + at, window(at, count));
      } catch (UnreadableException e) {
        good = (int) Math.max(0, Math.min(count, e.start() - position - at));
        if (e.isGone()) {
          lose(at + good, to - at - good, lost);
          return;
        }
      }
      if (good == count) {
        wanted = 2 * wanted;
      } else if (count <= alone) {
        lose(at, count, lost);
        good = count;
      } else {
        long start = (position + at + good) / sector * sector; // of the sector that failed
        good = (int) Math.max(0, start - position - at);
        wanted = sector;
      }
      at += good;
    }
  }

  /** Zeros in place of what nobody can read. */
  private void lose(int at, int count, BadRanges lost) {
    bytes().put(at, new byte[count]);
    lost.add(position + at, count);
  }

  private ByteBuffer window(int at, int count) {
    return bytes().duplicate().position(at).limit(at + count);
  }

  /** The kind of the whole segment when it has no bytes, else null. */
  Extent.Kind run() {
    return run;
  }

  /** Whether its pages came from another machine, as far as they were wanted. */
  boolean isOffered() {
    return offer != null;
  }

  /** Whether the bytes of a page are there; of an offered one that was not wanted they are not. */
  boolean hasBytes(int page) {
    return offer == null || moved.get(page);
  }

  /** Whether a page before it has the same digest, and bytes. */
  boolean isBefore(int page) {
    for (int i = 0; i < page; i++) {
      if (kinds[i] == Extent.Kind.DATA
          && hasBytes(i)
          && Page.sameDigest(digests, i * Page.DIGEST, digests, page * Page.DIGEST)) {
        return true;
      }
    }
    return false;
  }

  /**
   * Has the bytes of a page moved that was not wanted before; what it holds now counts, and what
   * cannot be read of it is bad as that of any other is.
   */
  void fetch(int number, Task task) {
    int at = pageSize.at(number);
    int count = pageLength(number);
    BadRanges lost = new BadRanges();
    read(far, at, at + count, lost, task);
    bytes().get(at, page, 0, count);
    Page.digest(sha, page, 0, count, digests, number * Page.DIGEST);
    keys[number] = PageIndex.keyOf(digests, number * Page.DIGEST);
    kinds[number] = Page.isZero(page, 0, count) ? Extent.Kind.ZERO : Extent.Kind.DATA;
    if (lost.bytes() == count) {
      kinds[number] = Extent.Kind.BAD;
    }
    moved.set(number);
    bad.replace(position + at, count, lost.list());
  }

  /** The version whose pages are kept, or null. */
  StoredPages kept() {
    return kept;
  }

  /** The first of those pages in that version. */
  long keptFrom() {
    return keptFrom;
  }

  /** The same segment as whoever puts an image together sees it. */
  ImagePiece piece() {
    return piece;
  }

  long length() {
    return length;
  }

  /** Bytes that came from the source. */
  long readBytes() {
    return run == null && kept == null ? length : 0;
  }

  /** Of its whole pages. */
  PageSize pageSize() {
    return pageSize;
  }

  /** Pages of a segment with bytes. */
  int pages() {
    return (int) pageSize.count(length);
  }

  int pageLength(int page) {
    return pageSize.lengthOf(page, length);
  }

  Extent.Kind kind(int page) {
    return kinds[page];
  }

  /** The bytes, from 0; a direct buffer. */
  ByteBuffer bytes() {
    if (bytes == null) {
      bytes = memory.apply(BYTES);
    }
    return bytes;
  }

  byte[] digests() {
    return digests;
  }

  /** What the page index knows a page by. */
  long key(int page) {
    return keys[page];
  }

  List<Extent> bad() {
    return bad.list();
  }
}
