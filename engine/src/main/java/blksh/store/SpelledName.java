package blksh.store;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;

/**
 * A name as a folder where a file system cannot keep it as it is: one that has no {@code :}, or
 * does not tell {@code A} from {@code a}. Capitals, what is not ASCII and what such file systems
 * lack stand there as {@code @} and two hexadecimal digits for each byte of UTF-8; no name holds an
 * {@code @}. Two names are never spelled alike, whatever the file system does to letters.
 */
final class SpelledName {

  private static final char MARK = '@';
  private static final int DIGITS = 2;

  /** Characters a name of a file may have. */
  private static final int LONGEST = 255;

  private static final String LACKING = ":*?\"<>|";
  private static final String LOST_AT_THE_END = ". ";

  private SpelledName() {}

  /** The folder of a name; with at least one character spelled out. */
  static String of(String name) {
    StringBuilder folder = new StringBuilder();
    int past;
    for (int i = 0; i < name.length(); i = past) {
      int c = name.codePointAt(i);
      past = name.offsetByCodePoints(i, 1);
      boolean lost = past == name.length() && LOST_AT_THE_END.indexOf(c) >= 0;
      if (c > 0x7f || Character.isUpperCase(c) || LACKING.indexOf(c) >= 0 || lost) {
        spell(c, folder);
      } else {
        folder.appendCodePoint(c);
      }
    }
    if (folder.indexOf(String.valueOf(MARK)) < 0) {
      folder.setLength(0);
      spell(name.codePointAt(0), folder);
      folder.append(name, name.offsetByCodePoints(0, 1), name.length());
    }
    return folder.toString();
  }

  private static void spell(int codePoint, StringBuilder folder) {
    for (byte each : Character.toString(codePoint).getBytes(StandardCharsets.UTF_8)) {
      folder.append(MARK).append(HexFormat.of().toHexDigits(each));
    }
  }

  /** Whether file systems can have its folder at all. */
  static boolean fits(String name) {
    return of(name).length() <= LONGEST;
  }

  /** The name of a folder; null when it is not the one {@link #of} gives that name. */
  static String name(String folder) {
    if (folder.indexOf(MARK) < 0) {
      return null;
    }
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    byte[] all = folder.getBytes(StandardCharsets.UTF_8);
    for (int i = 0; i < all.length; i++) {
      if (all[i] != MARK) {
        bytes.write(all[i]);
      } else if (i + DIGITS < all.length
          && HexFormat.isHexDigit(all[i + 1])
          && HexFormat.isHexDigit(all[i + 2])) {
        bytes.write(
            HexFormat.fromHexDigits(new String(all, i + 1, DIGITS, StandardCharsets.UTF_8)));
        i += DIGITS;
      } else {
        return null;
      }
    }
    String name = bytes.toString(StandardCharsets.UTF_8);
    return !name.isEmpty() && of(name).equals(folder) ? name : null;
  }
}
