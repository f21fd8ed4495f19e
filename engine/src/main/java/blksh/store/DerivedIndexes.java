package blksh.store;

import blksh.BlkshException;
import blksh.io.Sqlite;
import blksh.store.pack.Pack;
import blksh.store.pack.PackDirectory;
import blksh.store.pack.PackWriter;
import blksh.store.pack.Page;
import blksh.store.pack.PageFinder;
import blksh.store.pack.PageIndex;
import blksh.store.pack.PageIndexBuilder;
import blksh.store.shelf.Exclusion;
import blksh.store.shelf.ShelfAwayException;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Optional;

/**
 * What is derived from packs and manifests, in a local directory: {@code index.db} and {@code
 * pages.idx}. Opened when they are first needed; what is missing, damaged or of other packs is made
 * again. The two belong together by the generation of the page index, which {@code index.db} notes,
 * and are of one time by the last pack entered.
 */
final class DerivedIndexes implements PageFinder.Indexes, Closeable {

  static final String INDEX = "index.db";
  static final String PAGE_INDEX = "pages.idx";

  private static final String STORE = "store";
  private static final String GENERATION = "pages.idx generation";
  private static final String NO_GENERATION = "none";

  private final Path local;
  private final Exclusion exclusion;
  private final PackDirectory packs;
  private final ManifestDirectory manifests;
  private final StoreIdentity identity;
  private StoreIndex rows;
  private String problem;
  private PageIndex pageIndex;

  /** Why index.db could not be used when it was tried last; null while it can. */
  private volatile IndexConnection.UnusableException unusable;

  private boolean closed;

  DerivedIndexes(
      Path local,
      Exclusion exclusion,
      PackDirectory packs,
      ManifestDirectory manifests,
      StoreIdentity identity) {
    this.local = local;
    this.exclusion = exclusion;
    this.packs = packs;
    this.manifests = manifests;
    this.identity = identity;
  }

  /** Whether anything can be noted. */
  boolean writable() {
    return unusable == null
        && Files.isWritable(local)
        && isWritableIfThere(INDEX)
        && isWritableIfThere(PAGE_INDEX);
  }

  private boolean isWritableIfThere(String name) {
    Path file = local.resolve(name);
    return !Files.exists(file) || Files.isWritable(file);
  }

  /** Whether a file of the store is one of these, which are made again rather than healed. */
  static boolean isDerived(String file) {
    return file.equals(INDEX) || file.equals(PAGE_INDEX);
  }

  // ---- index.db ------------------------------------------------------------------------------

  /** What versions there are. */
  Listing listing() {
    return new Listing(manifests, rows());
  }

  /** The rows of packs and manifests; made again when they are missing or no database. */
  synchronized StoreIndex rows() {
    if (closed) {
      throw new BlkshException("use store " + local, "it was closed");
    }
    if (rows == null) {
      rows = writable() ? openRows() : rowsUnchanging();
    }
    return rows;
  }

  /** Where nothing can be written: as they are, or none. */
  private StoreIndex rowsUnchanging() {
    Path file = local.resolve(INDEX);
    try {
      if (Files.exists(file)) {
        StoreIndex found = StoreIndex.openUnchanging(file);
        if (identity.id().toString().equals(found.meta(STORE))) {
          return found;
        }
        found.close();
      }
    } catch (BlkshException e) {
      ShelfAwayException.letPass(e);
      // as if there was none
    }
    return StoreIndex.inMemory();
  }

  private StoreIndex openRows() {
    Path file = local.resolve(INDEX);
    try {
      try {
        return settled(StoreIndex.open(file));
      } catch (IndexConnection.DamagedIndexException e) {
        return exclusion.publishing(() -> againOrAnew(file));
      }
    } catch (IndexConnection.UnusableException e) {
      // Nothing can be noted, and what there is says the shelf: it is read as if there were no row.
      unusable = e;
      return StoreIndex.inMemory();
    }
  }

  /** What SQLite calls damaged may have been a read that failed once, or somebody has mended it. */
  private StoreIndex againOrAnew(Path file) throws IOException {
    try {
      return settled(StoreIndex.open(file));
    } catch (IndexConnection.DamagedIndexException e) {
      problem = e.problem();
      Sqlite.delete(file);
      return settled(StoreIndex.open(file));
    }
  }

  /** Compares them with the manifests there are, and makes them right. */
  private StoreIndex settled(StoreIndex opened) {
    boolean done = false;
    try {
      String store = identity.id().toString();
      String noted = opened.meta(STORE);
      if (noted == null) {
        opened.meta(STORE, store);
      } else if (!noted.equals(store)) {
        throw new IndexConnection.DamagedIndexException(INDEX, "it is another store's", null);
      }
      new Listing(manifests, opened).settle();
      done = true;
      return opened;
    } finally {
      if (!done) {
        opened.close();
      }
    }
  }

  /** What was wrong with rows that were made again since it was last asked, or null. */
  synchronized String takeProblem() {
    String taken = problem;
    problem = null;
    return taken;
  }

  // ---- pages.idx -----------------------------------------------------------------------------

  /**
   * The page index, holding every pack; made again when it is missing or of other packs. Null when
   * there is none of these packs and none can be made.
   */
  @Override
  public synchronized PageIndex pageIndex() {
    if (pageIndex == null) {
      StoreIndex opened = rows();
      if (!writable()) {
        PageIndex found = PageIndex.open(local.resolve(PAGE_INDEX), false);
        return pageIndex = found != null && belongs(found, opened) ? found : null;
      }
      pageIndex =
          exclusion.indexing(
              () -> {
                PageIndex found = PageIndex.open(local.resolve(PAGE_INDEX), true);
                return found != null && belongs(found, opened) ? found : makePageIndex(opened);
              });
    }
    return pageIndex;
  }

  /**
   * The page index, to enter packs into. Where the rows could not be used it is tried once more.
   *
   * @throws BlkshException when they cannot be used, or neither of them can be written
   */
  synchronized PageIndex changeablePageIndex() {
    tryAgain();
    PageIndex found = pageIndex();
    if (unusable != null) {
      throw unusable;
    }
    if (found == null || !writable()) {
      throw new BlkshException("write the index of store " + local, "it may not be written")
          .suggest("run as a user who may write " + local);
    }
    return found;
  }

  /** Gives up rows in memory that stood for some that could not be used. */
  private void tryAgain() {
    if (unusable != null) {
      unusable = null;
      rows = null; // not closed: it is in memory, and somebody may be reading it
      pageIndex = null;
    }
  }

  private static boolean belongs(PageIndex index, StoreIndex rows) {
    return Long.toString(index.generation()).equals(rows.meta(GENERATION))
        && isOfOneTime(index, rows);
  }

  private static boolean isOfOneTime(PageIndex index, StoreIndex rows) {
    return index.isOfTheTimeOf(rows.highestIndexed(), () -> rows.nextOrdinal() - 1);
  }

  @Override
  public Optional<Long> packId(long ordinal) {
    return rows().packId(ordinal);
  }

  /** The page index there is, or null, for a check; it is not made. */
  PageIndex foundPageIndex() throws DamagedPageIndexException {
    Path file = local.resolve(PAGE_INDEX);
    if (!Files.exists(file)) {
      return null;
    }
    PageIndex found = PageIndex.open(file, false);
    if (found == null) {
      throw new DamagedPageIndexException();
    }
    return found;
  }

  /** Whether a page index that is there goes with the rows. */
  IndexMatch match(PageIndex found, boolean anyPacks) {
    String generation = rows().meta(GENERATION);
    if (Long.toString(found.generation()).equals(generation)) {
      return isOfOneTime(found, rows()) ? IndexMatch.SAME : IndexMatch.OF_ANOTHER_TIME;
    }
    boolean expected = generation == null ? !anyPacks : generation.equals(NO_GENERATION);
    return expected ? IndexMatch.EXPECTED : IndexMatch.FOREIGN;
  }

  /**
   * Makes the page index of all packs there are, and their rows. Whoever is killed before the rows
   * note its generation leaves one that is made again.
   */
  private PageIndex makePageIndex(StoreIndex opened) throws IOException {
    opened.meta(GENERATION, NO_GENERATION);
    packs.close(); // other generations may have the names of those that are open
    var dates = opened.clearPacks();
    long ordinal = opened.nextOrdinal();
    List<StoreIndex.PackRow> entered = new ArrayList<>();
    try (PageIndexBuilder builder = new PageIndexBuilder(local.resolve(PAGE_INDEX))) {
      for (long id : packs.sealed()) {
        Pack pack;
        try {
          pack = packs.acquire(id);
        } catch (BlkshException e) {
          ShelfAwayException.letPass(e);
          continue; // verify reports it
        }
        try (pack) {
          builder.addAll(ordinal, usable(pack, opened), pack.pages());
          entered.add(
              new StoreIndex.PackRow(
                  ordinal++,
                  id,
                  pack.pages(),
                  pack.frames(),
                  pack.rawBytes(),
                  pack.size(),
                  true,
                  dates.getOrDefault(id, PackDates.NONE)));
        }
      }
      opened.putPacks(entered);
      PageIndex fresh = builder.finish();
      opened.meta(GENERATION, Long.toString(fresh.generation()));
      return fresh;
    }
  }

  // ---- entering packs ------------------------------------------------------------------------

  /** Enters a pack that was just made durable. */
  void enter(PackWriter writer) {
    PageIndex into = changeablePageIndex();
    StoreIndex opened = rows();
    exclusion.indexing(
        () -> {
          long ordinal =
              opened.addPack(
                  writer.id(), writer.pages(), writer.frames(), writer.rawBytes(), writer.length());
          into.addAll(ordinal, writer.digests(), writer.pages());
          opened.packIndexed(ordinal);
          return null;
        });
  }

  /** Forgets a pack that is listed and not there: whoever removed it died before he could. */
  void forgetIfGone(long id) {
    StoreIndex opened = rows();
    exclusion.indexing(
        () -> {
          if (!packs.exists(id)) {
            opened.removePack(id);
          }
          return null;
        });
  }

  /** Enters a sealed pack by what its footer says. */
  void enter(long id) {
    PageIndex into = changeablePageIndex();
    StoreIndex opened = rows();
    exclusion.indexing(
        () -> {
          enterSealed(opened, into, id);
          return null;
        });
  }

  /** As above, unless somebody else did, or is changing it and will. */
  void enterUnlessIndexed(long id) {
    PageIndex into = changeablePageIndex();
    StoreIndex opened = rows();
    exclusion.indexing(
        () -> {
          if (!opened.isIndexed(id)) {
            enterSealed(opened, into, id);
          }
          return null;
        });
  }

  private void enterSealed(StoreIndex opened, PageIndex into, long id) throws IOException {
    packs.forget(id); // another generation may have its name by now
    Pack pack;
    try {
      pack = packs.acquire(id);
    } catch (BlkshException e) {
      ShelfAwayException.letPass(e);
      return; // verify reports it
    }
    try (pack) {
      long ordinal = opened.addPack(id, pack.pages(), pack.frames(), pack.rawBytes(), pack.size());
      into.addAll(ordinal, usable(pack, opened), pack.pages());
      opened.packIndexed(ordinal);
    }
  }

  /** The digests of a pack's pages; zeros for those that it does not hold, or not as they were. */
  private static byte[] usable(Pack pack, StoreIndex opened) throws IOException {
    byte[] digests = pack.digests();
    for (StoreIndex.BadPages bad : opened.bad(pack.id())) {
      if (bad.first() >= 0 && bad.past() <= pack.pages()) {
        Arrays.fill(digests, bad.first() * Page.DIGEST, bad.past() * Page.DIGEST, (byte) 0);
      }
    }
    pack.forEachDropped(
        page -> Arrays.fill(digests, page * Page.DIGEST, (page + 1) * Page.DIGEST, (byte) 0));
    return digests;
  }

  /** The packs as listed; where nothing can be written, as they are. */
  List<StoreIndex.PackRow> packRows() {
    StoreIndex opened = rows(); // which may show that nothing can be written
    if (writable()) {
      return opened.packs();
    }
    List<StoreIndex.PackRow> found = new ArrayList<>();
    for (long id : packs.sealed()) {
      try (Pack pack = packs.acquire(id)) {
        found.add(
            new StoreIndex.PackRow(
                0,
                id,
                pack.pages(),
                pack.frames(),
                pack.rawBytes(),
                pack.size(),
                false,
                PackDates.NONE));
      } catch (BlkshException | IOException e) {
        ShelfAwayException.letPass(e);
        // verify reports it
      }
    }
    return found;
  }

  /** Runs something while nobody adds to the page index. */
  <T> T locked(Exclusion.Action<T> action) {
    return exclusion.indexing(action);
  }

  // ---- making again --------------------------------------------------------------------------

  /**
   * Forgets what is derived and makes it again, for who has the store alone. What no blob says is
   * kept, if it can be read: the numbers of versions that are gone, the dates of packs, and what
   * was found damaged. It is kept where it is, as whoever is killed on the way would lose it.
   *
   * @param bad pages that are not to be found: they fail their digests
   */
  synchronized void remake(Collection<StoreIndex.BadPages> bad) throws IOException {
    tryAgain();
    pageIndex = null;
    if (!forget(bad)) {
      if (rows != null) {
        rows.close();
        rows = null;
      }
      unusable = null;
      Sqlite.delete(local.resolve(INDEX));
      rows().forget(bad);
    }
    takeProblem();
    listing().settle();
    changeablePageIndex();
  }

  /** The pages that were found bad before, as far as that can be read. */
  Collection<StoreIndex.BadPages> knownBad() {
    try {
      return List.copyOf(rows().bad(null));
    } catch (BlkshException e) {
      ShelfAwayException.letPass(e);
      return List.of();
    }
  }

  /** Forgets rows that can be read; false when they cannot be. */
  private boolean forget(Collection<StoreIndex.BadPages> bad) {
    try {
      StoreIndex found = rows();
      if (unusable != null || found.integrity() != null) {
        return false;
      }
      found.packs(); // some may be damaged where SQLite sees nothing
      found.damage().places();
      found.meta(GENERATION, NO_GENERATION);
      found.forget(bad);
      return true;
    } catch (BlkshException e) {
      ShelfAwayException.letPass(e);
      return false;
    }
  }

  @Override
  public synchronized void close() {
    if (closed) {
      return;
    }
    closed = true;
    if (rows != null) {
      rows.close();
    }
    if (pageIndex != null) {
      pageIndex.close();
    }
  }
}
