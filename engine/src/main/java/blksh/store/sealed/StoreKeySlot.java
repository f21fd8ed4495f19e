package blksh.store.sealed;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.UUID;
import java.util.regex.Pattern;
import javax.crypto.AEADBadTagException;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/**
 * One way to the master key of a store: that key, encrypted under what a passphrase or a key file
 * gives. Everything else it says is authenticated by it.
 *
 * @param store id of the store
 * @param label what somebody called it; it lies in the clear
 * @param kind a passphrase or a key file
 * @param made when
 * @param argon2 how the passphrase is made hard to guess; null for a key file
 */
record StoreKeySlot(
    UUID store,
    String label,
    KeySecret.Kind kind,
    Instant made,
    Argon2 argon2,
    byte[] salt,
    byte[] nonce,
    byte[] wrapped) {

  private static final int FORMAT = 1;
  private static final int SALT = 32;
  private static final int NONCE = 12;
  private static final int TAG = 16;
  private static final String PURPOSE = "blksh key file 1";

  /** What a slot may be called: it stands in a text as it is. */
  private static final Pattern LABEL = Pattern.compile("[A-Za-z0-9][A-Za-z0-9 ._@-]{0,63}");

  private static final SecureRandom RANDOM = new SecureRandom();

  /**
   * That a slot may be called so.
   *
   * @throws IllegalArgumentException when not
   */
  static String check(String label) {
    if (!LABEL.matcher(label).matches()) {
      throw new IllegalArgumentException(
          "a key is called by 1 to 64 letters, digits, blanks and . _ @ -, and not \""
              + label
              + "\"");
    }
    return label;
  }

  /**
   * A new one.
   *
   * @throws IllegalArgumentException when there cannot be such a one
   * @throws IllegalStateException when there is not enough memory for it
   */
  static StoreKeySlot make(UUID store, String label, MasterKey key, KeySecret secret, Argon2 hard) {
    if (secret.kind() == KeySecret.Kind.RECOVERY) {
      throw new IllegalArgumentException(
          "a recovery sheet cannot be a key: give a passphrase or a key file");
    }
    byte[] salt = random(SALT);
    byte[] nonce = random(NONCE);
    Argon2 argon2 = secret.kind() == KeySecret.Kind.PASSPHRASE ? hard : null;
    Instant now = Instant.now().truncatedTo(ChronoUnit.SECONDS);
    StoreKeySlot slot =
        new StoreKeySlot(store, check(label), secret.kind(), now, argon2, salt, nonce, new byte[0]);
    byte[] wrapped = slot.crypt(Cipher.ENCRYPT_MODE, secret, key.secret());
    return new StoreKeySlot(store, label, secret.kind(), now, argon2, salt, nonce, wrapped);
  }

  private static byte[] random(int length) {
    byte[] bytes = new byte[length];
    RANDOM.nextBytes(bytes);
    return bytes;
  }

  /** About how long it takes to try it. */
  long work() {
    return argon2 == null ? 0 : argon2.work();
  }

  /** The master key; null when it is not this secret that opens it. */
  MasterKey open(KeySecret secret) {
    byte[] opened = secret.kind() == kind ? crypt(Cipher.DECRYPT_MODE, secret, wrapped) : null;
    return opened == null ? null : new MasterKey(opened);
  }

  private byte[] crypt(int mode, KeySecret secret, byte[] bytes) {
    byte[] key =
        argon2 == null
            ? Hmac.derive(secret.bytes(), salt, PURPOSE)
            : argon2.key(secret.bytes(), salt);
    try {
      Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
      cipher.init(
          mode, new SecretKeySpec(key, "AES"), new GCMParameterSpec(TAG * Byte.SIZE, nonce));
      cipher.updateAAD(SealText.of(described()));
      return cipher.doFinal(bytes);
    } catch (AEADBadTagException e) {
      return null;
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every Java platform has AES-GCM", e);
    } finally {
      Arrays.fill(key, (byte) 0);
    }
  }

  private Map<String, Object> described() {
    HexFormat hex = HexFormat.of();
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("format", FORMAT);
    fields.put("store", store);
    fields.put("label", label);
    fields.put("kind", kind);
    fields.put("made", made);
    if (argon2 != null) {
      fields.put("argon2id", argon2);
    }
    fields.put("salt", hex.formatHex(salt));
    fields.put("nonce", hex.formatHex(nonce));
    return fields;
  }

  byte[] text() {
    Map<String, Object> fields = described();
    fields.put("wrapped", HexFormat.of().formatHex(wrapped));
    return SealText.of(fields);
  }

  /**
   * One that was read. Nothing it says costs memory or time before it is found to be in bounds.
   *
   * @throws IOException when it is damaged, or says what this blksh does not know
   */
  static StoreKeySlot parse(byte[] bytes) throws IOException {
    Map<String, String> fields = SealText.parse(bytes);
    String format = fields.getOrDefault("format", "");
    if (!format.equals(Integer.toString(FORMAT))) {
      throw new IOException("its format is " + format + ", and this blksh knows " + FORMAT);
    }
    try {
      String argon2 = fields.get("argon2id");
      StoreKeySlot slot =
          new StoreKeySlot(
              UUID.fromString(fields.getOrDefault("store", "")),
              check(fields.getOrDefault("label", "")),
              argon2 == null ? KeySecret.Kind.KEY_FILE : KeySecret.Kind.PASSPHRASE,
              Instant.parse(fields.getOrDefault("made", "")),
              argon2 == null ? null : Argon2.parse(argon2),
              hex(fields, "salt", SALT),
              hex(fields, "nonce", NONCE),
              hex(fields, "wrapped", MasterKey.LENGTH + TAG));
      if (!Arrays.equals(slot.text(), bytes)) {
        throw new IOException("it says more than this blksh knows");
      }
      return slot;
    } catch (IllegalArgumentException | DateTimeException e) {
      throw new IOException(e.getMessage(), e);
    }
  }

  private static byte[] hex(Map<String, String> fields, String field, int length) {
    byte[] bytes = HexFormat.of().parseHex(fields.getOrDefault(field, ""));
    if (bytes.length != length) {
      throw new IllegalArgumentException(
          "its %s has %d bytes, and not %d".formatted(field, bytes.length, length));
    }
    return bytes;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof StoreKeySlot slot && Arrays.equals(slot.text(), text());
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(wrapped);
  }

  /** Without what it holds. */
  @Override
  public String toString() {
    return new String(SealText.of(described()), StandardCharsets.UTF_8);
  }
}
