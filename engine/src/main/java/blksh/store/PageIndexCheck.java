package blksh.store;

import blksh.store.pack.Pack;
import blksh.store.pack.PackCheck;
import blksh.store.pack.PageIndex;
import java.util.BitSet;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Compares the page index with the packs: every proven page must be in it, and nothing else. A pack
 * whose writer died while it entered the pages may be there in part. Used by all workers at once.
 */
final class PageIndexCheck implements PackCheck.SoundPages {

  /** Pages remembered at most that are to be put back. */
  private static final int MOST = 1 << 16;

  private final PageIndex index;
  private final Map<Long, StoreIndex.PackRow> rows = new HashMap<>();
  private final Map<Long, BitSet> knownBad = new HashMap<>();
  private final AtomicLong matched = new AtomicLong();
  private final AtomicLong missing = new AtomicLong();
  private final Collection<Entry> returned = new ConcurrentLinkedQueue<>();
  private final AtomicInteger returnedCount = new AtomicInteger();

  /**
   * @param index may be null: then nothing is compared
   * @param bad pages that were found bad before, and are not in it for that
   */
  PageIndexCheck(
      PageIndex index, Iterable<StoreIndex.PackRow> packs, Collection<StoreIndex.BadPages> bad) {
    this.index = index;
    for (StoreIndex.BadPages range : bad) {
      if (range.first() >= 0 && range.past() > range.first() && range.past() <= Pack.MAX_PAGES) {
        knownBad
            .computeIfAbsent(range.pack(), pack -> new BitSet())
            .set(range.first(), range.past());
      }
    }
    for (StoreIndex.PackRow row : packs) {
      rows.put(row.id(), row);
    }
  }

  /** Notes a page that is stored and sound. */
  @Override
  public void page(long packId, int page, byte[] digests, int at) {
    StoreIndex.PackRow row = rows.get(packId);
    if (index == null || row == null) {
      return;
    }
    long key = PageIndex.keyOf(digests, at);
    long address = PageIndex.address(row.ordinal(), page);
    if (index.find(key, found -> found == address) >= 0) {
      matched.incrementAndGet();
    } else if ((index.wasRemoved(key) || isKnownBad(packId, page))
        && returnedCount.getAndIncrement() < MOST) {
      returned.add(new Entry(key, address));
    } else if (row.indexed()) {
      missing.incrementAndGet();
    }
  }

  private boolean isKnownBad(long packId, int page) {
    BitSet pages = knownBad.get(packId);
    return pages != null && pages.get(page);
  }

  /** A page of the page index. */
  record Entry(long key, long address) {}

  /** Pages that are sound and were taken out, as they could not be read once. */
  Collection<Entry> returned() {
    return returned;
  }

  /** Says that so many of those were put back. */
  void putBack(long count) {
    matched.addAndGet(count);
  }

  /**
   * What is wrong, after all pages of all packs were noted; or null. Nobody may add entries
   * meanwhile. An entry that leads to no pack, or to a page its pack does not hold, is no damage:
   * whoever compacts leaves some when he dies, or the power goes.
   *
   * @param held the pages that packs hold; null when that is not known, and all count as held
   */
  String problem(LivePages held) {
    if (index == null) {
      return null;
    }
    Map<Long, Long> ids = new HashMap<>();
    rows.values().forEach(row -> ids.put(row.ordinal(), row.id()));
    long[] slots = new long[2];
    index.forEach(
        (slot, key, address) -> {
          slots[0]++;
          Long id = address == 0 ? null : ids.get(PageIndex.ordinalOf(address));
          if (id != null && (held == null || held.isNeeded(id, PageIndex.pageOf(address)))) {
            slots[1]++;
          }
        });
    if (missing.get() > 0) {
      return missing.get() + " stored pages are not in it";
    }
    if (slots[1] != matched.get()) {
      return (slots[1] - matched.get()) + " of its entries lead to no page";
    }
    boolean interrupted = rows.values().stream().anyMatch(row -> !row.indexed());
    if (index.unfinished() && interrupted) {
      return null; // whoever was adding died; the next to add puts it right
    }
    if (index.unfinished() || slots[0] != index.used()) {
      return "its count of entries is wrong";
    }
    return index.isClearElsewhere() ? null : "it holds bytes that mean nothing";
  }
}
