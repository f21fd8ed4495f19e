package blksh.luks;

import java.util.Set;

/**
 * How sectors are encrypted, as dm-crypt names it: {@code aes-xts-plain64}, {@code
 * aes-cbc-essiv:sha256}.
 *
 * @param mode {@code xts} or {@code cbc}
 * @param vector how a sector's number becomes its initial vector: {@code plain}, {@code plain64},
 *     {@code essiv}
 * @param essivHash of {@code essiv}, else empty
 */
record CipherName(String mode, String vector, String essivHash) {

  private static final Set<String> MODES = Set.of("xts", "cbc");
  private static final Set<String> VECTORS = Set.of("plain", "plain64", "essiv");

  /**
   * Reads a name.
   *
   * @throws LuksProblem when it is not known here, with the name
   */
  static CipherName of(String text) throws LuksProblem {
    String[] parts = text.split("-", 3);
    String[] vector = parts.length == 3 ? parts[2].split(":", 2) : new String[] {""};
    boolean essiv = vector[0].equals("essiv");
    boolean known =
        parts.length == 3
            && parts[0].equals("aes")
            && MODES.contains(parts[1])
            && VECTORS.contains(vector[0])
            && essiv == (vector.length == 2)
            && (!essiv || parts[1].equals("cbc"));
    LuksProblem.unless(
        known, "it is encrypted with %s, which is not read", text.replaceAll("\\p{Cntrl}", "?"));
    String hash = essiv ? vector[1] : "";
    if (essiv) {
      Hash.digestName(hash);
    }
    return new CipherName(parts[1], vector[0], hash);
  }

  boolean isXts() {
    return mode.equals("xts");
  }

  /** Whether a key of so many bytes fits. */
  boolean takesKey(int bytes) {
    return isXts() ? bytes == 32 || bytes == 64 : bytes == 16 || bytes == 24 || bytes == 32;
  }

  @Override
  public String toString() {
    return "aes-" + mode + "-" + vector + (essivHash.isEmpty() ? "" : ":" + essivHash);
  }
}
