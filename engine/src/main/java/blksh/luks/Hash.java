package blksh.luks;

import blksh.task.Task;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Map;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** Hashes by the names cryptsetup has for them. */
final class Hash {

  private static final Map<String, String> NAMES =
      Map.of(
          "sha1", "SHA-1",
          "sha224", "SHA-224",
          "sha256", "SHA-256",
          "sha384", "SHA-384",
          "sha512", "SHA-512");

  private static final int TURN = 1 << 14;

  private Hash() {}

  /**
   * What Java calls it.
   *
   * @throws LuksProblem when it is not known here, with its name
   */
  static String digestName(String name) throws LuksProblem {
    String known = NAMES.get(name);
    LuksProblem.unless(
        known != null,
        "it needs the hash %s, which is not known",
        name.replaceAll("\\p{Cntrl}", "?"));
    return known;
  }

  static MessageDigest digest(String name) throws LuksProblem {
    try {
      return MessageDigest.getInstance(digestName(name));
    } catch (GeneralSecurityException e) {
      throw new LuksProblem("this Java has no hash " + name);
    }
  }

  /**
   * PBKDF2 (RFC 8018, section 5.2) of bytes, which may be no text.
   *
   * @param task asked whether to go on, many times a second
   */
  static byte[] pbkdf2(
      String name, byte[] passphrase, byte[] salt, long iterations, int length, Task task)
      throws LuksProblem {
    try {
      String algorithm = "Hmac" + digestName(name).replace("-", "");
      Mac mac = Mac.getInstance(algorithm);
      // An empty key is the same as one of zeros, which Java takes.
      mac.init(new SecretKeySpec(passphrase.length == 0 ? new byte[1] : passphrase, algorithm));
      byte[] key = new byte[length];
      int size = mac.getMacLength();
      byte[] turn = new byte[size];
      for (int block = 0; block * size < length; block++) {
        task.checkCancelled();
        mac.update(salt);
        int number = block + 1;
        mac.update(
            new byte[] {
              (byte) (number >>> 24), (byte) (number >>> 16), (byte) (number >>> 8), (byte) number
            });
        mac.doFinal(turn, 0);
        byte[] sum = turn.clone();
        for (long i = 1; i < iterations; i++) {
          if (i % TURN == 0) {
            task.checkCancelled();
          }
          mac.update(turn);
          mac.doFinal(turn, 0);
          for (int k = 0; k < size; k++) {
            sum[k] ^= turn[k];
          }
        }
        System.arraycopy(sum, 0, key, block * size, Math.min(size, length - block * size));
      }
      return key;
    } catch (GeneralSecurityException e) {
      throw new LuksProblem("this Java has no PBKDF2 with " + name);
    }
  }

  /**
   * Puts a key together that was split into stripes so that no part of it is of use without all
   * others (LUKS1 specification, section 2.4).
   */
  static byte[] merge(byte[] material, int keyBytes, int stripes, String name) throws LuksProblem {
    MessageDigest digest = digest(name);
    byte[] key = new byte[keyBytes];
    for (int stripe = 0; stripe < stripes; stripe++) {
      for (int i = 0; i < keyBytes; i++) {
        key[i] ^= material[stripe * keyBytes + i];
      }
      if (stripe < stripes - 1) {
        diffuse(digest, key);
      }
    }
    return key;
  }

  private static void diffuse(MessageDigest digest, byte[] key) {
    int size = digest.getDigestLength();
    for (int at = 0, number = 0; at < key.length; at += size, number++) {
      digest.update(
          new byte[] {
            (byte) (number >>> 24), (byte) (number >>> 16), (byte) (number >>> 8), (byte) number
          });
      int length = Math.min(size, key.length - at);
      digest.update(key, at, length);
      System.arraycopy(digest.digest(), 0, key, at, length);
    }
  }
}
