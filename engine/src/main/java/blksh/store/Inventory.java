package blksh.store;

import java.util.Comparator;
import java.util.List;

/** Adds up what a store holds. */
final class Inventory {

  private final Repository repository;

  Inventory(Repository repository) {
    this.repository = repository;
  }

  StoreInfo run() {
    List<StoreIndex.PackRow> packs = repository.indexes().packRows();
    Listing listing = repository.indexes().listing();
    List<Manifest> manifests = listing.manifests(null);
    boolean never = packs.stream().anyMatch(row -> row.verified() == null);
    return new StoreInfo(
        repository.path(),
        repository.identity().id().toString(),
        repository.codec(),
        listing.names().size(),
        manifests.size(),
        packs.size(),
        packs.stream().mapToLong(StoreIndex.PackRow::pages).sum(),
        repository.storedBytes(),
        packs.stream().mapToLong(StoreIndex.PackRow::rawBytes).sum(),
        manifests.stream().mapToLong(Manifest::size).sum(),
        never || packs.isEmpty()
            ? null
            : packs.stream()
                .map(StoreIndex.PackRow::verified)
                .min(Comparator.naturalOrder())
                .orElse(null));
  }
}
