package blksh.store;

import blksh.store.pack.PageSize;
import blksh.task.Task;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Counts which pages only one version needs. Of a large store it looks at every n-th page only, so
 * that memory stays bounded by {@link #LOOKED_AT} numbers.
 */
final class ShareCount {

  private static final int LOOKED_AT = 1 << 21;
  private static final int SEVERAL = -1;

  private final Repository repository;
  private final VersionWalk walk;

  /** Where each pack's pages begin among all pages, by pack. */
  private final Map<Long, Long> begins = new HashMap<>();

  /** Which version needs a page: its number from 1 on, 0 for none. */
  private int[] needs;

  private long step;

  ShareCount(Repository repository, Task task) {
    this.repository = repository;
    this.walk = new VersionWalk(repository, task);
  }

  /**
   * @param wanted versions that are there
   * @return one for each of them, in their order; null for one that was deleted meanwhile
   */
  List<StoreUse.Version> run(List<Manifest> wanted) {
    PageSize pageSize = repository.pageSize();
    long pages = 0;
    for (StoreIndex.PackRow pack : repository.indexes().rows().packs()) {
      begins.put(pack.id(), pages);
      pages += pack.pages();
    }
    step = Math.max(1, (pages + LOOKED_AT - 1) / LOOKED_AT);
    needs = new int[(int) ((pages + step - 1) / step)];
    Map<String, Integer> numbers = new HashMap<>();
    for (Manifest manifest : repository.indexes().listing().manifests(null)) {
      int number = numbers.size() + 1;
      numbers.put(manifest.reference(), number);
      each(
          manifest,
          page -> needs[page] = needs[page] == 0 || needs[page] == number ? number : SEVERAL);
    }
    long[] own = new long[numbers.size() + 1];
    for (int version : needs) {
      if (version > 0) {
        own[version]++;
      }
    }
    List<StoreUse.Version> shares = new ArrayList<>();
    for (Manifest manifest : wanted) {
      BitSet shared = new BitSet();
      boolean there =
          each(
              manifest,
              page -> {
                if (needs[page] == SEVERAL) {
                  shared.set(page);
                }
              });
      if (!there) {
        shares.add(null);
        continue;
      }
      long alone = own[numbers.getOrDefault(manifest.reference(), 0)];
      shares.add(
          new StoreUse.Version(
              pageSize.at(alone * step), pageSize.at(shared.cardinality() * step)));
    }
    return shares;
  }

  /** Of how many pages one was looked at. */
  long step() {
    return step;
  }

  private interface Pages {
    void take(int page);
  }

  private boolean each(Manifest manifest, Pages pages) {
    return walk.each(
        manifest,
        (image, pack, page, count) -> {
          Long begin = begins.get(pack);
          if (begin != null) {
            long first = begin + page;
            long to = (first + count + step - 1) / step;
            for (long at = (first + step - 1) / step; at < to; at++) {
              pages.take((int) at);
            }
          }
        });
  }
}
