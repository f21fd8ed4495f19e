package blksh.store;

import blksh.BlkshException;
import blksh.store.pack.Pack;
import blksh.store.pack.PackCheck;
import blksh.store.pack.PackDirectory;
import blksh.store.pack.PageIndex;
import blksh.store.parity.ParityBlobs;
import blksh.task.Task;
import blksh.task.Workers;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/**
 * One verification: packs first, in pieces on all cores; then manifests, which tell what the damage
 * found means for images; then parity, and what is derived. Damaged pages are taken out of the page
 * index, so that the next capture of the same data stores them again.
 *
 * <p>Each pack is noted once all of it was read, so what was stopped goes on with the others. What
 * an earlier one found damaged is looked at again by every later one, also where it reads nothing
 * else of the pack: it is reported until it is sound.
 */
final class Verification {

  private final Repository repository;
  private final VerifyOptions options;
  private final Task task;
  private final boolean full;

  /** By id; none is open but while its contents are read. */
  private final Map<Long, PackCheck> packs = new LinkedHashMap<>();

  private final DamageReport report = new DamageReport();
  private final IndexCheck indexCheck;
  private final DamagedPages noted;

  /** What was known to be damaged when this began. */
  private List<KnownDamage.Place> places = List.of();

  private long frames;
  private long pages;
  private long readBytes;

  Verification(Repository repository, VerifyOptions options, Task task) {
    this.repository = repository;
    this.options = options;
    this.task = task;
    this.full = options.mode() == VerifyOptions.Mode.FULL;
    this.indexCheck = new IndexCheck(repository, report);
    this.noted = new DamagedPages(repository.indexes(), repository.packs());
  }

  VerifyReport run() {
    long started = System.nanoTime();
    String lost = repository.identity().problem();
    if (lost != null) {
      report.addHarmless(StoreDescriptor.FILE, lost + "; nothing is lost, reindex repairs it");
    }
    List<StoreIndex.PackRow> rows = indexCheck.packRows();
    List<KnownDamage.Place> known = indexCheck.places();
    places = known == null ? List.of() : known;
    HealedPages healed = indexCheck.healed();
    PageIndex pageIndex = rows == null ? null : indexCheck.pageIndex(rows);
    // Before the packs: those a manifest names were all there when it was published.
    List<ManifestDirectory.Version> versions = repository.manifests().versions();
    byte[] storeId = repository.identity().idBytes();
    repository.packs().close(); // other generations may have the names of those that are open
    for (long id : repository.packs().sealed()) {
      packs.put(id, new PackCheck(repository.packs(), id, storeId));
    }
    checkPacks(rows == null ? List.of() : rows, pageIndex);
    // What was removed since it was listed: a version that needs it says that it is missing.
    packs.values().removeIf(PackCheck::vanished);
    task.phase("manifests");
    Set<String> suspect = places.stream().map(p -> p.damage().file()).collect(Collectors.toSet());
    ManifestCheck manifests =
        new ManifestCheck(repository, packs, b -> full || suspect.contains(b), report, task);
    parallel(versions, manifests::check);
    report.addPacks(packs.values(), healed);
    ParityCheck parityCheck = new ParityCheck(repository, packs::get, report, task);
    int parity = parityCheck.run(blob -> isParityWanted(blob, suspect));
    parityCheck.tell();
    if (known != null) {
      remember();
    }
    if (rows != null && full) {
      indexCheck.checkRows(rows, packs);
    }
    report.tell(task);
    if (known != null) {
      indexCheck.told(report.known());
    }
    return new VerifyReport(
        options.mode(),
        packs.size(),
        frames,
        pages,
        versions.size(),
        parity,
        readBytes,
        report.list(),
        report.count(),
        report.healed(),
        Duration.ofNanos(System.nanoTime() - started));
  }

  /** Of what is read, and what was found damaged before. */
  private boolean isParityWanted(String blob, Set<String> suspect) {
    if (full || suspect.contains(ParityBlobs.nameOf(blob))) {
      return true;
    }
    PackCheck check = PackDirectory.idOf(blob).map(packs::get).orElse(null);
    return check != null && check.wasRead();
  }

  /**
   * What was known when this began was looked at again, and packs that were read say all there is
   * of them; what another verification has found meanwhile elsewhere stays.
   */
  private void remember() {
    try {
      if (repository.indexes().writable()) {
        List<Damage> found =
            report.known().stream().filter(d -> !DerivedIndexes.isDerived(d.file())).toList();
        Set<String> looked =
            places.stream().map(p -> KnownDamage.key(p.damage())).collect(Collectors.toSet());
        // And what this one noted itself, before it was known what it means.
        packs
            .values()
            .forEach(pack -> DamageReport.of(pack).forEach(d -> looked.add(KnownDamage.key(d))));
        Set<String> files =
            packs.values().stream()
                .filter(PackCheck::wasRead)
                .map(pack -> PackDirectory.nameOf(pack.id()))
                .collect(Collectors.toSet());
        repository
            .indexes()
            .rows()
            .damage()
            .replacePlaces(looked, files, found, report.cut(), Instant.now());
      }
    } catch (BlkshException e) {
      task.note("what is damaged cannot be noted for the next time: " + e.problem());
    }
  }

  private <T> void parallel(Collection<T> items, Consumer<T> action) {
    Queue<T> queue = new ConcurrentLinkedQueue<>(items);
    Workers.run(
        task,
        Workers.count(),
        () -> {
          for (T item = queue.poll(); item != null; item = queue.poll()) {
            task.checkCancelled();
            action.accept(item);
          }
        },
        queue::clear);
  }

  // ---- packs ---------------------------------------------------------------------------------

  private void checkPacks(List<StoreIndex.PackRow> rows, PageIndex pageIndex) {
    task.phase("packs");
    parallel(
        packs.values(),
        pack -> {
          pack.structure();
          pack.close();
        });
    List<PackCheck> chosen = choose(rows);
    task.expect(chosen.stream().mapToLong(Verification::contentBytes).sum());
    PackPieces pieces = new PackPieces(chosen);
    List<StoreIndex.BadPages> bad = indexCheck.bad(null);
    PageIndexCheck pagesCheck = new PageIndexCheck(pageIndex, rows, bad);
    Collection<PackCheck> again = again(chosen, bad);
    try {
      Workers.run(
          task,
          Workers.count(),
          () -> {
            PackCheck.Reader reader = new PackCheck.Reader();
            for (PackPieces.Piece piece = pieces.next(); piece != null; piece = pieces.next()) {
              task.checkCancelled();
              long before = reader.bytesRead();
              PackCheck pack = piece.pack();
              boolean last = pack.contents(piece.number(), reader, pagesCheck);
              task.advance(reader.bytesRead() - before);
              if (last) {
                pack.close();
                noted.note(pack);
              }
            }
            count(reader);
          },
          pieces::stop);
      parallel(again, pack -> lookAgain(pack, pagesCheck));
    } finally {
      chosen.forEach(PackCheck::close);
    }
    indexCheck.putBack(pagesCheck, rows);
    boolean allSound = packs.values().stream().allMatch(pack -> pack.damagedParts() == 0);
    if (full && allSound && pageIndex != null) {
      indexCheck.checkPages(pagesCheck, rows);
    }
  }

  private synchronized void count(PackCheck.Reader reader) {
    frames += reader.framesRead();
    pages += reader.pagesProven();
    readBytes += reader.bytesRead();
  }

  /** Packs that are not read this time, and of which something is known to be damaged. */
  private Collection<PackCheck> again(Collection<PackCheck> chosen, List<StoreIndex.BadPages> bad) {
    Map<Long, PackCheck> again = new LinkedHashMap<>();
    Map<String, PackCheck> byName = new HashMap<>();
    packs.values().forEach(pack -> byName.put(PackDirectory.nameOf(pack.id()), pack));
    for (StoreIndex.BadPages range : bad) {
      again.put(range.pack(), packs.get(range.pack()));
    }
    for (KnownDamage.Place place : places) {
      PackCheck pack = byName.get(place.damage().file());
      if (pack != null) {
        again.put(pack.id(), pack);
      }
    }
    again.values().removeIf(pack -> pack == null || pack.shape() == null);
    again.values().removeAll(Set.copyOf(chosen));
    return again.values();
  }

  /** What is sound by now is no damage any more; what is not is found as if it were new. */
  private void lookAgain(PackCheck pack, PageIndexCheck sound) {
    String file = PackDirectory.nameOf(pack.id());
    List<int[]> ranges =
        indexCheck.bad(pack.id()).stream()
            .filter(range -> range.first() >= 0 && range.past() <= Pack.MAX_PAGES)
            .map(range -> new int[] {range.first(), range.past()})
            .toList();
    List<PackCheck.DamagedBytes> bytes =
        places.stream()
            .map(KnownDamage.Place::damage)
            .filter(damage -> damage.file().equals(file))
            .map(d -> new PackCheck.DamagedBytes(d.start(), d.length(), d.problem(), false))
            .toList();
    PackCheck.Reader reader = new PackCheck.Reader();
    if (pack.open()) {
      BitSet looked;
      try (pack) {
        looked = pack.again(ranges, bytes, reader, sound);
      }
      noted.note(pack, looked);
    }
    count(reader);
  }

  private static long contentBytes(PackCheck check) {
    return check.shape().contentBytes();
  }

  /**
   * The packs to read: those that nobody has looked at for longest first, since they were written
   * or read, until the share is reached. So each has its turn, however much comes new, and one that
   * is damaged does not come again before the others.
   */
  private List<PackCheck> choose(List<StoreIndex.PackRow> rows) {
    List<PackCheck> all =
        packs.values().stream().filter(p -> p.shape() != null).collect(Collectors.toList());
    if (options.mode() == VerifyOptions.Mode.QUICK) {
      return List.of();
    }
    if (full) {
      return all;
    }
    Instant now = Instant.now();
    Map<Long, Instant> seen = new HashMap<>();
    rows.forEach(row -> seen.put(row.id(), row.dates().lastSeen(now)));
    Collections.shuffle(all); // where no dates can be noted, other ones each time
    all.sort(Comparator.comparing(p -> seen.getOrDefault(p.id(), Instant.EPOCH)));
    double wanted =
        all.stream().mapToLong(Verification::contentBytes).sum() * options.samplePercent() / 100;
    List<PackCheck> chosen = new ArrayList<>();
    double sum = 0;
    for (PackCheck pack : all) {
      if (sum >= wanted) {
        break;
      }
      chosen.add(pack);
      sum += contentBytes(pack);
    }
    return chosen;
  }
}
