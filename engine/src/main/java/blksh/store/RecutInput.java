package blksh.store;

import blksh.BlkshException;
import blksh.block.BlockSource;
import blksh.block.Changes;
import blksh.block.Extent;
import blksh.block.SourceInfo;
import blksh.io.UnreadableException;
import blksh.store.pack.CodecChoice;
import blksh.store.pack.FrameCache;
import blksh.store.pack.PackDigests;
import blksh.store.pack.Page;
import blksh.store.pack.PageReader;
import blksh.store.pack.PageSize;
import blksh.store.shelf.ShelfAwayException;
import blksh.task.CancelledException;
import java.nio.ByteBuffer;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A version of another store whose pages have another size: its bytes are read, proven as ever, and
 * cut anew. The copy has another root digest then; so that of the version is proven here, by the
 * digests of its own pages, before the copy is published, and is noted in what is said of the
 * source, by which the copy is known again.
 */
final class RecutInput implements CopiedInput {

  /** The detail of a source that has the root digest of the version it is a copy of. */
  static final String COPIED_ROOT = "copied root";

  private final Repository repository;
  private final ManifestFile file;
  private final Manifest manifest;
  private final VersionMarks marks;
  private final BlockSource whole;
  private final SegmentCut cut;

  // Of whoever claims, one at a time.
  private final FrameCache cache = FrameCache.shared();
  private final FrameCache.Owner owner = new FrameCache.Owner();
  private final ExtentCursor cursor;
  private final PackDigests digests;
  private final PageReader reader;
  private final PageGroups.Looker groups;
  private final RootDigest root = new RootDigest();
  private final byte[] digest = new byte[Page.DIGEST];
  private final byte[] told = new byte[Page.DIGEST];
  private final byte[] bytes;

  /** Bytes of what was placed that could not be read. */
  private long badBytes;

  /** Pages of the version whose digests are in the root. */
  private long rooted;

  /**
   * @param repository one use of the store it is in, which is given up with this
   * @param file of the version, closed with this
   * @param marks what was said of the version
   * @param pageSize of the store it goes to
   */
  RecutInput(Repository repository, ManifestFile file, VersionMarks marks, PageSize pageSize) {
    this.repository = repository;
    this.file = file;
    this.manifest = file.manifest();
    this.marks = marks;
    this.bytes = new byte[file.pageSize().bytes()];
    this.cursor = new ExtentCursor(file);
    this.digests = new PackDigests(repository.packs());
    this.reader = repository.pages(cache, owner);
    this.groups = new PageGroups(file).new Looker(digests, reader);
    // Another use of the store and of the version, which has to end when this is never there.
    this.whole = new Whole(repository.opened(manifest, ManifestSource::new));
    SegmentCut along = null;
    try {
      along = new SegmentCut(whole, pageSize); // looks at the first bad ranges
    } finally {
      if (along == null) {
        whole.close();
      }
    }
    this.cut = along;
  }

  private CopyInput.LostInSource lost(long position, String problem) {
    return new CopyInput.LostInSource(manifest, position, problem);
  }

  /** What could not be read at the capture: exactly that, and there is no sector to try alone. */
  private static final class WasBad extends UnreadableException {
    WasBad(String reference, UnreadableException e) {
      super(reference, e.start(), e.length(), e.problem(), e);
    }

    @Override
    public boolean isGone() {
      return true;
    }
  }

  /** The version, in which only that is unreadable which was when it was captured. */
  private final class Whole implements BlockSource {
    private final BlockSource of;

    Whole(BlockSource of) {
      this.of = of;
    }

    @Override
    public int read(long position, ByteBuffer target) {
      try {
        return of.read(position, target);
      } catch (UnreadableException e) {
        if (file.bad(e.start(), e.start() + 1, 1).isEmpty()) {
          throw lost(e.start(), e.problem());
        }
        throw new WasBad(manifest.reference(), e);
      }
    }

    @Override
    public long size() {
      return of.size();
    }

    @Override
    public Iterator<Extent> extents(long position, long length) {
      return of.extents(position, length);
    }

    @Override
    public SourceInfo describe() {
      return of.describe();
    }

    @Override
    public void close() {
      of.close();
    }
  }

  @Override
  public boolean claim(CaptureSegment segment) {
    try {
      if (!cut.next()) {
        return false;
      }
      long end = cut.position() + cut.length();
      root(end == manifest.size() ? file.pages() : file.pageSize().pageOf(end));
    } catch (CancelledException | CopyInput.LostInSource e) {
      throw e;
    } catch (BlkshException e) {
      ShelfAwayException.letPass(e);
      throw lost(e.position().orElse(cut.position()), e.problem());
    }
    if (cut.kind() == Extent.Kind.DATA) {
      segment.data(whole, cut.position(), (int) cut.length());
    } else {
      segment.run(cut.kind(), cut.position(), cut.length());
    }
    return true;
  }

  /** Takes the digests of the version's pages up to one into its root digest. */
  private void root(long end) {
    try {
      while (rooted < end) {
        if (rooted < cursor.start || rooted >= cursor.end) {
          cursor.seek(rooted);
        }
        if (cursor.kind == Extent.Kind.DATA) {
          rootData(rooted);
          rooted++;
        } else {
          long to = Math.min(end, cursor.end);
          root.add(cursor.kind, to - rooted);
          rooted = to;
        }
      }
    } catch (ManifestFile.DamagedManifest e) {
      throw lost(file.pageSize().at(Math.max(rooted, e.first)), e.getMessage());
    }
  }

  private void rootData(long page) throws ManifestFile.DamagedManifest {
    PageGroups.Group group = groups.group(page);
    switch (group.state()) {
      case PROVEN -> root.addData(group.digests(), PageGroups.digestAt(page), 1);
      case CONTRADICTED ->
          throw lost(file.pageSize().at(page), "what is stored there is not what was captured");
      case UNKNOWN -> {
        // By nothing but its pack: what is read of it must be what that says it holds.
        long pack = file.packs()[cursor.pack];
        int number = cursor.first + (int) (page - cursor.start);
        if (reader.read(pack, number, bytes, 0, digest, 0) < 0) {
          throw lost(file.pageSize().at(page), reader.problem());
        }
        if (!digests.read(pack, number, told, 0) || !Page.sameDigest(digest, 0, told, 0)) {
          throw lost(
              file.pageSize().at(page),
              "what its pages were cannot be told: their pack contradicts itself");
        }
        root.addData(digest, 0, 1);
      }
    }
  }

  @Override
  public void placed(CaptureSegment segment) {
    for (Extent bad : segment.bad()) {
      badBytes += bad.length();
    }
  }

  @Override
  public void mustHold() {
    root(file.pages());
    if (badBytes != manifest.figures().badBytes()) {
      throw lost(
          0,
          "%d bytes of it cannot be read, where %d could not be when it was captured"
              .formatted(badBytes, manifest.figures().badBytes()));
    }
    if (!root.finish(manifest.size()).equals(manifest.root())) {
      throw lost(0, "its pages do not have their root digest");
    }
  }

  @Override
  public boolean keepsRoot() {
    return false;
  }

  @Override
  public Manifest copied() {
    return manifest;
  }

  @Override
  public VersionMarks marks() {
    return marks;
  }

  /**
   * What the original's is, but for what the next capture by a dirty bitmap would go by where a
   * part of it was free: what is free in part of a page of the copy is stored in it as zeros, which
   * that would take over as what is there.
   */
  @Override
  public SourceInfo describe() {
    SourceInfo source = manifest.source();
    Map<String, String> details = new LinkedHashMap<>(source.details());
    if (manifest.figures().freeBytes() > 0) {
      details.keySet().removeIf(key -> key.startsWith(Changes.MARKS));
    }
    details.putIfAbsent(COPIED_ROOT, manifest.root());
    return new SourceInfo(source.type(), source.name(), source.location(), details);
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
    reader.close();
    cache.forgetAll(owner);
    whole.close();
    file.close();
    repository.close();
  }
}
