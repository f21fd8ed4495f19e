package blksh.store;

import static blksh.store.Images.MIB;
import static blksh.store.Images.assertClean;
import static blksh.store.Images.assertRestores;
import static blksh.store.Images.capture;
import static org.assertj.core.api.Assertions.assertThat;

import blksh.kit.Content;
import blksh.kit.Tmpfs;
import blksh.store.pack.PackFiles;
import blksh.task.Task;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

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

  /** Then neither what was found bad nor where copies are can be looked up. */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void whatRestoresADamagedPageStaysOnAFullDisk(boolean verified) throws IOException {
    try (Tmpfs mount = Tmpfs.of(folder.resolve("mounted"), "24m")) {
      path = mount.path().resolve("store");
      try (Store store = Store.create(path, StoreOptions.defaults())) {
        capture(store, image, "disk");
        Path pack = packs().get(0);
        long at = PackFiles.placeOf(pack, DAMAGED);
        Images.flip(pack, at, 1);
        assertThat(Images.verify(store).damage()).isNotEmpty();
        Manifest second = capture(store, image, "disk").manifest();
        // The numbers of the last of each name could not be noted on a full disk.
        int seed = 2;
        for (String name : List.of("disk", "gone", "gone")) {
          Path other = folder.resolve("other");
          capture(store, Images.write(other, Content.random(MIB, seed++)), name);
        }
        store.delete(second);
        store.delete("gone@1");
        if (!verified) {
          Images.flip(pack, at, 1);
          assertClean(store);
          Images.flip(pack, at, 1);
        }
      }
      Images.fillDisk(mount.path().resolve("filler"));
      try (Store store = Store.open(path)) {
        assertThat(compact(store).removed()).isEqualTo(1);
        assertThat(packs()).hasSize(4);
        assertRestores(store, store.manifest("disk@1"), image, folder);
      }
    }
  }

  /**
   * Who goes by what was not changed since reads it all the same where the store has it damaged.
   */
  @Test
  void damagedPagesAreNotKeptForALaterVersion() throws IOException {
    try (Store store = Store.create(path, StoreOptions.defaults())) {
      Manifest first = capture(store, image, "disk").manifest();
      Path pack = packs().get(0);
      Images.flip(pack, PackFiles.placeOf(pack, DAMAGED), 1);
      assertThat(Images.verify(store).damage()).isNotEmpty();
      try (StoredPages pages = store.pages(first)) {
        assertThat(pages.holds(0, DAMAGED)).isTrue();
        assertThat(pages.holds(0, DAMAGED + 1)).isFalse();
        assertThat(pages.holds(DAMAGED + 1, 10)).isTrue();
        assertThat(pages.run(0, 200)).isEqualTo(new StoredPages.Run(DAMAGED, true, false));
        assertThat(pages.run(DAMAGED, 200)).isEqualTo(new StoredPages.Run(1, false, false));
        assertThat(pages.run(DAMAGED + 1, 100)).isEqualTo(new StoredPages.Run(100, true, false));
      }
    }
  }

  /** What a repair has dropped is needed and not there, and no reason to leave the rest. */
  @Test
  void aPackThatWasRepairedIsCompacted() throws IOException {
    byte[] all = Content.random(4 * MIB, 3);
    byte[] half = all.clone();
    Arrays.fill(half, 2 * MIB, 4 * MIB, (byte) 0);
    Path kept = Images.write(folder.resolve("half"), half);
    try (Store store = Store.create(path, StoreOptions.defaults())) {
      Path whole = Images.write(folder.resolve("all"), all);
      capture(store, whole, "all");
      Manifest first = capture(store, kept, "half").manifest();
      Path pack = packs().get(0);
      Images.flip(pack, PackFiles.placeOf(pack, DAMAGED), 1);
      assertThat(Images.verify(store).damage()).isNotEmpty();
      capture(store, kept, "half");
      store.reindex(Task.unwatched());
      store.delete("all@1");
      CompactResult result = compact(store);
      assertThat(result.rewritten()).isEqualTo(1);
      assertThat(result.left()).isEmpty();
      assertRestores(store, first, kept, folder);
      store.delete("half@2");
      compact(store);
      assertRestores(store, first, kept, folder);
      assertClean(store);
    }
  }
}
