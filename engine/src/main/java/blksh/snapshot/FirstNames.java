package blksh.snapshot;

import java.io.Closeable;
import java.util.Arrays;

/** The first name in the tree of each file that has several. Used by one thread. */
final class FirstNames implements Closeable {

  private final InodeTable files = new InodeTable();

  /** The first name of a file; null when it is the one given. */
  byte[] of(long device, long inode, TreeRecord named) {
    byte[] first = files.get(device, inode);
    if (first == null) {
      files.put(device, inode, named.pathBytes());
      return null;
    }
    return Arrays.equals(first, 0, first.length, named.path, 0, named.pathLength) ? null : first;
  }

  @Override
  public void close() {
    files.close();
  }
}
