package blksh.failing;

import static org.assertj.core.api.Assertions.assertThat;

import blksh.block.Overlay;
import blksh.kit.Content;
import blksh.kit.Reading;
import blksh.store.CaptureOptions;
import blksh.store.Manifest;
import blksh.store.Store;
import blksh.store.StoreOptions;
import blksh.store.VerifyOptions;
import blksh.task.Task;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/** Captures what an overlay shows into a store, and deletes an older version. */
final class CommitDeed extends Deed {

  private final Map<String, byte[]> told = new HashMap<>();
  private byte[] shown;

  @Override
  Deed fresh() {
    CommitDeed fresh = new CommitDeed();
    fresh.told.putAll(told);
    fresh.shown = shown;
    return fresh;
  }

  private void commit(Store store, Overlay overlay) {
    Manifest manifest =
        store.capture(overlay, "disk", CaptureOptions.defaults(), Task.unwatched()).manifest();
    told.put(manifest.reference(), shown);
  }

  @Override
  void prepare(Path folder) {
    try (Store store = Store.create(folder.resolve("store"), StoreOptions.defaults());
        Overlay overlay = OverlayDeed.open(folder)) {
      for (int i = 0; i < 2; i++) {
        overlay.write(i * 3 * PAGE, ByteBuffer.wrap(Content.random(5 * PAGE, i)));
        shown = Reading.read(overlay, 0, OverlayDeed.BASE.length);
        commit(store, overlay);
      }
      overlay.write(11 * PAGE, ByteBuffer.wrap(Content.random(5 * PAGE, 11)));
      shown = Reading.read(overlay, 0, OverlayDeed.BASE.length);
    }
  }

  @Override
  void run(Path folder, Runnable mended) {
    try (Store store = Store.open(folder.resolve("store"));
        Overlay overlay = OverlayDeed.open(folder)) {
      commit(store, overlay);
      told.remove("disk@1"); // once it was begun nobody knows
      if (store.versions("disk").contains(1)) {
        store.delete("disk@1");
      }
    }
  }

  @Override
  void check(Path folder) {
    try (Store store = Store.open(folder.resolve("store"))) {
      assertThat(store.verify(VerifyOptions.full(), Task.unwatched()).damage()).isEmpty();
      for (Map.Entry<String, byte[]> one : told.entrySet()) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        store.restore(store.manifest(one.getKey()), out, Task.unwatched());
        assertThat(out.toByteArray()).as(one.getKey()).isEqualTo(one.getValue());
      }
    }
  }
}
