package blksh.view;

import java.util.Arrays;

/** Texts as a terminal lays them out: how wide they are, and what of them fits. */
public final class Columns {

  /**
   * First and last of the characters that take two columns, in order: those that are wide by
   * Unicode's annex 11, emoji of the basic plane and newer ones among them.
   */
  private static final int[] WIDE = {
    0x1100, 0x115F,
    0x231A, 0x231B,
    0x2329, 0x232A,
    0x23E9, 0x23EC,
    0x23F0, 0x23F0,
    0x23F3, 0x23F3,
    0x25FD, 0x25FE,
    0x2614, 0x2615,
    0x2648, 0x2653,
    0x267F, 0x267F,
    0x2693, 0x2693,
    0x26A1, 0x26A1,
    0x26AA, 0x26AB,
    0x26BD, 0x26BE,
    0x26C4, 0x26C5,
    0x26CE, 0x26CE,
    0x26D4, 0x26D4,
    0x26EA, 0x26EA,
    0x26F2, 0x26F3,
    0x26F5, 0x26F5,
    0x26FA, 0x26FA,
    0x26FD, 0x26FD,
    0x2705, 0x2705,
    0x270A, 0x270B,
    0x2728, 0x2728,
    0x274C, 0x274C,
    0x274E, 0x274E,
    0x2753, 0x2755,
    0x2757, 0x2757,
    0x2795, 0x2797,
    0x27B0, 0x27B0,
    0x27BF, 0x27BF,
    0x2B1B, 0x2B1C,
    0x2B50, 0x2B50,
    0x2B55, 0x2B55,
    0x2E80, 0x303E,
    0x3041, 0x3247,
    0x3250, 0x4DBF,
    0x4E00, 0xA4C6,
    0xA960, 0xA97C,
    0xAC00, 0xD7A3,
    0xF900, 0xFAFF,
    0xFE10, 0xFE19,
    0xFE30, 0xFE6B,
    0xFF01, 0xFF60,
    0xFFE0, 0xFFE6,
    0x16FE0, 0x1B2FB,
    0x1F004, 0x1F004,
    0x1F0CF, 0x1F0CF,
    0x1F18E, 0x1F18E,
    0x1F191, 0x1F19A,
    0x1F200, 0x1F320,
    0x1F32D, 0x1F335,
    0x1F337, 0x1F37C,
    0x1F37E, 0x1F393,
    0x1F3A0, 0x1F3CA,
    0x1F3CF, 0x1F3D3,
    0x1F3E0, 0x1F3F0,
    0x1F3F4, 0x1F3F4,
    0x1F3F8, 0x1F43E,
    0x1F440, 0x1F440,
    0x1F442, 0x1F4FC,
    0x1F4FF, 0x1F53D,
    0x1F54B, 0x1F54E,
    0x1F550, 0x1F567,
    0x1F57A, 0x1F57A,
    0x1F595, 0x1F596,
    0x1F5A4, 0x1F5A4,
    0x1F5FB, 0x1F64F,
    0x1F680, 0x1F6C5,
    0x1F6CC, 0x1F6CC,
    0x1F6D0, 0x1F6D2,
    0x1F6D5, 0x1F6DF,
    0x1F6EB, 0x1F6EC,
    0x1F6F4, 0x1F6FC,
    0x1F7E0, 0x1F7F0,
    0x1F90C, 0x1F93A,
    0x1F93C, 0x1F945,
    0x1F947, 0x1F9FF,
    0x1FA70, 0x1FAFF,
    0x20000, 0x3FFFD,
  };

  private static final int FIRST_VOWEL = 0x1160;
  private static final int LAST_FINAL = 0x11FF;

  private Columns() {}

  /** Columns that a text takes. */
  public static int of(String text) {
    int columns = 0;
    for (int at = 0; at < text.length(); ) {
      int character = text.codePointAt(at);
      columns += of(character);
      at += Character.charCount(character);
    }
    return columns;
  }

  private static int of(int character) {
    if (character < 0x300) {
      return 1;
    }
    boolean joins = character >= FIRST_VOWEL && character <= LAST_FINAL;
    return switch (Character.getType(character)) {
      case Character.NON_SPACING_MARK, Character.ENCLOSING_MARK, Character.FORMAT -> 0;
      // Of a syllable of Hangul that is written in parts only the first has columns.
      default -> joins ? 0 : isWide(character) ? 2 : 1;
    };
  }

  private static boolean isWide(int character) {
    int place = Arrays.binarySearch(WIDE, character);
    // Between the first and the last of a range, or one of them.
    return place >= 0 || -place % 2 == 0;
  }

  /** The most of a text, from its start, that fits. */
  public static String head(String text, int columns) {
    int used = 0;
    int at = 0;
    while (at < text.length()) {
      int character = text.codePointAt(at);
      used += of(character);
      if (used > columns) {
        break;
      }
      at += Character.charCount(character);
    }
    return text.substring(0, at);
  }

  private static String tail(String text, int columns) {
    int used = 0;
    int at = text.length();
    while (at > 0) {
      int character = text.codePointBefore(at);
      used += of(character);
      if (used > columns) {
        break;
      }
      at -= Character.charCount(character);
    }
    return text.substring(at);
  }

  /** Shortens in the middle, where names and paths differ least. */
  static String cut(String text, int columns) {
    if (of(text) <= columns) {
      return text;
    }
    int tail = (columns - 1) / 2;
    return head(text, columns - 1 - tail) + "…" + tail(text, tail);
  }

  /** Fills a text with spaces; before it when it stands to the right. */
  public static String pad(String text, int columns, boolean right) {
    String space = " ".repeat(Math.max(0, columns - of(text)));
    return right ? space + text : text + space;
  }
}
