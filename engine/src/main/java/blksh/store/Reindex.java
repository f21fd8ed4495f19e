package blksh.store;

import blksh.BlkshException;
import blksh.io.IoFailure;
import blksh.store.pack.Pack;
import blksh.store.pack.PackDirectory;
import blksh.store.pack.PackRepair;
import blksh.task.Task;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * Makes everything derived again from packs and manifests, and repairs what packs and descriptor
 * say twice and have lost once.
 */
final class Reindex {

  private final Repository repository;
  private final PackDirectory packs;
  private final PackRepair repair;
  private final Task task;
  private final List<String> repaired = new ArrayList<>();
  private final List<Damage> damage = new ArrayList<>();

  Reindex(Repository repository, Task task) {
    this.repository = repository;
    this.packs = repository.packs();
    this.repair = new PackRepair(packs, repository.identity().idBytes(), repository.codec());
    this.task = task;
  }

  /** For who has the store alone. */
  ReindexReport run() throws IOException {
    long started = System.nanoTime();
    if (repository.identity().repair()) {
      repaired.add(StoreDescriptor.FILE);
    }
    task.phase("packs");
    for (long id : packs.sealed()) {
      task.checkCancelled();
      repair(id);
    }
    task.phase("indexing");
    DerivedIndexes indexes = repository.indexes();
    packs.close();
    ManifestDirectory.Readable readable = repository.manifests().readable();
    damage.addAll(readable.damage());
    indexes.remake(readable);
    new Recovery(repository).run();
    damage.forEach(d -> task.finding(d.file() + ": " + d.problem()));
    List<StoreIndex.PackRow> rows = indexes.rows().packs();
    return new ReindexReport(
        rows.size(),
        rows.stream().mapToLong(StoreIndex.PackRow::pages).sum(),
        indexes.rows().manifests(null).size(),
        List.copyOf(repaired),
        List.copyOf(damage),
        Duration.ofNanos(System.nanoTime() - started));
  }

  /** Looks for the same and changes nothing. */
  ReindexReport dryRun() {
    long started = System.nanoTime();
    if (repository.identity().problem() != null) {
      repaired.add(StoreDescriptor.FILE);
    }
    task.phase("packs");
    List<Long> ids = packs.sealed();
    long pages = 0;
    for (long id : ids) {
      task.checkCancelled();
      pages += inspect(id);
    }
    ManifestDirectory.Readable readable = repository.manifests().readable();
    damage.addAll(readable.damage());
    damage.forEach(d -> task.finding(d.file() + ": " + d.problem()));
    return new ReindexReport(
        ids.size(),
        pages,
        readable.manifests().size(),
        List.copyOf(repaired),
        List.copyOf(damage),
        Duration.ofNanos(System.nanoTime() - started));
  }

  /** Notes what a pack lacks and gives its pages. */
  private long inspect(long id) {
    try (Pack pack = packs.acquire(id)) {
      if (!repair.isSound(pack)) {
        repaired.add(PackDirectory.nameOf(id));
      }
      return pack.pages();
    } catch (BlkshException e) {
      note(id, e.problem());
    } catch (IOException e) {
      note(id, IoFailure.reason(e));
    }
    return 0;
  }

  private void repair(long id) {
    try (Pack pack = packs.acquire(id)) {
      if (!repair.isSound(pack)) {
        repair.rewrite(pack);
        repaired.add(PackDirectory.nameOf(id));
      }
    } catch (BlkshException e) {
      note(id, e.problem());
    } catch (IOException e) {
      note(id, IoFailure.reason(e));
    }
  }

  private void note(long id, String problem) {
    damage.add(new Damage(PackDirectory.nameOf(id), 0, 0, problem, List.of()));
  }
}
