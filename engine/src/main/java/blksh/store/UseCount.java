package blksh.store;

import blksh.task.Task;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Counts how often manifests name each page. Of a large store it looks at every n-th page only, so
 * that memory stays bounded by {@link #LOOKED_AT} bits twice.
 */
final class UseCount {

  private static final long LOOKED_AT = 1L << 22;

  private final Repository repository;
  private final VersionWalk walk;

  /** Where each pack's pages begin among all pages, by pack. */
  private final Map<Long, Long> begins = new HashMap<>();

  private final BitSet once = new BitSet();
  private final BitSet again = new BitSet();
  private long step;

  UseCount(Repository repository, Task task) {
    this.repository = repository;
    this.walk = new VersionWalk(repository, task);
  }

  StoreUse run(int parts) {
    long pages = 0;
    for (StoreIndex.PackRow pack : repository.indexes().rows().packs()) {
      begins.put(pack.id(), pages);
      pages += pack.pages();
    }
    step = Math.max(1, (pages + LOOKED_AT - 1) / LOOKED_AT);
    for (Manifest manifest : repository.indexes().listing().manifests(null)) {
      count(manifest);
    }
    long looked = (pages + step - 1) / step;
    List<StoreUse.Share> shares = new ArrayList<>();
    for (int part = 0; part < parts; part++) {
      int from = (int) (looked * part / parts);
      int to = (int) (looked * (part + 1) / parts);
      int shared = again.get(from, to).cardinality();
      int used = once.get(from, to).cardinality();
      shares.add(new StoreUse.Share(to - from - used, used - shared, shared));
    }
    return new StoreUse(pages, repository.pageSize().bytes(), step, List.copyOf(shares));
  }

  private void count(Manifest manifest) {
    walk.each(
        manifest,
        (image, pack, page, count) -> {
          Long begin = begins.get(pack);
          if (begin != null) {
            mark(begin + page, begin + page + count);
          }
        });
  }

  private void mark(long first, long end) {
    long to = (end + step - 1) / step;
    for (long at = (first + step - 1) / step; at < to; at++) {
      int bit = (int) at;
      if (once.get(bit)) {
        again.set(bit);
      } else {
        once.set(bit);
      }
    }
  }
}
