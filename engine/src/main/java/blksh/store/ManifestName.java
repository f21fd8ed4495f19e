package blksh.store;

import blksh.BlkshException;
import java.nio.charset.StandardCharsets;

/** The names manifests may have: one file name, safe on every file system and in every script. */
final class ManifestName {

  private static final int MAX_BYTES = 200;

  private ManifestName() {}

  /**
   * Returns the name when it may be used.
   *
   * @throws BlkshException for an empty name, one over 200 bytes, one that begins with a dot or a
   *     hyphen, or holds a slash, a backslash, {@code @} or a control character
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
    } else if (name.chars()
        .anyMatch(c -> Character.isISOControl(c) || Character.isSurrogate((char) c))) {
      problem = "a name cannot hold control characters";
    } else if (!name.strip().equals(name)) {
      problem = "a name cannot begin or end with a space";
    }
    if (problem != null) {
      throw new BlkshException("use manifest name " + printable(name), problem)
          .suggest("use letters, digits, '.', '_' and '-', such as server01.sda");
    }
    return name;
  }

  private static String printable(String name) {
    StringBuilder text = new StringBuilder("\"");
    name.chars().limit(60).forEach(c -> text.append(Character.isISOControl(c) ? '?' : (char) c));
    return text.append(name.length() > 60 ? "…\"" : "\"").toString();
  }
}
