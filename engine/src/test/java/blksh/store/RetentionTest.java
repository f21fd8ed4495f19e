package blksh.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import blksh.BlkshException;
import blksh.block.ByteArraySource;
import blksh.kit.Content;
import blksh.task.Task;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RetentionTest {

  @TempDir Path folder;

  private Path path;

  @BeforeEach
  void storeOfFourVersions() {
    path = folder.resolve("store");
    try (Store store = Store.create(path, StoreOptions.defaults())) {
      for (int version = 1; version <= 4; version++) {
        capture(store, version);
      }
    }
  }

  private static void capture(Store store, int seed) {
    byte[] bytes = Content.random(5000, seed);
    store.capture(new ByteArraySource(bytes), "disk", CaptureOptions.defaults(), Task.unwatched());
  }

  private Path manifest(int version) {
    return path.resolve("manifests/disk/" + version + ".manifest");
  }

  @Test
  void theOldestMayGo() {
    try (Store store = Store.open(path)) {
      assertThat(store.expendable("disk", 1))
          .extracting(Manifest::version)
          .containsExactly(1, 2, 3);
      assertThat(store.expendable("disk", 3)).extracting(Manifest::version).containsExactly(1);
      assertThat(store.expendable("disk", 4)).isEmpty();
      assertThat(store.expendable("other", 1)).isEmpty();
      assertThatThrownBy(() -> store.expendable("disk", 0))
          .isInstanceOf(BlkshException.class)
          .hasMessageContaining("at least one must stay");
    }
  }

  @Test
  void aVersionThatCannotBeReadIsNotKeptInThePlaceOfAnother() throws IOException {
    Images.flip(manifest(4), Files.size(manifest(4)) - 3, 1);
    Images.truncate(manifest(2), 0);
    try (Store store = Store.open(path)) {
      assertThat(store.expendable("disk", 1)).extracting(Manifest::version).containsExactly(1);
      assertThat(store.expendable("disk", 2)).isEmpty();
    }
  }

  @Test
  void theManifestsDecideAndNotAnOlderIndex() throws IOException {
    Path older = Files.copy(path.resolve("index.db"), folder.resolve("older.db"));
    try (Store store = Store.open(path)) {
      capture(store, 5);
      store.delete(store.manifest("disk@3"));
    }
    Files.delete(path.resolve("index.db"));
    Files.move(older, path.resolve("index.db"));
    try (Store store = Store.open(path)) {
      assertThat(store.expendable("disk", 2)).extracting(Manifest::version).containsExactly(1, 2);
    }
  }
}
