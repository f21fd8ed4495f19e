package blksh.store;

import blksh.BlkshException;
import blksh.block.BlockSource;
import blksh.block.Extent;
import blksh.block.PageOffer;
import blksh.block.SourceInfo;
import blksh.store.pack.CodecChoice;
import blksh.store.pack.FrameCache;
import blksh.store.pack.PackDigests;
import blksh.store.pack.Page;
import blksh.store.pack.PageReader;
import blksh.store.pack.PageSize;
import blksh.store.shelf.ShelfAwayException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.BitSet;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A version of another store, to be made again as it is. Its kinds and its bad ranges are those of
 * its manifest; its pages are known by their digests, and only those are read that the store they
 * go to does not have. What a digest is says the manifest ({@link PageGroups}), and the root digest
 * of the copy must be that of the version before the copy is published: so nothing of it rests on
 * what a pack says of itself.
 */
final class CopyInput implements CopiedInput {

  /** Bytes of the longest run that is handed on at once: its bad ranges are in memory. */
  private static final long LONGEST_RUN = 1L << 30;

  private final Repository repository;
  private final ManifestFile file;
  private final PageSize pageSize;
  private final Manifest manifest;

  /** The same, for a page that was known and is not any more. */
  private final BlockSource whole;

  private final VersionMarks marks;
  private final FrameCache cache = FrameCache.shared();
  private final FrameCache.Owner owner = new FrameCache.Owner();
  private final PageGroups groups;
  private final ConcurrentLinkedQueue<Reader> idle = new ConcurrentLinkedQueue<>();
  private final AtomicLong moved = new AtomicLong();

  // Of whoever claims, one at a time.
  private final ExtentCursor cursor;
  private final PackDigests digests;
  private final PageReader claiming;
  private final PageGroups.Looker looker;
  private KnownPages known;
  private long page;

  /**
   * @param repository one use of the store it is in, which is given up with this
   * @param file of the version, closed with this
   * @param marks what was said of the version
   */
  CopyInput(Repository repository, ManifestFile file, VersionMarks marks) {
    this.repository = repository;
    this.file = file;
    this.pageSize = file.pageSize();
    this.marks = marks;
    this.whole = repository.opened(file.manifest(), ManifestSource::new);
    this.manifest = file.manifest();
    this.groups = new PageGroups(file);
    this.cursor = new ExtentCursor(file);
    this.digests = new PackDigests(repository.packs());
    this.claiming = repository.pages(cache, owner);
    this.looker = groups.new Looker(digests, claiming);
  }

  /** What is in the store it comes from is not as it was written, so that it cannot be copied. */
  static final class LostInSource extends BlkshException {
    LostInSource(Manifest manifest, long position, String problem) {
      super("copy " + manifest.reference(), problem);
      at(position);
      suggest("verify the store it is in; no copy of this version was made");
    }
  }

  private LostInSource lost(long ofPage, String problem) {
    return new LostInSource(manifest, pageSize.at(ofPage), problem);
  }

  @Override
  public void begin(KnownPages pages) {
    known = pages;
  }

  @Override
  public boolean claim(CaptureSegment segment) throws IOException {
    if (page >= file.pages()) {
      return false;
    }
    try {
      if (page < cursor.start || page >= cursor.end) {
        cursor.seek(page);
      }
      int segmentPages = pageSize.pageOf(CaptureSegment.BYTES);
      boolean data = cursor.kind == Extent.Kind.DATA;
      long boundary =
          data ? (page / segmentPages + 1) * segmentPages : page + pageSize.pageOf(LONGEST_RUN);
      long end = Math.min(cursor.end, boundary);
      long from = pageSize.at(page);
      long to = Math.min(manifest.size(), pageSize.at(end));
      List<Extent> bad = bad(from, to);
      if (data) {
        Offer offer = new Offer(page, (int) (end - page), bad);
        segment.offered(whole, offer, offer.wanted, from, (int) (to - from));
      } else {
        segment.run(cursor.kind, from, to - from, bad);
      }
      page = end;
      return true;
    } catch (ManifestFile.DamagedManifest e) {
      throw lost(Math.max(page, e.first), e.getMessage());
    }
  }

  private List<Extent> bad(long from, long to) {
    if (manifest.figures().badBytes() == 0) {
      return List.of();
    }
    try {
      return file.bad(from, to, Integer.MAX_VALUE).stream()
          .map(range -> range.clip(from, to))
          .toList();
    } catch (BlkshException e) {
      ShelfAwayException.letPass(e);
      throw lost(pageSize.pageOf(from), e.problem());
    }
  }

  /** Some data pages that lie together in the image and in their pack. */
  private final class Offer implements PageOffer {
    private final long first;
    private final int count;
    private final long packId;
    private final int number;
    private final byte[] told;
    private final List<Extent> bad;
    private final BitSet wanted = new BitSet();

    Offer(long first, int count, List<Extent> bad)
        throws IOException, ManifestFile.DamagedManifest {
      this.first = first;
      this.count = count;
      this.packId = file.packs()[cursor.pack];
      this.number = cursor.first + (int) (first - cursor.start);
      this.told = new byte[count * Page.DIGEST];
      this.bad = bad;
      for (int i = 0; i < count; i++) {
        digest(i);
        if (!known.has(told, i * Page.DIGEST)) {
          wanted.set(i);
        }
      }
    }

    /** The digest of a page, as the manifest proves it where it can. */
    private void digest(int i) throws ManifestFile.DamagedManifest {
      PageGroups.Group group = looker.group(first + i);
      switch (group.state()) {
        case PROVEN ->
            System.arraycopy(
                group.digests(),
                PageGroups.digestAt(first + i),
                told,
                i * Page.DIGEST,
                Page.DIGEST);
        case CONTRADICTED -> throw lost(first + i, "what is stored there is not what was captured");
        case UNKNOWN -> {
          if (!digests.read(packId, number + i, told, i * Page.DIGEST)) {
            throw lost(first + i, "what its pages were cannot be told: their pack is damaged");
          }
        }
      }
    }

    @Override
    public boolean isReady() {
      return true;
    }

    @Override
    public void await() {}

    @Override
    public boolean isZero(int i) {
      return false;
    }

    @Override
    public byte[] digests() {
      return told;
    }

    @Override
    public List<Extent> bad() {
      return bad;
    }

    @Override
    public void want(BitSet pages) {
      throw new IllegalStateException("what is wanted was known before");
    }

    @Override
    public void take(ByteBuffer target) {
      if (wanted.isEmpty()) {
        return;
      }
      Reader reader = idle.poll();
      if (reader == null) {
        reader = new Reader();
      }
      try {
        for (int i = wanted.nextSetBit(0); i >= 0; i = wanted.nextSetBit(i + 1)) {
          take(reader, i, target);
        }
      } finally {
        reader.pages.close();
        idle.add(reader);
      }
    }

    private void take(Reader reader, int i, ByteBuffer target) {
      long wantedLength = pageSize.lengthOf(first + i, manifest.size());
      int length;
      try {
        length = reader.pages.read(first + i, packId, number + i, reader.page, 0, reader.digest, 0);
      } catch (ManifestFile.DamagedManifest e) {
        throw lost(first + i, e.getMessage());
      }
      if (length < 0) {
        throw lost(first + i, reader.pages.problem());
      }
      if (length != wantedLength || !Page.sameDigest(reader.digest, 0, told, i * Page.DIGEST)) {
        throw lost(first + i, "a page is not the one that was captured");
      }
      target.put(pageSize.at(i), reader.page, 0, length);
      moved.addAndGet(length);
    }
  }

  /** What one reading thread needs. */
  private final class Reader {
    final ProvenReader pages = new ProvenReader(repository, groups, cache, owner);
    final byte[] page = new byte[pageSize.bytes()];
    final byte[] digest = new byte[Page.DIGEST];
  }

  @Override
  public Manifest copied() {
    return manifest;
  }

  @Override
  public VersionMarks marks() {
    return marks;
  }

  @Override
  public long movedBytes() {
    return moved.get();
  }

  @Override
  public SourceInfo describe() {
    return manifest.source();
  }

  @Override
  public long size() {
    return manifest.size();
  }

  @Override
  public int sectorSize() {
    return manifest.sectorSize();
  }

  @Override
  public CodecChoice codec(CodecChoice usual) {
    return manifest.kind() == ManifestKind.TREE ? PiecedInput.ofTrees(usual) : usual;
  }

  @Override
  public ManifestFigures.Tree tree() {
    return manifest.tree();
  }

  @Override
  public void close() {
    digests.close();
    claiming.close();
    cache.forgetAll(owner);
    whole.close();
    file.close();
    repository.close();
  }
}
