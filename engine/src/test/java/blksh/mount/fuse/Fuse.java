package blksh.mount.fuse;

import blksh.BlkshException;
import blksh.kit.Component;
import java.util.function.Supplier;

/** What tests need of the system to mount. */
public final class Fuse {

  private Fuse() {}

  /** Ends the test where there is no FUSE. */
  public static void need() {
    try {
      FuseLibrary.load();
    } catch (BlkshException e) {
      Component.missing(e.getMessage());
    }
  }

  /** Mounts; ends the test where there is no FUSE. */
  public static FuseMount mount(Supplier<FuseMount> mount) {
    need();
    return mount.get();
  }
}
