package blksh.store;

import static blksh.store.Images.MIB;
import static org.assertj.core.api.Assertions.assertThat;

import blksh.block.BlockSource;
import blksh.block.ByteArraySource;
import blksh.kit.Content;
import blksh.store.shelf.MemoryShelf;
import blksh.store.shelf.Shelf;
import blksh.task.Task;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A store knows nothing of where its blobs are: neither paths nor locks. */
class StoreOnAnyShelfTest {

  @TempDir Path folder;

  private static Manifest capture(Store store, String name, byte[] bytes) {
    return store
        .capture(new ByteArraySource(bytes), name, CaptureOptions.defaults(), Task.unwatched())
        .manifest();
  }

  private static void assertRestores(Store store, Manifest manifest, byte[] expected) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    store.restore(manifest, out, Task.unwatched());
    assertThat(Arrays.mismatch(out.toByteArray(), expected)).isEqualTo(-1);
  }

  @Test
  void everyVerbWorksWithoutASpoolAndWithoutLocks() throws IOException {
    byte[] first = Content.compressible(2 * MIB + 77, 1);
    byte[] second = first.clone();
    Arrays.fill(second, MIB, MIB + 100_000, (byte) 9);
    Shelf shelf = new MemoryShelf();
    Store.create(shelf, StoreOptions.defaults());
    Path here = Files.createDirectory(folder.resolve("here"));
    Manifest one;
    Manifest two;
    try (Store store = Store.open(shelf, here)) {
      one = capture(store, "disk", first);
      two = capture(store, "disk", second);
      assertThat(two.version()).isEqualTo(2);
      assertThat(two.figures().newPages()).isLessThan(60);
      assertRestores(store, one, first);
      try (BlockSource source = store.source(two)) {
        ByteBuffer buffer = ByteBuffer.allocate(50_000);
        source.read(MIB - 1000, buffer);
        assertThat(buffer.array()).isEqualTo(Arrays.copyOfRange(second, MIB - 1000, MIB + 49_000));
      }
      assertThat(store.diff(one, two).changedBytes()).isPositive();
      Images.assertClean(store);
    }
    // Elsewhere nothing is derived yet.
    Path elsewhere = Files.createDirectory(folder.resolve("elsewhere"));
    try (Store store = Store.open(shelf, elsewhere)) {
      assertThat(store.manifests()).containsExactly(one, two);
      assertRestores(store, two, second);
      store.delete(one);
      store.reindex(Task.unwatched());
      assertThat(store.manifests()).containsExactly(two);
      assertThat(capture(store, "again", second).figures().newPages()).isZero();
      assertThat(store.info().storedBytes()).isEqualTo(shelf.bytes());
      Images.assertClean(store);
    }
  }
}
