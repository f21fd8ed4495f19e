package blksh.store;

import blksh.BlkshException;
import blksh.store.pack.FrameCache;
import blksh.store.pack.Pack;
import blksh.store.pack.Page;
import blksh.store.pack.PageReader;
import blksh.store.pack.PageSize;
import blksh.store.shelf.ShelfAwayException;
import blksh.task.CancelledException;
import blksh.task.Task;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * Pages that are known to be bad, that can be read nowhere in the store now, and that a version
 * needs which is there now; and packs that are missing and needed. By the versions themselves, not
 * by what was remembered of them: some may have been deleted or taken back since.
 */
final class LostPages {

  /** Parts of versions that are named. */
  private static final int NAMED = 10_000;

  private final Repository repository;
  private final Task task;

  /** By pack: pages that can be read nowhere, whether or not anybody needs them. */
  private final Map<Long, BitSet> unreadable = new TreeMap<>(Long::compareUnsigned);

  private final Map<Long, BitSet> needed = new TreeMap<>(Long::compareUnsigned);
  private final Map<Long, List<AffectedRange>> affected = new TreeMap<>(Long::compareUnsigned);
  private final Set<Long> missing = new HashSet<>();
  private final Set<String> versions = new HashSet<>();
  private final List<Damage> unreadableVersions = new ArrayList<>();
  private int named;

  private LostPages(Repository repository, Task task) {
    this.repository = repository;
    this.task = task;
  }

  /** Reads what is known to be bad, and walks all versions. */
  static LostPages look(Repository repository, Task task) {
    LostPages lost = new LostPages(repository, task);
    lost.read();
    lost.walk();
    return lost;
  }

  private void read() {
    byte[] bytes = new byte[repository.pageSize().bytes()];
    byte[] digest = new byte[Page.DIGEST];
    try (PageReader reader = repository.pages(new FrameCache(0), new FrameCache.Owner())) {
      for (StoreIndex.BadPages range : repository.indexes().rows().bad(null)) {
        int end = Math.min(range.past(), Pack.MAX_PAGES);
        for (int page = Math.max(0, range.first()); page < end; page++) {
          task.checkCancelled();
          if (reader.read(range.pack(), page, bytes, 0, digest, 0) < 0) {
            unreadable.computeIfAbsent(range.pack(), none -> new BitSet()).set(page);
          }
        }
      }
    }
  }

  private void walk() {
    Set<Long> there = new HashSet<>(repository.packs().sealed());
    VersionWalk walk = new VersionWalk(repository, task);
    for (Manifest manifest : repository.indexes().listing().manifests(null)) {
      try {
        walk.each(
            manifest,
            (image, pack, first, count) -> {
              BitSet lost = unreadable.get(pack);
              if (lost != null) {
                for (int page = lost.nextSetBit(first);
                    page >= 0 && page < first + count;
                    page = lost.nextSetBit(page + 1)) {
                  note(manifest, image + page - first, pack, page, 1);
                }
              } else if (!there.contains(pack)) {
                missing.add(pack);
                note(manifest, image, pack, first, count);
              }
            });
      } catch (CancelledException e) {
        throw e;
      } catch (BlkshException e) {
        ShelfAwayException.letPass(e);
        String blob = repository.manifests().blob(ManifestDirectory.Version.of(manifest));
        var all = new AffectedRange(manifest.reference(), 0, manifest.size());
        unreadableVersions.add(new Damage(blob, 0, 0, e.problem(), List.of(all)));
      }
    }
  }

  private void note(Manifest manifest, long image, long pack, int page, int count) {
    needed.computeIfAbsent(pack, none -> new BitSet()).set(page, page + count);
    versions.add(manifest.reference());
    List<AffectedRange> ranges = affected.computeIfAbsent(pack, none -> new ArrayList<>());
    PageSize pageSize = repository.pageSize();
    long from = pageSize.at(image);
    long length = Math.min(manifest.size(), pageSize.at(image + count)) - from;
    AffectedRange range = new AffectedRange(manifest.reference(), from, length);
    AffectedRange last = ranges.isEmpty() ? null : ranges.get(ranges.size() - 1);
    if (last != null && last.isBefore(range)) {
      ranges.set(ranges.size() - 1, last.with(range));
    } else if (ranges.isEmpty() || named < NAMED) {
      ranges.add(range);
      named++;
    }
  }

  /** The packs of which something is lost, with the pages of each that versions need. */
  Map<Long, BitSet> needed() {
    return needed;
  }

  /** Whether a pack is not there at all. */
  boolean isMissing(long pack) {
    return missing.contains(pack);
  }

  /** The parts of versions that are lost with a pack; of very many, not all. */
  List<AffectedRange> affected(long pack) {
    return affected.getOrDefault(pack, List.of());
  }

  /** The parts of a version that are lost; of very many, not all. */
  List<AffectedRange> in(String reference) {
    return affected.values().stream()
        .flatMap(List::stream)
        .filter(range -> range.manifest().equals(reference))
        .toList();
  }

  /** The versions that have lost something, by reference. */
  Set<String> versions() {
    return versions;
  }

  /** Versions whose manifests cannot be read through. */
  List<Damage> unreadableVersions() {
    return unreadableVersions;
  }
}
