package blksh.store;

import blksh.BlkshException;
import blksh.io.IoFailure;
import blksh.store.pack.FrameCache;
import blksh.store.pack.Pack;
import blksh.store.pack.PackCheck;
import blksh.store.pack.PackDirectory;
import blksh.store.pack.PackRepair;
import blksh.store.pack.Page;
import blksh.store.pack.PageReader;
import blksh.store.pack.PageSize;
import blksh.store.shelf.ShelfAwayException;
import blksh.task.Task;
import blksh.task.Workers;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ConcurrentSkipListMap;

/**
 * Makes everything derived again from packs and manifests, and repairs what packs and descriptor
 * say twice and have lost once. Where nobody keeps others away from what it would repair it repairs
 * nothing: what came damaged here may lie sound there, and a page that is given up here as another
 * pack has it may be given up there as this one has it.
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

  /** For who has the store alone, or at least what is derived from it. */
  ReindexReport run() throws IOException {
    long started = System.nanoTime();
    if (!repository.exclusion().keepsEverybodyAway()) {
      return derivedOnly(started);
    }
    if (repository.identity().repair()) {
      repaired.add(StoreDescriptor.FILE);
    }
    DerivedIndexes indexes = repository.indexes();
    packs.close(); // other generations may have the names of those that are open
    Map<Long, PackState> states = readPacks();
    task.phase("indexing");
    packs.close();
    healByParity(states);
    damage.addAll(repository.manifests().readable().damage());
    indexes.remake(states.values().stream().flatMap(state -> state.bad().stream()).toList());
    task.phase("repair");
    for (PackState state : states.values()) {
      task.checkCancelled();
      if (!state.sound() || !state.bad().isEmpty()) {
        repair(state);
      }
    }
    new Recovery(repository).run();
    return told(started);
  }

  private ReindexReport told(long started) {
    damage.forEach(d -> task.finding(d.file() + ": " + d.problem()));
    List<StoreIndex.PackRow> rows = repository.indexes().rows().packs();
    return new ReindexReport(
        rows.size(),
        rows.stream().mapToLong(StoreIndex.PackRow::pages).sum(),
        repository.indexes().listing().manifests(null).size(),
        List.copyOf(repaired),
        List.copyOf(damage),
        Duration.ofNanos(System.nanoTime() - started));
  }

  /** By what footers and manifests say. No blob is changed; a descriptor that is gone is made. */
  private ReindexReport derivedOnly(long started) throws IOException {
    if (repository.identity().makeIfMissing()) {
      repaired.add(StoreDescriptor.FILE);
    } else if (repository.identity().problem() != null) {
      String left =
          repository.identity().problem() + "; copy the store to a directory to repair it";
      damage.add(new Damage(StoreDescriptor.FILE, 0, 0, left, List.of()));
    }
    task.phase("indexing");
    packs.close();
    damage.addAll(repository.manifests().readable().damage());
    repository.indexes().remake(repository.indexes().knownBad());
    new Recovery(repository).run();
    return told(started);
  }

  /**
   * A pack that was read.
   *
   * @param pages numbers of pages it has
   * @param sound whether it has lost nothing that it says twice, or is to stay as it is
   * @param bad its pages that fail their digests
   */
  private record PackState(long id, long pages, boolean sound, List<StoreIndex.BadPages> bad) {

    long badPages() {
      return bad.stream().mapToLong(range -> range.past() - range.first()).sum();
    }
  }

  /** Reads all packs, to know good pages from bad ones. */
  private Map<Long, PackState> readPacks() {
    task.phase("packs");
    Map<Long, PackState> states = new ConcurrentSkipListMap<>(Long::compareUnsigned);
    Queue<Long> ids = new ConcurrentLinkedQueue<>(packs.sealed());
    task.expect(repository.storedBytes());
    Workers.run(
        task,
        Workers.count(),
        () -> {
          PackCheck.Reader reader = new PackCheck.Reader();
          for (Long id = ids.poll(); id != null; id = ids.poll()) {
            task.checkCancelled();
            PackState state = read(id, reader);
            if (state != null) {
              states.put(id, state);
            }
          }
        },
        ids::clear);
    return states;
  }

  /** Reads a pack; null when it cannot be opened. */
  private PackState read(long id, PackCheck.Reader reader) {
    try (PackCheck check = new PackCheck(packs, id, repository.identity().idBytes())) {
      check.structure();
      if (check.vanished()) {
        return null;
      }
      if (check.shape() == null) {
        note(id, check.damage().get(0).problem());
        return null;
      }
      for (int piece = 0; piece < check.pieces(); piece++) {
        task.checkCancelled();
        long before = reader.bytesRead();
        check.contents(piece, reader, (pack, page, digests, at) -> {});
        task.advance(reader.bytesRead() - before);
      }
      boolean stays = repair.isSound(check.pack()) || isOfOtherPages(id);
      return new PackState(id, check.shape().pages(), stays, DamagedPages.of(check));
    } catch (IOException e) {
      note(id, IoFailure.reason(e));
      return null;
    }
  }

  /**
   * Whether its pages have another size, as those have that an older blksh captured which had lost
   * the descriptor: it is not read here, and is left to whoever may read it.
   */
  private boolean isOfOtherPages(long id) {
    PageSize size = packs.pageSizeOf(id, repository.identity().idBytes());
    if (size == null || size == repository.pageSize()) {
      return false;
    }
    note(
        id,
        "its pages have %s bytes, and those of the store %s"
            .formatted(size, repository.pageSize()));
    return true;
  }

  /** Before anything is written anew: parity is of what a pack was, and lost with that. */
  private void healByParity(Map<Long, PackState> states) throws IOException {
    task.phase("parity");
    ParityRepair parity = new ParityRepair(repository, false, task);
    PackCheck.Reader reader = new PackCheck.Reader();
    for (long id : packs.sealed()) {
      PackState state = states.get(id);
      String name = PackDirectory.nameOf(id);
      boolean damaged = state == null || !state.sound() || !state.bad().isEmpty();
      if (damaged && parity.pack(id)) {
        repaired.add(name);
        damage.removeIf(known -> known.file().equals(name));
        PackState now = read(id, reader);
        if (now != null) {
          states.put(id, now);
        }
      }
    }
    repaired.addAll(parity.manifests());
    packs.close();
  }

  /** Looks for the same and changes nothing. */
  ReindexReport dryRun() throws IOException {
    long started = System.nanoTime();
    boolean repairs = repository.exclusion().keepsEverybodyAway();
    if (repository.identity().problem() != null
        && (repairs || !repository.isThere(StoreDescriptor.FILE))) {
      repaired.add(StoreDescriptor.FILE);
    }
    long pages = 0;
    for (PackState state : readPacks().values()) {
      pages += state.pages();
      if (!state.sound() && repairs) {
        repaired.add(PackDirectory.nameOf(state.id()));
      }
      if (!state.bad().isEmpty()) {
        note(state.id(), state.badPages() + " of its pages fail their digests");
      }
    }
    ManifestDirectory.Readable readable = repository.manifests().readable();
    damage.addAll(readable.damage());
    damage.forEach(d -> task.finding(d.file() + ": " + d.problem()));
    return new ReindexReport(
        packs.sealed().size(),
        pages,
        readable.manifests().size(),
        List.copyOf(repaired),
        List.copyOf(damage),
        Duration.ofNanos(System.nanoTime() - started));
  }

  /** Writes a pack anew where that makes it better, and notes what stays bad. */
  private void repair(PackState state) throws IOException {
    long id = state.id();
    boolean rewritten = false;
    try (Pack pack = packs.acquire(id);
        PageReader reader = repository.pages(new FrameCache(0), new FrameCache.Owner())) {
      Set<Integer> elsewhere = new HashSet<>();
      List<StoreIndex.BadPages> lost = new ArrayList<>();
      byte[] bytes = new byte[repository.pageSize().bytes()];
      byte[] digest = new byte[Page.DIGEST];
      for (StoreIndex.BadPages range : state.bad()) {
        for (int page = range.first(); page < range.past(); page++) {
          if (reader.isElsewhere(id, page)) {
            elsewhere.add(page);
          } else if (reader.read(id, page, bytes, 0, digest, 0) < 0) {
            lost.add(new StoreIndex.BadPages(id, page, page + 1));
          }
        }
      }
      if (!state.sound() || !elsewhere.isEmpty()) {
        repository.parity().remove(PackDirectory.nameOf(id));
        repair.rewrite(pack, elsewhere::contains);
        if (!repaired.contains(PackDirectory.nameOf(id))) {
          repaired.add(PackDirectory.nameOf(id));
        }
        rewritten = true;
      }
      if (!lost.isEmpty()) {
        note(id, lost.size() + " of its pages are damaged; capturing the same data heals them");
      }
      repository.indexes().rows().damage().putPages(id, lost);
    } catch (BlkshException e) {
      ShelfAwayException.letPass(e);
      note(id, e.problem());
    } catch (IOException e) {
      note(id, IoFailure.reason(e));
    }
    packs.close();
    if (rewritten) {
      new StoreParity(repository, task).pack(id);
    }
    repository.indexes().enter(id); // with what was only unreadable for a moment
  }

  private synchronized void note(long id, String problem) {
    damage.add(new Damage(PackDirectory.nameOf(id), 0, 0, problem, List.of()));
  }
}
