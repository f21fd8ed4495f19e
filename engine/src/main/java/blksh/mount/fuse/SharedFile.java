package blksh.mount.fuse;

import blksh.block.BlockSource;
import blksh.mount.MountFile;

/** A file of the tree that one or more clients have open; they share its source. */
final class SharedFile {

  private final String path;
  private final MountFile file;

  /** Null until it is opened. */
  private BlockSource source;

  /** How many have it open; guarded by who counts them. */
  int users;

  SharedFile(String path, MountFile file) {
    this.path = path;
    this.file = file;
  }

  String path() {
    return path;
  }

  MountFile file() {
    return file;
  }

  /**
   * The source, opened for the first who asks.
   *
   * @throws blksh.BlkshException when it cannot be opened
   */
  synchronized BlockSource source() {
    if (source == null) {
      source = file.open();
    }
    return source;
  }

  /** Lets go of the source. */
  synchronized void release() {
    if (source != null) {
      file.release(source);
      source = null;
    }
  }
}
