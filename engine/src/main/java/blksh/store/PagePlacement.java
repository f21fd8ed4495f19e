package blksh.store;

import blksh.BlkshException;
import blksh.block.Extent;
import blksh.store.pack.CodecChoice;
import blksh.store.pack.PackDirectory;
import blksh.store.pack.Page;
import blksh.store.pack.PageFinder;
import blksh.store.pack.PageIndex;
import blksh.store.pack.PageSize;
import blksh.task.Task;
import java.io.Closeable;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * Decides, page by page in the order of the image, where each is: known and stored, not to be
 * stored, or new; and gives new ones a place in a pack and in a frame. Counts what it sees. Used by
 * the thread whose turn it is to place; only {@link #has} may be asked by others meanwhile.
 */
final class PagePlacement implements Closeable {

  /** Packs a dry run remembers the pages of. */
  private static final int DRY_PACKS = 16;

  private final PackDirectory packs;
  private final PageFinder finder;
  private final CaptureMemory memory;
  private final PageSize pageSize;
  private final int framePages;

  /** Null in a dry run. */
  private final ManifestWriter manifest;

  private final PackLog log;
  private final PageFinder.Reliance reliance;

  /** Whose packs are named; null for none. */
  private StoredPages relied;

  private final Task task;
  private final RootDigest root = new RootDigest();

  /** Null in a dry run. */
  private final GroupProof groups;

  /** Packs whose pages the page index does not know yet, newest first. */
  private final List<OpenPack> placed = new ArrayList<>();

  private final Keep keep = new Keep();

  private OpenPack pack;

  /** The frame being gathered when its pages do not lie together. */
  private CaptureMemory.Gathered carry;

  private long size;
  private long dataBytes;
  private long zeroBytes;
  private long freeBytes;
  private long readBytes;
  private long newPages;
  private long newBytes;
  private long foundPack;
  private int foundPage;
  private final BadTally badRanges;

  /**
   * @param codec how frames are compressed, which says how many pages they have
   * @param manifest told of each page; null in a dry run
   * @param log where the packs placed into are written, and become known
   * @param reliance told of the packs that pages are noted in
   * @param task whose wish to stop is heard while a page is read by itself
   */
  PagePlacement(
      Repository repository,
      CodecChoice codec,
      CaptureMemory memory,
      ManifestWriter manifest,
      PackLog log,
      PageFinder.Reliance reliance,
      Task task) {
    this.packs = repository.packs();
    this.finder = new PageFinder(packs, repository.indexes(), reliance);
    this.reliance = reliance;
    this.memory = memory;
    this.pageSize = memory.pageSize();
    this.framePages = codec.framePages(pageSize);
    this.manifest = manifest;
    this.groups = manifest == null ? null : new GroupProof(manifest::addGroup);
    this.badRanges = manifest == null ? new BadTally() : new BadTally(manifest::addBad);
    this.log = log;
    this.task = task;
  }

  /** Places the pages of a piece, which has the frames that were completed then. */
  synchronized void place(CapturePiece piece) throws IOException {
    CaptureSegment segment = piece.segment();
    if (segment.length() == 0) {
      return; // nothing of the image
    }
    if (segment.isOffered() && manifest != null) {
      fetchLost(segment);
    }
    size += segment.length();
    readBytes += segment.readBytes();
    for (Extent bad : segment.bad()) {
      badRanges.add(bad.start(), bad.length());
    }
    if (segment.kept() != null) {
      relyOn(segment.kept());
      segment.kept().give(segment.keptFrom(), pageSize.count(segment.length()), keep);
    } else if (segment.run() != null) {
      placeUnstored(segment.run(), segment.length(), pageSize.count(segment.length()));
    } else {
      placePages(piece);
    }
  }

  /** That version is read until all is noted, so what it names is still there. */
  private void relyOn(StoredPages kept) {
    if (manifest != null && relied != kept) {
      reliance.on(kept.packs());
      relied = kept;
    }
  }

  private void placePages(CapturePiece piece) throws IOException {
    CaptureSegment segment = piece.segment();
    int pages = segment.pages();
    int i = 0;
    while (i < pages) {
      Extent.Kind kind = segment.kind(i);
      int from = i;
      while (i < pages && segment.kind(i) == kind) {
        i++;
      }
      long bytes = pageSize.at((long) i - from - 1) + segment.pageLength(i - 1);
      if (kind == Extent.Kind.DATA) {
        root.addData(segment.digests(), from * Page.DIGEST, i - from);
        if (groups != null) {
          groups.addData(segment.digests(), from * Page.DIGEST, i - from);
        }
        dataBytes += bytes;
        placeData(piece, from, i);
      } else {
        placeUnstored(kind, bytes, i - from);
      }
    }
  }

  /**
   * A page whose like was on its way was not asked for. When the drive is in use and the connection
   * was cut, that like may have come as other bytes: then it is read by itself.
   */
  private void fetchLost(CaptureSegment segment) throws IOException {
    for (int i = 0; i < segment.pages(); i++) {
      if (segment.kind(i) == Extent.Kind.DATA
          && !segment.hasBytes(i)
          && !find(segment.key(i), segment.digests(), i * Page.DIGEST)
          && !segment.isBefore(i)) {
        segment.fetch(i, task);
      }
    }
  }

  /** Pages an earlier version has. */
  private final class Keep implements StoredPages.Taker {
    @Override
    public void zeros(long pages) throws IOException {
      placeUnstored(Extent.Kind.ZERO, pageSize.at(pages), pages);
    }

    @Override
    public void pages(long packId, int first, int count, byte[] digests) throws IOException {
      root.addData(digests, 0, count);
      dataBytes += pageSize.at((long) count);
      if (manifest == null) {
        return;
      }
      groups.addData(digests, 0, count);
      for (int i = 0; i < count; i++) {
        manifest.addPage(packId, first + i);
      }
    }
  }

  private void placeUnstored(Extent.Kind kind, long bytes, long pages) throws IOException {
    root.add(kind, pages);
    switch (kind) {
      case ZERO -> zeroBytes += bytes;
      case FREE -> freeBytes += bytes;
      default -> {} // counted by the exact ranges
    }
    if (manifest != null) {
      manifest.add(kind, pages);
      groups.skip(pages);
    }
  }

  private void placeData(CapturePiece piece, int from, int to) throws IOException {
    CaptureSegment segment = piece.segment();
    byte[] digests = segment.digests();
    int runStart = -1; // first of new pages of this segment not yet in a frame
    for (int i = from; i < to; i++) {
      if (known(segment.key(i), digests, i * Page.DIGEST)) {
        if (runStart >= 0) {
          carry(segment, runStart, i);
          runStart = -1;
        }
        continue;
      }
      mustHaveBytes(segment, i);
      int length = segment.pageLength(i);
      if (carry == null && runStart < 0) {
        usePackWithRoom();
      }
      int page = pack.place(segment.key(i), digests, i * Page.DIGEST, length);
      newPages++;
      newBytes += length;
      if (manifest != null) {
        manifest.addPage(pack.id, page);
      }
      if (carry != null) {
        carry(segment, i, i + 1);
        if (carry.pages == framePages) {
          finishFrame(piece);
        }
        continue;
      }
      runStart = runStart < 0 ? i : runStart;
      if (i + 1 - runStart == framePages) { // which may be one
        piece.addInPlace(pack, page - (framePages - 1), framePages, runStart);
        runStart = -1;
      }
    }
    if (runStart >= 0) {
      carry(segment, runStart, to);
    }
  }

  /** Whether a page is stored already, or has its place; by any thread. */
  synchronized boolean has(byte[] digests, int at) throws IOException {
    return find(PageIndex.keyOf(digests, at), digests, at);
  }

  /** Whether the page is stored already; if so the manifest has it. */
  private boolean known(long key, byte[] digests, int at) throws IOException {
    boolean found = find(key, digests, at);
    if (found && manifest != null) {
      manifest.addPage(foundPack, foundPage);
    }
    return found;
  }

  private boolean find(long key, byte[] digests, int at) throws IOException {
    for (int i = 0; i < placed.size(); i++) {
      OpenPack candidate = placed.get(i);
      foundPage = candidate.find(key, digests, at);
      if (foundPage >= 0) {
        foundPack = candidate.id;
        return true;
      }
    }
    if (finder.find(key, digests, at)) {
      foundPack = finder.packId();
      foundPage = finder.page();
      return true;
    }
    return false;
  }

  /** What the store had when it was asked for, it may not have any more. */
  private void mustHaveBytes(CaptureSegment segment, int page) {
    if (manifest != null && !segment.hasBytes(page)) {
      throw new BlkshException(
              "capture what came over the wire",
              "a page that was known is not any more: the store or the drive has changed meanwhile")
          .at(size - segment.length() + pageSize.at((long) page))
          .suggest("capture again, what was stored is found again");
    }
  }

  private void usePackWithRoom() {
    log.forgetKnown(placed);
    if (pack == null || pack.full()) {
      pack = new OpenPack(packs.newId());
      placed.add(0, pack);
      if (manifest == null && placed.size() > DRY_PACKS) {
        placed.remove(placed.size() - 1);
      }
    }
  }

  /** Copies new pages of a segment to the frame being gathered. They were placed last. */
  private void carry(CaptureSegment segment, int from, int to) {
    if (carry == null) {
      carry = memory.gather();
      carry.firstPage = pack.pages() - (to - from);
    }
    carry.add(segment, from, to);
  }

  private void finishFrame(CapturePiece piece) {
    piece.addGathered(pack, carry);
    carry = null;
  }

  /** At the end: what is gathered becomes the last frame; false when there is none. */
  boolean finish(CapturePiece last) throws IOException {
    badRanges.end();
    if (groups != null) {
      groups.end();
    }
    if (carry == null) {
      return false;
    }
    finishFrame(last);
    return true;
  }

  // ---- what was seen -------------------------------------------------------------------------

  /** Bytes of the image so far. */
  long size() {
    return size;
  }

  /** Bytes that came from the source. */
  long readBytes() {
    return readBytes;
  }

  /** Ranges of the image that could not be read. */
  BadTally bad() {
    return badRanges;
  }

  /** What was found, once all was placed. */
  ManifestFigures figures(long storedBytes) {
    return new ManifestFigures(
        dataBytes,
        zeroBytes,
        freeBytes,
        badRanges.bytes(),
        newPages,
        newBytes,
        storedBytes,
        manifest == null ? 0 : manifest.extents());
  }

  /** The digest of the whole image, once all was placed. */
  String root() {
    return root.finish(size);
  }

  @Override
  public void close() {
    finder.close();
  }
}
