package blksh.store.sealed;

/**
 * Bytes as small letters and digits (RFC 4648, 6, without padding): as names they are the same on
 * file systems that do not tell capitals.
 */
final class Base32 {

  private static final String DIGITS = "abcdefghijklmnopqrstuvwxyz234567";
  private static final int BITS = 5;

  private Base32() {}

  static String encode(byte[] bytes) {
    StringBuilder text = new StringBuilder();
    int held = 0;
    int left = 0;
    for (byte each : bytes) {
      held = held << Byte.SIZE | each & 0xff;
      left += Byte.SIZE;
      while (left >= BITS) {
        left -= BITS;
        text.append(DIGITS.charAt(held >>> left & 31));
      }
      held &= (1 << left) - 1;
    }
    if (left > 0) {
      text.append(DIGITS.charAt(held << BITS - left & 31));
    }
    return text.toString();
  }

  /** Null when it is not what {@link #encode} gives. */
  static byte[] decode(String text) {
    byte[] bytes = new byte[text.length() * BITS / Byte.SIZE];
    int held = 0;
    int left = 0;
    int at = 0;
    for (int i = 0; i < text.length(); i++) {
      int digit = DIGITS.indexOf(text.charAt(i));
      if (digit < 0) {
        return null;
      }
      held = (held << BITS | digit) & 0xfff;
      left += BITS;
      if (left >= Byte.SIZE) {
        left -= Byte.SIZE;
        bytes[at++] = (byte) (held >>> left);
      }
    }
    return encode(bytes).equals(text) ? bytes : null;
  }
}
