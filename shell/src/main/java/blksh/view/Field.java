package blksh.view;

/**
 * One named value of a thing that prints itself.
 *
 * @param label what a person reads: {@code "new bytes"}; programs read it in camel case
 * @param value the value itself, typed (a size stays a size), or null when there is none
 * @param detail true when it belongs on a card but would crowd a table
 */
public record Field(String label, Object value, boolean detail) {

  /** A value shown in tables and on cards. */
  public static Field of(String label, Object value) {
    return new Field(label, value, false);
  }

  /** A value shown on cards only. */
  public static Field detail(String label, Object value) {
    return new Field(label, value, true);
  }

  /** The label as a JSON key: {@code "new bytes"} becomes {@code "newBytes"}. */
  public String key() {
    StringBuilder key = new StringBuilder();
    boolean upper = false;
    for (int i = 0; i < label.length(); i++) {
      char c = label.charAt(i);
      if (!Character.isLetterOrDigit(c)) {
        upper = true;
      } else {
        key.append(upper && key.length() > 0 ? Character.toUpperCase(c) : c);
        upper = false;
      }
    }
    return key.toString();
  }
}
