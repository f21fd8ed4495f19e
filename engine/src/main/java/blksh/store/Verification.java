package blksh.store;

import blksh.BlkshException;
import blksh.block.Extent;
import blksh.task.CancelledException;
import blksh.task.Task;
import blksh.task.Workers;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.Collectors;

/**
 * One verification: packs first, in pieces on all cores; then manifests, which tell what the damage
 * found means for images; then what is derived. Damaged pages are taken out of the page index, so
 * that the next capture of the same data stores them again.
 */
final class Verification {

  private final Store store;
  private final VerifyOptions options;
  private final Task task;

  private final Map<Long, PackCheck> packs = new LinkedHashMap<>();
  private final List<Damage> damage = Collections.synchronizedList(new ArrayList<>());
  private final Map<Long, List<AffectedRange>> affectedByPack = new HashMap<>();
  private long frames;
  private long pages;
  private long readBytes;
  private long manifests;

  Verification(Store store, VerifyOptions options, Task task) {
    this.store = store;
    this.options = options;
    this.task = task;
  }

  VerifyReport run() {
    long started = System.nanoTime();
    if (store.descriptorProblem() != null) {
      damage.add(
          new Damage(
              StoreDescriptor.FILE,
              0,
              0,
              store.descriptorProblem() + "; nothing is lost, reindex repairs it",
              List.of()));
    }
    List<StoreIndex.PackRow> rows = indexRows();
    String remade = store.takeIndexProblem();
    if (remade != null) {
      damage.add(
          new Damage(
              Store.INDEX, 0, 0, remade + "; nothing is lost, it was made again", List.of()));
    }
    PageIndex pageIndex = rows == null ? null : openPageIndex(rows);
    // Before the packs: those a manifest names were all there when it was published.
    List<Store.ManifestEntry> entries = store.manifestEntries();
    for (long id : store.packs().list().sealed()) {
      packs.put(id, new PackCheck(store, id));
    }
    try {
      checkPacks(rows == null ? List.of() : rows, pageIndex);
      checkManifests(entries);
      reportPacks();
      if (rows != null && options.mode() == VerifyOptions.Mode.FULL) {
        checkIndex(rows);
      }
    } finally {
      packs.values().forEach(PackCheck::close);
    }
    damage.forEach(d -> task.finding(d.file() + ": " + d.problem()));
    return new VerifyReport(
        options.mode(),
        packs.size(),
        frames,
        pages,
        manifests,
        readBytes,
        List.copyOf(damage),
        Duration.ofNanos(System.nanoTime() - started));
  }

  // ---- packs ---------------------------------------------------------------------------------

  private record Piece(PackCheck pack, int number) {}

  private void checkPacks(List<StoreIndex.PackRow> rows, PageIndex pageIndex) {
    task.phase("packs");
    parallel(new ConcurrentLinkedQueue<>(packs.values()), PackCheck::structure);
    List<PackCheck> chosen = choose(rows);
    task.expect(chosen.stream().mapToLong(Verification::contentBytes).sum());
    Queue<Piece> pieces = new ConcurrentLinkedQueue<>();
    for (PackCheck pack : chosen) {
      for (int i = 0; i < pack.pieces(); i++) {
        pieces.add(new Piece(pack, i));
      }
    }
    PageIndexCheck indexCheck = new PageIndexCheck(pageIndex, rows);
    Workers.run(
        task,
        Workers.count(),
        () -> {
          PackCheck.Reader reader = new PackCheck.Reader();
          for (Piece piece = pieces.poll(); piece != null; piece = pieces.poll()) {
            task.checkCancelled();
            long before = reader.bytesRead;
            boolean last = piece.pack.contents(piece.number, reader, indexCheck);
            task.advance(reader.bytesRead - before);
            if (last && piece.pack.findings().isEmpty()) {
              store.packVerified(piece.pack.id(), Instant.now());
            }
          }
          synchronized (this) {
            frames += reader.framesRead;
            pages += reader.pagesProven;
            readBytes += reader.bytesRead;
          }
        },
        pieces::clear);
    boolean allSound = packs.values().stream().allMatch(p -> p.findings().isEmpty());
    if (options.mode() == VerifyOptions.Mode.FULL && allSound && pageIndex != null) {
      String problem =
          store.withIndexLocked(() -> unchangedSince(rows) ? indexCheck.problem() : null);
      if (problem != null) {
        damage.add(derived(Store.PAGE_INDEX, problem));
      }
    }
  }

  private boolean unchangedSince(List<StoreIndex.PackRow> rows) {
    try {
      return store.index().packs().size() == rows.size();
    } catch (BlkshException e) {
      return false;
    }
  }

  private static long contentBytes(PackCheck pack) {
    PackFooter footer = pack.pack() == null ? null : pack.pack().footer();
    if (footer == null || footer.frames() == 0) {
      return 0;
    }
    int last = footer.frames() - 1;
    return footer.offset(last) + footer.storedLength(last);
  }

  /** The packs to read: those verified longest ago first, until the share is reached. */
  private List<PackCheck> choose(List<StoreIndex.PackRow> rows) {
    List<PackCheck> all =
        packs.values().stream().filter(p -> p.pack() != null).collect(Collectors.toList());
    if (options.mode() == VerifyOptions.Mode.QUICK) {
      return List.of();
    }
    if (options.mode() == VerifyOptions.Mode.FULL) {
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

  private <T> void parallel(Queue<T> queue, java.util.function.Consumer<T> action) {
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

  // ---- manifests -----------------------------------------------------------------------------

  private void checkManifests(List<Store.ManifestEntry> entries) {
    task.phase("manifests");
    manifests = entries.size();
    parallel(new ConcurrentLinkedQueue<>(entries), this::checkManifest);
  }

  private void checkManifest(Store.ManifestEntry entry) {
    String reference = entry.name() + "@" + entry.version();
    String fileName = store.path().relativize(entry.path()).toString();
    try (ManifestFile file = ManifestFile.open(entry.path());
        PackDigests digests = new PackDigests(store.packs())) {
      Manifest manifest = file.manifest();
      if (!manifest.reference().equals(reference)) {
        damage.add(new Damage(fileName, 0, 0, "it says it is " + manifest.reference(), List.of()));
      }
      file.bad(0, manifest.size());
      walk(file, fileName, digests);
    } catch (CancelledException e) {
      throw e;
    } catch (BlkshException e) {
      if (!Files.exists(entry.path())) {
        return; // deleted since it was listed
      }
      long size = store.listedSize(entry.name(), entry.version());
      damage.add(
          new Damage(
              fileName,
              0,
              size(entry.path()),
              e.problem(),
              List.of(new AffectedRange(reference, 0, size))));
    }
  }

  private static long size(Path path) {
    try {
      return Files.size(path);
    } catch (IOException e) {
      return 0;
    }
  }

  private void walk(ManifestFile file, String fileName, PackDigests digests) {
    boolean full = options.mode() == VerifyOptions.Mode.FULL;
    Manifest manifest = file.manifest();
    RootDigest root = full ? new RootDigest() : null;
    byte[] digest = new byte[Page.DIGEST * 256];
    ManifestFile.Cursor cursor = file.new Cursor();
    boolean provable = true;
    long at = 0;
    while (at < file.pages()) {
      task.checkCancelled();
      try {
        if (at > 0 || cursor.end > 0) {
          cursor.seek(at);
        } else {
          cursor.next();
        }
      } catch (ManifestFile.DamagedManifest e) {
        provable = false;
        long end = Math.max(at + 1, e.end);
        damage.add(
            new Damage(
                fileName,
                0,
                0,
                e.getMessage(),
                List.of(range(manifest, Math.max(at, e.first), end))));
        at = end;
        continue;
      }
      if (cursor.start != at) {
        damage.add(
            new Damage(
                fileName,
                0,
                0,
                "no extent holds page " + at,
                List.of(range(manifest, at, cursor.end))));
        provable = false;
      }
      if (cursor.kind == Extent.Kind.DATA) {
        provable &= data(file, cursor, root, digest, digests);
      } else if (root != null) {
        root.add(cursor.kind, cursor.end - cursor.start);
      }
      at = cursor.end;
    }
    if (root != null && provable && !root.finish(manifest.size()).equals(manifest.root())) {
      damage.add(
          new Damage(
              fileName,
              0,
              0,
              "its pages do not give its root digest",
              List.of(new AffectedRange(manifest.reference(), 0, manifest.size()))));
    }
  }

  private static AffectedRange range(Manifest manifest, long first, long end) {
    long from = first * Page.SIZE;
    return new AffectedRange(
        manifest.reference(), from, Math.min(manifest.size(), end * Page.SIZE) - from);
  }

  /** Checks that the pages of an extent are there; false when the root cannot be had any more. */
  private boolean data(
      ManifestFile file,
      ManifestFile.Cursor cursor,
      RootDigest root,
      byte[] digest,
      PackDigests digests) {
    long packId = file.packs()[cursor.pack];
    int count = (int) (cursor.end - cursor.start);
    PackCheck check = packs.get(packId);
    Manifest manifest = file.manifest();
    if (check == null || check.pack() == null) {
      affected(packId, range(manifest, cursor.start, cursor.end));
      return false;
    }
    boolean whole = true;
    check
        .bad()
        .within(
            cursor.first,
            cursor.first + count,
            (first, end) -> lost(check, manifest, cursor.start - cursor.first, first, end));
    PackFooter footer = check.pack().footer();
    int missingFrom = -1;
    int page = cursor.first;
    while (page < cursor.first + count) {
      int frame = footer.frameOf(page);
      if (frame < 0) {
        missingFrom = page;
        break;
      }
      page = footer.firstPage(frame) + footer.pagesIn(frame);
    }
    if (missingFrom >= 0) {
      lost(check, manifest, cursor.start - cursor.first, missingFrom, cursor.first + count);
      whole = false;
    }
    if (root == null || !whole) {
      return whole;
    }
    for (int i = 0; i < count; i += 256) {
      int some = Math.min(256, count - i);
      for (int j = 0; j < some; j++) {
        if (!digests.read(packId, cursor.first + i + j, digest, j * Page.DIGEST)) {
          return false;
        }
      }
      root.addData(digest, 0, some);
    }
    return true;
  }

  /** Notes damaged pages that a manifest needs, unless they are stored again elsewhere. */
  private void lost(PackCheck check, Manifest manifest, long shift, int first, int end) {
    int from = -1;
    for (int page = first; page <= end; page++) {
      boolean gone = page < end && !healed(check, page);
      if (gone && from < 0) {
        from = page;
      } else if (!gone && from >= 0) {
        affected(check.id(), range(manifest, shift + from, shift + page));
        from = -1;
      }
    }
  }

  private boolean healed(PackCheck check, int page) {
    FrameCache cache = new FrameCache(0);
    FrameCache.Owner owner = new FrameCache.Owner();
    try (PageReader reader = new PageReader(store, cache, owner)) {
      byte[] bytes = new byte[Page.SIZE];
      return reader.read(check.id(), page, bytes, 0, new byte[Page.DIGEST], 0) >= 0;
    }
  }

  private synchronized void affected(long packId, AffectedRange range) {
    affectedByPack.computeIfAbsent(packId, k -> new ArrayList<>()).add(range);
  }

  // ---- reporting -----------------------------------------------------------------------------

  private void reportPacks() {
    for (PackCheck check : packs.values()) {
      List<AffectedRange> ranges = affectedByPack.getOrDefault(check.id(), List.of());
      String file = fileOf(check.id());
      List<PackCheck.Finding> findings = check.findings();
      for (int i = 0; i < findings.size(); i++) {
        PackCheck.Finding f = findings.get(i);
        // All that a pack's damage affects is told once, with its first finding.
        damage.add(
            new Damage(file, f.start(), f.length(), f.problem(), i == 0 ? ranges : List.of()));
      }
      if (findings.isEmpty() && !ranges.isEmpty()) {
        damage.add(new Damage(file, 0, 0, "pages are missing from it", ranges));
      }
      store.forgetPages(check);
    }
    affectedByPack.forEach(
        (id, ranges) -> {
          if (!packs.containsKey(id)) {
            damage.add(new Damage(fileOf(id), 0, 0, "the pack is missing", ranges));
          }
        });
  }

  private String fileOf(long packId) {
    return store.path().relativize(store.packs().pathOf(packId)).toString();
  }

  // ---- what is derived -----------------------------------------------------------------------

  private static Damage derived(String file, String problem) {
    return new Damage(file, 0, 0, problem + "; nothing is lost, reindex makes it again", List.of());
  }

  /** The rows of packs, or null when the index cannot be used. */
  private List<StoreIndex.PackRow> indexRows() {
    try {
      return store.index().packs();
    } catch (BlkshException e) {
      damage.add(derived(Store.INDEX, e.problem()));
      return null;
    }
  }

  private PageIndex openPageIndex(List<StoreIndex.PackRow> rows) {
    Path path = store.path().resolve(Store.PAGE_INDEX);
    if (!Files.exists(path)) {
      return null;
    }
    PageIndex index = PageIndex.open(path, false);
    if (index == null) {
      damage.add(derived(Store.PAGE_INDEX, "its header is damaged"));
      return null;
    }
    try {
      String generation = store.index().meta(Store.GENERATION);
      if (Long.toString(index.generation()).equals(generation)) {
        return index;
      }
      boolean expected =
          generation == null ? rows.isEmpty() : generation.equals(Store.NO_GENERATION);
      if (!expected) {
        damage.add(derived(Store.INDEX, "it does not belong to pages.idx"));
      }
    } catch (BlkshException e) {
      damage.add(derived(Store.INDEX, e.problem()));
    }
    return null;
  }

  private void checkIndex(List<StoreIndex.PackRow> rows) {
    try {
      String problem = store.index().integrity();
      if (problem == null) {
        problem = packRowProblem(rows);
      }
      if (problem == null) {
        problem = store.manifestRowProblem();
      }
      if (problem != null) {
        damage.add(derived(Store.INDEX, problem));
      }
    } catch (BlkshException e) {
      damage.add(derived(Store.INDEX, e.problem()));
    }
  }

  private String packRowProblem(List<StoreIndex.PackRow> rows) {
    for (StoreIndex.PackRow row : rows) {
      PackCheck check = packs.get(row.id());
      if (check == null || check.pack() == null) {
        return "it lists pack " + PackDirectory.idText(row.id()) + ", which is missing";
      }
      PackFooter footer = check.pack().footer();
      if (check.pack().footerSound()
          && (row.pages() != footer.pages()
              || row.frames() != footer.frames()
              || row.rawBytes() != footer.rawBytes()
              || row.fileBytes() != size(check.pack().path()))) {
        return "what it says of pack " + PackDirectory.idText(row.id()) + " is wrong";
      }
    }
    return null;
  }
}
