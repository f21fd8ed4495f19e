package blksh.store;

import static blksh.store.Images.MIB;
import static blksh.store.Images.PAGE;
import static blksh.store.Images.capture;
import static org.assertj.core.api.Assertions.assertThat;

import blksh.kit.Content;
import blksh.task.Task;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a store and its versions take. */
class FiguresTest {

  @TempDir Path folder;

  private Path image(byte[] bytes) throws IOException {
    return Images.write(folder.resolve("image"), bytes);
  }

  @Test
  void ownAndSharedAndChangedAreToldByVersion() throws IOException {
    byte[] bytes = Content.random(MIB, 1);
    try (Store store = Store.create(folder.resolve("store"), StoreOptions.defaults())) {
      capture(store, image(bytes), "disk");
      System.arraycopy(Content.random(20 * PAGE, 2), 0, bytes, 0, 20 * PAGE);
      capture(store, image(bytes), "disk");
      capture(store, image(bytes), "other");
      StoreFigures figures = store.upkeep().figures("*", Task.unwatched());
      assertThat(figures.imageBytes()).isEqualTo(3 * MIB);
      assertThat(figures.dataBytes()).isEqualTo(3 * MIB);
      assertThat(figures.uniqueBytes()).isEqualTo(MIB + 20 * PAGE);
      assertThat(figures.packBytes()).isBetween((long) MIB + 20 * PAGE, MIB * 11L / 10);
      assertThat(figures.step()).isEqualTo(1);
      assertThat(figures.deduplication()).isEqualTo(3.0 * MIB / (MIB + 20 * PAGE));
      assertThat(figures.versions())
          .extracting(each -> each.manifest().reference())
          .containsExactly("disk@1", "disk@2", "other@1");
      assertThat(figures.versions())
          .extracting(StoreFigures.Version::own)
          .containsExactly(20L * PAGE, 0L, 0L);
      assertThat(figures.versions())
          .extracting(StoreFigures.Version::shared)
          .containsExactly((long) MIB - 20 * PAGE, (long) MIB, (long) MIB);
      assertThat(figures.versions())
          .extracting(StoreFigures.Version::changed)
          .containsExactly(null, 20L * PAGE, null);
      assertThat(store.upkeep().figures("o*", Task.unwatched()).versions())
          .singleElement()
          .extracting(StoreFigures.Version::own)
          .isEqualTo(0L);
    }
  }

  @Test
  void aStoreOfNothingHasNoRatios() {
    try (Store store = Store.create(folder.resolve("store"), StoreOptions.defaults())) {
      StoreFigures figures = store.upkeep().figures("*", Task.unwatched());
      assertThat(figures.versions()).isEmpty();
      assertThat(figures.deduplication()).isNaN();
      assertThat(figures.compression()).isNaN();
    }
  }
}
