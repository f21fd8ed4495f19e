package blksh.snapshot;

import java.util.Arrays;

/**
 * The order of a tree's entries: by the bytes of their paths, {@code /} before every other byte. So
 * a directory comes before what is in it, and that before what comes after the directory.
 */
final class PathOrder {

  private PathOrder() {}

  /** Compares the first bytes of two arrays. */
  static int compare(byte[] a, int aLength, byte[] b, int bLength) {
    int at = Arrays.mismatch(a, 0, aLength, b, 0, bLength);
    if (at < 0) {
      return 0;
    }
    if (at >= aLength || at >= bLength) {
      return aLength - bLength;
    }
    return rank(a[at]) - rank(b[at]);
  }

  static int compare(byte[] a, byte[] b) {
    return compare(a, a.length, b, b.length);
  }

  private static int rank(byte of) {
    return of == '/' ? -1 : of & 0xFF;
  }

  /** Whether a path is a directory's or lies in it; everything lies in the root, the empty path. */
  static boolean isWithin(byte[] path, int length, byte[] directory) {
    int d = directory.length;
    return d == 0
        || length >= d
            && Arrays.equals(path, 0, d, directory, 0, d)
            && (length == d || path[d] == '/');
  }
}
