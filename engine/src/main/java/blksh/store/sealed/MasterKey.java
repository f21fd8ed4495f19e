package blksh.store.sealed;

import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.HexFormat;

/**
 * What all keys of a store are derived from: 256 random bits, made with the store and never
 * changed.
 */
public final class MasterKey {

  /** Its bytes. */
  public static final int LENGTH = 32;

  private static final byte[] NO_SALT = new byte[Hmac.LENGTH];
  private static final int CHECK = 16;
  private static final SecureRandom RANDOM = new SecureRandom();

  private final byte[] secret;

  /**
   * @param secret {@value #LENGTH} bytes, which are copied
   */
  public MasterKey(byte[] secret) {
    if (secret.length != LENGTH) {
      throw new IllegalArgumentException(
          "a key has %d bytes, and not %d".formatted(LENGTH, secret.length));
    }
    this.secret = secret.clone();
  }

  /** One that nobody has. */
  public static MasterKey random() {
    byte[] bytes = new byte[LENGTH];
    RANDOM.nextBytes(bytes);
    return new MasterKey(bytes);
  }

  /** A copy of its bytes. */
  byte[] secret() {
    return secret.clone();
  }

  /** A key for one purpose. */
  byte[] derive(String purpose) {
    return derive(NO_SALT, purpose);
  }

  byte[] derive(byte[] salt, String purpose) {
    return Hmac.derive(secret, salt, purpose);
  }

  /** By what it is known, which tells nothing of it: 32 hexadecimal digits. */
  public String check() {
    return HexFormat.of().formatHex(derive("blksh key check 1"), 0, CHECK);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof MasterKey key && MessageDigest.isEqual(key.secret, secret);
  }

  @Override
  public int hashCode() {
    return check().hashCode();
  }
}
