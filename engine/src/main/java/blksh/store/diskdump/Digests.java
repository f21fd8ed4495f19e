package blksh.store.diskdump;

import blksh.io.Sha256;
import java.security.DigestException;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;

/** The SHA-256 of blocks. */
final class Digests {

  private static final int PIECE = 1 << 16;

  private Digests() {}

  /** Writes the digest of bytes to {@code to} at {@code at}. */
  static void of(MessageDigest sha, byte[] bytes, int from, int length, byte[] to, int at) {
    sha.update(bytes, from, length);
    try {
      sha.digest(to, at, DiskdumpPlace.DIGEST);
    } catch (DigestException e) {
      throw new IllegalStateException("no room for a digest at " + at, e);
    }
  }

  /** Whether this is the digest of bytes. */
  static boolean isOf(byte[] bytes, int length, String hex) {
    MessageDigest sha = Sha256.begin();
    sha.update(bytes, 0, length);
    return HexFormat.of().formatHex(sha.digest()).equals(hex);
  }

  /** The digest of a block of zeros. */
  static byte[] ofZeros(int length) {
    MessageDigest sha = Sha256.begin();
    byte[] some = new byte[Math.min(length, PIECE)];
    for (int left = length; left > 0; left -= some.length) {
      sha.update(some, 0, Math.min(left, some.length));
    }
    return sha.digest();
  }

  static boolean same(byte[] a, int at, byte[] b) {
    return Arrays.equals(a, at, at + DiskdumpPlace.DIGEST, b, 0, DiskdumpPlace.DIGEST);
  }
}
