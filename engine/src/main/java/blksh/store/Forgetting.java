package blksh.store;

import blksh.retention.Policy;
import blksh.store.ManifestDirectory.Version;
import blksh.task.Task;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;

/**
 * Removes the versions that no rule keeps. What goes was chosen from what there was: where versions
 * came or went meanwhile, their name is judged again, so that two who forget at once leave what one
 * alone would.
 */
final class Forgetting {

  /** Versions removed at once, while whoever publishes waits. */
  private static final int TOGETHER = 500;

  /** How often a name is judged whose versions come and go. */
  private static final int ATTEMPTS = 5;

  private final Repository repository;
  private final Predicate<Manifest> which;
  private final Policy policy;
  private final Task task;

  /** What was said last of each version. */
  private final Map<Version, Policy.Verdict<Manifest>> said = new LinkedHashMap<>();

  Forgetting(Repository repository, Predicate<Manifest> which, Policy policy, Task task) {
    this.repository = repository;
    this.which = which;
    this.policy = policy;
    this.task = task;
  }

  /** As {@link Upkeep#forget}. */
  List<Policy.Verdict<Manifest>> run(String names, boolean dryRun) {
    Retention.Judgement judgement = judge(names);
    if (!dryRun) {
      task.phase("deleting");
      judgement.numbers().forEach(this::remove);
    }
    return List.copyOf(said.values());
  }

  private Retention.Judgement judge(String names) {
    Retention.Judgement judgement = new Retention(repository).judge(names, which, policy, task);
    judgement.verdicts().forEach(each -> said.put(Version.of(each.thing()), each));
    return judgement;
  }

  private void remove(String name, Set<Integer> numbers) {
    Set<Integer> known = numbers;
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
      if (removeAll(name, known)) {
        return;
      }
      known = judge(ManifestName.exactly(name)).numbers().getOrDefault(name, Set.of());
    }
    task.finding(name + ": its versions come and go; what no rule keeps goes the next time");
  }

  /** False when there are other versions now than those it was chosen from. */
  private boolean removeAll(String name, Set<Integer> known) {
    List<Version> going =
        said.entrySet().stream()
            .filter(each -> !each.getValue().stays())
            .map(Map.Entry::getKey)
            .filter(each -> each.name().equals(name) && known.contains(each.number()))
            .toList();
    Publication publication = new Publication(repository);
    for (int from = 0; from < going.size(); from += TOGETHER) {
      task.checkCancelled();
      List<Version> some = going.subList(from, Math.min(going.size(), from + TOGETHER));
      if (!publication.delete(some, known, this::stays)) {
        return false;
      }
    }
    return true;
  }

  private void stays(Version version) {
    said.computeIfPresent(
        version,
        (key, verdict) -> new Policy.Verdict<>(verdict.thing(), List.of(Retention.PINNED)));
    task.finding(version.reference() + " stays: it was pinned meanwhile");
  }
}
