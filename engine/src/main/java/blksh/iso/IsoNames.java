package blksh.iso;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Names of ISO 9660 level 3 (ECMA-119, 7.5 and 7.6): capitals, digits and underscores; a file has
 * 30 with its ending, a directory 31.
 */
final class IsoNames extends NameScheme {

  static final IsoNames SCHEME = new IsoNames();

  private static final int LONGEST_FILE = 30;
  private static final int LONGEST_DIRECTORY = 31;
  private static final int LONGEST_ENDING = 10;
  private static final String VERSION = ";1";

  private IsoNames() {
    super('_');
  }

  /** Most bytes of the identifier of a name. */
  static int bound(byte[] name, boolean isDirectory) {
    int dot = isDirectory ? -1 : dot(name);
    int stem = characters(name, 0, dot < 0 ? name.length : dot);
    if (isDirectory) {
      return Math.min(LONGEST_DIRECTORY, stem + NUMBERING);
    }
    int ending = dot < 0 ? 0 : Math.min(LONGEST_ENDING, characters(name, dot + 1, name.length));
    return Math.min(LONGEST_FILE - ending, stem + NUMBERING) + 1 + ending + VERSION.length();
  }

  private static int dot(byte[] name) {
    int at = name.length - 1;
    while (at > 0 && name[at] != '.') {
      at--;
    }
    return at > 0 ? at : -1;
  }

  /** Bytes that begin a character of UTF-8, or are none. */
  private static int characters(byte[] name, int from, int to) {
    int count = 0;
    for (int i = from; i < to; i++) {
      count += isFirst(name, i, from) ? 1 : 0;
    }
    return count;
  }

  /** What begins a part of a name counts, whatever it is, so that no part becomes empty. */
  private static boolean isFirst(byte[] name, int at, int from) {
    return at == from || (name[at] & 0xc0) != 0x80;
  }

  static String mangled(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    return mangled(bytes, 0, bytes.length);
  }

  private static String mangled(byte[] name, int from, int to) {
    StringBuilder text = new StringBuilder();
    for (int i = from; i < to; i++) {
      if (isFirst(name, i, from)) {
        char each = (char) (name[i] & 0xff);
        char capital = each >= 'a' && each <= 'z' ? (char) (each - 'a' + 'A') : each;
        boolean allowed = capital >= 'A' && capital <= 'Z' || capital >= '0' && capital <= '9';
        text.append(allowed ? capital : '_');
      }
    }
    return text.toString();
  }

  @Override
  String candidate(DiscName name, boolean isDirectory) {
    byte[] bytes = name.bytes();
    int dot = isDirectory ? -1 : dot(bytes);
    String stem = mangled(bytes, 0, dot < 0 ? bytes.length : dot);
    String ending = dot < 0 ? "" : cut(mangled(bytes, dot + 1, bytes.length), LONGEST_ENDING);
    return isDirectory
        ? cut(stem, LONGEST_DIRECTORY)
        : cut(stem, LONGEST_FILE - ending.length()) + (ending.isEmpty() ? "" : "." + ending);
  }

  @Override
  String numbered(String candidate, boolean isDirectory, String number) {
    if (isDirectory) {
      return cut(candidate, LONGEST_DIRECTORY - number.length()) + number;
    }
    int dot = candidate.indexOf('.');
    String ending = dot < 0 ? "" : candidate.substring(dot + 1);
    String stem = dot < 0 ? candidate : candidate.substring(0, dot);
    String cut = cut(stem, LONGEST_FILE - ending.length() - number.length()) + number;
    return ending.isEmpty() ? cut : cut + "." + ending;
  }

  @Override
  String key(String name) {
    return name;
  }

  /** The identifier of a name in a directory record. */
  static byte[] identifier(String name, boolean isDirectory) {
    String text = isDirectory ? name : name.indexOf('.') < 0 ? name + "." : name;
    return (isDirectory ? text : text + VERSION).getBytes(StandardCharsets.US_ASCII);
  }

  /** The order of ECMA-119, 9.3: by name, then by ending, as if padded with blanks. */
  static int compare(byte[] one, byte[] other) {
    int dotOne = indexOf(one, '.', 0);
    int dotOther = indexOf(other, '.', 0);
    int byName = Arrays.compareUnsigned(one, 0, dotOne, other, 0, dotOther);
    return byName != 0
        ? byName
        : Arrays.compareUnsigned(
            one, dotOne, indexOf(one, ';', dotOne), other, dotOther, indexOf(other, ';', dotOther));
  }

  private static int indexOf(byte[] identifier, char wanted, int from) {
    int at = from;
    while (at < identifier.length && identifier[at] != wanted) {
      at++;
    }
    return at;
  }
}
