package blksh.mount.nbd;

import java.io.ByteArrayOutputStream;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A private key in a PEM file: PKCS #8 (RFC 5958), or the older forms of RSA (RFC 8017, A.1.2) and
 * of elliptic curves (RFC 5915), which are put into the first.
 *
 * @param file where it is
 * @param text what is in it
 */
record PemKey(Path file, String text) {

  private static final Pattern BLOCK =
      Pattern.compile("-----BEGIN ([A-Z0-9 ]+)-----([^-]*)-----END \\1-----");

  private static final int SEQUENCE = 0x30;
  private static final int OCTETS = 0x04;
  private static final int PARAMETERS = 0xa0;
  private static final byte[] VERSION = {2, 1, 0};

  /** rsaEncryption with no parameters. */
  private static final byte[] RSA = {
    0x30, 0x0d, 0x06, 0x09, 0x2a, (byte) 0x86, 0x48, (byte) 0x86, (byte) 0xf7, 0x0d, 1, 1, 1, 5, 0
  };

  /** id-ecPublicKey. */
  private static final byte[] EC = {0x06, 0x07, 0x2a, (byte) 0x86, 0x48, (byte) 0xce, 0x3d, 2, 1};

  /** What stands between the lines that begin and end blocks of a kind. */
  static List<byte[]> blocks(String text, String kind) {
    List<byte[]> found = new ArrayList<>();
    for (Matcher block = BLOCK.matcher(text); block.find(); ) {
      if (block.group(1).equals(kind)) {
        try {
          found.add(Base64.getMimeDecoder().decode(block.group(2)));
        } catch (IllegalArgumentException e) {
          // then it is none
        }
      }
    }
    return found;
  }

  /**
   * @throws blksh.BlkshException when there is none, or only one with a password
   */
  PrivateKey key() {
    if (text.contains("ENCRYPTED")) {
      throw TlsKeys.wrong(file, "the key has a password", null)
          .suggest(
              "write it without one: openssl pkey -in "
                  + file
                  + " -out KEY, and keep others from it");
    }
    for (byte[] bytes : blocks(text, "PRIVATE KEY")) {
      return understood(bytes);
    }
    for (byte[] bytes : blocks(text, "RSA PRIVATE KEY")) {
      return understood(element(SEQUENCE, VERSION, RSA, element(OCTETS, bytes)));
    }
    for (byte[] bytes : blocks(text, "EC PRIVATE KEY")) {
      byte[] algorithm = element(SEQUENCE, EC, curve(bytes));
      return understood(element(SEQUENCE, VERSION, algorithm, element(OCTETS, bytes)));
    }
    throw TlsKeys.wrong(file, "there is no private key in it", null);
  }

  private PrivateKey understood(byte[] pkcs8) {
    for (String algorithm : List.of("RSA", "EC", "EdDSA")) {
      try {
        return KeyFactory.getInstance(algorithm).generatePrivate(new PKCS8EncodedKeySpec(pkcs8));
      } catch (GeneralSecurityException e) {
        // then it is of another
      }
    }
    throw TlsKeys.wrong(file, "its key is none of RSA, EC or EdDSA", null);
  }

  /** The name of the curve, which an ECPrivateKey has after its version and its number. */
  private byte[] curve(byte[] key) {
    try {
      int at = content(key, 0);
      at = end(key, at); // version
      at = end(key, at); // number
      if ((key[at] & 0xff) == PARAMETERS) {
        int from = content(key, at);
        byte[] name = new byte[end(key, at) - from];
        System.arraycopy(key, from, name, 0, name.length);
        return name;
      }
    } catch (IndexOutOfBoundsException | NegativeArraySizeException e) {
      // said below
    }
    throw TlsKeys.wrong(file, "its key does not name its curve", null);
  }

  /** Where the content of an element begins. */
  private static int content(byte[] bytes, int at) {
    int length = bytes[at + 1] & 0xff;
    return at + 2 + (length < 0x80 ? 0 : length & 0x7f);
  }

  /** Where an element ends. */
  private static int end(byte[] bytes, int at) {
    int length = bytes[at + 1] & 0xff;
    if (length >= 0x80) {
      int count = length & 0x7f;
      length = 0;
      for (int i = 0; i < count; i++) {
        length = length << 8 | bytes[at + 2 + i] & 0xff;
      }
    }
    return content(bytes, at) + length;
  }

  /** An element of a kind with a content (X.690, 8.1). */
  private static byte[] element(int kind, byte[]... contents) {
    int length = 0;
    for (byte[] content : contents) {
      length += content.length;
    }
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    bytes.write(kind);
    if (length < 0x80) {
      bytes.write(length);
    } else {
      int count = (39 - Integer.numberOfLeadingZeros(length)) / 8;
      bytes.write(0x80 | count);
      for (int i = count - 1; i >= 0; i--) {
        bytes.write(length >>> 8 * i);
      }
    }
    for (byte[] content : contents) {
      bytes.writeBytes(content);
    }
    return bytes.toByteArray();
  }
}
