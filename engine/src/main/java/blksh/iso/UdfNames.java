package blksh.iso;

import java.nio.charset.StandardCharsets;

/**
 * Names of UDF (OSTA UDF 1.02, 2.1.1 and 2.3.4): 254 characters of Latin-1, or else 127 units of
 * UTF-16. Whatever Unicode can say is held as it is.
 */
final class UdfNames extends NameScheme {

  static final UdfNames SCHEME = new UdfNames();

  private static final int LONGEST_NARROW = 254;
  private static final int LONGEST_WIDE = 127;
  private static final int LONGEST_ENDING = 20;
  private static final byte NARROW = 8;
  private static final byte WIDE = 16;

  private UdfNames() {
    super('~');
  }

  /** Most bytes of a name as it stands in a file identifier. */
  static int bound(byte[] name) {
    if (name.length <= LONGEST_NARROW && DiscName.isAscii(name)) {
      return 1 + name.length;
    }
    DiscName text = DiscName.of(name);
    int longest = longest(text.text());
    int units = text.text().length();
    boolean held = text.isText() && units <= longest;
    return 1 + Math.min(longest, held ? units : units + NUMBERING) * (isWide(text.text()) ? 2 : 1);
  }

  static boolean holds(byte[] name) {
    DiscName text = DiscName.of(name);
    return text.isText() && text.text().length() <= longest(text.text());
  }

  private static boolean isWide(String text) {
    return text.chars().anyMatch(unit -> unit > 0xff);
  }

  private static int longest(String text) {
    return isWide(text) ? LONGEST_WIDE : LONGEST_NARROW;
  }

  @Override
  String candidate(DiscName name, boolean isDirectory) {
    return cut(name.text(), longest(name.text()), LONGEST_ENDING, "");
  }

  @Override
  String numbered(String candidate, boolean isDirectory, String number) {
    return cut(candidate, longest(candidate), LONGEST_ENDING, number);
  }

  @Override
  String key(String name) {
    return name;
  }

  /** A name as it stands in a file identifier (OSTA CS0). */
  static byte[] encoded(String name) {
    boolean wide = isWide(name);
    byte[] text = name.getBytes(wide ? StandardCharsets.UTF_16BE : StandardCharsets.ISO_8859_1);
    byte[] encoded = new byte[1 + text.length];
    encoded[0] = wide ? WIDE : NARROW;
    System.arraycopy(text, 0, encoded, 1, text.length);
    return encoded;
  }
}
