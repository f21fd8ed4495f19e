package blksh.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import blksh.BlkshException;
import blksh.block.ByteArraySource;
import blksh.kit.Content;
import blksh.kit.InMemory;
import blksh.task.Task;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whoever looks at many versions goes on when one of them goes. */
class VersionWalkTest {

  @TempDir(factory = InMemory.class)
  Path folder;

  private static Manifest put(Store store, String name, int seed) {
    return store
        .capture(
            new ByteArraySource(Content.random(20 * 4096, seed)),
            name,
            CaptureOptions.defaults(),
            Task.unwatched())
        .manifest();
  }

  @Test
  void whatWasDeletedMeanwhileIsLeftOutAndNamedOnce() {
    try (Store store = Store.create(folder.resolve("store"), StoreOptions.defaults())) {
      Manifest stays = put(store, "a", 1);
      Manifest goes = put(store, "b", 2);
      store.delete(goes);
      Task task = Task.unwatched();
      List<StoreUse.Version> shares = store.shares(List.of(goes, stays, goes), task);
      assertThat(shares).hasSize(3);
      assertThat(shares.get(0)).isNull();
      assertThat(shares.get(1).own()).isEqualTo(20 * 4096);
      assertThat(shares.get(2)).isNull();
      assertThat(task.notes()).containsExactly("b@1 is left out: it was deleted meanwhile");
      assertThat(task.findings()).isEmpty();
    }
  }

  @Test
  void whatIsThereAndCannotBeReadIsNot() throws Exception {
    try (Store store = Store.create(folder.resolve("store"), StoreOptions.defaults())) {
      Manifest hit = put(store, "a", 1);
      Files.write(folder.resolve("store/manifests/a/1.manifest"), new byte[50]);
      assertThatThrownBy(() -> store.shares(List.of(hit), Task.unwatched()))
          .isInstanceOf(BlkshException.class);
    }
  }
}
