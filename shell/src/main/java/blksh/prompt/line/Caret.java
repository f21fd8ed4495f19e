package blksh.prompt.line;

/**
 * What stands before the cursor.
 *
 * @param receiver the expression whose member or key the word is to be; before a string all that
 *     stands before its quote; else empty
 * @param word what a completion replaces, possibly empty
 */
public record Caret(Kind kind, String receiver, String word) {

  /** What may stand there. */
  public enum Kind {
    NAME,
    MEMBER,
    KEY,
    STRING,
    NOTHING
  }
}
