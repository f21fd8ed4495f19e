package blksh.prompt.complete;

import blksh.prompt.line.EntryText;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** The steps of a plain path such as {@code stores["main"].manifests}, outermost first. */
final class LivePath {

  /** One step: a member by name, a key in quotes, or an index. */
  record Step(String text, Kind kind) {}

  /** How a step leads on. */
  enum Kind {
    MEMBER,
    KEY,
    INDEX
  }

  private LivePath() {}

  /** The steps of the path that ends a text; none when what stands there is no plain path. */
  static List<Step> of(String text) {
    EntryText entry = EntryText.of(text);
    List<Step> steps = new ArrayList<>();
    int at = text.length();
    while (true) {
      if (at > 0 && text.charAt(at - 1) == ']') {
        int open = entry.match(at - 1);
        Step step = open == EntryText.NONE ? null : inBrackets(text.substring(open + 1, at - 1));
        if (step == null) {
          return List.of();
        }
        steps.add(step);
        at = open;
        continue;
      }
      int start = identifierStart(text, at);
      if (start == at) {
        return List.of();
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

  /** A key or an index; null for what would have to be run. */
  private static Step inBrackets(String inside) {
    if (inside.length() >= 2 && inside.startsWith("\"") && inside.endsWith("\"")) {
      String key = inside.substring(1, inside.length() - 1);
      return key.indexOf('"') < 0 || key.contains("\\\"") ? new Step(key, Kind.KEY) : null;
    }
    return inside.matches("\\d{1,9}") ? new Step(inside, Kind.INDEX) : null;
  }

  private static int identifierStart(String text, int end) {
    int start = end;
    while (start > 0 && Character.isJavaIdentifierPart(text.charAt(start - 1))) {
      start--;
    }
    return start;
  }
}
