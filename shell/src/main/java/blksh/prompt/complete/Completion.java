package blksh.prompt.complete;

import static java.util.Objects.requireNonNull;

/**
 * What may stand at the cursor.
 *
 * @param text what takes the place of the word before the cursor
 * @param shown what the menu shows
 * @param type its type or its value in a few words, possibly none
 * @param doc what it is, in a sentence; possibly empty
 */
public record Completion(String text, String shown, String type, String doc, Standing standing) {

  public Completion {
    requireNonNull(type);
    requireNonNull(doc);
  }

  /** How much a completion belongs to its place, what belongs most first. */
  enum Standing {
    /** What the call around the place takes. */
    ARGUMENT,
    /** What is at home there. */
    HOME,
    /** What may stand in many places. */
    COMMON
  }
}
