package blksh.store;

import blksh.BlkshException;
import blksh.retention.Policy;
import blksh.store.ManifestDirectory.Version;
import blksh.store.pack.CodecChoice;
import blksh.store.shelf.Exclusion;
import blksh.task.Task;
import blksh.task.Workers;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;

/**
 * What keeps a store in shape over years: which versions stay, which can be taken back, and the
 * space of those that went. All of it beside whoever else uses the store.
 */
public final class Upkeep {

  private final Store store;
  private final Repository repository;

  Upkeep(Store store, Repository repository) {
    this.store = store;
    this.repository = repository;
  }

  private <T> T call(String verb, String subject, Callable<T> action) {
    return store.call(new Task(verb, subject), action);
  }

  // ---- which stay ----------------------------------------------------------------------------

  /**
   * Says of versions whether they stay, in this machine's time zone; and deletes those that do not.
   * The images of each name are judged by themselves, and so are its snapshots of file trees.
   * Pinned ones stay. One that cannot be read through, whose packs are not there, or which is dated
   * in the future is a finding: it stays, and counts as none.
   *
   * @param names which are judged: {@code *} stands for any characters, {@code ?} for one
   * @param which versions are judged at all, as those of a kind
   * @param dryRun whether nothing is deleted
   * @return by name, oldest first
   * @throws BlkshException when the policy has no rule
   */
  public List<Policy.Verdict<Manifest>> forget(
      String names, Predicate<Manifest> which, Policy policy, boolean dryRun, Task task) {
    String action = "forget versions in " + repository.place();
    if (policy.isEmpty()) {
      throw new BlkshException(action, "no rule says what stays").suggest("say keepLast = 7");
    }
    if (!dryRun) {
      repository.mustBeWhole(action);
    }
    return store.call(
        task, () -> new Forgetting(repository, which, policy, task).run(names, dryRun));
  }

  /**
   * What was said of a version.
   *
   * @param reference {@code NAME} for the newest, or {@code NAME@VERSION}
   * @throws BlkshException when there is none
   */
  public VersionMarks marks(String reference) {
    return repository.marks().of(repository.manifests().existing(reference));
  }

  /** What was said of all versions of which anything was, by reference. */
  public Map<String, VersionMarks> marks() {
    Map<String, VersionMarks> found = new TreeMap<>();
    repository.marks().all().forEach((version, marks) -> found.put(version.reference(), marks));
    return found;
  }

  /**
   * Says something of a version: that it is pinned, a note, tags.
   *
   * @param reference as of {@link #marks(String)}
   * @param change from what was said before
   * @return what is said now
   * @throws BlkshException when there is none
   */
  public VersionMarks mark(String reference, UnaryOperator<VersionMarks> change) {
    Version version = repository.manifests().existing(reference);
    repository.mustBeWhole("mark " + version.reference() + " in " + repository.place());
    return call(
        "mark",
        version.reference(),
        () -> {
          new Publication(repository).mark(version, change);
          return repository.marks().of(version);
        });
  }

  // ---- what was deleted ----------------------------------------------------------------------

  /** The versions that were deleted and can be taken back, by name, oldest first. */
  public List<DeletedVersion> trash() {
    List<DeletedVersion> found = new ArrayList<>();
    for (Trash.Entry entry : repository.trash().entries()) {
      String reference = entry.version().reference();
      try (ManifestFile file = repository.trash().open(entry)) {
        found.add(new DeletedVersion(reference, entry.deleted(), file.manifest(), null));
      } catch (BlkshException e) {
        found.add(new DeletedVersion(reference, entry.deleted(), null, e.problem()));
      }
    }
    return List.copyOf(found);
  }

  /**
   * Brings a version back from the trash, as it was.
   *
   * @param reference {@code NAME@VERSION}
   * @throws BlkshException when it is not in the trash
   */
  public void undelete(String reference) {
    if (reference.indexOf('@') < 0) {
      throw new BlkshException("bring back " + reference, "it is no version")
          .suggest("write " + reference + "@NUMBER");
    }
    Version version = repository.manifests().version(reference);
    repository.mustBeWhole("bring back " + version.reference() + " in " + repository.place());
    call(
        "undelete",
        version.reference(),
        () -> {
          new Publication(repository).takeBack(version);
          return null;
        });
  }

  // ---- copies --------------------------------------------------------------------------------

  /**
   * The names that a pattern fits, sorted.
   *
   * @param names {@code *} stands for any characters, {@code ?} for one
   */
  public List<String> namesLike(String names) {
    return store.names().stream().filter(ManifestName.pattern(names)).toList();
  }

  /**
   * Copies versions to another store: of each the pages that one does not have, proven. Dates,
   * names and what was said of versions stay, and numbers where that keeps them in order. What is
   * there already is not copied again. A version of which something is lost here is not copied, and
   * is a finding, as one is that has no place there.
   *
   * @param other another store, which others may use meanwhile as they may this
   * @param names which: {@code *} stands for any characters, {@code ?} for one
   * @param dryRun whether nothing is written
   * @throws BlkshException when the other cannot be written, or is this one
   */
  public CopyResult copyTo(Store other, String names, boolean dryRun, Task task) {
    Repository to = other.upkeep().repository;
    String action = "copy store " + repository.place() + " to " + to.place();
    if (to.isAt(repository)) {
      throw new BlkshException(action, "they are one store").suggest("name another one");
    }
    to.mustBeWhole(action);
    return store.call(
        task,
        () -> {
          try (Repository used = to.again()) {
            return new StoreCopy(repository, used, dryRun, task).run(names);
          }
        });
  }

  // ---- figures -------------------------------------------------------------------------------

  /**
   * What the store takes, and versions of it: own and shared, and what changed from each to the
   * next. Told from manifests alone.
   *
   * @param names of which: {@code *} stands for any characters, {@code ?} for one
   * @throws BlkshException when a manifest cannot be read through
   */
  public StoreFigures figures(String names, Task task) {
    return store.call(task, () -> new FigureCount(repository, task).run(names));
  }

  // ---- how it compresses ---------------------------------------------------------------------

  /**
   * Compresses what is captured from now on in another way. What is there stays as it is, and is
   * read as before; of packs that a compaction writes anew it may raise the compression.
   *
   * @throws BlkshException when the store cannot be written
   */
  public void compressBy(CodecChoice codec) {
    String action = "have store " + repository.place() + " compress by " + codec;
    repository.mustBeWhole(action);
    call(
        "compress by",
        codec.toString(),
        () ->
            repository
                .exclusion()
                .publishing(
                    () -> {
                      repository.identity().compressBy(codec);
                      return null;
                    }));
  }

  // ---- space ---------------------------------------------------------------------------------

  /**
   * Gives back the space of what no version needs, and empties the trash. Where other machines may
   * use the store too, it needs it alone; and the first time in a store that an older blksh made,
   * which would look into packs without saying so.
   *
   * @throws BlkshException when what a version needs cannot be read, or what lies among manifests
   *     is not understood, and nothing is removed; or somebody else has the store open where nobody
   *     may
   */
  public CompactResult compact(CompactOptions options, Task task) {
    if (options.dryRun()) {
      return store.call(task, () -> new Compaction(repository, options, task).run());
    }
    String action = "compact store " + repository.place();
    repository.mustBeWhole(action);
    if (repository.exclusion().reachesOthers()) {
      return Workers.call(
          task,
          () ->
              alone(
                  action,
                  "other machines may use it over the network, each with what it keeps in memory",
                  () -> {
                    repository.identity().allowCompaction();
                    return new Compaction(repository, options, task).run();
                  }));
    }
    if (!repository.identity().allowsCompaction()) {
      Workers.call(
          new Task("compact", repository.place()),
          () ->
              alone(
                  action,
                  "an older blksh made it, which may be using it; the first time it must be alone",
                  () -> {
                    repository.identity().allowCompaction();
                    return null;
                  }));
    }
    return store.call(task, () -> new Compaction(repository, options, task).run());
  }

  /**
   * @param why nobody else may have it open, for people
   */
  private <T> T alone(String action, String why, Exclusion.Action<T> change) {
    boolean[] begun = {false};
    try {
      return repository
          .exclusion()
          .alone(
              () -> {
                begun[0] = true;
                return change.run();
              });
    } catch (BlkshException e) {
      if (begun[0]) {
        throw e;
      }
      throw new BlkshException(action, why + "; " + e.problem(), e)
          .suggest("let captures, restores and mounts of it end first, and close it elsewhere");
    }
  }
}
