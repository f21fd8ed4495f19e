package blksh.store;

import blksh.BlkshException;
import blksh.io.IoFailure;
import blksh.store.pack.PackDirectory;
import blksh.store.pack.PackWriter;
import java.io.IOException;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Finishes what dead processes left: whole frames of their open packs become packs, sealed packs
 * are indexed, half-written manifests are removed, and what captures said that they rely on.
 */
final class Recovery {

  private final Repository repository;

  Recovery(Repository repository) {
    this.repository = repository;
  }

  void run() {
    DerivedIndexes indexes = repository.indexes();
    indexes.changeablePageIndex();
    PackDirectory packs = repository.packs();
    List<Long> sealed = packs.sealed();
    try {
      for (long id : packs.parts()) {
        PackWriter writer = packs.recover(id, repository.identity().idBytes());
        if (writer != null) {
          indexes.enter(writer);
        }
      }
      Set<Long> indexed =
          indexes.rows().packs().stream()
              .filter(StoreIndex.PackRow::indexed)
              .map(StoreIndex.PackRow::id)
              .collect(Collectors.toCollection(HashSet::new));
      for (long id : sealed) {
        if (!indexed.contains(id)) {
          indexes.enterUnlessIndexed(id);
        }
        indexed.remove(id);
      }
      for (long id : indexed) {
        indexes.forgetIfGone(id);
      }
      ReliedPacks.removeEnded(repository);
      repository.manifests().removeDeadParts();
    } catch (IOException e) {
      throw new BlkshException("recover store " + repository.place(), IoFailure.reason(e), e);
    }
  }
}
