package blksh.luks;

/**
 * A copy of the volume's key, locked with a passphrase.
 *
 * @param number as cryptsetup counts them
 * @param keyBytes of the volume's key
 * @param derivation how a passphrase becomes the key of the slot
 * @param areaStart first byte of its key material
 * @param areaCipher what that is encrypted with
 * @param areaKeyBytes of the key of the slot
 * @param stripes how many parts the volume's key is split into
 * @param splitHash what they are mixed with
 */
record KeySlot(
    int number,
    int keyBytes,
    KeyDerivation derivation,
    long areaStart,
    CipherName areaCipher,
    int areaKeyBytes,
    int stripes,
    String splitHash) {

  private static final int SECTOR = 512;
  private static final int LARGEST_KEY = 512;
  private static final int MOST_STRIPES = 1 << 14;

  KeySlot {
    if (keyBytes < 1
        || keyBytes > LARGEST_KEY
        || areaKeyBytes < 1
        || areaKeyBytes > LARGEST_KEY
        || stripes < 1
        || stripes > MOST_STRIPES
        || areaStart < 0) {
      throw new IllegalArgumentException("its sizes cannot be");
    }
  }

  /** Bytes of its key material, in whole sectors; 8 MiB at most. */
  int areaBytes() {
    return (keyBytes * stripes + SECTOR - 1) / SECTOR * SECTOR;
  }
}
