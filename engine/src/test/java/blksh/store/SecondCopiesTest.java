package blksh.store;

import static blksh.store.Images.MIB;
import static blksh.store.Images.assertClean;
import static blksh.store.Images.assertRestores;
import static blksh.store.Images.capture;
import static org.assertj.core.api.Assertions.assertThat;

import blksh.kit.Content;
import blksh.store.pack.PackFiles;
import blksh.task.Task;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * A page that is damaged where a version needs it, and stored again for another: while the other is
 * there it restores both, and when the other has gone it still has to restore the one.
 */
class SecondCopiesTest {

  private static final int DAMAGED = 77;

  @TempDir Path folder;

  private Path path;
  private Path image;

  @BeforeEach
  void image() throws IOException {
    path = folder.resolve("store");
    image = Images.write(folder.resolve("image"), Content.random(MIB, 1));
  }

  private List<Path> packs() throws IOException {
    try (Stream<Path> files = Files.walk(path.resolve("packs"))) {
      return files.filter(Files::isRegularFile).sorted().toList();
    }
  }

  private static CompactResult compact(Store store) {
    return store.upkeep().compact(CompactOptions.defaults(), Task.unwatched());
  }

  /** How the damage is known when the second version goes. */
  private enum Known {
    VERIFIED,
    REINDEXED,
    NOT
  }

  @ParameterizedTest
  @EnumSource
  void whatRestoresADamagedPageStays(Known known) throws IOException {
    try (Store store = Store.create(path, StoreOptions.defaults())) {
      Manifest first = capture(store, image, "disk").manifest();
      Path pack = packs().get(0);
      long at = PackFiles.placeOf(pack, DAMAGED);
      Images.flip(pack, at, 1);
      assertThat(Images.verify(store).damage()).isNotEmpty();
      Manifest second = capture(store, image, "disk").manifest();
      assertThat(second.figures().newPages()).isEqualTo(1);
      if (known == Known.REINDEXED) {
        store.reindex(Task.unwatched());
      } else if (known == Known.NOT) {
        Images.flip(pack, at, 1); // was it read wrong? both are sound now, and known
        assertClean(store);
        Images.flip(pack, at, 1);
      }
      store.delete(second);
      CompactResult result = compact(store);
      assertThat(result.emptied()).containsExactly("disk@2");
      assertThat(packs()).hasSize(2);
      assertRestores(store, first, image, folder);
      // And it stays, however often that is asked.
      assertThat(compact(store).removed()).isZero();
      assertRestores(store, first, image, folder);
    }
  }

  @Test
  void aSecondCopyOfWhatIsSoundGoes() throws IOException {
    try (Store store = Store.create(path, StoreOptions.defaults())) {
      Manifest first = capture(store, image, "disk").manifest();
      Path pack = packs().get(0);
      long at = PackFiles.placeOf(pack, DAMAGED);
      Images.flip(pack, at, 1);
      assertThat(Images.verify(store).damage()).isNotEmpty();
      Manifest second = capture(store, image, "disk").manifest();
      Images.flip(pack, at, 1);
      assertClean(store);
      store.delete(second);
      assertThat(compact(store).removed()).isEqualTo(1);
      assertThat(packs()).containsExactly(pack);
      assertRestores(store, first, image, folder);
      assertClean(store);
    }
  }
}
