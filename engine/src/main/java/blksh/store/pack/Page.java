package blksh.store.pack;

import java.security.DigestException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;

/**
 * The unit of deduplication: so many bytes of an image as the {@link PageSize} of its store says,
 * aligned to as many; the last of an image may be shorter. A page is known by the SHA-256 of its
 * bytes. A page of zeros is never stored.
 */
public final class Page {

  /** Bytes in a page of a store that says nothing else, see {@link PageSize#USUAL}. */
  public static final int SIZE = 4096;

  /** Bytes in a digest. */
  public static final int DIGEST = 32;

  /** The largest page, of zeros, to copy and compare with. */
  public static final byte[] ZEROS = new byte[1 << 16];

  private Page() {}

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
