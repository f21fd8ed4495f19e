package blksh.store;

import static blksh.store.Images.MIB;
import static blksh.store.Images.assertClean;
import static blksh.store.Images.assertRestores;
import static blksh.store.Images.capture;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import blksh.BlkshException;
import blksh.kit.Content;
import blksh.kit.Tmpfs;
import blksh.kit.Tool;
import blksh.task.Task;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Stores on file systems that are too small. */
class FullDiskTest {

  @TempDir Path folder;

  private static long used(Path store) throws IOException {
    try (Stream<Path> files = Files.walk(store)) {
      long sum = 0;
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        sum += Images.allocated(file);
      }
      return sum;
    }
  }

  private static List<Path> unfinished(Path store) throws IOException {
    try (Stream<Path> files = Files.walk(store)) {
      return files
          .filter(f -> f.toString().endsWith(".part") || f.toString().endsWith(".new"))
          .toList();
    }
  }

  @Test
  void aCaptureThatDoesNotFitFailsAndGivesItsSpaceBack() throws IOException {
    Path small = Images.write(folder.resolve("small"), Content.random(2 * MIB, 1));
    Path large = Images.write(folder.resolve("large"), Content.random(40 * MIB, 2));
    try (Tmpfs mount = Tmpfs.of(folder.resolve("mounted"), "24m")) {
      Path path = mount.path().resolve("store");
      Manifest first;
      try (Store store = Store.create(path, StoreOptions.defaults())) {
        first = capture(store, small, "small").manifest();
        long before = used(path);
        for (int i = 0; i < 3; i++) {
          assertThatThrownBy(() -> capture(store, large, "large"))
              .isInstanceOf(BlkshException.class)
              .hasMessageContaining("No space left")
              .hasMessageContaining("free some space");
          assertThat(store.manifests()).containsExactly(first);
          assertThat(used(path)).isLessThan(before + 256 * 1024);
          assertThat(unfinished(path)).isEmpty();
          assertClean(store);
          assertRestores(store, first, small, folder);
        }
        mount.resize("80m");
        Manifest second = capture(store, large, "large").manifest();
        assertThat(second.version()).isEqualTo(1);
        assertRestores(store, second, large, folder);
        assertRestores(store, first, small, folder);
        assertClean(store);
      }
    }
  }

  @Test
  void packsThatWereSealedBeforeTheDiskWasFullAreKept() throws IOException {
    Path image = Images.write(folder.resolve("image"), Content.random(110 * MIB, 2));
    try (Tmpfs mount = Tmpfs.of(folder.resolve("mounted"), "90m")) {
      Path path = mount.path().resolve("store");
      try (Store store = Store.create(path, StoreOptions.defaults())) {
        assertThatThrownBy(() -> capture(store, image, "image"))
            .isInstanceOf(BlkshException.class)
            .hasMessageContaining("No space left");
        assertThat(store.manifests()).isEmpty();
        assertThat(store.info().packs()).isEqualTo(1);
        assertThat(unfinished(path)).isEmpty();
        assertClean(store);
        mount.resize("160m");
        Manifest manifest = capture(store, image, "image").manifest();
        assertThat(manifest.figures().newBytes()).isLessThan(50L * MIB);
        assertRestores(store, manifest, image, folder);
        assertClean(store);
      }
    }
  }

  /** Fills the disk to the last so many bytes, so that everything a capture writes fails once. */
  @ParameterizedTest
  @ValueSource(
      ints = {0, 4, 8, 16, 24, 40, 64, 100, 150, 270, 300, 340, 420, 600, 1100, 1300, 1700})
  void aDiskFullAtAnyPointLeavesTheStoreClean(int kibibytesLeft) throws IOException {
    Path first = Images.write(folder.resolve("first"), Content.random(MIB, 1));
    // More pages than the page index has room for: it has to grow, too.
    Path second = Images.write(folder.resolve("second"), Content.compressible(60 * MIB, 2));
    try (Tmpfs mount = Tmpfs.of(folder.resolve("mounted"), "48m")) {
      Path path = mount.path().resolve("store");
      Path filler = mount.path().resolve("filler");
      Path fits = Images.write(folder.resolve("fits"), Content.random(MIB + MIB / 4, 3));
      try (Store store = Store.create(path, StoreOptions.defaults())) {
        Manifest one = capture(store, first, "first").manifest();
        fill(filler, mount.path(), kibibytesLeft);
        List<Manifest> expected = new ArrayList<>(List.of(one));
        try {
          expected.add(capture(store, fits, "fits").manifest());
        } catch (BlkshException e) {
          assertThat(e.getMessage()).containsPattern("No space left|FULL|full");
        }
        assertThat(unfinished(path)).isEmpty();
        Files.delete(filler);
        assertThat(store.manifests()).containsExactlyInAnyOrderElementsOf(expected);
        assertClean(store);
        assertRestores(store, one, first, folder);
        Manifest again = capture(store, fits, "fits").manifest();
        assertRestores(store, again, fits, folder);
        Manifest grown = capture(store, second, "second").manifest();
        assertRestores(store, grown, second, folder);
        assertClean(store);
      }
      try (Store store = Store.open(path)) {
        assertClean(store);
      }
    }
  }

  @Test
  void aStoreOnADiskThatIsFullIsReadAndThinnedOut() throws IOException {
    Path image = Images.write(folder.resolve("image"), Content.random(MIB, 1));
    for (boolean indexed : new boolean[] {true, false}) {
      try (Tmpfs mount = Tmpfs.of(folder.resolve("mounted-" + indexed), "8m")) {
        Path path = mount.path().resolve("store");
        Path filler = mount.path().resolve("filler");
        try (Store store = Store.create(path, StoreOptions.defaults())) {
          capture(store, image, "a");
          capture(store, image, "a");
          capture(store, image, "a");
        }
        for (String file : indexed ? List.<String>of() : List.of("index.db", "pages.idx")) {
          Files.delete(path.resolve(file));
        }
        fill(filler, mount.path(), 0);
        try (Store store = Store.open(path)) {
          assertThat(store.manifests()).hasSize(3);
          assertThat(store.unreadable()).isEmpty();
          assertThat(store.info().pages()).isEqualTo(MIB / 4096);
          assertRestores(store, store.manifest("a@1"), image, folder);
          assertThat(store.verify(VerifyOptions.full(), Task.unwatched()).clean()).isTrue();
          for (Manifest old : store.expendable("a", 2)) {
            store.delete(old);
          }
          assertThat(store.versions("a")).containsExactly(2, 3);
          store.delete("a@2");
        }
        Files.delete(filler);
        try (Store store = Store.open(path)) {
          assertThat(capture(store, image, "a").manifest().version()).isEqualTo(4);
          assertClean(store);
        }
      }
    }
  }

  private static void fill(Path filler, Path mount, int kibibytesLeft) throws IOException {
    long free = Files.getFileStore(mount).getUsableSpace() - kibibytesLeft * 1024L;
    Tool.named("fallocate").run("-l", Long.toString(free), filler.toString());
  }

  @Test
  void aPageIndexThatCannotGrowLeavesTheStoreClean() throws IOException {
    Path image = Images.write(folder.resolve("image"), Content.compressible(60 * MIB, 2));
    try (Tmpfs mount = Tmpfs.of(folder.resolve("mounted"), "22m")) {
      Path path = mount.path().resolve("store");
      try (Store store = Store.create(path, StoreOptions.defaults())) {
        List<String> failures = new ArrayList<>();
        for (int size = 16; size < 40; size++) {
          mount.resize(size + "m");
          try {
            Manifest manifest = capture(store, image, "image").manifest();
            assertRestores(store, manifest, image, folder);
            assertClean(store);
            assertThat(failures).isNotEmpty();
            return;
          } catch (BlkshException e) {
            failures.add(e.getMessage());
            assertThat(e.getMessage()).containsPattern("No space left|FULL|full");
            assertThat(store.manifests()).isEmpty();
            assertThat(unfinished(path)).isEmpty();
            assertClean(store);
          }
        }
        assertThat(failures).as("it never fit").isEmpty();
      }
    }
  }

  @Test
  void aRestoreThatDoesNotFitLeavesNoTarget() throws IOException {
    Path image = Images.write(folder.resolve("image"), Content.random(10 * MIB, 2));
    try (Tmpfs mount = Tmpfs.of(folder.resolve("mounted"), "6m");
        Store store = Store.create(folder.resolve("store"), StoreOptions.defaults())) {
      Manifest manifest = capture(store, image, "image").manifest();
      Path target = mount.path().resolve("target");
      assertThatThrownBy(() -> Images.restore(store, manifest, target))
          .isInstanceOf(BlkshException.class)
          .hasMessageContaining("No space left");
      assertThat(mount.path()).isEmptyDirectory();
      mount.resize("12m");
      Images.restore(store, manifest, target);
      Images.assertSame(target, image);
    }
  }

  @Test
  void aStoreThatCannotBeMadeSaysWhy() throws IOException {
    try (Tmpfs mount = Tmpfs.of(folder.resolve("mounted"), "1m")) {
      fill(mount.path().resolve("filler"), mount.path(), 0);
      Path path = mount.path().resolve("store");
      assertThatThrownBy(() -> Store.create(path, StoreOptions.defaults()))
          .isInstanceOf(BlkshException.class)
          .hasMessageContaining("No space left");
    }
  }
}
