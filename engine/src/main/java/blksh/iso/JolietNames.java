package blksh.iso;

import java.nio.charset.StandardCharsets;
import java.text.Normalizer;

/**
 * Names of Joliet: UCS-2 without some characters, of 103 units as long names go with most writers
 * and readers. Two that differ by case or composition alone are one to its readers.
 */
final class JolietNames extends NameScheme {

  static final JolietNames SCHEME = new JolietNames();

  private static final int LONGEST = 103;
  private static final int LONGEST_ENDING = 20;
  private static final String FORBIDDEN = "*/:;?\\";
  private static final String VERSION = ";1";

  private JolietNames() {
    super('~');
  }

  /** Most bytes of the identifier of a name. */
  static int bound(byte[] name, boolean isDirectory) {
    int units = DiscName.isAscii(name) ? name.length : mangled(DiscName.of(name).text()).length();
    return 2 * (Math.min(LONGEST, units + NUMBERING) + (isDirectory ? 0 : VERSION.length()));
  }

  private static String mangled(String text) {
    StringBuilder mangled = new StringBuilder();
    for (int i = 0; i < text.length(); i += Character.charCount(text.codePointAt(i))) {
      int point = text.codePointAt(i);
      boolean forbidden = point < 0x20 || point > 0xffff || FORBIDDEN.indexOf(point) >= 0;
      mangled.append(forbidden ? '_' : (char) point);
    }
    // Windows and others take what ends in a dot or a blank for the name without it.
    for (int i = mangled.length() - 1; i >= 0 && " .".indexOf(mangled.charAt(i)) >= 0; i--) {
      mangled.setCharAt(i, '_');
    }
    return mangled.toString();
  }

  @Override
  String candidate(DiscName name, boolean isDirectory) {
    return cut(mangled(name.text()), LONGEST, LONGEST_ENDING, "");
  }

  @Override
  String numbered(String candidate, boolean isDirectory, String number) {
    return cut(candidate, LONGEST, LONGEST_ENDING, number);
  }

  @Override
  String key(String name) {
    // Composed and not, some readers take them for one.
    StringBuilder key = new StringBuilder(Normalizer.normalize(name, Normalizer.Form.NFC));
    for (int i = 0; i < key.length(); i++) {
      key.setCharAt(i, Character.toLowerCase(Character.toUpperCase(key.charAt(i))));
    }
    return key.toString();
  }

  /** The identifier of a name in a directory record. */
  static byte[] identifier(String name, boolean isDirectory) {
    return (isDirectory ? name : name + VERSION).getBytes(StandardCharsets.UTF_16BE);
  }
}
