package blksh.snapshot;

import blksh.BlkshException;
import blksh.io.Blake2;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * A hash that contents are called by, under the names hashlib of Python has for them, which is what
 * cacheback is told.
 *
 * @param digits of a digest, as its name is written
 */
record ContentHash(String name, int digits, String platform) {

  static final ContentHash SHA_256 = new ContentHash("sha256", 64, "SHA-256");
  static final ContentHash BLAKE2B = new ContentHash("blake2b", 128, null);

  /** Of one length the more usual first; cacheback writes nowhere which one it was. */
  private static final List<ContentHash> ALL =
      List.of(
          BLAKE2B,
          new ContentHash("sha512", 128, "SHA-512"),
          new ContentHash("sha3_512", 128, "SHA3-512"),
          SHA_256,
          new ContentHash("sha3_256", 64, "SHA3-256"),
          new ContentHash("blake2s", 64, null),
          new ContentHash("sha384", 96, "SHA-384"),
          new ContentHash("sha3_384", 96, "SHA3-384"),
          new ContentHash("sha224", 56, "SHA-224"),
          new ContentHash("sha3_224", 56, "SHA3-224"),
          new ContentHash("sha1", 40, "SHA-1"),
          new ContentHash("md5", 32, "MD5"));

  /**
   * The hash of a name.
   *
   * @throws BlkshException when there is none of it
   */
  static ContentHash named(String name) {
    String wanted = name.toLowerCase(Locale.ROOT).replace("-", "");
    return ALL.stream()
        .filter(it -> it.name.equals(wanted))
        .findFirst()
        .orElseThrow(
            () ->
                new BlkshException("hash with " + name, "there is no such hash here")
                    .suggest(
                        "name one of "
                            + String.join(", ", ALL.stream().map(ContentHash::name).toList())));
  }

  /** Those whose digests have so many digits. */
  static List<ContentHash> ofDigits(int digits) {
    return ALL.stream().filter(it -> it.digits == digits).toList();
  }

  /** A digest that has seen nothing yet. For one thread. */
  MessageDigest begin() {
    if (platform == null) {
      return this.equals(BLAKE2B) ? Blake2.b(digits / 2) : Blake2.s(digits / 2);
    }
    try {
      return MessageDigest.getInstance(platform);
    } catch (NoSuchAlgorithmException e) {
      throw new BlkshException("hash with " + name, "this Java has no " + platform, e);
    }
  }

  /** All those with which some contents could have got a name; to be fed alike. */
  static List<MessageDigest> begin(int digits) {
    List<MessageDigest> all = new ArrayList<>();
    for (ContentHash each : ofDigits(digits)) {
      all.add(each.begin());
    }
    return all;
  }

  /** The one of them that gives a name. */
  static Optional<ContentHash> thatGave(String hex, List<MessageDigest> fed) {
    List<ContentHash> hashes = ofDigits(hex.length());
    for (int i = 0; i < hashes.size(); i++) {
      if (HexFormat.of().formatHex(fed.get(i).digest()).equals(hex)) {
        return Optional.of(hashes.get(i));
      }
    }
    return Optional.empty();
  }
}
