package blksh.store;

import blksh.store.pack.PackCheck;
import blksh.store.pack.PageIndex;
import blksh.task.Task;
import blksh.task.Workers;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/**
 * One verification: packs first, in pieces on all cores; then manifests, which tell what the damage
 * found means for images; then what is derived. Damaged pages are taken out of the page index, so
 * that the next capture of the same data stores them again.
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
  private long frames;
  private long pages;
  private long readBytes;

  Verification(Repository repository, VerifyOptions options, Task task) {
    this.repository = repository;
    this.options = options;
    this.task = task;
    this.full = options.mode() == VerifyOptions.Mode.FULL;
    this.indexCheck = new IndexCheck(repository, report);
  }

  VerifyReport run() {
    long started = System.nanoTime();
    String lost = repository.identity().problem();
    if (lost != null) {
      report.addHarmless(StoreDescriptor.FILE, lost + "; nothing is lost, reindex repairs it");
    }
    List<StoreIndex.PackRow> rows = indexCheck.packRows();
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
    ManifestCheck manifests = new ManifestCheck(repository, packs, full, report, task);
    parallel(versions, manifests::check);
    report.addPacks(packs.values());
    packs.values().forEach(new DamagedPages(repository.indexes(), repository.packs())::note);
    if (rows != null && full) {
      indexCheck.checkRows(rows, packs);
    }
    report.tell(task);
    return new VerifyReport(
        options.mode(),
        packs.size(),
        frames,
        pages,
        versions.size(),
        readBytes,
        report.list(),
        report.count(),
        Duration.ofNanos(System.nanoTime() - started));
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
    PageIndexCheck pagesCheck = new PageIndexCheck(pageIndex, rows, indexCheck.bad());
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
                if (pack.damagedParts() == 0) {
                  repository
                      .indexes()
                      .packVerified(pack.id(), pack.shape().fileBytes(), Instant.now());
                }
              }
            }
            synchronized (this) {
              frames += reader.framesRead();
              pages += reader.pagesProven();
              readBytes += reader.bytesRead();
            }
          },
          pieces::stop);
    } finally {
      chosen.forEach(PackCheck::close);
    }
    indexCheck.putBack(pagesCheck, rows);
    boolean allSound = packs.values().stream().allMatch(pack -> pack.damagedParts() == 0);
    if (full && allSound && pageIndex != null) {
      indexCheck.checkPages(pagesCheck, rows);
    }
  }

  private static long contentBytes(PackCheck check) {
    return check.shape().contentBytes();
  }

  /** The packs to read: those verified longest ago first, until the share is reached. */
  private List<PackCheck> choose(List<StoreIndex.PackRow> rows) {
    List<PackCheck> all =
        packs.values().stream().filter(p -> p.shape() != null).collect(Collectors.toList());
    if (options.mode() == VerifyOptions.Mode.QUICK) {
      return List.of();
    }
    if (full) {
      return all;
    }
    Map<Long, Instant> verified = new HashMap<>();
    rows.stream()
        .filter(row -> row.verified() != null)
        .forEach(row -> verified.put(row.id(), row.verified()));
    all.sort(Comparator.comparing(p -> verified.getOrDefault(p.id(), Instant.EPOCH)));
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
