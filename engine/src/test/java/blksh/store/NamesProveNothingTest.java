package blksh.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import blksh.BlkshException;
import blksh.block.BlockSource;
import blksh.block.ByteArraySource;
import blksh.io.UnreadableException;
import blksh.kit.Content;
import blksh.store.pack.PackFiles;
import blksh.store.pack.PageSize;
import blksh.store.shelf.DirectoryShelf;
import blksh.task.Task;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What a blob is called proves nothing: what it says inside, and what its manifest says, must
 * agree.
 */
class NamesProveNothingTest {

  private static final int BYTES = 300_000;

  @TempDir Path folder;

  private Path store(String name) {
    return folder.resolve(name);
  }

  /** Captures random bytes of a seed into a store, which is made for it. */
  private static Manifest capture(Path path, String name, int seed) {
    try (Store store = Store.openOrCreate(path)) {
      ByteArraySource source = new ByteArraySource(Content.random(BYTES, seed));
      return store.capture(source, name, CaptureOptions.defaults(), Task.unwatched()).manifest();
    }
  }

  private static List<Path> packs(Path store) throws IOException {
    try (Stream<Path> files = Files.walk(store.resolve("packs"))) {
      return files.filter(file -> file.toString().endsWith(".pack")).sorted().toList();
    }
  }

  /** That no byte of a version is read or restored, and that verify names its pack. */
  private void assertRefused(Path path, Manifest manifest, Path pack, String problem)
      throws IOException {
    try (Store store = Store.open(path)) {
      try (BlockSource source = store.source(manifest)) {
        for (int size : new int[] {512, 4096, 65536, BYTES}) {
          assertThatThrownBy(() -> source.read(0, ByteBuffer.allocateDirect(size)))
              .isInstanceOf(UnreadableException.class)
              .hasMessageContaining(problem);
        }
      }
      Path target = folder.resolve("target");
      assertThatThrownBy(() -> Images.restore(store, manifest, target))
          .isInstanceOf(BlkshException.class);
      assertThat(target).doesNotExist();
      assertThat(Images.verify(store).damage())
          .anyMatch(
              damage ->
                  damage.file().equals(path.relativize(pack).toString())
                      && damage.affected().stream()
                          .anyMatch(range -> range.manifest().equals(manifest.reference())));
    }
  }

  @Test
  void packsWhoseNamesWereExchangedAreRefused() throws IOException {
    Manifest a = capture(store("s"), "a", 1);
    Manifest b = capture(store("s"), "b", 2);
    List<Path> packs = packs(store("s"));
    Path aside = folder.resolve("aside");
    Files.move(packs.get(0), aside);
    Files.move(packs.get(1), packs.get(0));
    Files.move(aside, packs.get(1));
    try (Store store = Store.open(store("s"))) {
      assertThat(Images.verify(store).damage())
          .extracting(Damage::problem)
          .filteredOn(problem -> problem.contains("it is pack "))
          .hasSize(2);
    }
    for (Manifest manifest : List.of(a, b)) {
      try (Store store = Store.open(store("s"));
          BlockSource source = store.source(manifest)) {
        assertThatThrownBy(() -> source.read(0, ByteBuffer.allocate(4096)))
            .isInstanceOf(UnreadableException.class)
            .hasMessageContaining("it is pack ");
      }
    }
  }

  @Test
  void aPackOfAnotherStoreIsRefused() throws IOException {
    Manifest manifest = capture(store("s"), "a", 1);
    capture(store("t"), "a", 2);
    Path pack = packs(store("s")).get(0);
    byte[] other = Files.readAllBytes(packs(store("t")).get(0));
    Files.write(pack, PackFiles.renamed(other, pack, PackFiles.storeId(other)));
    assertRefused(store("s"), manifest, pack, "another store");
  }

  @Test
  void aPackThatAgreesWithItselfIsRefusedByWhatTheManifestSays() throws IOException {
    Manifest manifest = capture(store("s"), "a", 1);
    capture(store("t"), "a", 2);
    Path pack = packs(store("s")).get(0);
    byte[] mine = Files.readAllBytes(pack);
    byte[] other = Files.readAllBytes(packs(store("t")).get(0));
    Files.write(pack, PackFiles.renamed(other, pack, PackFiles.storeId(mine)));
    try (Store store = Store.open(store("s"))) {
      try (BlockSource source = store.source(manifest)) {
        for (int size : new int[] {512, 4096, 65536, BYTES}) {
          for (int position : new int[] {0, 4096, 100_000}) {
            assertThatThrownBy(() -> source.read(position, ByteBuffer.allocateDirect(size)))
                .isInstanceOf(UnreadableException.class)
                .hasMessageContaining("not what was captured");
          }
        }
      }
      Path drive = Files.write(folder.resolve("drive"), new byte[BYTES]);
      RestoreOptions over = RestoreOptions.defaults().withOverwrite(true);
      assertThatThrownBy(() -> store.restore(manifest, drive, over, Task.unwatched()))
          .hasMessageContaining("not what was captured");
      assertThat(Files.readAllBytes(drive)).containsOnly(0);
      assertThat(Images.verify(store).damage())
          .anyMatch(damage -> damage.problem().contains("root digest"));
    }
  }

  @Test
  void aManifestUnderAnotherNameIsRefusedAndMayBeDeletedWithoutItsOriginal() throws IOException {
    Manifest a = capture(store("s"), "a", 1);
    Path original = store("s").resolve("manifests/a/1.manifest");
    Path copy = store("s").resolve("manifests/b/1.manifest");
    Files.createDirectories(copy.getParent());
    Files.copy(original, copy);
    try (Store store = Store.open(store("s"))) {
      assertThatThrownBy(() -> store.manifest("b@1")).hasMessageContaining("manifest of a@1");
      assertThat(store.manifests()).containsExactly(a);
      assertThat(store.unreadable())
          .extracting(Damage::file)
          .containsExactly("manifests/b/1.manifest");
      assertThat(Images.verify(store).damage())
          .extracting(Damage::file)
          .containsExactly("manifests/b/1.manifest");
      store.delete("b@1");
      assertThat(copy).doesNotExist();
      assertThat(original).exists();
      Images.assertClean(store);
    }
  }

  @Test
  void aManifestOfAnotherStoreIsRefused() throws IOException {
    capture(store("s"), "a", 1);
    capture(store("t"), "b", 2);
    Path foreign = store("s").resolve("manifests/b/1.manifest");
    Files.createDirectories(foreign.getParent());
    Files.copy(store("t").resolve("manifests/b/1.manifest"), foreign);
    try (Store store = Store.open(store("s"))) {
      assertThatThrownBy(() -> store.manifest("b")).hasMessageContaining("another store");
      assertThat(store.manifests("b")).isEmpty();
    }
  }

  @Test
  void aNameThatLeavesTheStoreIsRefused() throws IOException {
    Manifest victim = capture(store("other"), "a", 1);
    Manifest own = capture(store("s"), "evil", 2);
    Path file = store("s").resolve("manifests/evil/1.manifest");
    Files.delete(file);
    DirectoryShelf shelf = new DirectoryShelf(store("s"));
    Manifest hostile =
        new Manifest(
            "../../other/manifests/a",
            1,
            0,
            own.started(),
            own.finished(),
            own.source(),
            own.figures(),
            own.root(),
            own.sectorSize(),
            null);
    try (ManifestWriter writer =
        new ManifestWriter(PageSize.USUAL, shelf.begin("manifests/.hostile"))) {
      writer.finish(hostile, new byte[16]);
      writer.publish("manifests/evil/1.manifest");
    }
    try (Store store = Store.open(store("s"))) {
      assertThatThrownBy(() -> store.manifest("evil")).hasMessageContaining("its name is refused");
      assertThatThrownBy(() -> store.delete(hostile)).isInstanceOf(BlkshException.class);
      store.delete("evil@1");
      assertThat(file).doesNotExist();
    }
    try (Store store = Store.open(store("other"))) {
      assertThat(store.manifests()).containsExactly(victim);
    }
  }
}
