package blksh.store;

import blksh.BlkshException;
import blksh.store.pack.CodecChoice;
import blksh.store.pack.Pack;
import blksh.store.pack.PackDirectory;
import blksh.store.pack.PageSize;
import blksh.store.shelf.ShelfAwayException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/** What the manifests and packs of a store say of it, whatever its descriptor says. */
final class StoreWitnesses {

  private final PackDirectory packs;
  private final ManifestDirectory manifests;

  StoreWitnesses(PackDirectory packs, ManifestDirectory manifests) {
    this.packs = packs;
    this.manifests = manifests;
  }

  /**
   * What most of what is there says against a descriptor, in words; null when nothing does. Two
   * that speak for the store that it says, with pages as it says, are believed, and no more is read
   * then: the first manifest and the last, and packs where there are not two.
   */
  String contradiction(StoreDescriptor found) {
    List<ManifestDirectory.Version> versions = new ArrayList<>(manifests.versions());
    if (versions.size() > 2) {
      versions.add(1, versions.remove(versions.size() - 1));
    }
    int agreeing = 0;
    for (ManifestDirectory.Version version : versions) {
      try (ManifestFile file = manifests.open(version)) {
        if (!StoreDescriptor.uuid(file.storeId()).equals(found.id())) {
          return outvoted(found);
        }
        if (file.pageSize() != found.pageSize()) {
          return otherPages(found, null);
        }
        if (++agreeing == 2) {
          return null;
        }
      } catch (BlkshException e) {
        ShelfAwayException.letPass(e);
        // another one will do
      }
    }
    for (long id : packs.sealed()) {
      try {
        byte[] store = packs.storeIdOf(id);
        if (store != null && !StoreDescriptor.uuid(store).equals(found.id())) {
          return outvoted(found);
        }
        if (store != null && ++agreeing >= 2) {
          break;
        }
      } catch (IOException e) {
        // another one will do
      }
    }
    return otherPages(found, found.pageSize());
  }

  /** As {@link #contradiction}, when there is one that is not of the store that it says. */
  private String outvoted(StoreDescriptor found) {
    Map<UUID, Integer> votes = votes();
    int own = votes.getOrDefault(found.id(), 0);
    return votes.values().stream().anyMatch(others -> others > 2 * own)
        ? "store.json is another store's"
        : otherPages(found, found.pageSize());
  }

  /**
   * Which size pages have by most of what is of the store, if a descriptor says another; else null.
   * An older blksh that had lost the descriptor of a store with larger pages makes one of 4096
   * bytes, and may have captured by it: then there are both.
   *
   * @param enough one of this size ends the look; null for none
   */
  private String otherPages(StoreDescriptor found, PageSize enough) {
    Map<PageSize, Integer> votes = pageSizes(found.id(), enough);
    int own = votes.getOrDefault(found.pageSize(), 0);
    Map.Entry<PageSize, Integer> most =
        votes.entrySet().stream().max(Map.Entry.comparingByValue()).orElse(null);
    if (most == null || most.getValue() <= own || own > 0 && enough != null) {
      return null;
    }
    return own == 0
        ? "store.json says that pages have %s bytes, and those that are there have others"
            .formatted(found.pageSize())
        : "store.json says that pages have %s bytes, as %d of its manifests and packs have them, and %d have pages of %s"
            .formatted(found.pageSize(), own, most.getValue(), most.getKey());
  }

  /** The store that most of what is there says it belongs to; empty when nothing says any. */
  Optional<UUID> store() {
    return votes().entrySet().stream().max(Map.Entry.comparingByValue()).map(Map.Entry::getKey);
  }

  /** The stores that manifests and packs say they belong to, with how many of them say so. */
  private Map<UUID, Integer> votes() {
    Map<UUID, Integer> votes = new HashMap<>();
    for (ManifestDirectory.Version version : manifests.versions()) {
      try (ManifestFile file = manifests.open(version)) {
        votes.merge(StoreDescriptor.uuid(file.storeId()), 1, Integer::sum);
      } catch (BlkshException e) {
        ShelfAwayException.letPass(e);
        // others will do
      }
    }
    for (long id : packs.sealed()) {
      try {
        byte[] store = packs.storeIdOf(id); // no need to know how large its pages are
        if (store != null) {
          votes.merge(StoreDescriptor.uuid(store), 1, Integer::sum);
        }
      } catch (BlkshException | IOException e) {
        ShelfAwayException.letPass(e);
        // others will do
      }
    }
    return votes;
  }

  /** How large pages are, as most of what is of a store says. */
  PageSize pageSize(UUID store) {
    return pageSizes(store, null).entrySet().stream()
        .max(Map.Entry.comparingByValue())
        .map(Map.Entry::getKey)
        .orElse(PageSize.USUAL);
  }

  /**
   * How many manifests, and packs by their first frames, of a store say which size pages have.
   *
   * @param enough one of this size ends the look; null for none
   */
  private Map<PageSize, Integer> pageSizes(UUID id, PageSize enough) {
    Map<PageSize, Integer> votes = new HashMap<>();
    byte[] store = StoreDescriptor.bytes(id);
    for (ManifestDirectory.Version version : manifests.versions()) {
      try (ManifestFile file = manifests.open(version)) {
        if (Arrays.equals(store, file.storeId())) {
          votes.merge(file.pageSize(), 1, Integer::sum);
        }
      } catch (BlkshException e) {
        ShelfAwayException.letPass(e);
        // others will do
      }
      if (votes.containsKey(enough)) {
        return votes;
      }
    }
    for (long pack : packs.sealed()) {
      PageSize size = packs.pageSizeOf(pack, store);
      if (size != null) {
        votes.merge(size, 1, Integer::sum);
      }
      if (votes.containsKey(enough)) {
        return votes;
      }
    }
    return votes;
  }

  /** How the store compresses, as the first pack says that can be read. */
  CodecChoice codec() {
    for (long id : packs.sealed()) {
      try (Pack pack = packs.acquire(id)) {
        CodecChoice codec = pack.codec();
        if (codec != null) {
          return codec;
        }
      } catch (BlkshException e) {
        ShelfAwayException.letPass(e);
        // another one will do
      }
    }
    return CodecChoice.LZ4;
  }
}
