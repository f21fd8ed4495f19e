package blksh.catalogue;

import java.util.Arrays;

/**
 * Paths of directories as the database has them: with zero bytes between the steps, so that a
 * directory comes before what is below it, and all that before its next sibling.
 */
final class PathKey {

  private PathKey() {}

  static byte[] of(byte[] path) {
    return replaced(path, (byte) '/', (byte) 0);
  }

  static byte[] path(byte[] key) {
    return replaced(key, (byte) 0, (byte) '/');
  }

  private static byte[] replaced(byte[] path, byte old, byte by) {
    byte[] key = path.clone();
    for (int i = 0; i < key.length; i++) {
      key[i] = key[i] == old ? by : key[i];
    }
    return key;
  }

  /** The first key below a directory; that of the root is smaller than all. */
  static byte[] firstBelow(byte[] key) {
    return key.length == 0 ? key : with(key, 0);
  }

  /** The first key behind all that is below a directory that is not the root. */
  static byte[] behind(byte[] key) {
    return with(key, 1);
  }

  private static byte[] with(byte[] key, int last) {
    byte[] with = Arrays.copyOf(key, key.length + 1);
    with[key.length] = (byte) last;
    return with;
  }
}
