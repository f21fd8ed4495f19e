package blksh.store;

import blksh.BlkshException;
import java.io.Closeable;

/**
 * Reads stored pages, each proven by its digest. A page that fails is looked for elsewhere in the
 * store, where a later capture may have stored it again. Used by one thread at a time.
 */
final class PageReader implements Closeable {

  private final Store store;
  private final FrameCache cache;
  private final Pack.Reader reader = new Pack.Reader();
  private Pack pack;
  private FrameCache.Entry entry;
  private PageFinder finder;
  private String problem;

  PageReader(Store store, FrameCache cache) {
    this.store = store;
    this.cache = cache;
  }

  /**
   * Copies a page and its digest.
   *
   * @return bytes copied, 1 to 4096, or -1 when the page is damaged, for the reason {@link
   *     #problem}
   */
  int read(long packId, int page, byte[] to, int at, byte[] digests, int digestsAt) {
    int length = readAt(packId, page, to, at, digests, digestsAt);
    if (length >= 0) {
      return length;
    }
    String first = problem;
    byte[] digest = new byte[Page.DIGEST];
    if (digestOf(packId, page, digest)) {
      if (finder == null) {
        finder = new PageFinder(store);
      }
      if (finder.findOther(digest, 0, packId, page)) {
        length = readAt(finder.packId(), finder.page(), to, at, digests, digestsAt);
      }
    }
    problem = first;
    return length;
  }

  private boolean digestOf(long packId, int page, byte[] digest) {
    try {
      usePack(packId);
      return pack.digest(page, digest, 0);
    } catch (BlkshException e) {
      return false;
    }
  }

  private int readAt(long packId, int page, byte[] to, int at, byte[] digests, int digestsAt) {
    Pack.Loaded loaded = entry == null ? null : entry.loaded();
    if (loaded == null
        || entry.packId != packId
        || page < loaded.firstPage
        || page >= loaded.firstPage + loaded.pages) {
      loaded = load(packId, page);
    }
    if (loaded == null) {
      return -1;
    }
    if (!loaded.has(page)) {
      problem = loaded.damage == null ? "page was dropped" : loaded.damage;
      return -1;
    }
    int i = page - loaded.firstPage;
    int length = loaded.starts[i + 1] - loaded.starts[i];
    System.arraycopy(loaded.raw, loaded.starts[i], to, at, length);
    System.arraycopy(loaded.digests, i * Page.DIGEST, digests, digestsAt, Page.DIGEST);
    return length;
  }

  private Pack.Loaded load(long packId, int page) {
    dropEntry();
    try {
      usePack(packId);
    } catch (BlkshException e) {
      problem = e.action() + ": " + e.problem();
      return null;
    }
    int frame = pack.footer().frameOf(page);
    if (frame < 0) {
      problem = "pack " + PackDirectory.idText(packId) + " has no page " + page;
      return null;
    }
    entry = cache.acquire(pack, frame, reader);
    return entry.loaded();
  }

  private void usePack(long packId) {
    if (pack == null || pack.id() != packId) {
      dropPack();
      pack = store.packs().acquire(packId);
    }
  }

  /** Why the last read failed. */
  String problem() {
    return problem;
  }

  private void dropEntry() {
    if (entry != null) {
      cache.release(entry);
      entry = null;
    }
  }

  private void dropPack() {
    if (pack != null) {
      pack.close();
      pack = null;
    }
  }

  @Override
  public void close() {
    dropEntry();
    dropPack();
    if (finder != null) {
      finder.close();
    }
  }
}
