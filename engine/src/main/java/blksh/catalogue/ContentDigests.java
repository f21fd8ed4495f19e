package blksh.catalogue;

import blksh.io.Sha256;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.ForkJoinTask;

/**
 * The two digests a content is known by: SHA-512, as odarchive names it, and SHA-256, which other
 * programs compare (FIPS 180-4).
 *
 * @param sha512 64 bytes
 * @param sha256 32 bytes; null when only another catalogue knows the content
 */
record ContentDigests(byte[] sha512, byte[] sha256) {

  static final int SHA512_BYTES = 64;

  /** A number that keeps the order of the digests. */
  long head() {
    return ByteBuffer.wrap(sha512).getLong() ^ Long.MIN_VALUE;
  }

  /** Feeds both. For one thread. */
  static final class Reading {

    /** Bytes that are worth waking another thread. */
    private static final int MANY = 1 << 17;

    private final MessageDigest sha512 = begin512();
    private final MessageDigest sha256 = Sha256.begin();

    /**
     * Feeds some bytes.
     *
     * @param apart whether each digest may take a core of its own, when they are many
     */
    void update(byte[] bytes, int length, boolean apart) {
      if (!apart || length < MANY) {
        sha512.update(bytes, 0, length);
        sha256.update(bytes, 0, length);
        return;
      }
      ForkJoinTask<?> other =
          ForkJoinPool.commonPool().submit(() -> sha512.update(bytes, 0, length));
      sha256.update(bytes, 0, length);
      other.join();
    }

    ContentDigests digests() {
      return new ContentDigests(sha512.digest(), sha256.digest());
    }

    void reset() {
      sha512.reset();
      sha256.reset();
    }
  }

  static MessageDigest begin512() {
    try {
      return MessageDigest.getInstance("SHA-512");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform here has SHA-512", e);
    }
  }
}
