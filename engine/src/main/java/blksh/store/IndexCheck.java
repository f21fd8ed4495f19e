package blksh.store;

import blksh.BlkshException;
import blksh.store.pack.Pack;
import blksh.store.pack.PackCheck;
import blksh.store.pack.PackDirectory;
import blksh.store.pack.PageIndex;
import blksh.store.shelf.ShelfAwayException;
import java.io.IOException;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BooleanSupplier;

/** The check of what is derived, against the packs and manifests it must agree with. */
final class IndexCheck {

  private final Repository repository;
  private final DerivedIndexes indexes;
  private final DamageReport report;

  IndexCheck(Repository repository, DamageReport report) {
    this.repository = repository;
    this.indexes = repository.indexes();
    this.report = report;
  }

  /** The rows of packs, or null when they cannot be used. */
  List<StoreIndex.PackRow> packRows() {
    List<StoreIndex.PackRow> rows = null;
    try {
      rows = indexes.rows().packs();
    } catch (BlkshException e) {
      ShelfAwayException.letPass(e);
      report.addDerived(DerivedIndexes.INDEX, e.problem());
    }
    String remade = indexes.takeProblem();
    if (remade != null) {
      report.addHarmless(DerivedIndexes.INDEX, remade + "; nothing is lost, it was made again");
    }
    return rows;
  }

  /** The pages of a pack, or (null) of all, that are remembered as bad. */
  List<StoreIndex.BadPages> bad(Long pack) {
    try {
      return indexes.rows().bad(pack);
    } catch (BlkshException e) {
      ShelfAwayException.letPass(e);
      return List.of(); // reported with the rows
    }
  }

  /** The damaged places that are remembered; null when they cannot be read. */
  List<KnownDamage.Place> places() {
    try {
      return indexes.rows().damage().places();
    } catch (BlkshException e) {
      ShelfAwayException.letPass(e);
      return null; // reported with the rows
    }
  }

  /** What was told of before. */
  HealedPages healed() {
    Set<String> told = Set.of();
    try {
      told = indexes.rows().damage().told();
    } catch (BlkshException e) {
      ShelfAwayException.letPass(e);
      // then everything is told of once more
    }
    return new HealedPages(bad(null), told);
  }

  /** Notes what a verification told of that has come to its end. */
  void told(List<Damage> found) {
    try {
      if (indexes.writable()) {
        indexes.rows().damage().replaceTold(found);
      }
    } catch (BlkshException e) {
      ShelfAwayException.letPass(e);
      // then everything is told of once more
    }
  }

  /** The page index when it is one of these rows, or null. */
  PageIndex pageIndex(List<StoreIndex.PackRow> rows) {
    PageIndex found;
    try {
      found = indexes.foundPageIndex();
    } catch (DamagedPageIndexException e) {
      report.addDerived(DerivedIndexes.PAGE_INDEX, e.getMessage());
      return null;
    }
    if (found == null) {
      return null;
    }
    try {
      switch (indexes.match(found, !rows.isEmpty())) {
        case SAME -> {
          return found;
        }
        case FOREIGN ->
            report.addDerived(
                DerivedIndexes.INDEX, "it does not belong to " + DerivedIndexes.PAGE_INDEX);
        case OF_ANOTHER_TIME ->
            report.addDerived(
                DerivedIndexes.PAGE_INDEX, "it is of another time than " + DerivedIndexes.INDEX);
        case EXPECTED -> {}
      }
    } catch (BlkshException e) {
      ShelfAwayException.letPass(e);
      report.addDerived(DerivedIndexes.INDEX, e.problem());
    }
    return null;
  }

  /** Puts pages back that could not be read once, and are sound. */
  void putBack(PageIndexCheck check, List<StoreIndex.PackRow> rows) {
    try {
      var pages = new DamagedPages(indexes, repository.packs());
      check.putBack(pages.putBack(check.returned(), unchangedSince(rows)));
    } catch (BlkshException e) {
      ShelfAwayException.letPass(e);
      // an index that cannot be changed still leads to every other page
    }
  }

  /** Reports what is wrong with the page index after all pages of sound packs were seen. */
  void checkPages(PageIndexCheck check, List<StoreIndex.PackRow> rows) {
    BooleanSupplier unchanged = unchangedSince(rows);
    String problem = indexes.locked(() -> unchanged.getAsBoolean() ? check.problem(null) : null);
    if (problem != null) {
      LivePages held = held(rows);
      problem = indexes.locked(() -> unchanged.getAsBoolean() ? check.problem(held) : null);
    }
    if (problem != null) {
      report.addDerived(DerivedIndexes.PAGE_INDEX, problem);
    }
  }

  /** The pages that packs hold. */
  private LivePages held(List<StoreIndex.PackRow> rows) {
    LivePages held = new LivePages(rows.stream().map(StoreIndex.PackRow::id).toList());
    for (StoreIndex.PackRow row : rows) {
      BitSet dropped = new BitSet();
      try (Pack pack = repository.packs().acquire(row.id())) {
        pack.forEachDropped(dropped::set);
        for (int page = dropped.nextClearBit(0); page < pack.pages(); ) {
          int next = dropped.nextSetBit(page);
          int past = next < 0 ? pack.pages() : next;
          held.need(row.id(), page, past - page);
          page = dropped.nextClearBit(past);
        }
      } catch (BlkshException | IOException e) {
        ShelfAwayException.letPass(e);
        held.need(row.id(), 0, Pack.MAX_PAGES); // not known
      }
    }
    return held;
  }

  /** To be asked while nobody changes them: they are opened before. */
  private BooleanSupplier unchangedSince(List<StoreIndex.PackRow> rows) {
    StoreIndex now = indexes.rows();
    return () -> {
      try {
        return summary(now.packs()).equals(summary(rows));
      } catch (BlkshException e) {
        ShelfAwayException.letPass(e);
        return false;
      }
    };
  }

  /** What changes when packs come, go, or are written anew. */
  private static List<List<Long>> summary(List<StoreIndex.PackRow> rows) {
    return rows.stream().map(row -> List.of(row.id(), row.fileBytes())).toList();
  }

  /** Reports what is wrong with the rows. */
  void checkRows(List<StoreIndex.PackRow> rows, Map<Long, PackCheck> packs) {
    try {
      String problem = indexes.rows().integrity();
      if (problem == null) {
        problem = packRowProblem(rows, packs);
      }
      if (problem == null) {
        problem = manifestRowProblem();
      }
      if (problem != null) {
        report.addDerived(DerivedIndexes.INDEX, problem);
      }
    } catch (BlkshException e) {
      ShelfAwayException.letPass(e);
      report.addDerived(DerivedIndexes.INDEX, e.problem());
    }
  }

  private String packRowProblem(List<StoreIndex.PackRow> rows, Map<Long, PackCheck> packs) {
    for (StoreIndex.PackRow row : rows) {
      PackCheck check = packs.get(row.id());
      if (check == null || check.shape() == null) {
        if (!isUnchanged(row)) {
          continue; // removed since
        }
        return "it lists pack " + PackDirectory.idText(row.id()) + ", which is missing";
      }
      // One that is not entered is entered again by the next capture.
      if (row.indexed()
          && check.shape().footerSound()
          && !agree(row, check.shape())
          && isUnchanged(row)
          && isUnchanged(check)) {
        return "what it says of pack " + PackDirectory.idText(row.id()) + " is wrong";
      }
    }
    return null;
  }

  private boolean isUnchanged(StoreIndex.PackRow row) {
    StoreIndex all = indexes.rows();
    return indexes.locked(
        () ->
            all.packs().stream()
                .anyMatch(now -> now.id() == row.id() && now.fileBytes() == row.fileBytes()));
  }

  private boolean isUnchanged(PackCheck check) {
    repository.packs().forget(check.id());
    try (Pack now = repository.packs().acquire(check.id())) {
      return now.size() == check.shape().fileBytes();
    } catch (BlkshException | IOException e) {
      ShelfAwayException.letPass(e);
      return false;
    }
  }

  private static boolean agree(StoreIndex.PackRow row, PackCheck.Shape pack) {
    return row.pages() == pack.pages()
        && row.frames() == pack.frames()
        && row.rawBytes() == pack.rawBytes()
        && row.fileBytes() == pack.fileBytes();
  }

  /** What rows of manifests say that their blobs do not, or null. */
  private String manifestRowProblem() {
    for (StoreIndex.ManifestRow row : indexes.rows().manifests(null)) {
      var version = ManifestDirectory.Version.of(row.manifest());
      try (ManifestFile file = repository.manifests().open(version)) {
        if (!row.manifest().equals(file.manifest())) {
          return "what it says of " + version.reference() + " is wrong";
        }
      } catch (BlkshException e) {
        ShelfAwayException.letPass(e);
        // gone, or reported with the manifest
      }
    }
    return null;
  }
}
