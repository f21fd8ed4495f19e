package blksh.store.sealed;

import blksh.io.Sha256;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.Locale;

/**
 * A master key on paper: four lines of four groups of four letters and digits. Each line is 8 bytes
 * of the key and the first two bytes of a SHA-256 of its number and these, so that who mistypes one
 * is told which.
 */
public final class RecoverySheet {

  private static final int LINES = 4;
  private static final int KEY = MasterKey.LENGTH / LINES;
  private static final int SUM = 2;
  private static final int DIGITS = 16;
  private static final int GROUP = 4;
  private static final byte[] PURPOSE = "blksh recovery 1".getBytes(StandardCharsets.US_ASCII);

  private RecoverySheet() {}

  /** The lines, each ended by a line feed. */
  public static String text(MasterKey key) {
    byte[] secret = key.secret();
    StringBuilder text = new StringBuilder();
    for (int line = 0; line < LINES; line++) {
      byte[] part = Arrays.copyOfRange(secret, line * KEY, (line + 1) * KEY);
      byte[] both = Arrays.copyOf(part, KEY + SUM);
      System.arraycopy(sum(line, part), 0, both, KEY, SUM);
      String digits = Base32.encode(both);
      for (int at = 0; at < DIGITS; at += GROUP) {
        text.append(digits, at, at + GROUP).append(at + GROUP < DIGITS ? ' ' : '\n');
      }
    }
    return text.toString();
  }

  /**
   * The key on a sheet, however its groups are set apart.
   *
   * @throws IllegalArgumentException when it is mistyped
   */
  static MasterKey parse(String sheet) {
    String digits = sheet.toLowerCase(Locale.ROOT).replaceAll("[\\s-]", "");
    if (digits.length() != LINES * DIGITS) {
      throw new IllegalArgumentException(
          "a recovery sheet has %d letters and digits, and this %d"
              .formatted(LINES * DIGITS, digits.length()));
    }
    byte[] secret = new byte[MasterKey.LENGTH];
    for (int line = 0; line < LINES; line++) {
      byte[] both = Base32.decode(digits.substring(line * DIGITS, (line + 1) * DIGITS));
      byte[] part = both == null ? new byte[0] : Arrays.copyOf(both, KEY);
      if (both == null || !Arrays.equals(both, KEY, KEY + SUM, sum(line, part), 0, SUM)) {
        throw new IllegalArgumentException(
            "line %d of the recovery sheet is mistyped".formatted(line + 1));
      }
      System.arraycopy(part, 0, secret, line * KEY, KEY);
    }
    return new MasterKey(secret);
  }

  private static byte[] sum(int line, byte[] part) {
    MessageDigest digest = Sha256.begin();
    digest.update(PURPOSE);
    digest.update((byte) line);
    return Arrays.copyOf(digest.digest(part), SUM);
  }
}
