package blksh.store;

import blksh.BlkshException;
import blksh.block.BlockSource;
import blksh.block.CacheFigures;
import blksh.block.Extent;
import blksh.block.ExtentWalk;
import blksh.block.SourceInfo;
import blksh.io.UnreadableException;
import blksh.store.pack.FrameCache;
import blksh.store.pack.Pack;
import blksh.store.pack.Page;
import blksh.store.pack.PageSize;
import java.nio.ByteBuffer;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * A captured image, read at any position. Every byte comes from a page that has its digest; ranges
 * that could not be read when they were captured cannot be read now.
 */
final class ManifestSource implements BlockSource, CacheFigures.Counting {

  private final Repository repository;
  private final ManifestFile file;
  private final PageSize pageSize;
  private final Manifest manifest;
  private final FrameCache cache = FrameCache.shared();
  private final FrameCache.Owner owner = new FrameCache.Owner();
  private final PageGroups groups;
  private final ConcurrentLinkedQueue<Reader> idle = new ConcurrentLinkedQueue<>();
  private final AtomicBoolean closed = new AtomicBoolean();

  private final boolean owned;

  /**
   * @param repository one use of it, which is given up with the source, as the file is closed
   */
  ManifestSource(Repository repository, ManifestFile file) {
    this(repository, file, true);
  }

  /**
   * @param owned whether a use of the repository is given up with the source
   */
  ManifestSource(Repository repository, ManifestFile file, boolean owned) {
    this.owned = owned;
    this.repository = repository;
    this.file = file;
    this.pageSize = file.pageSize();
    this.manifest = file.manifest();
    this.groups = new PageGroups(file);
  }

  /** What one reading thread needs. */
  private final class Reader {
    final ProvenReader pages = new ProvenReader(repository, groups, cache, owner);
    final ExtentCursor cursor = new ExtentCursor(file);
    final byte[] page = new byte[pageSize.bytes()];
    final byte[] digest = new byte[Page.DIGEST];
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
  public int read(long position, ByteBuffer target) {
    if (closed.get()) {
      throw new BlkshException("read " + manifest.reference(), "it is closed");
    }
    long end = Math.min(size(), BlockSource.saturatedEnd(position, target.remaining()));
    if (position >= end) {
      return 0;
    }
    Reader reader = idle.poll();
    if (reader == null) {
      reader = new Reader();
    }
    try {
      long readable = end;
      UnreadableException bad = null;
      if (manifest.figures().badBytes() > 0) {
        List<Extent> ranges = file.bad(position, end, 1);
        if (!ranges.isEmpty()) {
          Extent first = ranges.get(0).clip(position, end);
          readable = first.start();
          bad =
              new UnreadableException(
                  manifest.reference(),
                  first.start(),
                  first.length(),
                  "it could not be read when it was captured",
                  null);
        }
      }
      fill(reader, position, readable, target);
      if (bad != null) {
        throw bad;
      }
      return (int) (end - position);
    } catch (ManifestFile.DamagedManifest e) {
      long from = Math.max(position, pageSize.at(e.first));
      long to = Math.min(end, pageSize.at(e.end));
      throw new UnreadableException(manifest.reference(), from, to - from, e.getMessage(), e);
    } finally {
      reader.pages.close();
      idle.add(reader);
    }
  }

  private void fill(Reader reader, long position, long end, ByteBuffer target)
      throws ManifestFile.DamagedManifest {
    ExtentCursor cursor = reader.cursor;
    long at = position;
    while (at < end) {
      long page = pageSize.pageOf(at);
      if (page < cursor.start || page >= cursor.end) {
        cursor.seek(page);
      }
      if (cursor.kind == Extent.Kind.DATA) {
        at += copyPages(reader, page, at, end, target);
      } else {
        long to = Math.min(end, pageSize.at(cursor.end));
        while (at < to) {
          int count = (int) Math.min(pageSize.bytes(), to - at);
          target.put(Page.ZEROS, 0, count);
          at += count;
        }
      }
    }
  }

  /** Copies bytes of one page, or as many whole pages as lie together. */
  private int copyPages(Reader reader, long page, long at, long end, ByteBuffer target)
      throws ManifestFile.DamagedManifest {
    ExtentCursor cursor = reader.cursor;
    int number = cursor.first + (int) (page - cursor.start);
    if (at == pageSize.at(page)) {
      long most = Math.min(cursor.end - page, pageSize.pageOf(end - at));
      int put =
          most == 0
              ? 0
              : reader.pages.put(
                  page,
                  file.packs()[cursor.pack],
                  number,
                  (int) Math.min(most, Pack.MAX_PAGES),
                  target);
      if (put > 0) {
        return pageSize.at(put);
      }
    }
    int length =
        reader.pages.read(
            page, file.packs()[cursor.pack], number, reader.page, 0, reader.digest, 0);
    int offset = (int) (at - pageSize.at(page));
    int count = (int) Math.min(end - at, pageSize.bytes() - offset);
    if (length < offset + count) {
      String problem = length < 0 ? reader.pages.problem() : "page is too short";
      throw new UnreadableException(manifest.reference(), at, count, problem, null);
    }
    target.put(reader.page, offset, count);
    return count;
  }

  @Override
  public Iterator<Extent> extents(long position, long length) {
    long end = Math.min(size(), BlockSource.saturatedEnd(position, length));
    return ExtentWalk.of(position, end, new Finder(position, end));
  }

  /** Extents of the manifest with its bad ranges laid over them; asked in order. */
  private final class Finder implements ExtentWalk.Finder {
    private final ExtentCursor cursor = new ExtentCursor(file);
    private final long end;

    /** Some of the bad ranges; those after them are asked for when they are used up. */
    private Iterator<Extent> bad;

    private Extent nextBad;

    Finder(long at, long end) {
      this.end = end;
      bad = badFrom(at);
      nextBad = bad.hasNext() ? bad.next() : null;
    }

    private Iterator<Extent> badFrom(long at) {
      boolean any = manifest.figures().badBytes() > 0 && at < end;
      return (any ? file.bad(at, end, ManifestFile.CHUNK) : List.<Extent>of()).iterator();
    }

    private void advanceBad() {
      bad = bad.hasNext() ? bad : badFrom(nextBad.end());
      nextBad = bad.hasNext() ? bad.next() : null;
    }

    @Override
    public Extent at(long at) {
      while (nextBad != null && nextBad.end() <= at) {
        advanceBad();
      }
      if (nextBad != null && nextBad.start() <= at) {
        return new Extent(at, nextBad.end() - at, Extent.Kind.BAD);
      }
      try {
        long page = pageSize.pageOf(at);
        if (page < cursor.start || page >= cursor.end) {
          cursor.seek(page);
        }
      } catch (ManifestFile.DamagedManifest e) {
        throw new BlkshException("read manifest " + manifest.reference(), e.getMessage(), e).at(at);
      }
      long to = pageSize.at(cursor.end);
      if (nextBad != null) {
        to = Math.min(to, nextBad.start());
      }
      return new Extent(at, to - at, cursor.kind);
    }
  }

  /** Of the frames its pages are in. */
  @Override
  public CacheFigures cacheFigures() {
    return owner.figures();
  }

  @Override
  public SourceInfo describe() {
    return new SourceInfo(
        "manifest",
        manifest.reference(),
        file.location(),
        Map.of("captured", manifest.started().toString(), "root", manifest.root()));
  }

  @Override
  public void close() {
    if (closed.compareAndSet(false, true)) {
      cache.forgetAll(owner);
      file.close();
      if (owned) {
        repository.close();
      }
    }
  }
}
