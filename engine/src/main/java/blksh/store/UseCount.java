package blksh.store;

import blksh.BlkshException;
import blksh.block.Extent;
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
  private final Task task;

  /** Where each pack's pages begin among all pages, by pack. */
  private final Map<Long, Long> begins = new HashMap<>();

  private final BitSet once = new BitSet();
  private final BitSet again = new BitSet();
  private long step;

  UseCount(Repository repository, Task task) {
    this.repository = repository;
    this.task = task;
  }

  StoreUse run(int parts) {
    long pages = 0;
    for (StoreIndex.PackRow pack : repository.indexes().rows().packs()) {
      begins.put(pack.id(), pages);
      pages += pack.pages();
    }
    step = Math.max(1, (pages + LOOKED_AT - 1) / LOOKED_AT);
    for (Manifest manifest : repository.indexes().listing().manifests(null)) {
      task.checkCancelled();
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
    return new StoreUse(pages, step, List.copyOf(shares));
  }

  private void count(Manifest manifest) {
    try (ManifestFile file = repository.manifests().open(manifest)) {
      ExtentCursor extent = new ExtentCursor(file);
      while (extent.next()) {
        Long begin = extent.kind == Extent.Kind.DATA ? begins.get(file.packs()[extent.pack]) : null;
        if (begin != null) {
          long first = begin + extent.first;
          mark(first, first + extent.end - extent.start);
        }
      }
    } catch (ManifestFile.DamagedManifest e) {
      throw new BlkshException("read manifest " + manifest.reference(), e.getMessage(), e)
          .suggest("verify the store");
    }
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
