package blksh.workspace;

import static org.assertj.core.api.Assertions.assertThat;

import blksh.block.ByteArraySource;
import blksh.block.FileSource;
import blksh.image.Image;
import blksh.image.ImageOptions;
import blksh.image.ImageRestore;
import blksh.image.ImageRestoreOptions;
import blksh.image.Images;
import blksh.store.CaptureOptions;
import blksh.store.CaptureResult;
import blksh.store.Store;
import blksh.store.StoreOptions;
import blksh.task.Task;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Images and stores meet through the blocks they hold. */
class ImageCaptureTest {

  @TempDir Path directory;

  @Test
  void aPartitionAndTheImageOfItAreStoredOnce() throws IOException {
    byte[] stored;
    try (InputStream in =
        new GZIPInputStream(
            getClass().getResourceAsStream("/images/partclone-ext4-crc32.img.gz"))) {
      stored = in.readAllBytes();
    }
    Path raw = directory.resolve("ext4.raw");
    try (Image image = Images.open(new ByteArraySource(stored), ImageOptions.defaults());
        Store store = Store.create(directory.resolve("store"), StoreOptions.defaults())) {
      ImageRestore.run(image, raw, ImageRestoreOptions.defaults(), Task.unwatched());
      CaptureResult first = capture(store, image, "image");
      try (FileSource partition = FileSource.open(raw)) {
        CaptureResult second = capture(store, partition, "partition");
        assertThat(first.manifest().figures().newPages()).isPositive();
        assertThat(first.manifest().figures().freeBytes()).isPositive();
        assertThat(second.manifest().figures().newPages()).isZero();
      }
    }
  }

  private static CaptureResult capture(Store store, blksh.block.BlockSource source, String name) {
    return store.capture(source, name, CaptureOptions.defaults(), Task.unwatched());
  }
}
