package blksh.store;

import blksh.BlkshException;
import blksh.block.Extent;
import blksh.store.pack.FrameCache;
import blksh.store.pack.Pack;
import blksh.store.pack.PackDigests;
import blksh.store.pack.Page;
import blksh.store.pack.PageReader;
import blksh.store.pack.PageSize;
import blksh.store.shelf.ShelfAwayException;
import java.io.Closeable;
import java.io.IOException;
import java.util.BitSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The pages of a version that is there, for a later one to keep without reading them again. Has the
 * store open for itself until it is closed.
 */
public final class StoredPages implements Closeable {

  /** Digests handed on at once. */
  private static final int SOME = 128;

  private final Repository repository;
  private final ManifestFile file;
  private final PageSize pageSize;

  /** Which packs of the manifest's table there are. */
  private final BitSet there = new BitSet();

  /**
   * Pages of them that were found bad when they were last read, by the pack's place in the table.
   */
  private final Map<Integer, BitSet> damaged = new HashMap<>();

  /** Used by whoever plans. */
  private final ExtentCursor asked;

  /** Used by whoever places. */
  private final ExtentCursor placed;

  private final PackDigests digests;
  private final byte[] some = new byte[SOME * Page.DIGEST];
  private final FrameCache.Owner owner = new FrameCache.Owner();
  private final PageReader reader;

  /** What the manifest of an image says its pages are, which is asked of each; else null. */
  private final PageGroups.Looker groups;

  StoredPages(Repository repository, ManifestFile file) {
    this.repository = repository;
    this.file = file;
    this.pageSize = file.pageSize();
    this.asked = new ExtentCursor(file);
    this.placed = new ExtentCursor(file);
    this.digests = new PackDigests(repository.packs());
    this.reader = repository.pages(FrameCache.shared(), owner);
    boolean image = file.manifest().kind() == ManifestKind.IMAGE && file.hasGroups();
    this.groups = image ? new PageGroups(file).new Looker(digests, reader) : null;
    Set<Long> sealed = new HashSet<>(repository.packs().sealed());
    long[] packs = file.packs();
    for (int i = 0; i < packs.length; i++) {
      there.set(i, sealed.contains(packs[i]));
    }
    Map<Long, Integer> places = new HashMap<>();
    for (int i = 0; i < packs.length; i++) {
      places.put(packs[i], i);
    }
    for (StoreIndex.BadPages range : repository.indexes().rows().bad(null)) {
      Integer place = places.get(range.pack());
      if (place != null
          && range.first() >= 0
          && range.first() < range.past()
          && range.past() <= Pack.MAX_PAGES) {
        damaged.computeIfAbsent(place, none -> new BitSet()).set(range.first(), range.past());
      }
    }
  }

  /** Takes runs of pages in the order of the image. */
  interface Taker {
    /** Pages that are not stored. */
    void zeros(long pages) throws IOException;

    /** Stored pages that lie together. */
    void pages(long packId, int first, int count, byte[] digests) throws IOException;
  }

  /**
   * Whether pages can be kept: the packs they are in are there, and none of them is known to be
   * damaged. Used by one thread at a time.
   *
   * @param first of them in the image
   * @param count 1 or more
   */
  public boolean holds(long first, long count) {
    try {
      long at = first;
      while (at < first + count) {
        if (at < asked.start || at >= asked.end) {
          asked.seek(at);
        }
        long end = Math.min(first + count, asked.end);
        if (!isHeld() || soundUntil(at, end) < end) {
          return false;
        }
        at = asked.end;
      }
      return first >= 0 && first + count <= file.pages();
    } catch (ManifestFile.DamagedManifest e) {
      return false;
    }
  }

  private boolean isHeld() {
    return asked.kind == Extent.Kind.DATA ? there.get(asked.pack) : asked.kind == Extent.Kind.ZERO;
  }

  /** The first page from one on, within the extent asked for, that is known to be damaged. */
  private long soundUntil(long from, long end) {
    BitSet pages = asked.kind == Extent.Kind.DATA ? damaged.get(asked.pack) : null;
    int next = pages == null ? -1 : pages.nextSetBit(asked.first + (int) (from - asked.start));
    return next < 0 ? end : Math.min(end, asked.start + next - asked.first);
  }

  /** The first from one on, within the extent asked for, that is not. */
  private long damagedUntil(long from, long end) {
    int next = damaged.get(asked.pack).nextClearBit(asked.first + (int) (from - asked.start));
    return Math.min(end, asked.start + next - asked.first);
  }

  /** What it is a version of, and how it was captured. */
  Manifest manifest() {
    return file.manifest();
  }

  /**
   * Pages that can all be kept, or of which none can.
   *
   * @param zero whether they are zeros and not stored
   */
  record Run(long pages, boolean held, boolean zero) {}

  /**
   * How far pages can be kept, or cannot: what was free, not read whole or is damaged in the store
   * cannot. Used by one thread at a time.
   *
   * @param first of them in the image
   * @param count 1 or more
   */
  Run run(long first, long count) {
    try {
      if (first < asked.start || first >= asked.end) {
        asked.seek(first);
      }
      long end = Math.min(first + count, asked.end);
      boolean held = isHeld();
      long sound = held ? soundUntil(first, end) : end;
      if (sound == first) {
        return new Run(damagedUntil(first, end) - first, false, false);
      }
      end = sound;
      if (held && file.manifest().figures().badBytes() > 0) {
        List<Extent> bad = file.bad(pageSize.at(first), pageSize.at(end), 1);
        if (!bad.isEmpty()) {
          long from = Math.max(first, pageSize.pageOf(bad.get(0).start()));
          held = from > first;
          end = held ? from : Math.min(end, pageSize.count(bad.get(0).end()));
        }
      }
      return new Run(end - first, held, asked.kind == Extent.Kind.ZERO);
    } catch (ManifestFile.DamagedManifest | BlkshException e) {
      ShelfAwayException.letPass(e);
      return new Run(count, false, false);
    }
  }

  /** Of its whole pages. */
  PageSize pageSize() {
    return pageSize;
  }

  /** The packs its pages are in. */
  long[] packs() {
    return file.packs();
  }

  /**
   * Hands pages on. Used by one thread at a time.
   *
   * @throws LostPages when a pack has gone or is damaged meanwhile
   */
  void give(long first, long count, Taker to) throws IOException {
    long at = first;
    while (at < first + count) {
      if (at < placed.start || at >= placed.end) {
        placed.seek(at);
      }
      long end = Math.min(first + count, placed.end);
      if (placed.kind == Extent.Kind.DATA) {
        long packId = file.packs()[placed.pack];
        int number = placed.first + (int) (at - placed.start);
        int pages = (int) Math.min(SOME, end - at);
        for (int i = 0; i < pages; i++) {
          if (!digests.read(packId, number + i, some, i * Page.DIGEST)
              || groups != null && !groups.group(at + i).allows(at + i, some, i * Page.DIGEST)) {
            throw new LostPages(file.manifest());
          }
        }
        to.pages(packId, number, pages, some);
        at += pages;
      } else {
        to.zeros(end - at);
        at = end;
      }
    }
  }

  /** Pages that were to be kept cannot be: what they are of has to be read again. */
  public static final class LostPages extends BlkshException {
    LostPages(Manifest manifest) {
      super("keep pages of " + manifest.reference(), "a pack they are in is damaged");
      suggest("verify the store; reading all files again heals what they hold");
    }
  }

  @Override
  public void close() {
    digests.close();
    reader.close();
    FrameCache.shared().forgetAll(owner);
    file.close();
    repository.close();
  }
}
