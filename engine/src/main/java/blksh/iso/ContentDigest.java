package blksh.iso;

import java.util.Arrays;
import java.util.HexFormat;

/**
 * The digest of a content.
 *
 * @param algorithm as Java names it: {@code "SHA-256"}, {@code "SHA-512"}
 * @param value its bytes
 */
public record ContentDigest(String algorithm, byte[] value) {

  @Override
  public boolean equals(Object other) {
    return other instanceof ContentDigest digest
        && algorithm.equals(digest.algorithm)
        && Arrays.equals(value, digest.value);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(value);
  }

  /** The bytes in hexadecimal. */
  @Override
  public String toString() {
    return HexFormat.of().formatHex(value);
  }
}
