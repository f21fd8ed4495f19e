package blksh.store;

import blksh.BlkshException;
import blksh.block.Extent;
import blksh.io.IoFailure;
import blksh.store.ManifestDirectory.Version;
import blksh.store.PackExchange.Outcome;
import blksh.store.pack.Pack;
import blksh.store.pack.PackDirectory;
import blksh.store.pack.PackGeneration;
import blksh.store.shelf.ShelfAwayException;
import blksh.task.Task;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;

/**
 * Gives back the space of pages nobody needs, beside captures and readers. What is needed: the
 * pages of every version there is, of every deleted one that the grace keeps or somebody reads, all
 * packs that captures in flight rely on ({@link ReliedPacks}), and of pages that are damaged where
 * a version needs them all others of the same contents ({@link SecondCopies}).
 *
 * <p>In this order:
 *
 * <ol>
 *   <li>What dead captures left is sealed, or gone; the packs there are now are looked at, and no
 *       others.
 *   <li>Manifests are listed, in an instant in which none is published, deleted or taken back
 *       ({@link KeptVersions}), and read. One that cannot be read might need anything: nothing is
 *       changed then.
 *   <li>The trash is emptied of what the grace does not keep and nobody reads, one by one; what was
 *       taken back or opened meanwhile counts as needed after all.
 *   <li>Packs of which nobody needs anything are removed, which makes room.
 *   <li>Packs past the threshold are written anew, one after another ({@link PackExchange}): one
 *       pack of space is needed at a time.
 *   <li>Where there is to be parity, what has none gets it ({@link StoreParity}).
 * </ol>
 *
 * A process that dies at any moment leaves a store with the same versions; what was not done is
 * done by the next compaction.
 */
final class Compaction {

  /** Manifests that are named when they cannot be read. */
  private static final int NAMED = 5;

  private static final long LONGEST_PAUSE_NANOS = 100_000_000;

  private final Repository repository;
  private final CompactOptions options;
  private final Task task;
  private final PackDirectory packs;
  private final Trash trash;
  private final PackExchange exchange;
  private final ReliedPacks.Others others;
  private final List<String> unreadable = new ArrayList<>();
  private final List<String> emptied = new ArrayList<>();
  private final List<CompactResult.Held> held = new ArrayList<>();
  private final List<String> left = new ArrayList<>();
  private LivePages live;
  private SecondCopies copies;
  private boolean unreadableDeleted;
  private int removed;
  private int rewritten;
  private int reliedOn;
  private long freed;
  private long written;
  private long deadPages;

  Compaction(Repository repository, CompactOptions options, Task task) {
    this.repository = repository;
    this.options = options;
    this.task = task;
    this.packs = repository.packs();
    this.trash = repository.trash();
    this.others = new ReliedPacks.Others(repository);
    this.exchange = new PackExchange(repository, others, () -> copies.isCurrent());
  }

  CompactResult run() {
    return options.dryRun() ? attempt() : repository.exclusion().compacting(this::attempt);
  }

  private CompactResult attempt() {
    try {
      return compact();
    } catch (IOException e) {
      throw new BlkshException("compact store " + repository.place(), IoFailure.reason(e), e);
    }
  }

  private CompactResult compact() throws IOException {
    long started = System.nanoTime();
    packs.close(); // other generations may have the names of those that are open
    if (!options.dryRun()) {
      task.phase("recovery");
      recover();
      ReliedPacks.removeAllEnded(repository.spool());
    }
    live = new LivePages(packs.sealed());
    KeptVersions versions = KeptVersions.list(repository, options);
    if (!options.dryRun()) {
      versions.rememberNumbers();
    }
    need(versions);
    if (options.dryRun()) {
      versions.going().forEach(entry -> emptied.add(entry.version().reference()));
    } else {
      empty(versions.going());
    }
    mustBeReadable();
    try (SecondCopies found = new SecondCopies(repository, live, others, task)) {
      copies = found;
      found.needForDamaged();
      if (found.silent().isEmpty()) {
        compactPacks();
      } else {
        leaveAll(found.silent());
      }
    }
    if (!options.dryRun()) {
      new StoreParity(repository, task).tidy(); // of what was written anew, and what went
    }
    return new CompactResult(
        live.packs(),
        removed,
        rewritten,
        freed,
        written,
        deadPages,
        reliedOn,
        List.copyOf(emptied),
        List.copyOf(held),
        List.copyOf(left),
        Duration.ofNanos(System.nanoTime() - started),
        options.dryRun());
  }

  /** What dead captures left needs room to be sealed, which this is to make. */
  private void recover() {
    try {
      new Recovery(repository).run();
    } catch (IndexConnection.UnusableException e) {
      task.note("the index cannot be written: " + e.problem());
    } catch (BlkshException e) {
      if (IoFailure.of(e) != IoFailure.NO_SPACE) {
        throw e;
      }
      task.note("what was left unfinished stays so for now: " + e.problem());
    }
  }

  // ---- what is needed ------------------------------------------------------------------------

  private void need(KeptVersions versions) {
    task.phase("manifests");
    versions.staying().forEach(this::hold);
    long bytes = 0;
    for (Version version : versions.versions()) {
      bytes += repository.manifests().bytes(version);
    }
    for (Trash.Entry entry : versions.staying().keySet()) {
      bytes += trash.bytes(entry);
    }
    task.expect(bytes);
    versions.versions().forEach(this::need);
    versions.staying().keySet().forEach(this::need);
    mustBeReadable();
  }

  private void hold(Trash.Entry entry, String why) {
    held.add(new CompactResult.Held(entry.version().reference(), why));
  }

  private void need(Version version) {
    task.checkCancelled();
    try (ManifestFile file = repository.manifests().open(version)) {
      need(file);
      task.advance(repository.manifests().bytes(version));
    } catch (BlkshException e) {
      ShelfAwayException.letPass(e);
      if (!needInTrash(version)) {
        unreadable.add(version.reference() + ": " + e.problem());
      }
    }
  }

  /** A version that was deleted since it was listed is needed all the same; false if it was not. */
  private boolean needInTrash(Version version) {
    List<Trash.Entry> entries = trash.entries(version);
    entries.forEach(this::need);
    return !entries.isEmpty();
  }

  private void need(Trash.Entry entry) {
    task.checkCancelled();
    try (ManifestFile file = trash.open(entry)) {
      need(file);
      task.advance(trash.bytes(entry));
    } catch (BlkshException e) {
      ShelfAwayException.letPass(e);
      if (!isHeld(entry)) {
        return; // removed for good, or taken back, since it was listed
      }
      unreadableDeleted = true;
      unreadable.add(entry.version().reference() + " (deleted, still kept): " + e.problem());
    }
  }

  private boolean isHeld(Trash.Entry entry) {
    try {
      // Under another name when it was taken back and deleted again.
      return trash.holds(entry)
          || repository.manifests().exists(entry.version())
          || !trash.entries(entry.version()).isEmpty();
    } catch (IOException e) {
      return true;
    }
  }

  private void need(ManifestFile file) {
    ExtentCursor extent = new ExtentCursor(file);
    try {
      while (extent.next()) {
        if (extent.kind == Extent.Kind.DATA) {
          live.need(file.packs()[extent.pack], extent.first, (int) (extent.end - extent.start));
        }
      }
    } catch (ManifestFile.DamagedManifest e) {
      // Which packs it needs is known, only not what of them.
      for (long pack : file.packs()) {
        live.need(pack, 0, Pack.MAX_PAGES);
      }
      task.finding(
          "%s: %s; all of its %d packs are kept"
              .formatted(file.manifest().reference(), e.getMessage(), file.packs().length));
    }
  }

  private void mustBeReadable() {
    if (unreadable.isEmpty()) {
      return;
    }
    int more = unreadable.size() - NAMED;
    String named = String.join("; ", unreadable.subList(0, Math.min(NAMED, unreadable.size())));
    throw new BlkshException(
            "compact store " + repository.place(),
            "what a version needs cannot be read, so nothing is removed: "
                + named
                + (more > 0 ? "; and %d more".formatted(more) : ""))
        .suggest(
            "put its manifest back from a copy of the store, or give it up: "
                + (unreadableDeleted
                    ? "trash --purge NAME@N removes a deleted one for good"
                    : "delete the version"));
  }

  // ---- the trash -----------------------------------------------------------------------------

  private void empty(List<Trash.Entry> going) {
    task.phase("trash");
    for (Trash.Entry entry : going) {
      task.checkCancelled();
      boolean gone = repository.exclusion().publishing(() -> empty(entry));
      if (gone) {
        emptied.add(entry.version().reference());
      } else if (needInTrash(entry.version())) {
        hold(entry, "is read");
      } else {
        need(entry.version());
      }
    }
  }

  /** False when it was taken back, or is read. */
  private boolean empty(Trash.Entry entry) throws IOException {
    String reference = entry.version().reference();
    return trash.holds(entry)
        && repository
            .exclusion()
            .unlessUsed(reference, () -> trash.removeForGood(entry, repository.marks()));
  }

  // ---- packs ---------------------------------------------------------------------------------

  /**
   * A pack to be written anew.
   *
   * @param place of it among all
   */
  private record Candidate(int place, long bytes, int dead) {}

  private void compactPacks() throws IOException {
    task.phase("packs");
    List<Integer> partly = new ArrayList<>();
    for (int place = 0; place < live.packs(); place++) {
      task.checkCancelled();
      if (!remove(place)) {
        partly.add(place);
      }
    }
    List<Candidate> candidates = new ArrayList<>();
    for (int place : partly) {
      task.checkCancelled();
      consider(place, candidates);
    }
    task.expect(task.done() + candidates.stream().mapToLong(Candidate::bytes).sum());
    for (Candidate candidate : options.dryRun() ? List.<Candidate>of() : candidates) {
      task.checkCancelled();
      rewrite(candidate);
      task.advance(candidate.bytes);
    }
  }

  /** False when something of it is needed. */
  private boolean remove(int place) throws IOException {
    long id = live.id(place);
    while (live.count(place) == 0 && spare(place) == 0) {
      long bytes = repository.bytes(PackDirectory.nameOf(id));
      switch (options.dryRun() ? dryRun(id) : letting(() -> exchange.remove(id))) {
        case DONE -> {
          removed++;
          freed += bytes;
          return true;
        }
        case RELIED_ON -> {
          reliedOn++;
          return true;
        }
        case TO_BE_DECIDED_ANEW -> copies.needForDamaged();
      }
    }
    return false;
  }

  private Outcome dryRun(long id) {
    return others.rely(id) ? Outcome.RELIED_ON : Outcome.DONE;
  }

  /** What happens to a pack. */
  private interface Step {
    Outcome run() throws IOException;
  }

  /** Lets those who waited come to their turn, for as long as it took. */
  private static Outcome letting(Step step) throws IOException {
    long before = System.nanoTime();
    Outcome done = step.run();
    LockSupport.parkNanos(Math.min(LONGEST_PAUSE_NANOS, System.nanoTime() - before));
    return done;
  }

  /**
   * Pages of a pack that stay, as those of the same contents that versions need are damaged; -1
   * when that cannot be found out.
   */
  private int spare(int place) {
    int pages = copies.spare(place);
    if (pages < 0) {
      leave(live.id(place), "what it has copies of cannot be read");
    } else if (pages > 0) {
      task.finding(
          "%s keeps %d pages no version names: where versions need the same they are damaged;"
                  .formatted(PackDirectory.nameOf(live.id(place)), pages)
              + " verify the store");
    }
    return pages;
  }

  private Pack open(int place) {
    try {
      return packs.acquire(live.id(place));
    } catch (BlkshException e) {
      ShelfAwayException.letPass(e);
      leave(live.id(place), e.problem());
      return null;
    }
  }

  private PackGeneration next(Pack pack, int place) {
    return new PackGeneration(
        packs, pack, live.needed(place), repository.codec(), options.recompress());
  }

  private void consider(int place, List<Candidate> candidates) throws IOException {
    try (Pack pack = open(place)) {
      if (pack == null || live.count(place) == pack.pages()) {
        return;
      }
      try (PackGeneration next = next(pack, place)) {
        PackGeneration.Prospect prospect = next.prospect();
        int spared = isDue(prospect) ? spare(place) : 0;
        if (spared > 0) {
          prospect = next.prospect();
        }
        if (spared < 0 || !isDue(prospect)) {
          deadPages += prospect.dead();
        } else if (!pack.footerSound()) {
          leave(pack.id(), "its footer is damaged");
        } else if (prospect.missing() > 0) {
          leave(pack.id(), prospect.missing() + " pages that are needed are not in it");
        } else if (others.rely(pack.id())) {
          reliedOn++; // known before it is written
          deadPages += prospect.dead();
        } else {
          candidates.add(new Candidate(place, pack.size(), prospect.dead()));
          if (options.dryRun()) {
            rewritten++;
            written += prospect.bytes();
            freed += pack.contentBytes() - prospect.bytes();
          }
        }
      } catch (PackGeneration.UnreadablePack e) {
        leave(pack.id(), IoFailure.reason(e));
      }
    }
  }

  private boolean isDue(PackGeneration.Prospect prospect) {
    return prospect.dead() > 0 && prospect.dead() * 100.0 >= options.threshold() * prospect.held();
  }

  private void tellSpared(long id, int pages) {
    if (pages > 0) {
      deadPages += pages;
      task.finding(
          "%s keeps %d pages nobody needs: what lies beside them cannot be read; verify the store"
              .formatted(PackDirectory.nameOf(id), pages));
    }
  }

  private void leave(long id, String problem) {
    left.add(PackDirectory.nameOf(id));
    task.finding(
        "%s is left as it is: %s; verify the store, then reindex it"
            .formatted(PackDirectory.nameOf(id), problem));
  }

  private void rewrite(Candidate candidate) throws IOException {
    try (Pack pack = open(candidate.place)) {
      if (pack == null) {
        return;
      }
      try (PackGeneration next = next(pack, candidate.place)) {
        next.write(repository.identity().idBytes(), task::checkCancelled);
        if (next.length() < candidate.bytes) {
          note(candidate, pack.id(), next, letting(() -> exchange.replace(pack.id(), next)));
        } else if (next.spared() > 0) {
          leave(pack.id(), "what lies beside pages nobody needs is damaged");
        } else {
          deadPages += candidate.dead; // it was compressed better than the store does now
          task.note(
              PackDirectory.nameOf(pack.id()) + " stays: written anew it would be no smaller");
        }
      } catch (PackGeneration.UnreadablePack e) {
        leave(pack.id(), IoFailure.reason(e));
      }
    }
  }

  private void note(Candidate candidate, long id, PackGeneration next, Outcome outcome) {
    switch (outcome) {
      case DONE -> {
        rewritten++;
        written += next.length();
        freed += candidate.bytes - next.length();
        tellSpared(id, next.spared());
      }
      case RELIED_ON -> {
        reliedOn++;
        deadPages += candidate.dead;
      }
      case TO_BE_DECIDED_ANEW -> {
        copies.needForDamaged();
        deadPages += candidate.dead; // the next compaction's
      }
    }
  }

  /** What might be the only sound copy of a page that is needed stays. */
  private void leaveAll(Set<Long> silent) {
    for (long id : silent) {
      leave(id, "what it holds cannot be read, so nothing is removed that may be a copy of it");
    }
  }
}
