package blksh.store;

import static blksh.store.Images.MIB;
import static blksh.store.Images.assertClean;
import static blksh.store.Images.assertRestores;
import static blksh.store.Images.capture;
import static org.assertj.core.api.Assertions.assertThat;

import blksh.kit.Content;
import blksh.store.pack.CodecChoice;
import blksh.store.pack.PackFiles;
import blksh.store.pack.Page;
import blksh.task.Task;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

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
    try (Store store = Store.create(path, new StoreOptions(CodecChoice.ZSTD))) {
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

  /** The middle of the first frame's payload. */
  private void damageAPage() throws IOException {
    Images.flip(pack, PackFiles.regions(pack).get("payload of frame 0")[1] - 20, 0xff);
  }

  @ParameterizedTest
  @ValueSource(strings = {"verify", "reindex", "verify, reindex"})
  void aPageFoundDamagedIsNotTakenForStored(String verbs) throws IOException {
    damageAPage();
    try (Store store = Store.open(path)) {
      if (verbs.contains("verify")) {
        Images.verify(store);
      }
      if (verbs.contains("reindex")) {
        assertThat(store.reindex(Task.unwatched()).damage()).hasSize(1);
      }
    }
    Files.delete(path.resolve("pages.idx")); // it is made again, from what packs say
    try (Store store = Store.open(path)) {
      Manifest again = capture(store, image, "disk").manifest();
      assertThat(again.figures().newPages()).isPositive();
      assertRestores(store, again, image, folder);
      assertRestores(store, manifest, image, folder);
    }
  }

  @Test
  void whatWasStoredAgainMakesTheStoreWhole() throws IOException {
    damageAPage();
    try (Store store = Store.open(path)) {
      Images.verify(store);
      capture(store, image, "disk");
      VerifyReport healed = Images.verify(store);
      assertThat(healed.damage()).isEmpty();
      assertThat(healed.healed()).isEqualTo(1);
      assertThat(store.reindex(Task.unwatched()).repaired())
          .containsExactly(path.relativize(pack).toString());
      assertWhole(store);
      assertThat(capture(store, image, "disk").manifest().figures().newPages()).isZero();
    }
    // What the damaged pack dropped is found where it was stored again, and only there.
    Files.delete(path.resolve("pages.idx"));
    Files.delete(path.resolve("index.db"));
    try (Store store = Store.open(path)) {
      assertThat(capture(store, image, "disk").manifest().figures().newPages()).isZero();
      for (Manifest version : store.manifests()) {
        assertRestores(store, version, image, folder);
      }
    }
    try (Stream<Path> packs = Files.walk(path.resolve("packs"))) {
      for (Path other : packs.filter(Files::isRegularFile).toList()) {
        if (!other.equals(pack)) {
          Files.delete(other);
        }
      }
    }
    try (Store store = Store.open(path)) {
      assertThat(Images.verify(store).damage()).anyMatch(damage -> !damage.affected().isEmpty());
    }
  }

  @Test
  void twoDamagedPlacesCostNoOtherFrame() throws IOException {
    byte[] whole = Files.readAllBytes(pack);
    int second = PackFiles.firstFrameEnd(whole);
    Images.flip(pack, second + 12, 1); // the header of the second frame
    Images.flip(pack, whole.length - 20, 1); // the trailer
    long before = PackFiles.wholePages(pack);
    try (Store store = Store.open(path)) {
      Set<String> lost = PackFiles.digests(pack);
      ReindexReport report = store.reindex(Task.unwatched());
      assertThat(report.repaired()).hasSize(1);
      assertThat(PackFiles.digests(pack)).containsAll(lost);
      assertThat(PackFiles.wholePages(pack)).isEqualTo(before);
      assertThat(Images.verify(store).damage()).anyMatch(damage -> !damage.affected().isEmpty());
      Manifest again = capture(store, image, "disk").manifest();
      assertThat(again.figures().newPages()).isEqualTo(32);
      assertRestores(store, again, image, folder);
    }
  }

  @Test
  void aFrameThatHoldsAPackIsNotMistakenForItsFrames() throws IOException {
    // What cannot be compressed is stored as it is: a pack within an image looks like one.
    Path outer = folder.resolve("outer");
    Path held = folder.resolve("held");
    Images.write(held, Files.readAllBytes(pack));
    Images.write(folder.resolve("random"), Content.random(2 * MIB, 5));
    try (Store store = Store.create(outer, StoreOptions.defaults())) {
      capture(store, held, "held");
      capture(store, folder.resolve("random"), "random");
    }
    List<Path> packs;
    try (Stream<Path> files = Files.walk(outer.resolve("packs"))) {
      packs = files.filter(Files::isRegularFile).sorted().toList();
    }
    for (Path file : packs) {
      byte[] bytes = Files.readAllBytes(file);
      Set<String> all = PackFiles.digests(file);
      Images.flip(file, 40 + 12, 1); // the header of the first frame
      Images.flip(file, bytes.length - 20, 1); // the trailer
      Set<String> left = PackFiles.digests(file);
      assertThat(all).containsAll(left);
      assertThat(all.size() - left.size()).isBetween(1, 8);
    }
  }

  @Test
  void aHugeFileInThePlaceOfAPackIsRefusedBeforeItIsRead() throws IOException {
    Images.sparse(pack, 1L << 40);
    try (Store store = Store.open(path)) {
      assertThat(Images.verify(store).damage())
          .anyMatch(damage -> damage.problem().contains("more than any pack"));
      assertThat(store.reindex(Task.unwatched()).damage()).hasSize(1);
    }
    assertThat(Files.size(pack)).isEqualTo(1L << 40);
  }

  @Test
  void aDamagedSchemaOfTheIndexIsMadeAgain() throws IOException {
    byte[] index = Files.readAllBytes(path.resolve("index.db"));
    String text = new String(index, StandardCharsets.ISO_8859_1);
    for (String column : List.of("pages INTEGER", "blob_bytes", "ordinal INTEGER", "numbers(")) {
      Files.write(path.resolve("index.db"), index);
      Images.flip(path.resolve("index.db"), text.indexOf(column), 8);
      try (Store store = Store.open(path)) {
        assertThat(capture(store, image, "disk").manifest().figures().newPages()).isZero();
        store.reindex(Task.unwatched());
        assertClean(store);
        store.manifests().stream().skip(1).forEach(store::delete);
      }
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
