package blksh.failing;

import blksh.BlkshException;
import blksh.block.ByteArraySource;
import blksh.block.Overlay;
import blksh.kit.Content;
import java.io.IOException;
import java.nio.file.Path;

/** Writes into an overlay, syncs it and drops blocks of it. */
final class OverlayDeed extends Deed {

  static final byte[] BASE = Content.random(40 * PAGE + 700, 1);

  private final Contents contents;

  OverlayDeed(byte[] prepared) {
    contents = new Contents(prepared);
  }

  @Override
  Deed fresh() {
    return new OverlayDeed(contents.now());
  }

  static Overlay open(Path folder) {
    return Overlay.open(new ByteArraySource(BASE), folder.resolve("overlay"));
  }

  @Override
  void prepare(Path folder) {
    try (Overlay overlay = open(folder)) {
      overlay.write(0, contents.write(0, Content.random(5 * PAGE, 2)));
      overlay.zero(7 * PAGE, 2 * PAGE);
      contents.write(7 * PAGE, new byte[2 * PAGE]);
      overlay.sync();
      contents.synced();
    }
  }

  @Override
  void run(Path folder, Runnable mended) throws IOException {
    try (Overlay overlay = open(folder)) {
      try {
        change(overlay, 3 * PAGE + 100, 4 * PAGE);
        sync(overlay);
        change(overlay, PAGE, 10);
        contents.write(30 * PAGE, new byte[10 * PAGE + 700]);
        overlay.zero(30 * PAGE, 10 * PAGE + 700);
        change(overlay, 20 * PAGE, 3 * PAGE);
        sync(overlay);
      } catch (BlkshException e) {
        mended.run();
        again(overlay, e);
        throw e;
      }
    }
    contents.synced();
  }

  /** One more sync says that all is durable, and then it is; or it says why that cannot be. */
  private void again(Overlay overlay, BlkshException first) {
    try {
      overlay.sync();
      contents.assertIn(overlay);
      contents.adopt(overlay);
    } catch (BlkshException e) {
      first.addSuppressed(e);
    }
  }

  private void change(Overlay overlay, int position, int length) {
    overlay.write(position, contents.write(position, Content.random(length, position)));
  }

  private void sync(Overlay overlay) {
    overlay.sync();
    contents.synced();
  }

  @Override
  void check(Path folder) {
    try (Overlay overlay = open(folder)) {
      contents.assertIn(overlay);
      contents.adopt(overlay);
    }
  }
}
