package blksh.snapshot;

import blksh.io.DirectoryHandle;
import blksh.io.ExtendedAttributes;
import blksh.io.FileStatus;
import blksh.tree.TreeMetadata;

/**
 * What the user who takes a snapshot can keep of files in a tree of his own. Only root gives files
 * away; what another user takes belongs to him, and is not run with the rights of anybody else.
 *
 * @param asRoot whether all of it can be kept
 */
record Keeping(boolean asRoot) {

  private static final int SET_IDS = 06000;

  /** Of an owner or group: stays as it is. */
  private static final int SAME = -1;

  static Keeping ofThisUser() {
    return new Keeping(DirectoryHandle.user() == 0);
  }

  /** What a file in the snapshot gets. */
  TreeMetadata of(FileStatus status, ExtendedAttributes attributes) {
    TreeMetadata all = TreeMetadata.of(status, attributes);
    return asRoot
        ? all
        : new TreeMetadata(
            all.type(),
            mode(all.mode()),
            SAME,
            SAME,
            all.mtimeSeconds(),
            all.mtimeNanos(),
            all.special(),
            attributes);
  }

  private int mode(int mode) {
    return asRoot ? mode : mode & ~SET_IDS;
  }

  /** Whether a file of a snapshot is what one with this status would become, attributes aside. */
  boolean fits(FileStatus kept, FileStatus status) {
    return kept.type() == status.type()
        && kept.size() == status.size()
        && hasMetadata(
            kept,
            status.mode(),
            status.uid(),
            status.gid(),
            status.mtimeSeconds(),
            status.mtimeNanos());
  }

  /** As above, of what was noted. */
  boolean hasMetadata(FileStatus kept, int mode, int uid, int gid, long seconds, int nanos) {
    return kept.mode() == mode(mode)
        && (!asRoot || kept.uid() == uid && kept.gid() == gid)
        && kept.mtimeSeconds() == seconds
        && kept.mtimeNanos() == nanos;
  }
}
