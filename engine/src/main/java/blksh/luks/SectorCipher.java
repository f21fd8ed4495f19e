package blksh.luks;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Arrays;
import javax.crypto.Cipher;
import javax.crypto.spec.IvParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/**
 * Decrypts sectors as dm-crypt does (the kernel's {@code drivers/md/dm-crypt.c}): XTS (IEEE 1619)
 * over many sectors in one turn, which Java's AES does fast, or CBC. For one thread.
 */
final class SectorCipher {

  private static final VarHandle LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  private static final int BLOCK = 16;

  /** Initial vectors count sectors of so many bytes, however long those of the volume are. */
  static final int COUNTED = 512;

  private final CipherName name;
  private final int sector;
  private final Cipher data;

  /** Makes initial vectors, of XTS and of ESSIV; else null. */
  private final Cipher vectors;

  private final SecretKeySpec cbcKey;

  /** Of XTS, the factors of blocks; kept to be used again. */
  private byte[] factors = new byte[0];

  /**
   * @param key of a length that the cipher takes
   * @param sector bytes that are encrypted in one piece
   */
  SectorCipher(CipherName name, byte[] key, int sector) throws LuksProblem {
    this.name = name;
    this.sector = sector;
    try {
      if (name.isXts()) {
        int half = key.length / 2;
        cbcKey = null;
        data = Cipher.getInstance("AES/ECB/NoPadding");
        data.init(Cipher.DECRYPT_MODE, new SecretKeySpec(key, 0, half, "AES"));
        vectors = Cipher.getInstance("AES/ECB/NoPadding");
        vectors.init(Cipher.ENCRYPT_MODE, new SecretKeySpec(key, half, half, "AES"));
      } else {
        cbcKey = new SecretKeySpec(key, "AES");
        data = Cipher.getInstance("AES/CBC/NoPadding");
        vectors = name.vector().equals("essiv") ? essiv(name.essivHash(), key) : null;
      }
    } catch (GeneralSecurityException e) {
      throw new LuksProblem("this Java has no " + name);
    }
  }

  private static Cipher essiv(String hash, byte[] key)
      throws GeneralSecurityException, LuksProblem {
    MessageDigest digest = Hash.digest(hash);
    byte[] salt = digest.digest(key);
    LuksProblem.unless(
        salt.length == 16 || salt.length == 24 || salt.length == 32,
        "its initial vectors need a key of %d bytes",
        salt.length);
    Cipher vectors = Cipher.getInstance("AES/ECB/NoPadding");
    vectors.init(Cipher.ENCRYPT_MODE, new SecretKeySpec(salt, "AES"));
    Arrays.fill(salt, (byte) 0);
    return vectors;
  }

  /**
   * Decrypts whole sectors in place.
   *
   * @param first number of the first one, counted in units of {@link #COUNTED} bytes
   */
  void decrypt(byte[] bytes, int offset, int length, long first) {
    try {
      if (name.isXts()) {
        xts(bytes, offset, length, first);
      } else {
        for (int at = 0; at < length; at += sector) {
          byte[] vector = vector(first + at / COUNTED);
          if (vectors != null) {
            vectors.doFinal(vector, 0, BLOCK, vector, 0);
          }
          data.init(Cipher.DECRYPT_MODE, cbcKey, new IvParameterSpec(vector));
          data.doFinal(bytes, offset + at, sector, bytes, offset + at);
        }
      }
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e); // lengths and keys were looked at
    }
  }

  private byte[] vector(long number) {
    byte[] vector = new byte[BLOCK];
    LONG.set(vector, 0, name.vector().equals("plain") ? number & 0xffffffffL : number);
    return vector;
  }

  /** The factor of the first block of each sector is made by AES, those that follow by doubling. */
  private void xts(byte[] bytes, int offset, int length, long first)
      throws GeneralSecurityException {
    int sectors = length / sector;
    if (factors.length < length) {
      factors = new byte[length];
    }
    byte[] starts = new byte[sectors * BLOCK];
    for (int i = 0; i < sectors; i++) {
      long number = first + (long) i * (sector / COUNTED);
      LONG.set(starts, i * BLOCK, name.vector().equals("plain") ? number & 0xffffffffL : number);
    }
    vectors.doFinal(starts, 0, starts.length, starts, 0);
    for (int i = 0; i < sectors; i++) {
      long low = (long) LONG.get(starts, i * BLOCK);
      long high = (long) LONG.get(starts, i * BLOCK + 8);
      for (int at = i * sector; at < (i + 1) * sector; at += BLOCK) {
        LONG.set(factors, at, low);
        LONG.set(factors, at + 8, high);
        long carry = high >> 63 & 0x87;
        high = high << 1 | low >>> 63;
        low = low << 1 ^ carry;
      }
    }
    mix(bytes, offset, length);
    data.doFinal(bytes, offset, length, bytes, offset);
    mix(bytes, offset, length);
  }

  private void mix(byte[] bytes, int offset, int length) {
    for (int at = 0; at < length; at += 8) {
      LONG.set(
          bytes, offset + at, (long) LONG.get(bytes, offset + at) ^ (long) LONG.get(factors, at));
    }
  }
}
