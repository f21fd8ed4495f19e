package blksh.store;

import blksh.BlkshException;
import blksh.store.pack.FrameCache;
import blksh.store.pack.Pack;
import blksh.store.pack.Page;
import blksh.store.pack.PageFinder;
import blksh.store.pack.PageIndex;
import blksh.store.pack.PageReader;
import blksh.store.shelf.ShelfAwayException;
import blksh.task.Task;
import java.io.Closeable;
import java.io.IOException;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.IntPredicate;

/**
 * Pages that no version names and that are needed all the same: those of the same contents as one
 * that a version names, and that is damaged there or not there any more. Whoever reads finds them
 * by their digest ({@link PageReader}).
 */
final class SecondCopies implements Closeable {

  private static final List<Integer> NO_PAGES = List.of();

  private final Repository repository;
  private final LivePages live;
  private final Task task;
  private final PageFinder finder;
  private final PageReader reader;
  private final ReliedPacks.Others others;

  /** Where it is noted which pages are bad, and how that was when copies were looked for. */
  private StoreIndex rows;

  private String badThen;

  /** Whether there was no page index then, nor what is known to be bad. */
  private boolean blind;

  /** Packs that versions need pages of and that do not say which those are. */
  private final Set<Long> silent = new TreeSet<>();

  /**
   * @param live the pages that versions name; those that are found are added
   * @param others what captures in flight rely on: their versions may name any of it
   */
  SecondCopies(Repository repository, LivePages live, ReliedPacks.Others others, Task task) {
    this.repository = repository;
    this.live = live;
    this.others = others;
    this.task = task;
    this.finder =
        new PageFinder(repository.packs(), repository.indexes(), PageFinder.Reliance.NONE);
    this.reader = repository.pages(new FrameCache(0), new FrameCache.Owner());
  }

  /** Has all copies stay of pages that versions name and that are known not to be sound there. */
  void needForDamaged() {
    blind = repository.indexes().pageIndex() == null;
    rows = repository.indexes().rows();
    silent.clear();
    badThen = rows.damage().stateOfPages();
    Map<Long, BitSet> bad = new HashMap<>();
    for (StoreIndex.BadPages range : rows.bad(null)) {
      if (range.first() >= 0 && range.first() < range.past() && range.past() <= Pack.MAX_PAGES) {
        bad.computeIfAbsent(range.pack(), none -> new BitSet()).set(range.first(), range.past());
      }
    }
    for (int place = 0; place < live.packs(); place++) {
      task.checkCancelled();
      if (live.count(place) > 0) {
        needForDamaged(place, bad.getOrDefault(live.id(place), new BitSet()));
      }
    }
  }

  /**
   * Whether nothing more is known to be bad than when copies were looked for. What is found bad is
   * noted before a copy of it cannot be found by the page index any more; so whoever asked for
   * copies and then this, while nobody changes the index, has seen them.
   */
  boolean isCurrent() {
    return rows.damage().stateOfPages().equals(badThen);
  }

  /** Packs whose pages versions need, while it cannot be read now which those are. */
  Set<Long> silent() {
    return silent;
  }

  private void needForDamaged(int place, BitSet lost) {
    IntPredicate named = live.needed(place);
    int read =
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
    if (read < 0) {
      silent.add(live.id(place));
    }
  }

  /** What is done with a pack. */
  private interface Look {
    int at(Pack pack) throws IOException;
  }

  /** Twice if need be: what fails once may read well. -1 if it cannot be read. */
  private int look(long id, Look look) {
    for (int attempt = 0; attempt < 2; attempt++) {
      try (Pack pack = repository.packs().acquire(id)) {
        return look.at(pack);
      } catch (BlkshException | IOException e) {
        ShelfAwayException.letPass(e);
        repository.packs().forget(id);
      }
    }
    return -1;
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
   * @return how many; -1 when that cannot be found out
   */
  int spare(int place) {
    PageIndex index = repository.indexes().pageIndex();
    if (index == null) {
      return spareByPacks(place);
    }
    if (blind) {
      needForDamaged(); // there is room for it now
    }
    if (!silent.isEmpty()) {
      return -1;
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
                && isNeeded(index, PageIndex.address(ordinal, page), digests, at)) {
              live.need(id, page, 1);
              spared++;
            }
          }
          return spared;
        });
  }

  /**
   * On a disk that is full there may be no index to ask. Then all packs are asked that versions
   * need pages of: as long as it takes to read their footers, for a pack whose space makes room.
   */
  private int spareByPacks(int place) {
    byte[][] own = new byte[1][];
    if (look(live.id(place), pack -> (own[0] = pack.digests()).length) < 0) {
      return -1;
    }
    Map<Long, List<Integer>> pages = new HashMap<>();
    IntPredicate named = live.needed(place);
    for (int page = 0; page < own[0].length / Page.DIGEST; page++) {
      if (!named.test(page) && !Page.isZero(own[0], page * Page.DIGEST, Page.DIGEST)) {
        long key = PageIndex.keyOf(own[0], page * Page.DIGEST);
        pages.computeIfAbsent(key, none -> new ArrayList<>(1)).add(page);
      }
    }
    int spared = 0;
    for (int other = 0; other < live.packs(); other++) {
      task.checkCancelled();
      if (other != place && live.count(other) > 0) {
        int more = spareFor(other, place, own[0], pages);
        if (more < 0) {
          return -1;
        }
        spared += more;
      }
    }
    return spared;
  }

  private int spareFor(int other, int place, byte[] own, Map<Long, List<Integer>> pages) {
    IntPredicate named = live.needed(other);
    long id = live.id(other);
    return look(
        id,
        pack -> {
          byte[] digests = pack.digests();
          int spared = 0;
          for (int page = 0; page < pack.pages(); page++) {
            int at = page * Page.DIGEST;
            long key = PageIndex.keyOf(digests, at);
            for (int twin : named.test(page) ? pages.getOrDefault(key, List.of()) : NO_PAGES) {
              if (Page.sameDigest(digests, at, own, twin * Page.DIGEST)
                  && !reader.isSound(id, page, digests, at)) {
                live.need(live.id(place), twin, 1);
                spared++;
              }
            }
          }
          return spared;
        });
  }

  /** Whether a version needs the page, and only finds it here; also when that cannot be seen. */
  private boolean isNeeded(PageIndex index, long own, byte[] digests, int at) {
    boolean[] found = {false, false};
    index.find(
        PageIndex.keyOf(digests, at),
        address -> {
          if (address == own || PageIndex.ordinalOf(address) == 0) {
            return false;
          }
          long other = repository.indexes().packId(PageIndex.ordinalOf(address)).orElse(0L);
          int number = PageIndex.pageOf(address);
          if (other != 0 && (live.isNeeded(other, number) || others.rely(other))) {
            byte[] digest = new byte[Page.DIGEST];
            boolean known = look(other, pack -> pack.digest(number, digest, 0) ? 1 : 0) > 0;
            if (!known) {
              found[0] = true;
            } else if (Page.sameDigest(digest, 0, digests, at)) {
              found[0] = true;
              found[1] |= reader.isSound(other, number, digests, at);
            }
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
