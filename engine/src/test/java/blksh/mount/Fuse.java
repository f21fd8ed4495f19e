package blksh.mount;

import blksh.BlkshException;
import blksh.kit.Component;
import java.util.function.Supplier;

/** What tests need of the system to mount. */
final class Fuse {

  private Fuse() {}

  /** Ends the test where there is no FUSE. */
  static void need() {
    try {
      FuseLibrary.load();
    } catch (BlkshException e) {
      Component.missing(e.getMessage());
    }
  }

  /** Mounts; ends the test where there is no FUSE. */
  static FuseMount mount(Supplier<FuseMount> mount) {
    need();
    return mount.get();
  }
}
