package blksh.store.sealed;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.Arrays;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** HMAC-SHA-256 (RFC 2104), and keys derived by it: HKDF (RFC 5869). */
final class Hmac {

  /** Bytes of what it gives. */
  static final int LENGTH = 32;

  private static final String NAME = "HmacSHA256";

  private static final ThreadLocal<Mac> MAC =
      ThreadLocal.withInitial(
          () -> {
            try {
              return Mac.getInstance(NAME);
            } catch (GeneralSecurityException e) {
              throw new IllegalStateException("every Java platform has " + NAME, e);
            }
          });

  private Hmac() {}

  /** Of parts one after another. */
  static byte[] of(byte[] key, byte[]... parts) {
    try {
      Mac mac = MAC.get();
      mac.init(new SecretKeySpec(key, NAME));
      for (byte[] part : parts) {
        mac.update(part);
      }
      return mac.doFinal();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("compute " + NAME, e);
    }
  }

  /**
   * A key of 32 bytes: the first block of HKDF.
   *
   * @param salt 1 byte or more; the standard takes {@value #LENGTH} zeros where there is none
   * @param info what it is for
   */
  static byte[] derive(byte[] secret, byte[] salt, String info) {
    byte[] extracted = of(salt, secret);
    try {
      return of(extracted, info.getBytes(StandardCharsets.UTF_8), new byte[] {1});
    } finally {
      Arrays.fill(extracted, (byte) 0);
    }
  }
}
