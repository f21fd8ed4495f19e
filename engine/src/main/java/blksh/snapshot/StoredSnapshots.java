package blksh.snapshot;

import blksh.BlkshException;
import blksh.filesystem.FileTree;
import blksh.io.IoFailure;
import blksh.io.NameText;
import blksh.retention.Policy;
import blksh.store.Manifest;
import blksh.store.ManifestKind;
import blksh.store.Store;
import blksh.store.StoreUse;
import blksh.store.shelf.ShelfAwayException;
import blksh.task.CancelledException;
import blksh.task.Task;
import blksh.tree.Excludes;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.Consumer;

/**
 * The snapshots in a store. Each is a version of a name, {@code NAME@3}, as images are, and shares
 * its pages with all of them; {@code NAME} stands for the newest.
 */
public final class StoredSnapshots implements SnapshotSet {

  private final Store store;
  private final boolean owned;

  /**
   * @param owned whether the store is closed with this
   */
  public StoredSnapshots(Store store, boolean owned) {
    this.store = store;
    this.owned = owned;
  }

  @Override
  public String place() {
    return store.place();
  }

  // ---- looking -------------------------------------------------------------------------------

  @Override
  public List<Snapshot> list() {
    return manifests().stream().map(StoredSource::snapshot).toList();
  }

  private List<Manifest> manifests() {
    return store.manifests().stream()
        .filter(manifest -> manifest.kind() == ManifestKind.TREE)
        .sorted(Comparator.comparing(Manifest::started))
        .toList();
  }

  @Override
  public List<Snapshot> listWithSizes(Task task) {
    List<Manifest> all = manifests();
    List<StoreUse.Version> shares = store.shares(all, task);
    List<Snapshot> listed = new ArrayList<>();
    for (int i = 0; i < all.size(); i++) {
      StoreUse.Version share = shares.get(i);
      if (share == null) {
        continue; // deleted meanwhile
      }
      listed.add(StoredSource.snapshot(all.get(i)).withSizes(share.own(), share.shared()));
    }
    return List.copyOf(listed);
  }

  /**
   * Opens the tree of a snapshot, to look into and to read from.
   *
   * @param name {@code NAME@3}, or {@code NAME} for the newest
   * @throws BlkshException when there is none, or it is an image
   */
  public StoredTree open(String name) {
    return new StoredTree(store, store.manifest(name));
  }

  @Override
  public FileTree files(String name) {
    return new StoredFiles(open(name));
  }

  private List<Manifest> named(List<String> names) {
    if (names.isEmpty()) {
      return manifests();
    }
    List<Manifest> found = new ArrayList<>();
    for (String name : names) {
      found.add(store.manifest(name));
    }
    return found;
  }

  // ---- taking --------------------------------------------------------------------------------

  @Override
  public TakenSnapshot take(SnapshotRequest request, Task task) {
    return new StoredTaking(store, request, task).run();
  }

  // ---- using ---------------------------------------------------------------------------------

  @Override
  public void diff(String before, String after, Task task, Consumer<TreeDifference> differences) {
    try (StoredTree a = open(before);
        StoredTree b = open(after)) {
      new TreeComparison(a, b, task).run(differences);
    }
  }

  @Override
  public void find(String pattern, List<String> names, Task task, Consumer<FoundEntry> found) {
    Excludes wanted;
    try {
      wanted = Excludes.NONE.with(List.of(pattern));
    } catch (IllegalArgumentException e) {
      throw new BlkshException("look for " + pattern, e.getMessage(), e);
    }
    for (Manifest manifest : named(names)) {
      try (StoredTree tree = new StoredTree(store, manifest)) {
        tree.below(new byte[0])
            .forEachRemaining(
                entry -> {
                  task.checkCancelled();
                  if (wanted.fits(entry.path(), entry.isDirectory())) {
                    found.accept(
                        new FoundEntry(
                            manifest.reference(),
                            entry.path(),
                            entry.type(),
                            entry.size(),
                            entry.modified(),
                            entry.mode()));
                  }
                });
      }
    }
  }

  @Override
  public SnapshotVerification verify(List<String> names, Task task) {
    List<Manifest> all = named(names);
    Problems problems = new Problems(task);
    task.expect(all.stream().mapToLong(manifest -> manifest.tree().bytes()).sum());
    long entries = 0;
    long bytes = 0;
    for (Manifest manifest : all) {
      try (StoredTree tree = new StoredTree(store, manifest)) {
        TreeVerification verification = new TreeVerification(tree, problems, task);
        verification.run();
        entries += verification.entries();
        bytes += verification.bytes();
      } catch (CancelledException e) {
        throw e;
      } catch (BlkshException e) {
        ShelfAwayException.letPass(e);
        problems.add(e.getMessage());
      }
    }
    return new SnapshotVerification(
        all.size(), entries, bytes, problems.sentences(), problems.count());
  }

  @Override
  public RestoredTree restore(String name, List<byte[]> paths, Path to, boolean dryRun, Task task) {
    try (StoredTree tree = open(name)) {
      TreeRestore restore = new TreeRestore(tree, paths, dryRun, new Problems(task), task);
      if (!dryRun) {
        Files.createDirectories(to);
      }
      return restore.run(to);
    } catch (IOException e) {
      throw new BlkshException("restore " + name + " to " + to, IoFailure.reason(e), e);
    }
  }

  // ---- removing ------------------------------------------------------------------------------

  @Override
  public void delete(List<String> names, boolean dryRun, Task task) {
    List<String> found = new ArrayList<>();
    for (String name : names) {
      String reference = store.resolve(name);
      if (store.manifest(reference).kind() != ManifestKind.TREE) {
        throw new BlkshException(
                "delete " + reference, "it is an image, not a snapshot of a file tree")
            .suggest("delete it from the store");
      }
      found.add(reference);
    }
    for (String reference : found) {
      task.checkCancelled();
      if (!dryRun) {
        store.delete(reference);
      }
    }
  }

  /** By name: the versions of each are a series of their own. */
  @Override
  public List<Policy.Verdict<Snapshot>> forget(Policy policy, boolean dryRun, Task task) {
    if (policy.isEmpty()) {
      throw new BlkshException("forget snapshots of " + place(), "no rule says what stays")
          .suggest("say keepLast = 7, or another");
    }
    return store
        .upkeep()
        .forget("*", each -> each.kind() == ManifestKind.TREE, policy, dryRun, task)
        .stream()
        .map(each -> new Policy.Verdict<>(StoredSource.snapshot(each.thing()), each.reasons()))
        .sorted(Comparator.comparing(verdict -> verdict.thing().taken()))
        .toList();
  }

  @Override
  public void close() {
    if (owned) {
      store.close();
    }
  }

  @Override
  public String toString() {
    return "snapshots in " + NameText.of(place().getBytes(StandardCharsets.UTF_8));
  }
}
