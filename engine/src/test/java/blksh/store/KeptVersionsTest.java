package blksh.store;

import static blksh.store.Images.MIB;
import static blksh.store.Images.assertRestores;
import static blksh.store.Images.capture;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import blksh.BlkshException;
import blksh.kit.ChildJvm;
import blksh.kit.Content;
import blksh.store.pack.CodecChoice;
import blksh.store.shelf.DirectoryShelf;
import blksh.task.Task;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a compaction takes for the versions there are, and what it does not know and refuses. */
class KeptVersionsTest {

  @TempDir Path folder;

  private Path path;
  private Path image;

  @BeforeEach
  void storeOfAVersionAndOneThatGoes() throws IOException {
    path = folder.resolve("store");
    image = Images.write(folder.resolve("image"), Content.random(MIB, 1));
    Path other = Images.write(folder.resolve("other"), Content.random(MIB, 2));
    try (Store store = Store.create(path, StoreOptions.defaults())) {
      capture(store, image, "disk");
      store.delete(capture(store, other, "gone").manifest());
    }
  }

  private static CompactResult compact(Store store) {
    return store.upkeep().compact(CompactOptions.defaults(), Task.unwatched());
  }

  private void assertRefused(String named) throws IOException {
    try (Store store = Store.open(path)) {
      assertThatThrownBy(() -> compact(store))
          .isInstanceOf(BlkshException.class)
          .hasMessageContaining(named);
      assertThat(store.info().packs()).isEqualTo(2);
    }
  }

  @Test
  void whatIsNotUnderstoodIsRefusedByName() throws IOException {
    Path manifests = path.resolve("manifests");
    Path own = manifests.resolve("disk/1.manifest");
    for (String name :
        List.of(
            "disk/1.manifest.bak",
            "disk/01.manifest",
            "disk/1.20269901T000000Z.deleted",
            "disk/old/1.manifest",
            "stray")) {
      Path copy = manifests.resolve(name);
      Files.createDirectories(copy.getParent());
      Files.copy(own, copy);
      assertRefused(name);
      Files.delete(copy);
    }
    Files.createSymbolicLink(manifests.resolve("elsewhere"), folder);
    assertRefused("manifests/elsewhere");
    Files.delete(manifests.resolve("elsewhere"));
    Files.delete(manifests.resolve("disk/old"));
    try (Store store = Store.open(path)) {
      assertThat(compact(store).removed()).isEqualTo(1);
      assertRestores(store, store.manifest("disk@1"), image, folder);
    }
  }

  @Test
  void manifestsThatAreAwayAreNotVersionsThatWereDeleted() throws IOException {
    Path away = Files.move(path.resolve("manifests"), folder.resolve("away"));
    assertRefused("there is no version");
    Files.delete(path.resolve("manifests")); // made again when the store was opened
    Files.move(away, path.resolve("manifests"));
    try (Store store = Store.open(path)) {
      assertThat(compact(store).removed()).isEqualTo(1);
      store.delete("disk@1");
      assertThat(compact(store).removed()).isEqualTo(1);
      assertThat(store.info().packs()).isZero();
      assertThat(compact(store).packs()).isZero();
    }
  }

  /** An index that was lost with them knows nothing of versions either. */
  @Test
  void manifestsThatAreAwayAreMissedWithoutAnIndexToo() throws IOException {
    Path away = Files.move(path.resolve("manifests"), folder.resolve("away"));
    Files.delete(path.resolve("index.db"));
    Files.delete(path.resolve("pages.idx"));
    assertRefused("there is no version");
    Files.delete(path.resolve("manifests"));
    Files.move(away, path.resolve("manifests"));
    try (Store store = Store.open(path)) {
      assertThat(compact(store).removed()).isEqualTo(1);
    }
  }

  @Test
  void theNumberOfWhatLeftTheTrashIsNotGivenAgain() throws IOException {
    Files.delete(path.resolve("index.db"));
    Files.delete(path.resolve("pages.idx"));
    try (Store store = Store.open(path)) {
      assertThat(compact(store).emptied()).containsExactly("gone@1");
      assertThat(capture(store, image, "gone").manifest().version()).isEqualTo(2);
    }
  }

  @Test
  void aNewVersionDoesNotInheritWhatWasSaidOfAnother() throws IOException {
    try (Store store = Store.open(path)) {
      store.upkeep().mark("disk@1", marks -> marks.withPinned(true));
    }
    // As an older blksh deletes, on a day on which nothing could be noted.
    Files.delete(path.resolve("manifests/disk/1.manifest"));
    Files.delete(path.resolve("index.db"));
    try (Store store = Store.open(path)) {
      Manifest next = capture(store, image, "disk").manifest();
      assertThat(next.version()).isEqualTo(2);
      assertThat(store.upkeep().marks("disk@2").pinned()).isFalse();
    }
  }

  /** Another process that has a store open until its input ends. */
  static final class Holder {
    private Holder() {}

    public static void main(String[] arguments) throws IOException {
      try (Store store = Store.open(Path.of(arguments[0]))) {
        System.out.println("open " + store.manifests().size());
        System.in.readAllBytes();
      }
    }
  }

  @Test
  void aStoreOfAnOlderBlkshIsCompactedAloneTheFirstTimeAndRefusesItThen() throws Exception {
    DirectoryShelf shelf = new DirectoryShelf(path);
    StoreDescriptor now = StoreDescriptor.read(shelf);
    assertThat(now.format()).isEqualTo(2);
    new StoreDescriptor(now.id(), CodecChoice.LZ4, now.pageSize(), 1, 0).write(shelf);
    Process other = ChildJvm.start(List.of("-Xmx64m"), Holder.class, path.toString());
    try {
      assertThat(other.inputReader().readLine()).isEqualTo("open 1");
      assertRefused("an older blksh made it");
      assertThat(StoreDescriptor.read(shelf).format()).isEqualTo(1);
    } finally {
      other.destroyForcibly().waitFor();
    }
    try (Store store = Store.open(path)) {
      CompactOptions dry = CompactOptions.defaults().withDryRun(true);
      assertThat(store.upkeep().compact(dry, Task.unwatched()).removed()).isEqualTo(1);
      assertThat(StoreDescriptor.read(shelf).format()).isEqualTo(1);
      assertThat(compact(store).removed()).isEqualTo(1);
      assertThat(StoreDescriptor.read(shelf)).isEqualTo(now);
      assertRestores(store, store.manifest("disk@1"), image, folder);
    }
  }
}
