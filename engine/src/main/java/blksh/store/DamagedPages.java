package blksh.store;

import blksh.BlkshException;
import blksh.store.pack.Pack;
import blksh.store.pack.PackCheck;
import blksh.store.pack.PackDirectory;
import blksh.store.pack.Page;
import blksh.store.pack.PageIndex;
import blksh.store.shelf.ShelfAwayException;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collection;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/**
 * What was found of packs, and is noted of them: when they were read, and which pages failed their
 * digests. Those are taken out of the page index, and remembered if that is made again: the next
 * capture of them stores them again. What was noted and is sound now is put back.
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
   * Notes what a check found that read all of a pack, and dates it, as sound or not. One that did
   * not come to its end notes nothing.
   */
  synchronized void note(PackCheck check) {
    if (!check.wasRead()) {
      return;
    }
    noting(
        check,
        rows -> {
          List<StoreIndex.BadPages> ranges = of(check);
          if (!ranges.isEmpty() || !rows.bad(check.id()).isEmpty()) {
            rows.damage().putPages(check.id(), ranges);
          }
          boolean sound = check.damagedParts() == 0;
          rows.packChecked(check.id(), check.shape().fileBytes(), sound, Instant.now());
        });
  }

  /**
   * Notes what a check found that looked again at some pages; what is known of others stays.
   *
   * @param looked those pages
   */
  synchronized void note(PackCheck check, BitSet looked) {
    noting(check, rows -> rows.damage().replacePages(check.id(), looked, of(check)));
  }

  private void noting(PackCheck check, Consumer<StoreIndex> pages) {
    try {
      if (!indexes.writable()) {
        return;
      }
      StoreIndex rows = indexes.rows();
      pages.accept(rows);
      if (check.damagedParts() > 0) {
        rows.damage().addUnexplained(DamageReport.of(check), Instant.now());
      }
      if (check.hasBad()) {
        takeOut(check.id(), of(check));
      }
    } catch (BlkshException e) {
      ShelfAwayException.letPass(e);
      // an index that cannot be used is reported by the verification
    }
  }

  /**
   * Puts pages back into the page index that were taken out and are sound.
   *
   * @param still whether they are where they were, asked while nobody changes it
   * @return how many were
   */
  long putBack(Collection<PageIndexCheck.Entry> pages, BooleanSupplier still) {
    if (pages.isEmpty() || !indexes.writable()) {
      return 0;
    }
    PageIndex into = indexes.pageIndex();
    return indexes.locked(
        () -> {
          long count = 0;
          if (!still.getAsBoolean()) {
            return count;
          }
          for (PageIndexCheck.Entry page : pages) {
            if (!into.putBack(page.key(), page.address())) {
              into.add(page.key(), page.address());
            }
            count++;
          }
          return count;
        });
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
