package blksh.failing;

import static org.assertj.core.api.Assertions.assertThat;

import blksh.block.ByteArraySource;
import blksh.cache.Cache;
import blksh.cache.CacheOptions;
import blksh.image.Convert;
import blksh.image.ConvertOptions;
import blksh.kit.Content;
import blksh.store.CaptureOptions;
import blksh.store.RestoreOptions;
import blksh.store.Store;
import blksh.store.StoreOptions;
import blksh.task.Task;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/** Writes a file in place of another, which stays as it was until the new one is whole. */
final class TargetDeed extends Deed {

  private static final byte[] OLD = Content.random(3 * PAGE, 4);
  private static final byte[] IMAGE = Content.disk(90 * PAGE + 512, 5);

  /** What writes it. */
  enum Writer {
    EXPORT,
    RESTORE,
    CONVERT
  }

  private final Writer writer;
  private boolean written;

  TargetDeed(Writer writer) {
    this.writer = writer;
  }

  @Override
  Deed fresh() {
    return new TargetDeed(writer);
  }

  private static Path target(Path folder) {
    return folder.resolve("target");
  }

  private static Cache cache(Path folder) {
    return Cache.open(
        new ByteArraySource(IMAGE),
        folder.resolve("copy"),
        folder.resolve("copy.map"),
        CacheOptions.defaults());
  }

  @Override
  void prepare(Path folder) throws IOException {
    Files.write(target(folder), OLD);
    if (writer == Writer.EXPORT) {
      try (Cache cache = cache(folder)) {
        cache.fill(Task.unwatched());
      }
    } else if (writer == Writer.RESTORE) {
      try (Store store = Store.create(folder.resolve("store"), StoreOptions.defaults())) {
        store.capture(
            new ByteArraySource(IMAGE), "image", CaptureOptions.defaults(), Task.unwatched());
      }
    }
  }

  @Override
  void run(Path folder, Runnable mended) throws IOException {
    Path target = target(folder);
    switch (writer) {
      case EXPORT -> {
        try (Cache cache = cache(folder)) {
          cache.export(target, true, Task.unwatched());
          written = true;
        }
      }
      case RESTORE -> {
        try (Store store = Store.open(folder.resolve("store"))) {
          RestoreOptions over = RestoreOptions.defaults().withOverwrite(true);
          store.restore(store.manifest("image"), target, over, Task.unwatched());
          written = true;
        }
      }
      case CONVERT -> {
        ConvertOptions over = ConvertOptions.defaults().withOverwrite(true);
        Convert.toRaw(new ByteArraySource(IMAGE), target, over, Task.unwatched());
        written = true;
      }
    }
  }

  @Override
  void check(Path folder) throws IOException {
    byte[] found = Files.readAllBytes(target(folder));
    boolean whole = Arrays.equals(found, IMAGE);
    assertThat(whole || !written && Arrays.equals(found, OLD))
        .as("%d bytes found, %s", found.length, written ? "written" : "not written")
        .isTrue();
  }
}
