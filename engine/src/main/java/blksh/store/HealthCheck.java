package blksh.store;

import blksh.BlkshException;
import blksh.io.IoFailure;
import blksh.retention.Age;
import blksh.store.pack.PackDirectory;
import blksh.store.shelf.ShelfAwayException;
import blksh.task.CancelledException;
import blksh.task.Task;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * Looks at how well a store is: by the dates of its packs, by what was found damaged and whether it
 * can be read by now, and by its manifests. Of what is stored it reads nothing else, so that it
 * says nothing of what no verification has seen. Changes nothing.
 */
final class HealthCheck {

  /** Bytes of versions that were lost by one place that are read again; more count as lost. */
  private static final long MOST_READ = 256L << 20;

  private final Repository repository;
  private final Age captured;
  private final Task task;
  private final Instant now = Instant.now();

  /** Why it cannot be told what no version needs; null when it can. */
  private String unused;

  /** Packs of which something is damaged that a version needs. */
  private final Set<String> hit = new HashSet<>();

  /**
   * @param captured within which each name should have been captured; null when that is not asked
   */
  HealthCheck(Repository repository, Age captured, Task task) {
    this.repository = repository;
    this.captured = captured;
    this.task = task;
  }

  StoreHealth run() {
    task.phase("damage");
    List<KnownDamage.Place> places = repository.indexes().rows().damage().places();
    LostPages lost = LostPages.look(repository, task);
    List<StoreHealth.OpenDamage> open = open(places, lost);
    task.phase("manifests");
    StoreUse use = use();
    long unused = use.shares().stream().mapToLong(StoreUse.Share::unused).sum() * use.step();
    List<StoreHealth.LastCapture> names = names();
    List<StoreHealth.PackAge> packs = packs();
    int unprotected = unprotected();
    List<String> overdue = overdue(packs, open, names);
    if (unprotected > 0) {
      overdue.add("%d packs or manifests have no parity; protect makes it".formatted(unprotected));
    }
    overdue.forEach(task::finding);
    Set<String> files = open.stream().map(d -> d.file()).collect(Collectors.toSet());
    return new StoreHealth(
        packs,
        List.copyOf(open),
        places.stream().filter(p -> !files.contains(p.damage().file())).count(),
        use.pages(),
        unused,
        repository.trash().deleted().size(),
        repository.identity().parity(),
        unprotected,
        names,
        List.copyOf(overdue));
  }

  /** Nothing where a version cannot be read through, which might need anything. */
  private StoreUse use() {
    try {
      return new UseCount(repository, task).run(1);
    } catch (CancelledException e) {
      throw e;
    } catch (BlkshException e) {
      ShelfAwayException.letPass(e);
      unused = e.getMessage();
      return new StoreUse(0, repository.pageSize().bytes(), 1, List.of());
    }
  }

  private int unprotected() {
    try {
      return new StoreParity(repository, task).missing().size();
    } catch (IOException e) {
      throw new BlkshException(
          "look at the health of store " + repository.place(), IoFailure.reason(e), e);
    }
  }

  // ---- damage --------------------------------------------------------------------------------

  /**
   * What is lost by the versions there are now comes first; then what was found otherwise, as that
   * pages are missing from a pack, and is lost still.
   */
  private List<StoreHealth.OpenDamage> open(List<KnownDamage.Place> places, LostPages lost) {
    Map<String, Instant> since = new HashMap<>();
    places.forEach(p -> since.merge(p.damage().file(), p.since(), (a, b) -> a.isBefore(b) ? a : b));
    Map<String, StoreHealth.OpenDamage> open = new TreeMap<>();
    lost.needed()
        .forEach(
            (pack, pages) -> {
              String file = PackDirectory.nameOf(pack);
              String problem =
                  lost.isMissing(pack)
                      ? "the pack is missing"
                      : pages.cardinality() + " pages that versions need can be read nowhere";
              open.put(
                  file,
                  new StoreHealth.OpenDamage(file, problem, since.get(file), lost.affected(pack)));
            });
    for (KnownDamage.Place place : places) {
      Damage damage = place.damage();
      List<AffectedRange> ranges = lost(place);
      if (!ranges.isEmpty() || !place.explained() && !isGone(damage.file())) {
        String problem =
            damage.problem() + (place.explained() ? "" : "; verify says what that means");
        open.putIfAbsent(
            damage.file(),
            new StoreHealth.OpenDamage(damage.file(), problem, since.get(damage.file()), ranges));
      }
    }
    List<Damage> versions = new ArrayList<>(lost.unreadableVersions());
    versions.addAll(repository.indexes().listing().unreadable());
    for (Damage each : versions) {
      open.putIfAbsent(
          each.file(),
          new StoreHealth.OpenDamage(
              each.file(), each.problem(), since.get(each.file()), each.affected()));
    }
    hit.addAll(open.keySet());
    return new ArrayList<>(open.values());
  }

  /**
   * What of a place was lost and is still. Of a pack it is read; of a manifest only a verification
   * can say that it is right again, unless it is gone.
   */
  private List<AffectedRange> lost(KnownDamage.Place place) {
    Damage damage = place.damage();
    if (!damage.file().startsWith(ManifestDirectory.PREFIX)) {
      return new LostRanges(repository, task).still(damage.affected(), MOST_READ);
    }
    return isGone(damage.file()) ? List.of() : damage.affected();
  }

  private boolean isGone(String blob) {
    try {
      return !repository.isThere(blob);
    } catch (IOException e) {
      return false;
    }
  }

  // ---- packs and names -----------------------------------------------------------------------

  /** Where nothing can be noted the packs are as they are, and the dates as they were noted. */
  private List<StoreHealth.PackAge> packs() {
    Map<Long, PackDates> dates = new HashMap<>();
    repository.indexes().rows().packs().forEach(row -> dates.put(row.id(), row.dates()));
    return repository.indexes().packRows().stream()
        .map(
            row ->
                new StoreHealth.PackAge(
                    row.fileBytes(), state(row.id(), dates.getOrDefault(row.id(), PackDates.NONE))))
        .toList();
  }

  private StoreHealth.State state(long id, PackDates dates) {
    if (hit.contains(PackDirectory.nameOf(id))) {
      return StoreHealth.State.DAMAGED;
    }
    if (isWithin(dates.verified(), StoreHealth.TURN_DAYS)) {
      return StoreHealth.State.VERIFIED;
    }
    if (isWithin(dates.verified(), StoreHealth.OVERDUE_DAYS)) {
      return StoreHealth.State.VERIFIED_BEFORE;
    }
    boolean seen =
        isWithin(dates.entered(), StoreHealth.OVERDUE_DAYS)
            || isWithin(dates.checked(), StoreHealth.OVERDUE_DAYS);
    return seen ? StoreHealth.State.UNVERIFIED : StoreHealth.State.OVERDUE;
  }

  /** Whether it was in the last so many days; what is yet to come was not. */
  private boolean isWithin(Instant when, int days) {
    return when != null
        && when.isAfter(now.minus(Duration.ofDays(days)))
        && !when.isAfter(now.plus(Duration.ofDays(1)));
  }

  private List<StoreHealth.LastCapture> names() {
    Map<String, Manifest> newest = new HashMap<>();
    for (Manifest manifest : repository.indexes().listing().manifests(null)) {
      newest.merge(manifest.name(), manifest, (a, b) -> a.started().isAfter(b.started()) ? a : b);
    }
    return newest.values().stream()
        .sorted(Comparator.comparing(Manifest::name))
        .map(
            m ->
                new StoreHealth.LastCapture(
                    m.reference(), m.started(), m.figures().badBytes() == 0))
        .toList();
  }

  private List<String> overdue(
      List<StoreHealth.PackAge> packs,
      List<StoreHealth.OpenDamage> open,
      List<StoreHealth.LastCapture> names) {
    List<String> overdue = new ArrayList<>();
    String lost = repository.identity().problem();
    if (lost != null) {
      overdue.add(StoreDescriptor.FILE + ": " + lost + "; reindex repairs it");
    }
    if (!open.isEmpty()) {
      overdue.add(
          "%s: %s%s"
              .formatted(
                  open.get(0).file(),
                  open.get(0).problem(),
                  open.size() == 1 ? "" : "; and %d more places".formatted(open.size() - 1)));
    }
    if (unused != null) {
      overdue.add("what no version needs cannot be told: " + unused);
    }
    long late = packs.stream().filter(p -> p.state() == StoreHealth.State.OVERDUE).count();
    if (late > 0) {
      overdue.add(
          "%d of %d packs were not verified in the last %d days"
              .formatted(late, packs.size(), StoreHealth.OVERDUE_DAYS));
    }
    if (captured != null) {
      Instant since = captured.before(now, ZoneId.systemDefault());
      names.stream()
          .filter(name -> name.started().isBefore(since))
          .forEach(
              name ->
                  overdue.add(
                      "%s is the newest of its name, and older than %s"
                          .formatted(name.reference(), captured)));
    }
    return overdue;
  }
}
