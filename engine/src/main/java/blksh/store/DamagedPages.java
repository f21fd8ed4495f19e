package blksh.store;

import blksh.BlkshException;
import blksh.store.pack.Pack;
import blksh.store.pack.PackCheck;
import blksh.store.pack.PackDirectory;
import blksh.store.pack.Page;
import blksh.store.pack.PageIndex;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * Pages that were found to fail their digests. They are taken out of the page index, and remembered
 * if that is made again: the next capture of them stores them again.
 */
final class DamagedPages {

  private final DerivedIndexes indexes;
  private final PackDirectory packs;

  DamagedPages(DerivedIndexes indexes, PackDirectory packs) {
    this.indexes = indexes;
    this.packs = packs;
  }

  /** Those of a pack. */
  static List<StoreIndex.BadPages> of(PackCheck check) {
    List<StoreIndex.BadPages> ranges = new ArrayList<>();
    check.badWithin(
        0,
        check.shape().pages(),
        (first, past) -> ranges.add(new StoreIndex.BadPages(check.id(), first, past)));
    return ranges;
  }

  /**
   * Notes what a check found, if it read all of the pack; what was noted of it before and is sound
   * now is no longer.
   */
  void note(PackCheck check) {
    try {
      if (indexes.writable() && check.wasRead()) {
        List<StoreIndex.BadPages> ranges = of(check);
        if (!ranges.isEmpty() || !indexes.rows().bad(check.id()).isEmpty()) {
          indexes.rows().putBad(check.id(), ranges);
        }
        if (check.hasBad()) {
          takeOut(check.id(), ranges);
        }
      }
    } catch (BlkshException e) {
      // an index that cannot be used is reported by the verification
    }
  }

  private void takeOut(long id, List<StoreIndex.BadPages> ranges) {
    PageIndex from = indexes.pageIndex();
    long ordinal =
        indexes.rows().packs().stream()
            .filter(row -> row.id() == id)
            .mapToLong(StoreIndex.PackRow::ordinal)
            .findAny()
            .orElse(-1);
    if (ordinal >= 0) {
      indexes.locked(
          () -> {
            try (Pack pack = packs.acquire(id)) {
              for (StoreIndex.BadPages range : ranges) {
                takeOut(from, ordinal, pack, range);
              }
            }
            return null;
          });
    }
  }

  private static void takeOut(PageIndex from, long ordinal, Pack pack, StoreIndex.BadPages range)
      throws IOException {
    byte[] digest = new byte[Page.DIGEST];
    for (int page = range.first(); page < range.past(); page++) {
      if (pack.digest(page, digest, 0)) {
        from.remove(PageIndex.keyOf(digest, 0), PageIndex.address(ordinal, page));
      }
    }
  }
}
