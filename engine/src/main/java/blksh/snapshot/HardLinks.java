package blksh.snapshot;

import blksh.io.FileStatus;
import java.util.HashMap;
import java.util.Map;

/**
 * Files of a tree that have more than one name, from the first of them on that was made until the
 * last. Who comes upon another name meanwhile waits for the first to be made.
 */
final class HardLinks {

  private record Key(long device, long inode) {}

  /**
   * A name that was made.
   *
   * @param entry what was noted of it
   */
  record Made(byte[] path, RecordEntry entry) {}

  private static final class Making {
    Made made;
    int left;
    boolean failed;
  }

  private final Map<Key, Making> files = new HashMap<>();

  /**
   * Comes upon a name of a file.
   *
   * @return the first name once that is made; null when this is the first, which is to be told to
   *     {@link #made}
   */
  synchronized Made first(FileStatus status) {
    Key key = new Key(status.device(), status.inode());
    Making making = files.get(key);
    if (making == null || making.failed) {
      making = new Making();
      making.left = status.links() - 1;
      files.put(key, making);
      return null;
    }
    while (making.made == null && !making.failed) {
      try {
        wait();
      } catch (InterruptedException e) {
        making.failed = true;
      }
    }
    if (--making.left <= 0) {
      files.remove(key, making);
    }
    return making.made;
  }

  /** Says what the first name became; null when it was not made. */
  synchronized void made(FileStatus status, Made made) {
    Making making = files.get(new Key(status.device(), status.inode()));
    if (making != null) {
      making.made = made;
      making.failed = made == null;
      notifyAll();
    }
  }
}
