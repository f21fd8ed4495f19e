package blksh.snapshot;

import java.util.Arrays;

/**
 * The order of a tree's entries: directory by directory. What is in one lies together, by the bytes
 * of the names; directories follow each other by the bytes of their paths, {@code /} before every
 * other byte, so that what is below one lies together too. The root, the empty path, is first.
 */
final class PathOrder {

  private PathOrder() {}

  /** Compares paths, the first bytes of two arrays. */
  static int compare(byte[] a, int aLength, byte[] b, int bLength) {
    int at = Arrays.mismatch(a, 0, aLength, b, 0, bLength);
    if (at < 0) {
      return 0;
    }
    int aDirectory = directoryLength(a, aLength);
    int bDirectory = directoryLength(b, bLength);
    if (at < aDirectory && at < bDirectory) {
      return rank(a[at]) - rank(b[at]);
    }
    if (aDirectory != bDirectory) {
      return aDirectory - bDirectory;
    }
    return at >= aLength || at >= bLength ? aLength - bLength : (a[at] & 0xFF) - (b[at] & 0xFF);
  }

  static int compare(byte[] a, byte[] b) {
    return compare(a, a.length, b, b.length);
  }

  private static int rank(byte of) {
    return of == '/' ? -1 : of & 0xFF;
  }

  /** Bytes of the path of the directory a path is in; 0 for what is in the root. */
  static int directoryLength(byte[] path, int length) {
    for (int i = length - 1; i >= 0; i--) {
      if (path[i] == '/') {
        return i;
      }
    }
    return 0;
  }

  /** Whether a path is a directory's or lies below it; everything lies below the root. */
  static boolean isWithin(byte[] path, int length, byte[] directory) {
    int d = directory.length;
    return d == 0
        || length >= d
            && Arrays.equals(path, 0, d, directory, 0, d)
            && (length == d || path[d] == '/');
  }

  /** Whether a path is of an entry of a directory, and not of one further below. */
  static boolean isIn(byte[] path, int length, byte[] directory) {
    return length > 0
        && directoryLength(path, length) == directory.length
        && Arrays.equals(path, 0, directory.length, directory, 0, directory.length)
        && (directory.length == 0 || path[directory.length] == '/');
  }
}
