package blksh.snapshot;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/** The first name in the tree of each file that has several. Used by one thread. */
final class FirstNames {

  private record File(long device, long inode) {}

  private final Map<File, byte[]> names = new HashMap<>();

  /** The first name of a file; null when it is the one given. */
  byte[] of(long device, long inode, TreeRecord named) {
    File file = new File(device, inode);
    byte[] first = names.get(file);
    if (first == null) {
      names.put(file, named.pathBytes());
    }
    boolean itself =
        first != null && Arrays.equals(first, 0, first.length, named.path, 0, named.pathLength);
    return itself ? null : first;
  }
}
