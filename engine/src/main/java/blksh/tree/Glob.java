package blksh.tree;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A pattern for one name: {@code *} for any bytes, {@code ?} for one character, {@code [a-z]} for
 * one of some, {@code [!a-z]} for one of all others. Names are bytes; where they are no UTF-8 each
 * byte is a character.
 */
final class Glob {

  /** A character of the pattern, or one of many, or any; of {@code STAR} any number of bytes. */
  private interface Token {
    boolean takes(int character);
  }

  private static final Token STAR = character -> true;
  private static final Token ANY = character -> true;

  private final Token[] tokens;

  /** The name itself, where the pattern has no sign in it; else null. */
  private final byte[] literal;

  private Glob(List<Token> tokens, byte[] literal) {
    this.tokens = tokens.toArray(Token[]::new);
    this.literal = literal;
  }

  /**
   * Compiles a pattern; a bracket that is not closed stands for itself.
   *
   * @param escapes whether a backslash takes the meaning from what follows
   */
  static Glob of(String pattern, boolean escapes) {
    List<Token> tokens = new ArrayList<>();
    StringBuilder plain = new StringBuilder();
    boolean literal = true;
    int i = 0;
    while (i < pattern.length()) {
      int c = pattern.codePointAt(i);
      int next = i + Character.charCount(c);
      if (c == '*') {
        literal = false;
        if (tokens.isEmpty() || tokens.get(tokens.size() - 1) != STAR) {
          tokens.add(STAR);
        }
      } else if (c == '?') {
        literal = false;
        tokens.add(ANY);
      } else if (c == '[' && closing(pattern, i, escapes) > 0) {
        literal = false;
        next = closing(pattern, i, escapes) + 1;
        tokens.add(oneOf(pattern.substring(i + 1, next - 1), escapes));
      } else {
        if (c == '\\' && escapes && next < pattern.length()) {
          c = pattern.codePointAt(next);
          next += Character.charCount(c);
        }
        int one = c;
        tokens.add(character -> character == one);
        plain.appendCodePoint(c);
      }
      i = next;
    }
    return new Glob(tokens, literal ? plain.toString().getBytes(StandardCharsets.UTF_8) : null);
  }

  /** Where the bracket that opens at a place is closed, or -1. */
  private static int closing(String pattern, int open, boolean escapes) {
    int i = open + 1;
    if (i < pattern.length() && isNot(pattern.charAt(i), escapes)) {
      i++;
    }
    if (i < pattern.length() && pattern.charAt(i) == ']') {
      i++;
    }
    while (i < pattern.length() && pattern.charAt(i) != ']') {
      i += escapes && pattern.charAt(i) == '\\' ? 2 : 1;
    }
    return i < pattern.length() ? i : -1;
  }

  private static boolean isNot(char sign, boolean escapes) {
    return sign == '!' || sign == '^' && escapes;
  }

  private static Token oneOf(String inside, boolean escapes) {
    boolean not = isNot(inside.charAt(0), escapes);
    int[] points = inside.substring(not ? 1 : 0).codePoints().toArray();
    List<int[]> ranges = new ArrayList<>();
    int i = 0;
    while (i < points.length) {
      if (escapes && points[i] == '\\' && i + 1 < points.length) {
        i++;
      }
      int from = points[i];
      int to = from;
      if (i + 2 < points.length && points[i + 1] == '-') {
        to = points[i + 2];
        i += 2;
      }
      ranges.add(new int[] {from, to});
      i++;
    }
    return character ->
        ranges.stream().anyMatch(it -> it[0] <= character && character <= it[1]) != not;
  }

  /** Whether a part of some bytes is such a name. */
  boolean matches(byte[] bytes, int from, int to) {
    if (literal != null) {
      return Arrays.equals(literal, 0, literal.length, bytes, from, to);
    }
    int at = from;
    int token = 0;
    int star = -1;
    int mark = 0;
    while (at < to) {
      int length = length(bytes, at, to);
      if (token < tokens.length && tokens[token] == STAR) {
        star = token++;
        mark = at;
      } else if (token < tokens.length && tokens[token].takes(character(bytes, at, length))) {
        token++;
        at += length;
      } else if (star >= 0) {
        token = star + 1;
        mark += length(bytes, mark, to);
        at = mark;
      } else {
        return false;
      }
    }
    while (token < tokens.length && tokens[token] == STAR) {
      token++;
    }
    return token == tokens.length;
  }

  /** Bytes of the character there: 1 where it is none of UTF-8. */
  private static int length(byte[] bytes, int at, int to) {
    int lead = bytes[at] & 0xff;
    int length = lead < 0xc2 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf5 ? 4 : 1;
    if (at + length > to) {
      return 1;
    }
    for (int i = at + 1; i < at + length; i++) {
      if ((bytes[i] & 0xc0) != 0x80) {
        return 1;
      }
    }
    return length;
  }

  /** Of a byte that is no character a number that is none either. */
  private static int character(byte[] bytes, int at, int length) {
    int lead = bytes[at] & 0xff;
    if (length == 1) {
      return lead < 0x80 ? lead : -lead;
    }
    int point = lead & (0xff >> (length + 1));
    for (int i = at + 1; i < at + length; i++) {
      point = point << 6 | bytes[i] & 0x3f;
    }
    return point;
  }
}
