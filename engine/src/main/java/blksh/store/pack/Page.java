package blksh.store.pack;

import java.security.DigestException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;

/**
 * The unit of deduplication: 4096 bytes of an image, aligned to 4096; the last of an image may be
 * shorter. A page is known by the SHA-256 of its bytes. A page of zeros is never stored.
 */
public final class Page {

  /** Bytes in a page. */
  public static final int SIZE = 4096;

  /** Bytes in a digest. */
  public static final int DIGEST = 32;

  /** A page of zeros, to copy and compare with. */
  public static final byte[] ZEROS = new byte[SIZE];

  private Page() {}

  /** Pages needed for an image of a size. */
  public static long count(long bytes) {
    return (bytes + SIZE - 1) / SIZE;
  }

  /** Whether {@code length} bytes, at most a page, are all zero. */
  public static boolean isZero(byte[] bytes, int offset, int length) {
    return Arrays.equals(bytes, offset, offset + length, ZEROS, 0, length);
  }

  public static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }

  /** Writes the digest of a page's bytes to {@code to} at {@code at}. */
  public static void digest(
      MessageDigest sha, byte[] bytes, int offset, int length, byte[] to, int at) {
    sha.update(bytes, offset, length);
    try {
      sha.digest(to, at, DIGEST);
    } catch (DigestException e) {
      throw new IllegalStateException("no room for a digest at " + at, e);
    }
  }

  public static boolean sameDigest(byte[] a, int at, byte[] b, int bt) {
    return Arrays.equals(a, at, at + DIGEST, b, bt, bt + DIGEST);
  }
}
