package blksh.store;

import blksh.BlkshException;
import blksh.block.BlockSource;
import blksh.io.IoFailure;
import blksh.retention.Age;
import blksh.retention.Policy;
import blksh.store.ManifestDirectory.Version;
import blksh.store.pack.CodecChoice;
import blksh.store.parity.ParityBlobs;
import blksh.store.parity.ParityCoverage;
import blksh.store.shelf.Exclusion;
import blksh.store.shelf.ShelfAwayException;
import blksh.task.Task;
import blksh.task.Workers;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.function.Predicate;
import java.util.function.Supplier;
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
    for (Trash.Entry entry : repository.trash().deleted()) {
      String reference = entry.version().reference();
      try (ManifestFile file = repository.trash().open(entry)) {
        found.add(new DeletedVersion(reference, entry.deleted(), file.manifest(), null));
      } catch (BlkshException e) {
        ShelfAwayException.letPass(e);
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
    Version version = numbered("bring back " + reference, reference);
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

  /**
   * Removes a deleted version for good, so that it cannot be taken back, whatever a grace keeps; it
   * need not be whole. Its pages go with the next compaction.
   *
   * @param reference {@code NAME@VERSION}
   * @throws BlkshException when it is not in the trash, or somebody reads it
   */
  public void purge(String reference) {
    Version version = numbered("remove " + reference + " for good", reference);
    String action = "remove " + version.reference() + " for good from " + repository.place();
    repository.mustBeWhole(action);
    repository.mustKeepOthersAway(action);
    call(
        "purge",
        version.reference(),
        () -> {
          new Publication(repository).purge(version);
          return null;
        });
  }

  private Version numbered(String action, String reference) {
    if (reference.indexOf('@') < 0) {
      throw new BlkshException(action, "it is no version")
          .suggest("write " + reference + "@NUMBER");
    }
    return repository.manifests().version(reference);
  }

  // ---- how it is -----------------------------------------------------------------------------

  /**
   * How well the store is. What is overdue is a finding: damage that is not healed, packs that
   * nobody has verified for {@value StoreHealth#OVERDUE_DAYS} days, names that were not captured.
   *
   * @param captured within which each name should have been captured; null when that is not asked
   */
  public StoreHealth health(Age captured, Task task) {
    return store.call(task, () -> new HealthCheck(repository, captured, task).run());
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
    repository.mustKeepOthersAway(action);
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
    mustAllowCompaction(action);
    return store.call(task, () -> new Compaction(repository, options, task).run());
  }

  /** That whoever has it open knows that packs may give way to others. */
  private void mustAllowCompaction(String action) {
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
  }

  /** Whether nobody reads it without a key. */
  public boolean isEncrypted() {
    return repository.isEncrypted();
  }

  // ---- parity --------------------------------------------------------------------------------

  /** Per cent of the blocks of each pack and manifest that may be lost; 0 for no parity. */
  public int parity() {
    return repository.identity().parity();
  }

  /**
   * Has packs and manifests so much parity: what is written from now on, and what is there already.
   * Others may use the store meanwhile. It may be interrupted or killed at any time; the next goes
   * on. What is damaged gets none, and is a finding.
   *
   * @param percent 1 to 50; 0 for none, which removes all there is; -1 to make what is missing
   * @param dryRun whether nothing is changed
   * @throws BlkshException when the store cannot be written
   */
  public ParityCoverage protect(int percent, boolean dryRun, Task task) {
    String action = "make parity in store " + repository.place();
    int wanted = percent < 0 ? repository.identity().parity() : percent;
    if (percent < 0 && wanted == 0) {
      throw new BlkshException(action, "it is to have none").suggest("say how much: 10 percent");
    }
    if (wanted != 0) {
      try {
        ParityBlobs.check(wanted);
      } catch (IllegalArgumentException e) {
        throw new BlkshException(action, e.getMessage(), e);
      }
    }
    if (!dryRun) {
      repository.mustBeWhole(action);
      mustAllowCompaction(action);
    }
    return store.call(
        task,
        () -> {
          try {
            return new StoreParity(repository, task).by(wanted, dryRun);
          } catch (IOException e) {
            throw new BlkshException(action, IoFailure.reason(e), e);
          }
        });
  }

  // ---- healing -------------------------------------------------------------------------------

  /**
   * Makes again by its parity what verifications found damaged, and stores again what versions need
   * of the rest, from pages of the same digests in other stores. What is still lost is a finding.
   * Others use the store meanwhile; a compaction waits.
   *
   * @param others stores that have some of the same pages; they are only read
   * @param dryRun whether nothing is changed
   * @throws BlkshException when there is no room, the store cannot be written, or one of the others
   *     has pages of another size, before anything is done
   */
  public RepairResult repair(List<Store> others, boolean dryRun, Task task) {
    List<Repository> stores = others.stream().map(Store::repository).toList();
    SoundPages.mustHavePages(stores, repository.pageSize());
    return repair(
        () -> {
          SoundPages sources = new SoundPages(repository.pageSize());
          stores.forEach(sources::from);
          return sources;
        },
        dryRun,
        task);
  }

  /**
   * As above, by a source of which a version was captured.
   *
   * @param of that version; pages of others that are the same are healed with it
   */
  public RepairResult repair(Manifest of, BlockSource source, Task task) {
    return repair(
        () -> new SoundPages(repository.pageSize()).from(source, lost().in(of.reference())),
        false,
        task);
  }

  /** The versions of which something is lost, as far as verifications have found it damaged. */
  public Set<String> damagedVersions() {
    return call("look for damage", repository.place(), () -> lost().versions());
  }

  private LostPages lost() {
    return LostPages.look(repository, new Task("look for damage", repository.place()));
  }

  private RepairResult repair(Supplier<SoundPages> sources, boolean dryRun, Task task) {
    Callable<RepairResult> repair =
        () -> {
          try (SoundPages from = sources.get()) {
            return new StoreRepair(repository, from, dryRun, task).run();
          }
        };
    if (dryRun) {
      return store.call(task, repair);
    }
    String action = "repair store " + repository.place();
    repository.mustKeepOthersAway(action);
    if (repository.identity().problem() != null) {
      store.call(
          task,
          () -> repository.exclusion().publishing(() -> repository.identity().repairByParity()));
    }
    repository.mustBeWhole(action);
    // No compaction may take for dead what no version names yet.
    return store.call(task, () -> repository.exclusion().compacting(() -> done(repair)));
  }

  private static <T> T done(Callable<T> action) throws IOException {
    try {
      return action.call();
    } catch (IOException | RuntimeException e) {
      throw e;
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
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
