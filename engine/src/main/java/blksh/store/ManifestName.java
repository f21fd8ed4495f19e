package blksh.store;

import blksh.BlkshException;
import java.nio.charset.StandardCharsets;
import java.util.function.Predicate;
import java.util.regex.Pattern;

/** The names manifests may have: one file name, safe on every file system and in every script. */
final class ManifestName {

  private static final int MAX_BYTES = 200;

  /** What bytes become that are no text. */
  private static final int UNKNOWN = 0xFFFD;

  private ManifestName() {}

  /** A half of a pair of which the other is missing. */
  private static boolean isHalf(int codePoint) {
    return codePoint >= Character.MIN_SURROGATE && codePoint <= Character.MAX_SURROGATE;
  }

  /**
   * Returns the name when it may be used.
   *
   * @throws BlkshException for an empty name, one over 200 bytes, one that begins with a dot or a
   *     hyphen, or holds a slash, a backslash, {@code @}, a control character or what is no text
   */
  static String check(String name) {
    String problem = null;
    if (name.isEmpty()) {
      problem = "a name cannot be empty";
    } else if (name.getBytes(StandardCharsets.UTF_8).length > MAX_BYTES) {
      problem = "a name has at most " + MAX_BYTES + " bytes";
    } else if (name.startsWith(".") || name.startsWith("-")) {
      problem = "a name cannot begin with a dot or a hyphen";
    } else if (name.chars().anyMatch(c -> c == '/' || c == '\\' || c == '@')) {
      problem = "a name cannot hold '/', '\\' or '@'";
    } else if (name.chars().anyMatch(Character::isISOControl)) {
      problem = "a name cannot hold control characters";
    } else if (name.codePoints().anyMatch(c -> c == UNKNOWN || isHalf(c))) {
      problem = "it is not UTF-8";
    } else if (!name.strip().equals(name)) {
      problem = "a name cannot begin or end with a space";
    }
    if (problem != null) {
      throw new BlkshException("use manifest name " + printable(name), problem)
          .suggest("use letters, digits, '.', '_' and '-', such as server01.sda");
    }
    return name;
  }

  /**
   * Tells names that a pattern fits.
   *
   * @param pattern {@code *} stands for any characters, {@code ?} for one, all else for itself, as
   *     does what follows a {@code \}
   */
  static Predicate<String> pattern(String pattern) {
    StringBuilder expression = new StringBuilder();
    boolean literal = false;
    for (int at = 0; at < pattern.length(); at++) {
      char c = pattern.charAt(at);
      if (c == '\\' && !literal) {
        literal = true;
        continue;
      }
      boolean wild = !literal && (c == '*' || c == '?');
      expression.append(wild ? (c == '*' ? ".*" : ".") : Pattern.quote(String.valueOf(c)));
      literal = false;
    }
    return Pattern.compile(expression.toString(), Pattern.DOTALL).asMatchPredicate();
  }

  /** The pattern that fits a name alone. */
  static String exactly(String name) {
    return name.replaceAll("[*?]", "\\\\$0");
  }

  private static String printable(String name) {
    StringBuilder text = new StringBuilder("\"");
    name.codePoints()
        .limit(60)
        .forEach(c -> text.appendCodePoint(Character.isISOControl(c) || isHalf(c) ? '?' : c));
    return text.append(name.codePointCount(0, name.length()) > 60 ? "…\"" : "\"").toString();
  }
}
