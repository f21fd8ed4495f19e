package blksh.store.pack;

import blksh.BlkshException;
import blksh.io.IoFailure;
import blksh.store.shelf.ShelfAwayException;
import java.io.Closeable;
import java.nio.ByteBuffer;

/**
 * Reads stored pages, each proven by its digest. A page that fails is looked for elsewhere in the
 * store, where a later capture may have stored it again. Used by one thread at a time.
 */
public final class PageReader implements Closeable {

  private static final String LOST = ", and what only it held is lost";

  private final PackDirectory packs;
  private final PageFinder.Indexes indexes;
  private final FrameCache cache;
  private final FrameCache.Owner owner;
  private final FrameReader reader = new FrameReader();
  private Pack pack;
  private FrameCache.Entry entry;
  private PageFinder finder;
  private Problem problem;

  /** Why a page could not be read; whether for want of its pack. */
  private record Problem(String words, boolean packLost) {
    Problem(String words) {
      this(words, false);
    }
  }

  /** Which pages may be put. */
  public interface Expected {
    /**
     * Whether a page may be one with a digest.
     *
     * @param page counted from the first that is put
     */
    boolean allows(int page, byte[] digests, int at);
  }

  /**
   * @param owner who shares what is read, and forgets it in the end if the cache outlives him
   */
  public PageReader(
      PackDirectory packs, PageFinder.Indexes indexes, FrameCache cache, FrameCache.Owner owner) {
    this.packs = packs;
    this.indexes = indexes;
    this.cache = cache;
    this.owner = owner;
  }

  /**
   * Copies a page and its digest.
   *
   * @return bytes copied, 1 to those of a whole page, or -1 when the page is damaged, for the
   *     reason {@link #problem}
   */
  public int read(long packId, int page, byte[] to, int at, byte[] digests, int digestsAt) {
    int length = readAt(packId, page, to, at, digests, digestsAt);
    if (length >= 0) {
      return length;
    }
    Problem first = problem;
    byte[] digest = new byte[Page.DIGEST];
    if (digestOf(packId, page, digest)) {
      length = readOther(digest, 0, packId, page, to, at, digests, digestsAt);
    }
    problem = first;
    return length;
  }

  /**
   * Copies a page that is stored somewhere, by its digest.
   *
   * @return bytes copied, or -1 when no sound page of the digest is found
   */
  public int readElsewhere(
      byte[] digest, int digestAt, byte[] to, int at, byte[] digests, int digestsAt) {
    Problem first = problem;
    int length = readOther(digest, digestAt, 0, -1, to, at, digests, digestsAt);
    problem = first;
    return length;
  }

  /** Whether a page is stored, and sound, at another place than one. */
  public boolean isElsewhere(long packId, int page) {
    byte[] digest = new byte[Page.DIGEST];
    byte[] bytes = new byte[packs.pageSize().bytes()];
    return digestOf(packId, page, digest)
        && readOther(digest, 0, packId, page, bytes, 0, new byte[Page.DIGEST], 0) >= 0;
  }

  /** Whether a page is what a digest says, at the very place that is named. */
  public boolean isSound(long packId, int page, byte[] digest, int at) {
    byte[] bytes = new byte[packs.pageSize().bytes()];
    byte[] found = new byte[Page.DIGEST];
    return readAt(packId, page, bytes, 0, found, 0) >= 0 && Page.sameDigest(digest, at, found, 0);
  }

  /** Copies a page by its digest, not from the place given; -1 when there is no sound one. */
  private int readOther(
      byte[] digest,
      int digestAt,
      long besidesPack,
      int besidesPage,
      byte[] to,
      int at,
      byte[] digests,
      int digestsAt) {
    if (finder == null) {
      finder = new PageFinder(packs, indexes, PageFinder.Reliance.NONE);
    }
    if (!finder.findOther(digest, digestAt, besidesPack, besidesPage)) {
      return -1;
    }
    int length = readAt(finder.packId(), finder.page(), to, at, digests, digestsAt);
    return length >= 0 && Page.sameDigest(digest, digestAt, digests, digestsAt) ? length : -1;
  }

  private boolean digestOf(long packId, int page, byte[] digest) {
    try {
      usePack(packId);
      return pack.digest(page, digest, 0);
    } catch (BlkshException e) {
      ShelfAwayException.letPass(e);
      return false;
    }
  }

  /**
   * Puts as many whole pages from one on as lie together and are sound.
   *
   * @param most pages, 1 or more; all of them whole, and the target has room for them
   * @param expected which pages they may be
   * @return pages put, or 0 when not even the first can be put like that
   */
  public int put(long packId, int page, int most, ByteBuffer target, Expected expected) {
    if (packs.pageSize().at((long) most) <= FrameReader.FEW
        && putFew(packId, page, most, target, expected)) {
      return most;
    }
    int whole = target.isDirect() ? putFrames(packId, page, most, target, expected) : 0;
    if (whole > 0) {
      return whole;
    }
    LoadedFrame loaded = use(packId, page);
    if (loaded == null) {
      return 0;
    }
    PageSize pageSize = packs.pageSize();
    int from = page - loaded.firstPage;
    int count = Math.min(most, loaded.pages - from);
    loaded.prove((int) (((1L << count) - 1) << from), reader.proof());
    int sound = 0;
    while (sound < count
        && loaded.has(page + sound)
        && loaded.starts[from + sound + 1] - loaded.starts[from + sound] == pageSize.bytes()
        && expected.allows(sound, loaded.digests, (from + sound) * Page.DIGEST)) {
      sound++;
    }
    target.put(loaded.raw, loaded.starts[from], pageSize.at(sound));
    return sound;
  }

  /** For whoever reads in order: whole frames are not kept, but for those asked for again. */
  private int putFrames(long packId, int page, int most, ByteBuffer target, Expected expected) {
    try {
      usePack(packId);
    } catch (BlkshException e) {
      ShelfAwayException.letPass(e);
      return 0;
    }
    PackFooter footer = pack.footer();
    int frame = footer.frameOf(page);
    return frame >= 0
            && footer.firstPage(frame) == page
            && footer.pagesIn(frame) <= most
            && cache.isFirstLook(owner, pack, frame)
        ? reader.putFrames(pack, frame, most, target, expected)
        : 0;
  }

  /** For whoever reads here and there: a frame that is asked for again is read whole. */
  private boolean putFew(long packId, int page, int count, ByteBuffer target, Expected expected) {
    if (entry != null && entry.packId == packId && entry.loaded().holds(page)) {
      return false;
    }
    try {
      usePack(packId);
    } catch (BlkshException e) {
      ShelfAwayException.letPass(e);
      return false;
    }
    int frame = pack.footer().frameOf(page);
    return frame >= 0
        && cache.isFirstLook(owner, pack, frame)
        && reader.putFew(
            pack, frame, page - pack.footer().firstPage(frame), count, target, expected);
  }

  private int readAt(long packId, int page, byte[] to, int at, byte[] digests, int digestsAt) {
    int length = readHere(packId, page, to, at, digests, digestsAt);
    return length < 0 && isReadAnew(packId)
        ? readHere(packId, page, to, at, digests, digestsAt)
        : length;
  }

  /** Whether the frame that was read last may have been damaged on its way here only. */
  private boolean isReadAnew(long packId) {
    boolean anew =
        entry != null
            && entry.loaded().damage() != null
            && pack != null
            && pack.id() == packId
            && pack.file().forget();
    if (anew) {
      dropEntry();
    }
    return anew;
  }

  private int readHere(long packId, int page, byte[] to, int at, byte[] digests, int digestsAt) {
    LoadedFrame loaded = use(packId, page);
    if (loaded == null) {
      return -1;
    }
    int i = page - loaded.firstPage;
    loaded.prove(1 << i, reader.proof());
    if (!loaded.has(page)) {
      cache.forget(entry);
      problem = new Problem(loaded.damage() == null ? "page was dropped" : loaded.damage());
      return -1;
    }
    int length = loaded.starts[i + 1] - loaded.starts[i];
    System.arraycopy(loaded.raw, loaded.starts[i], to, at, length);
    System.arraycopy(loaded.digests, i * Page.DIGEST, digests, digestsAt, Page.DIGEST);
    return length;
  }

  /** The frame of a page, or null when there is none. */
  private LoadedFrame use(long packId, int page) {
    LoadedFrame loaded = entry == null ? null : entry.loaded();
    return loaded != null && entry.packId == packId && loaded.holds(page)
        ? loaded
        : loadTwice(packId, page);
  }

  private LoadedFrame loadTwice(long packId, int page) {
    LoadedFrame loaded = load(packId, page);
    return loaded != null && loaded.unread() ? loadAnew(packId, page) : loaded;
  }

  private LoadedFrame load(long packId, int page) {
    dropEntry();
    try {
      usePack(packId);
    } catch (BlkshException e) {
      ShelfAwayException.letPass(e);
      boolean lost = IoFailure.of(e) == IoFailure.NO_SUCH_FILE;
      problem = new Problem(e.action() + ": " + e.problem() + (lost ? LOST : ""), lost);
      return null;
    }
    int frame = pack.footer().frameOf(page);
    if (frame < 0) {
      problem = new Problem("pack " + PackDirectory.idText(packId) + " has no page " + page);
      return null;
    }
    entry = cache.acquire(owner, pack, frame, reader);
    return entry.loaded();
  }

  /** Opens a pack anew: what was open of it can be a generation that its name is not any more. */
  private LoadedFrame loadAnew(long packId, int page) {
    dropPack();
    packs.forget(packId);
    return load(packId, page);
  }

  private void usePack(long packId) {
    if (pack == null || pack.id() != packId) {
      dropPack();
      pack = packs.acquire(packId);
    }
  }

  /**
   * Whether the last read failed for want of its pack. What only that held has lost its digests
   * with it: nobody can know it again, and capturing the same data does not heal it.
   */
  public boolean isPackLost() {
    return problem != null && problem.packLost();
  }

  /** Why the last read failed. */
  public String problem() {
    return problem == null ? null : problem.words();
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
