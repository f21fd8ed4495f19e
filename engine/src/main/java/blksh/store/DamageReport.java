package blksh.store;

import blksh.store.pack.PackCheck;
import blksh.store.pack.PackDirectory;
import blksh.task.Task;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The damage a verification has found so far, and what it means for images. All of it is counted;
 * of so much that nobody could read it the first is listed. Guards itself.
 */
final class DamageReport {

  private static final int LISTED = 1000;

  /** Parts of images that are listed with the damage of packs. */
  private static final int LISTED_RANGES = 10_000;

  /** Damages that are told one by one. */
  private static final int TOLD = 20;

  private final List<Damage> damage = new ArrayList<>();
  private long count;

  /** Damage that is healed: known by now, and told of before. */
  private final List<Damage> healed = new ArrayList<>();

  private long healedCount;
  private final Map<Long, List<AffectedRange>> affectedByPack = new HashMap<>();
  private int ranges;

  /** Packs of which not all is listed that is lost with them. */
  private final Set<String> cut = new HashSet<>();

  synchronized void add(Damage found) {
    count++;
    if (damage.size() < LISTED) {
      damage.add(found);
    }
  }

  /** Adds a damage of a file that hits a part of an image. */
  void add(String file, String problem, AffectedRange affected) {
    add(new Damage(file, 0, 0, problem, List.of(affected)));
  }

  /** Adds a damage by which nothing is lost. */
  void addHarmless(String file, String problem) {
    add(new Damage(file, 0, 0, problem, List.of()));
  }

  /** Adds a damage of something derived. */
  void addDerived(String file, String problem) {
    addHarmless(file, problem + "; nothing is lost, reindex makes it again");
  }

  /** Notes a part of an image that is lost with pages of a pack. */
  synchronized void affect(long packId, AffectedRange range) {
    List<AffectedRange> known = affectedByPack.computeIfAbsent(packId, k -> new ArrayList<>());
    AffectedRange last = known.isEmpty() ? null : known.get(known.size() - 1);
    if (last != null && last.isBefore(range)) {
      known.set(known.size() - 1, last.with(range));
    } else if (known.isEmpty() || ranges < LISTED_RANGES) {
      known.add(range);
      ranges++;
    } else {
      cut.add(PackDirectory.nameOf(packId));
    }
  }

  /**
   * Adds what is wrong with packs, once it is known what that means for images.
   *
   * @param healed tells which of their pages are stored elsewhere by now
   */
  synchronized void addPacks(Collection<PackCheck> checks, HealedPages healed) {
    Set<Long> there = new HashSet<>();
    for (PackCheck check : checks) {
      there.add(check.id());
      addPack(check, affectedByPack.getOrDefault(check.id(), List.of()), healed);
    }
    affectedByPack.forEach(
        (id, ranges) -> {
          if (!there.contains(id)) {
            add(new Damage(PackDirectory.nameOf(id), 0, 0, "the pack is missing", ranges));
          }
        });
  }

  /** What is wrong with a pack, while it is not known what that means for images. */
  static List<Damage> of(PackCheck check) {
    String file = PackDirectory.nameOf(check.id());
    return check.damage().stream()
        .map(each -> new Damage(file, each.start(), each.length(), each.problem(), List.of()))
        .toList();
  }

  private void addPack(PackCheck check, List<AffectedRange> ranges, HealedPages known) {
    String file = PackDirectory.nameOf(check.id());
    boolean healing = ranges.isEmpty() && known.holds(check);
    int runs = 0;
    // All that a pack's damage affects is told once, with its first.
    List<AffectedRange> affected = ranges;
    for (PackCheck.DamagedBytes bytes : check.damage()) {
      String problem = bytes.problem();
      runs += bytes.pages() ? 1 : 0;
      if (ranges.isEmpty() && check.hasBad()) {
        problem += "; nothing is lost by it: no version needs what is damaged, or has it elsewhere";
      }
      Damage found = new Damage(file, bytes.start(), bytes.length(), problem, affected);
      if (healing && bytes.pages()) {
        heal(found);
      } else {
        add(found);
      }
      affected = List.of();
    }
    int unlisted = check.damagedParts() - check.damage().size();
    int unlistedRuns = check.damagedRuns() - runs;
    count += healing ? unlisted - unlistedRuns : unlisted;
    healedCount += healing ? unlistedRuns : 0;
    if (check.damagedParts() == 0 && !ranges.isEmpty()) {
      add(new Damage(file, 0, 0, "pages are missing from it", ranges));
    }
  }

  private void heal(Damage found) {
    healedCount++;
    if (healed.size() < LISTED) {
      healed.add(found);
    }
  }

  /** How many places are healed, and no damage. */
  synchronized long healed() {
    return healedCount;
  }

  /** What was found, and what is healed, of each the first {@value #LISTED}. */
  synchronized List<Damage> known() {
    List<Damage> all = new ArrayList<>(damage);
    all.addAll(healed);
    return List.copyOf(all);
  }

  /** Packs of which {@link #list} does not say all that is lost with them. */
  synchronized Set<String> cut() {
    return Set.copyOf(cut);
  }

  /** What was found, the first {@value #LISTED}. */
  synchronized List<Damage> list() {
    return List.copyOf(damage);
  }

  /** How much was found. */
  synchronized long count() {
    return count;
  }

  /** Tells it as findings, and of many how many more there are. */
  synchronized void tell(Task task) {
    damage.stream().limit(TOLD).forEach(d -> task.finding(d.file() + ": " + d.problem()));
    if (count > TOLD) {
      task.finding("%d more places are damaged".formatted(count - TOLD));
    }
  }
}
