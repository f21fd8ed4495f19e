package blksh.tree;

import blksh.io.FileStatus;
import java.util.Arrays;

/**
 * One entry of a directory.
 *
 * @param name its bytes
 * @param status of it itself, also when it is a link
 * @param target where a link leads, as it is written there; null of anything else
 */
public record TreeEntry(byte[] name, FileStatus status, byte[] target) {

  /** Its path. @param directory path of the directory it is in, relative; empty for the root */
  public byte[] path(byte[] directory) {
    return path(directory, name);
  }

  /** The path of a name in a directory; with an empty name that of the directory. */
  public static byte[] path(byte[] directory, byte[] name) {
    if (directory.length == 0) {
      return name;
    }
    if (name.length == 0) {
      return directory;
    }
    byte[] path = Arrays.copyOf(directory, directory.length + 1 + name.length);
    path[directory.length] = '/';
    System.arraycopy(name, 0, path, directory.length + 1, name.length);
    return path;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof TreeEntry it
        && Arrays.equals(name, it.name)
        && status.equals(it.status)
        && Arrays.equals(target, it.target);
  }

  @Override
  public int hashCode() {
    return 31 * Arrays.hashCode(name) + status.hashCode();
  }
}
