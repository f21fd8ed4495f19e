package blksh.store.sealed;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.Arrays;
import javax.crypto.AEADBadTagException;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/**
 * The segments of one blob, each encrypted and authenticated by itself: AES-256-GCM under a key
 * that this blob alone has. A segment is
 *
 * <pre>
 *   20 bytes  id of the blob, random, the same in all its segments
 *   12 bytes  nonce, random, another each time the segment is written
 *   n bytes   the encrypted contents, {@value #PLAIN} in all but the last
 *   16 bytes  tag
 * </pre>
 *
 * and the tag is also over the segment's number and whether it is the last. The key is HKDF-SHA-256
 * of the master key with the id as salt.
 *
 * <p>Why no nonce is used twice with one key. Nothing is counted and nothing of it is kept on the
 * shelf: id and nonce come from the process's generator, which the system seeds, in the instant in
 * which they are used. So it does not matter what a crash lost, how often a segment is written
 * again, how many copies of a store go on from one state, or which machine was started again from
 * yesterday's drives. (But an image of a running machine's memory that is resumed more than once
 * goes on with the same generator: captures that run in it then must not both go on.) Two segments
 * share key and nonce only if 256 random bits agree: for two blobs 160 of the id and 96 of the
 * nonce, and for segments of one blob 96. A pack has 2,052 segments, and with those that are
 * written again by appends or a repair is written in less than 2^16, within which two are the same
 * with less than 2^32 / 2^97 = 2^-65; the manifest of an image of 2^28 extents in 2^17, so 2^-63;
 * in a store of 2^24 packs, a petabyte, with less than 2^-41. The ids of 2^40 blobs are different
 * but for 2^-81; and were two the same, their nonces still had to be.
 *
 * <p>Why segments of 32 KiB: AES-GCM of the JDK needs twice the time for a byte in segments of 16
 * KiB, and hardly less in those of 64 or 128 (1.0, 3.1, 4.0 and 4.2 GiB/s); and as much is lost by
 * one bit, and is decrypted for one page.
 *
 * <p>All methods may be called from any thread.
 */
final class BlobSeal {

  /** Bytes of a whole segment as it lies on the shelf. */
  static final int SEALED = 1 << 15;

  static final int ID = 20;
  private static final int NONCE = 12;
  private static final int TAG = 16;

  /** Bytes by which a segment is longer there. */
  static final int OVERHEAD = ID + NONCE + TAG;

  /** Bytes of what a whole segment holds. */
  static final int PLAIN = SEALED - OVERHEAD;

  private static final String PURPOSE = "blksh blob 1";
  private static final byte[] FORMAT = PURPOSE.getBytes(StandardCharsets.US_ASCII);
  private static final int NUMBER = 8;

  private static final SecureRandom RANDOM = new SecureRandom();

  private static final ThreadLocal<Cipher> CIPHER =
      ThreadLocal.withInitial(
          () -> {
            try {
              return Cipher.getInstance("AES/GCM/NoPadding");
            } catch (GeneralSecurityException e) {
              throw new IllegalStateException("every Java platform has AES-GCM", e);
            }
          });

  private final byte[] id;
  private final SecretKeySpec key;

  private BlobSeal(MasterKey master, byte[] id) {
    this.id = id;
    this.key = new SecretKeySpec(master.derive(id, PURPOSE), "AES");
  }

  /** For a new blob. */
  static BlobSeal fresh(MasterKey master) {
    byte[] id = new byte[ID];
    RANDOM.nextBytes(id);
    return new BlobSeal(master, id);
  }

  /** For the blob that a segment says it is of. */
  static BlobSeal of(MasterKey master, byte[] segment, int at) {
    return new BlobSeal(master, Arrays.copyOfRange(segment, at, at + ID));
  }

  /** Whether a segment says that it is of this blob. */
  boolean isOf(byte[] segment, int at) {
    return Arrays.equals(id, 0, ID, segment, at, at + ID);
  }

  /** Bytes that a blob holds, by those it takes; of what is too short for a segment none. */
  static long plainSize(long stored) {
    return stored / SEALED * PLAIN + Math.max(0, stored % SEALED - OVERHEAD);
  }

  /** Bytes that a part takes, by those it holds; a blob of none takes {@value #OVERHEAD}. */
  static long storedSize(long plain) {
    long rest = plain % PLAIN;
    return plain / PLAIN * SEALED + (rest == 0 ? 0 : rest + OVERHEAD);
  }

  /** Segments of a blob, by the bytes it takes; what is too short for one counts as one. */
  static long segments(long stored) {
    return (stored + SEALED - 1) / SEALED;
  }

  /**
   * Seals a segment.
   *
   * @param number counted from 0
   * @param last whether the blob ends with it
   * @return bytes that were put to {@code to}
   */
  int seal(long number, boolean last, byte[] plain, int from, int length, byte[] to, int at) {
    return seal(nonce(), number, last, plain, from, length, to, at);
  }

  /** For one segment. */
  static byte[] nonce() {
    byte[] nonce = new byte[NONCE];
    RANDOM.nextBytes(nonce);
    return nonce;
  }

  /**
   * As above.
   *
   * @param nonce with which nothing else was sealed, nor will be
   */
  int seal(
      byte[] nonce,
      long number,
      boolean last,
      byte[] plain,
      int from,
      int length,
      byte[] to,
      int at) {
    System.arraycopy(id, 0, to, at, ID);
    System.arraycopy(nonce, 0, to, at + ID, NONCE);
    try {
      Cipher cipher = begin(Cipher.ENCRYPT_MODE, nonce, 0, number, last);
      return ID + NONCE + cipher.doFinal(plain, from, length, to, at + ID + NONCE);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("encrypt a segment", e);
    }
  }

  /** All segments of a blob that holds these bytes. */
  byte[] sealAll(byte[] content) {
    long stored = content.length == 0 ? OVERHEAD : storedSize(content.length);
    byte[] sealed = new byte[Math.toIntExact(stored)];
    int at = 0;
    int from = 0;
    do {
      int length = Math.min(PLAIN, content.length - from);
      boolean last = from + length == content.length;
      at += seal(from / PLAIN, last, content, from, length, sealed, at);
      from += length;
    } while (from < content.length);
    return sealed;
  }

  /**
   * Opens a segment.
   *
   * @param length its bytes, {@value #OVERHEAD} or more
   * @param to gets the bytes it holds
   * @return false when it is not, to the bit, what was sealed as this
   */
  boolean open(long number, boolean last, byte[] sealed, int at, int length, byte[] to) {
    if (!isOf(sealed, at)) {
      return false;
    }
    try {
      begin(Cipher.DECRYPT_MODE, sealed, at + ID, number, last)
          .doFinal(sealed, at + ID + NONCE, length - ID - NONCE, to, 0);
      return true;
    } catch (AEADBadTagException e) {
      return false;
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("decrypt a segment", e);
    }
  }

  private Cipher begin(int mode, byte[] nonce, int at, long number, boolean last)
      throws GeneralSecurityException {
    Cipher cipher = CIPHER.get();
    cipher.init(mode, key, new GCMParameterSpec(TAG * Byte.SIZE, nonce, at, NONCE));
    byte[] place = new byte[NUMBER + 1];
    for (int i = 0; i < NUMBER; i++) {
      place[i] = (byte) (number >>> Byte.SIZE * i);
    }
    place[NUMBER] = (byte) (last ? 1 : 0);
    cipher.updateAAD(FORMAT);
    cipher.updateAAD(place);
    return cipher;
  }
}
