package blksh.store;

import blksh.store.pack.PackCheck;
import blksh.store.pack.PackDirectory;
import java.util.BitSet;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;

/**
 * The damaged pages that a verification which came to its end has told of before this one began.
 * Where no version needs them any more, as a capture has stored the same elsewhere, they are
 * healed. What nobody was told of is none of them, nor is anything but pages: no capture mends a
 * footer.
 */
final class HealedPages {

  /** By pack. */
  private final Map<Long, BitSet> bad = new HashMap<>();

  /** Places that were told of, as {@link KnownDamage#key} has them. */
  private final Set<String> told;

  /**
   * @param pages that were known to be bad
   * @param told places that the last verification which came to its end told of
   */
  HealedPages(Collection<StoreIndex.BadPages> pages, Set<String> told) {
    this.told = told;
    for (StoreIndex.BadPages range : pages) {
      if (range.first() >= 0 && range.past() > range.first()) {
        bad.computeIfAbsent(range.pack(), pack -> new BitSet()).set(range.first(), range.past());
      }
    }
  }

  /** Whether all pages of a pack that fail their digests were told of. */
  boolean holds(PackCheck check) {
    BitSet known = bad.get(check.id());
    if (known == null || !check.hasBad()) {
      return false;
    }
    boolean[] all = {true};
    check.badWithin(
        0, check.shape().pages(), (first, past) -> all[0] &= known.nextClearBit(first) >= past);
    return all[0] && wereTold(check);
  }

  /** Of so many places that not all are listed, which ones are is not the same each time. */
  private boolean wereTold(PackCheck check) {
    String file = PackDirectory.nameOf(check.id());
    Predicate<PackCheck.DamagedBytes> known =
        each ->
            told.contains(
                KnownDamage.key(new Damage(file, each.start(), each.length(), "", List.of())));
    List<PackCheck.DamagedBytes> runs =
        check.damage().stream().filter(PackCheck.DamagedBytes::pages).toList();
    return runs.size() == check.damagedRuns()
        ? runs.stream().allMatch(known)
        : runs.stream().anyMatch(known);
  }
}
