package blksh.store;

import blksh.BlkshException;
import blksh.io.IoFailure;
import blksh.store.pack.FrameCache;
import blksh.store.pack.Pack;
import blksh.store.pack.PackDirectory;
import blksh.store.pack.Page;
import blksh.store.pack.PageReader;
import blksh.store.shelf.ShelfAwayException;
import blksh.task.CancelledException;
import blksh.task.Task;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Stores again what versions need and has been lost, beside whoever uses the store. What can be
 * made again by its own parity is ({@link ParityRepair}); of all else a page is taken from wherever
 * there is one that has the digest which the damaged pack says: it is the page that was captured,
 * byte for byte, or it is not taken; and who reads an image proves it by the manifest as ever. It
 * goes into a pack of its own, as a capture would store it: no pack that is there is touched, so
 * nothing that is sound can be lost by it, and whoever dies on the way leaves what was.
 *
 * <p>Nothing counts as healed because it was repaired: the page is read again where versions name
 * it, and what cannot be read then is named. The damaged place itself stays, and stays known; a
 * reindex drops it.
 */
final class StoreRepair {

  private final Repository repository;
  private final SoundPages sources;
  private final boolean dryRun;
  private final Task task;
  private final List<Damage> left = new ArrayList<>();

  /** Files that would come right by parity; none where they do. */
  private Set<String> whole = Set.of();

  private long pages;

  /**
   * @param sources where pages may be taken from, which is closed by whoever made it
   */
  StoreRepair(Repository repository, SoundPages sources, boolean dryRun, Task task) {
    this.repository = repository;
    this.sources = sources;
    this.dryRun = dryRun;
    this.task = task;
  }

  RepairResult run() {
    long started = System.nanoTime();
    repository.packs().close(); // other generations may have the names of those that are open
    List<String> healed = byParity();
    task.phase("looking for what is lost");
    LostPages lost = LostPages.look(repository, task);
    Map<Long, BitSet> needed = lost.needed();
    needed.keySet().removeIf(pack -> whole.contains(PackDirectory.nameOf(pack)));
    task.phase("storing it again");
    long bytes =
        repository.pageSize().at(needed.values().stream().mapToLong(BitSet::cardinality).sum());
    task.expect(task.done() + bytes);
    try (SparePacks spare = new SparePacks(repository, task)) {
      for (Map.Entry<Long, BitSet> each : needed.entrySet()) {
        if (!lost.isMissing(each.getKey())) {
          store(each.getKey(), each.getValue(), spare);
        }
      }
      spare.finish();
    } catch (IOException e) {
      throw new BlkshException(
          "repair store " + repository.place(), "write a pack: " + IoFailure.reason(e), e);
    }
    task.phase("reading it again");
    needed.forEach((pack, wanted) -> look(pack, wanted, lost));
    left.addAll(lost.unreadableVersions());
    otherwise(lost);
    left.removeIf(damage -> whole.contains(damage.file()));
    left.forEach(damage -> task.finding(damage.file() + ": " + damage.problem()));
    return new RepairResult(
        needed.size(),
        pages,
        repository.pageSize().at(pages),
        healed,
        List.copyOf(left),
        Duration.ofNanos(System.nanoTime() - started),
        dryRun);
  }

  /** What comes right by its own parity needs nothing from elsewhere. */
  private List<String> byParity() {
    task.phase("making it again by parity");
    ParityRepair parity = new ParityRepair(repository, dryRun, task);
    List<String> healed;
    try {
      healed = parity.run();
      whole = dryRun ? parity.whole() : Set.of();
    } catch (IOException e) {
      throw new BlkshException("repair store " + repository.place(), IoFailure.reason(e), e);
    }
    if (!healed.isEmpty() && !dryRun) {
      // What is known to be damaged is looked at again, and pages that are sound are known as such.
      new Verification(repository, VerifyOptions.quick(), Task.unwatched()).run();
    }
    return healed;
  }

  /** What was found otherwise, as that pages are missing from a pack, and is lost still. */
  private void otherwise(LostPages lost) {
    Set<String> told = new HashSet<>();
    lost.needed().keySet().forEach(pack -> told.add(PackDirectory.nameOf(pack)));
    left.forEach(damage -> told.add(damage.file()));
    for (KnownDamage.Place place : repository.indexes().rows().damage().places()) {
      Damage damage = place.damage();
      boolean pack = PackDirectory.idOf(damage.file()).isPresent();
      List<AffectedRange> ranges =
          pack
              ? new LostRanges(repository, task).still(damage.affected(), Long.MAX_VALUE)
              : damage.affected();
      if ((!ranges.isEmpty() || !place.explained()) && told.add(damage.file())) {
        String unknown = place.explained() ? "" : "; verify says what that means";
        left.add(new Damage(damage.file(), 0, 0, damage.problem() + unknown, ranges));
      }
    }
  }

  /** Stores the pages of a pack that are found; those that are not stay in the set. */
  private void store(long id, BitSet wanted, SparePacks spare) throws IOException {
    byte[] digest = new byte[Page.DIGEST];
    byte[] bytes = new byte[repository.pageSize().bytes()];
    try (Pack pack = repository.packs().acquire(id)) {
      for (int page = wanted.nextSetBit(0); page >= 0; page = wanted.nextSetBit(page + 1)) {
        task.checkCancelled();
        int length = pack.digest(page, digest, 0) ? sources.copy(digest, 0, bytes, 0) : -1;
        if (length > 0) {
          pages++;
          if (dryRun) {
            wanted.clear(page);
          } else {
            spare.add(digest, bytes, length);
          }
        }
        task.advance(repository.pageSize().bytes());
      }
    } catch (CancelledException | IndexConnection.UnusableException e) {
      throw e;
    } catch (BlkshException e) {
      ShelfAwayException.letPass(e);
      if (IoFailure.of(e) == IoFailure.NO_SPACE) {
        throw e;
      }
      // it cannot be opened, and says nothing of its pages: they are left
    }
  }

  /** Reads what was lost where versions name it, and names what still is. */
  private void look(long id, BitSet wanted, LostPages lost) {
    byte[] digest = new byte[Page.DIGEST];
    byte[] bytes = new byte[repository.pageSize().bytes()];
    int still = 0;
    String problem = null;
    try (PageReader reader = repository.pages(new FrameCache(0), new FrameCache.Owner())) {
      for (int page = wanted.nextSetBit(0); page >= 0; page = wanted.nextSetBit(page + 1)) {
        task.checkCancelled();
        if (reader.read(id, page, bytes, 0, digest, 0) < 0) {
          still++;
          problem = reader.problem();
        }
      }
    }
    if (still > 0) {
      left.add(
          new Damage(
              PackDirectory.nameOf(id),
              0,
              0,
              lost.isMissing(id)
                  ? "the pack is missing, and with it what its pages were"
                  : "%d pages are lost, and no page of their contents was found: %s"
                      .formatted(still, problem),
              lost.affected(id)));
    }
  }
}
