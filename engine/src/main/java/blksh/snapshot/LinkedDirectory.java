package blksh.snapshot;

import blksh.io.DirectoryHandle;
import blksh.tree.TreeMetadata;
import java.io.IOException;

/**
 * A directory of a snapshot that is being taken. It gets its permissions and times once nothing is
 * made in it any more, and nothing below it.
 */
final class LinkedDirectory {

  final byte[] path;
  final LinkedDirectory above;

  /** Null where nothing is known of the original. */
  TreeMetadata metadata;

  /** Parts and directories that are not done, and the walk while it is in it. Guarded by this. */
  private int pending = 1;

  LinkedDirectory(byte[] path, LinkedDirectory above) {
    this.path = path;
    this.above = above;
    if (above != null) {
      above.add();
    }
  }

  /** What is done with a directory in which nothing is made any more. */
  interface End {
    void of(LinkedDirectory directory) throws IOException;
  }

  synchronized void add() {
    pending++;
  }

  /** Ends one thing that was pending. */
  void done(End end) throws IOException {
    for (LinkedDirectory each = this; each != null && each.removed(); each = each.above) {
      end.of(each);
    }
  }

  private synchronized boolean removed() {
    pending--;
    return pending == 0;
  }

  DirectoryHandle open(DirectoryHandle root) throws IOException {
    return root.directory(path);
  }
}
