package blksh.store;

import blksh.BlkshException;
import blksh.store.pack.FrameCache;
import blksh.store.pack.Pack;
import blksh.store.pack.Page;
import blksh.store.pack.PageFinder;
import blksh.store.pack.PageIndex;
import blksh.store.pack.PageReader;
import blksh.task.Task;
import java.io.Closeable;
import java.io.IOException;
import java.util.BitSet;
import java.util.HashMap;
import java.util.Map;
import java.util.function.IntPredicate;

/**
 * Pages that no version names and that are needed all the same: those of the same contents as one
 * that a version names, and that is damaged there or not there any more. Whoever reads finds them
 * by their digest ({@link PageReader}).
 */
final class SecondCopies implements Closeable {

  private final Repository repository;
  private final LivePages live;
  private final Task task;
  private final PageFinder finder;
  private final PageReader reader;

  /**
   * @param live the pages that versions name; those that are found are added
   */
  SecondCopies(Repository repository, LivePages live, Task task) {
    this.repository = repository;
    this.live = live;
    this.task = task;
    this.finder =
        new PageFinder(repository.packs(), repository.indexes(), PageFinder.Reliance.NONE);
    this.reader = repository.pages(new FrameCache(0), new FrameCache.Owner());
  }

  /** Has all copies stay of pages that versions name and that are known not to be sound there. */
  void needForDamaged() {
    Map<Long, BitSet> bad = new HashMap<>();
    try {
      for (StoreIndex.BadPages range : repository.indexes().rows().bad(null)) {
        if (range.first() >= 0 && range.first() < range.past() && range.past() <= Pack.MAX_PAGES) {
          bad.computeIfAbsent(range.pack(), none -> new BitSet()).set(range.first(), range.past());
        }
      }
    } catch (BlkshException e) {
      // what was found bad is not known here
    }
    for (int place = 0; place < live.packs(); place++) {
      task.checkCancelled();
      if (live.count(place) > 0) {
        needForDamaged(place, bad.getOrDefault(live.id(place), new BitSet()));
      }
    }
  }

  private void needForDamaged(int place, BitSet lost) {
    IntPredicate named = live.needed(place);
    look(
        live.id(place),
        pack -> {
          pack.forEachDropped(lost::set);
          byte[] digests = lost.isEmpty() ? new byte[0] : pack.digests();
          int pages = digests.length / Page.DIGEST;
          for (int page = lost.nextSetBit(0); page >= 0; page = lost.nextSetBit(page + 1)) {
            int at = page * Page.DIGEST;
            if (named.test(page) && page < pages && !Page.isZero(digests, at, Page.DIGEST)) {
              finder.forEach(digests, at, this::need);
            }
          }
          return 0;
        });
  }

  /** What is done with a pack. */
  private interface Look {
    int at(Pack pack) throws IOException;
  }

  /** Twice if need be: what fails once may read well. 0 if it cannot be read. */
  private int look(long id, Look look) {
    for (int attempt = 0; attempt < 2; attempt++) {
      try (Pack pack = repository.packs().acquire(id)) {
        return look.at(pack);
      } catch (BlkshException | IOException e) {
        repository.packs().forget(id);
      }
    }
    return 0; // it does not say what its pages are, to readers neither
  }

  /** Also of others: which of them is sound is not known. */
  private boolean need(long id, int page) {
    live.need(id, page, 1);
    return false;
  }

  /**
   * Has pages of a pack stay that nobody names, as the one a version names is found damaged now.
   *
   * @param place of the pack
   * @return how many
   */
  int spare(int place) {
    PageIndex index = repository.indexes().pageIndex();
    if (index == null) {
      return 0; // on a disk that is full, where this makes room
    }
    long id = live.id(place);
    long ordinal = repository.indexes().rows().ordinal(id).orElse(0L);
    IntPredicate named = live.needed(place);
    return look(
        id,
        pack -> {
          byte[] digests = pack.digests();
          int spared = 0;
          for (int page = 0; page < pack.pages(); page++) {
            int at = page * Page.DIGEST;
            if (!named.test(page)
                && !Page.isZero(digests, at, Page.DIGEST)
                && isTwin(index, PageIndex.keyOf(digests, at), PageIndex.address(ordinal, page))
                && isNeeded(id, page, digests, at)) {
              live.need(id, page, 1);
              spared++;
            }
          }
          return spared;
        });
  }

  /** Whether the index knows a page elsewhere that may be the same. */
  private static boolean isTwin(PageIndex index, long key, long address) {
    return index.find(key, other -> other != address && PageIndex.ordinalOf(other) != 0) >= 0;
  }

  private boolean isNeeded(long id, int page, byte[] digests, int at) {
    boolean[] found = {false, false};
    finder.forEach(
        digests,
        at,
        (otherId, otherPage) -> {
          if ((otherId != id || otherPage != page) && live.isNeeded(otherId, otherPage)) {
            found[0] = true;
            found[1] |= reader.isSound(otherId, otherPage, digests, at);
          }
          return found[1];
        });
    return found[0] && !found[1];
  }

  @Override
  public void close() {
    try {
      reader.close();
    } finally {
      finder.close();
    }
  }
}
