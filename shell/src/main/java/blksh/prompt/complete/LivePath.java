package blksh.prompt.complete;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * The path that ends at the cursor, such as {@code stores["main"].manifests["ser}: the steps that
 * are whole, and the beginning of the next.
 *
 * @param steps the whole steps, outermost first
 * @param prefix the characters of the unfinished step, possibly none
 * @param key whether the unfinished step is a key in quotes and not a member
 */
record LivePath(List<Step> steps, String prefix, boolean key) {

  /** One step: a member by name, a key in quotes, or an index. */
  record Step(String text, Kind kind) {}

  /** How a step leads on. */
  enum Kind {
    MEMBER,
    KEY,
    INDEX
  }

  /** The path at the end of a text; a path with neither steps nor prefix when there is none. */
  static LivePath before(String text) {
    int quote = text.lastIndexOf('"');
    if (quote > 0 && text.charAt(quote - 1) == '[' && text.indexOf('"', quote + 1) < 0) {
      return new LivePath(steps(text, quote - 1), text.substring(quote + 1), true);
    }
    int start = identifierStart(text, text.length());
    boolean member = start > 0 && text.charAt(start - 1) == '.';
    int end = member && start > 1 && text.charAt(start - 2) == '?' ? start - 2 : start - 1;
    List<Step> steps = member ? steps(text, end) : List.of();
    return new LivePath(steps, text.substring(start), false);
  }

  /** Reads whole steps backwards from an offset; null when what stands there is no plain path. */
  private static List<Step> steps(String text, int end) {
    List<Step> steps = new ArrayList<>();
    int at = end;
    while (true) {
      if (at > 0 && text.charAt(at - 1) == ']') {
        int open = text.lastIndexOf('[', at - 1);
        if (open < 0) {
          return null;
        }
        String inside = text.substring(open + 1, at - 1);
        boolean quoted = inside.length() >= 2 && inside.startsWith("\"") && inside.endsWith("\"");
        if (!quoted && !inside.matches("\\d{1,9}")) {
          return null;
        }
        steps.add(
            quoted
                ? new Step(inside.substring(1, inside.length() - 1), Kind.KEY)
                : new Step(inside, Kind.INDEX));
        at = open;
        continue;
      }
      int start = identifierStart(text, at);
      if (start == at) {
        return null;
      }
      steps.add(new Step(text.substring(start, at), Kind.MEMBER));
      if (start == 0 || text.charAt(start - 1) != '.') {
        Collections.reverse(steps);
        return steps;
      }
      at = start - 1;
      if (at > 0 && text.charAt(at - 1) == '?') {
        at--;
      }
    }
  }

  private static int identifierStart(String text, int end) {
    int start = end;
    while (start > 0 && Character.isJavaIdentifierPart(text.charAt(start - 1))) {
      start--;
    }
    return start;
  }
}
