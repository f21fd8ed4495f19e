package blksh.store;

import static blksh.store.Images.MIB;
import static blksh.store.Images.assertClean;
import static blksh.store.Images.assertRestores;
import static blksh.store.Images.capture;
import static org.assertj.core.api.Assertions.assertThat;

import blksh.kit.Content;
import blksh.store.pack.Codec;
import blksh.store.pack.PackFiles;
import blksh.store.pack.Page;
import blksh.task.Task;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReindexTest {

  @TempDir Path folder;
  private Path path;
  private Path image;
  private Manifest manifest;
  private Path pack;

  @BeforeEach
  void storeOfOnePack() throws IOException {
    path = folder.resolve("store");
    image = Images.write(folder.resolve("image"), Content.compressible(2 * MIB + 100, 1));
    try (Store store = Store.create(path, new StoreOptions(Codec.ZSTD))) {
      manifest = capture(store, image, "disk").manifest();
    }
    try (Stream<Path> files = Files.walk(path.resolve("packs"))) {
      pack = files.filter(Files::isRegularFile).findAny().orElseThrow();
    }
  }

  private void assertWhole(Store store) throws IOException {
    assertRestores(store, manifest, image, folder);
    assertClean(store);
  }

  @Test
  void aPackBeingRepairedWhenTheProcessWasKilledKeepsItsPages() throws IOException {
    // Reindex had copied the first frame of the damaged pack when it was killed.
    byte[] whole = Files.readAllBytes(pack);
    int end = PackFiles.firstFrameEnd(whole);
    Files.write(Path.of(pack + ".part"), Arrays.copyOf(whole, end));
    Images.flip(pack, Files.size(pack) - 3, 1);
    try (Store store = Store.open(path)) {
      Path other = Images.write(folder.resolve("other"), Content.random(100, 7));
      capture(store, other, "other");
      assertRestores(store, manifest, image, folder);
      store.reindex(Task.unwatched());
      assertWhole(store);
    }
    assertThat(Path.of(pack + ".part")).doesNotExist();
  }

  @Test
  void aPackIsMadeWholeFromWhatItSaysTwice() throws IOException {
    Images.flip(pack, 3, 1); // the header
    Images.flip(pack, Files.size(pack) - 3, 1); // and the footer
    try (Store store = Store.open(path)) {
      assertThat(Images.verify(store).damage()).hasSize(2).allMatch(d -> d.affected().isEmpty());
      assertRestores(store, manifest, image, folder);
      ReindexReport report = store.reindex(Task.unwatched());
      assertThat(report.repaired()).containsExactly(path.relativize(pack).toString());
      assertWhole(store);
      assertThat(capture(store, image, "disk").manifest().figures().newPages()).isZero();
    }
  }

  @Test
  void aDescriptorThatIsLostIsMadeAgainWithItsIdAndCodec() throws IOException {
    String text = Files.readString(path.resolve("store.json"));
    Files.delete(path.resolve("store.json"));
    assertThat(Store.isStore(path)).isTrue();
    try (Store store = Store.open(path)) {
      assertRestores(store, manifest, image, folder);
      ReindexReport report = store.reindex(Task.unwatched());
      assertThat(report.repaired()).containsExactly("store.json");
      assertWhole(store);
    }
    assertThat(path.resolve("store.json")).hasContent(text);
  }

  @Test
  void whatAProcessLeftWhenItWasKilledIsTakenOver() throws IOException {
    byte[] whole = Files.readAllBytes(pack);
    Path part = Path.of(pack + ".part");
    Files.move(pack, part); // as if sealing had not come to the rename
    Images.truncate(part, whole.length * 2L / 3);
    Files.write(path.resolve("manifests/.0123456789abcdef.part"), new byte[10]);
    Files.delete(path.resolve("manifests/disk/1.manifest"));
    Files.delete(path.resolve("index.db"));
    Files.delete(path.resolve("pages.idx"));
    try (Store store = Store.open(path)) {
      Manifest again = capture(store, image, "disk").manifest();
      assertThat(again.version()).isEqualTo(1);
      assertThat(again.figures().newPages()).isBetween(1L, 2L * MIB / Page.SIZE / 2);
      assertRestores(store, again, image, folder);
      assertClean(store);
    }
    try (Stream<Path> files = Files.walk(path)) {
      assertThat(files.map(Path::toString)).noneMatch(f -> f.endsWith(".part"));
    }
  }
}
