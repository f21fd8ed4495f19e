package blksh.store;

import blksh.BlkshException;
import blksh.store.pack.Pack;
import blksh.store.pack.PackDirectory;
import blksh.store.pack.PackGeneration;
import blksh.store.pack.PageIndex;
import blksh.store.shelf.ShelfAwayException;
import java.io.IOException;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/**
 * How a pack gives way to its next generation, or to none: for an instant, in which nobody changes
 * the page index and no capture begins to rely on a pack, and not if one does.
 *
 * <p>In this order, so that whoever dies leaves what is known and mended:
 *
 * <ol>
 *   <li>The next generation is whole and durable, as a part. Beside a sealed pack a part is
 *       rubbish, and removed by the next capture.
 *   <li>The row says that the pack is not in the page index. From here on the next capture enters
 *       it again by its own footer, whichever generation that is.
 *   <li>The pages that go leave the page index. It is a hint: too few entries cost space.
 *   <li>Of a pack that goes as a whole the row. A pack without one is entered again.
 *   <li>The parity of the pack goes, the next generation takes the name, or the pack is removed and
 *       then its parity; durable when that returns. Only for this no capture may begin to rely on
 *       it; one that has by now keeps it.
 *   <li>The row says what the pack is now.
 * </ol>
 */
final class PackExchange {

  private final Repository repository;
  private final ReliedPacks.Others others;
  private final BooleanSupplier current;

  /**
   * @param current whether nothing was found bad since it was decided what goes, asked while nobody
   *     changes the page index
   */
  PackExchange(Repository repository, ReliedPacks.Others others, BooleanSupplier current) {
    this.repository = repository;
    this.others = others;
    this.current = current;
  }

  /** What became of it. */
  enum Outcome {
    DONE,
    /** A capture relies on the pack. */
    RELIED_ON,
    /** Pages were found bad since it was decided what goes: it may have copies of them. */
    TO_BE_DECIDED_ANEW
  }

  /** What happens to a pack. */
  private interface Change {
    /** Before its name is another's, or nobody's. */
    default void announce(StoreIndex rows) {}

    /** In the instant itself. */
    void run() throws IOException;

    /**
     * Once it is done.
     *
     * @param ordinal what the page index calls the pack; 0 when it does not know it
     */
    default void note(StoreIndex rows, long ordinal) throws IOException {}
  }

  /** Pages that go, by their keys in the page index and their numbers. */
  private static final class Gone {
    private final LongStream.Builder keys = LongStream.builder();
    private final IntStream.Builder pages = IntStream.builder();

    void add(long key, int page) {
      keys.add(key);
      pages.add(page);
    }
  }

  /** Removes a pack. */
  Outcome remove(long id) throws IOException {
    if (isIndexChangeable()) {
      try {
        return exchange(id, allOf(id), removal(id));
      } catch (IndexConnection.UnusableException e) {
        // it can be opened, and there is no room to change it
      }
    }
    // A full disk, on which this makes room: entries that lead to no pack cost time and no page.
    boolean done = repository.exclusion().relying(() -> !others.rely(id) && removeNow(id));
    return done ? Outcome.DONE : Outcome.RELIED_ON;
  }

  private Change removal(long id) {
    return new Change() {
      @Override
      public void announce(StoreIndex rows) {
        rows.removePack(id);
      }

      @Override
      public void run() throws IOException {
        repository.removePack(id);
      }
    };
  }

  private boolean isIndexChangeable() {
    try {
      repository.indexes().changeablePageIndex();
      return true;
    } catch (IndexConnection.UnusableException e) {
      return false;
    }
  }

  private boolean removeNow(long id) throws IOException {
    repository.removePack(id);
    return true;
  }

  /** All pages of a pack; none of one that cannot be opened, whose entries lead to no row then. */
  private Gone allOf(long id) {
    try (Pack pack = repository.packs().acquire(id);
        PackGeneration none =
            new PackGeneration(
                repository.packs(), pack, page -> false, repository.codec(), false)) {
      return gone(none);
    } catch (BlkshException | IOException e) {
      ShelfAwayException.letPass(e);
      return new Gone();
    }
  }

  private static Gone gone(PackGeneration next) throws IOException {
    Gone gone = new Gone();
    next.forEachGone((digests, at, page) -> gone.add(PageIndex.keyOf(digests, at), page));
    return gone;
  }

  /** Gives a pack's name to its next generation, which is written. */
  Outcome replace(long id, PackGeneration next) throws IOException {
    return exchange(
        id,
        gone(next),
        new Change() {
          @Override
          public void run() throws IOException {
            repository.parity().remove(PackDirectory.nameOf(id));
            next.publish();
          }

          @Override
          public void note(StoreIndex rows, long ordinal) {
            if (ordinal != 0) {
              rows.addPack(id, next.pages(), next.frames(), next.rawBytes(), next.length());
              rows.packIndexed(ordinal);
            }
          }
        });
  }

  private Outcome exchange(long id, Gone gone, Change change) {
    PageIndex index = repository.indexes().changeablePageIndex();
    StoreIndex rows = repository.indexes().rows();
    long[] keys = gone.keys.build().toArray();
    int[] pages = gone.pages.build().toArray();
    for (long key : keys) {
      index.find(key, address -> false); // into memory, before anybody has to wait
    }
    return repository
        .exclusion()
        .indexing(
            () -> {
              if (others.rely(id)) {
                return Outcome.RELIED_ON;
              }
              if (!current.getAsBoolean()) {
                return Outcome.TO_BE_DECIDED_ANEW;
              }
              // Another may have made the page index anew meanwhile.
              long ordinal = rows.ordinal(id).orElse(0L);
              rows.packChanging(id);
              index.removeAll(ordinal, keys, pages);
              change.announce(rows);
              boolean done =
                  repository
                      .exclusion()
                      .relying(
                          () -> {
                            boolean may = !others.rely(id);
                            if (may) {
                              change.run();
                            }
                            return may;
                          });
              if (done) {
                change.note(rows, ordinal);
              }
              return done ? Outcome.DONE : Outcome.RELIED_ON;
            });
  }
}
